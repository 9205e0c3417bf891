package vault_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/simulator/vault"
)

var _ = inBothPlaces("the journal", func(open func(vault.Options) *vault.Store) {
	var (
		ctx   = context.Background()
		clock *manual
		s     *vault.Store
	)
	fresh := func(o vault.Options) {
		GinkgoHelper()
		clock = newClock()
		o.Clock = clock.Now
		s = open(o)
		putIssuer(s, "alpha")
		putIssuer(s, "beta")
	}
	// write makes rows first to last, a second apart, of one issuer.
	write := func(issuer string, first, last int) {
		GinkgoHelper()
		update(s, issuer, func(tx vault.Tx) {
			for n := first; n <= last; n++ {
				clock.Advance(time.Second)
				Expect(tx.Journal(vault.Traffic{ID: fmt.Sprintf("%s-%d", issuer, n), Direction: "inbound", Operation: "tokenInquiry",
					Request: vault.Message{Body: strings.Repeat("x", 50)}})).To(Succeed())
			}
		})
	}
	read := func(q vault.TrafficQuery) (ids []string, next string) {
		GinkgoHelper()
		rows, next, err := s.Traffic(ctx, q)
		Expect(err).NotTo(HaveOccurred())
		for _, row := range rows {
			ids = append(ids, row.ID)
		}
		return ids, next
	}
	// counted proves that the ring knows its size.
	counted := func() {
		GinkgoHelper()
		Expect(count(s, "SELECT row_count FROM journal_size")).To(Equal(count(s, "SELECT COUNT(*) FROM journal")))
		Expect(count(s, "SELECT byte_count FROM journal_size")).To(Equal(count(s, "SELECT COALESCE(SUM(bytes), 0) FROM journal")))
	}
	stored := func() int { return count(s, "SELECT COUNT(*) FROM journal") }

	It("gives back a row as it was written", func() {
		fresh(vault.Options{})
		row := vault.Traffic{
			ID: s.NewID(), Time: clock.Now(), Direction: "inbound", Operation: "tokenLifecycle",
			Request:  vault.Message{Method: "PUT", Path: "/x", Headers: map[string]string{"X-REQUEST-ID": "1"}, Body: map[string]any{"a": "b"}, Decrypted: map[string]any{"c": "d"}},
			Response: vault.Message{Status: 400, Body: map[string]any{"errorResponse": map[string]any{}}},
			Elapsed:  3 * time.Millisecond, Violations: []vault.Violation{{Rule: "R", Page: 94, Message: "m"}}, Diagnosis: "d", Cause: "c",
		}
		update(s, "alpha", func(tx vault.Tx) { Expect(tx.Journal(row)).To(Succeed()) })
		row.Issuer = "alpha"
		rows, _, err := s.Traffic(ctx, vault.TrafficQuery{Issuer: "alpha"})
		Expect(err).NotTo(HaveOccurred())
		Expect(rows).To(Equal([]vault.Traffic{row}))
	})

	It("commits with the update or not at all, and refuses an ID that is taken", func() {
		fresh(vault.Options{})
		write("alpha", 1, 1)
		Expect(s.Update(ctx, "alpha", func(tx vault.Tx) error {
			Expect(tx.Journal(vault.Traffic{ID: "undone"})).To(Succeed())
			return errRefused
		})).To(MatchError(errRefused))
		Expect(s.Update(ctx, "alpha", func(tx vault.Tx) error { return tx.Journal(vault.Traffic{ID: "alpha-1"}) })).To(MatchError(vault.ErrExists))
		ids, _ := read(vault.TrafficQuery{})
		Expect(ids).To(Equal([]string{"alpha-1"}))
		counted()
	})

	It("is read oldest first, by issuer, direction, operation and time, page by page", func() {
		fresh(vault.Options{})
		write("alpha", 1, 3)
		write("beta", 1, 2)
		update(s, "alpha", func(tx vault.Tx) {
			Expect(tx.Journal(vault.Traffic{ID: "out", Direction: "outbound", Operation: "tokenNotification"})).To(Succeed())
		})
		ids, next := read(vault.TrafficQuery{Limit: 4})
		Expect(ids).To(Equal([]string{"alpha-1", "alpha-2", "alpha-3", "beta-1"}))
		ids, next = read(vault.TrafficQuery{Limit: 4, After: next})
		Expect(ids).To(Equal([]string{"beta-2", "out"}))
		ids, _ = read(vault.TrafficQuery{After: next})
		Expect(ids).To(BeEmpty())
		ids, _ = read(vault.TrafficQuery{Issuer: "alpha", Direction: "outbound"})
		Expect(ids).To(Equal([]string{"out"}))
		ids, _ = read(vault.TrafficQuery{Issuer: "beta", Operation: "tokenInquiry", After: "beta-1"})
		Expect(ids).To(Equal([]string{"beta-2"}))
		ids, _ = read(vault.TrafficQuery{After: "alpha-3"})
		Expect(ids).To(Equal([]string{"beta-1", "beta-2", "out"}))
		ids, _ = read(vault.TrafficQuery{Since: newClock().Now().Add(5 * time.Second)})
		Expect(ids).To(Equal([]string{"beta-2", "out"}))
		ids, next = read(vault.TrafficQuery{Operation: "nothing"})
		Expect(ids).To(BeEmpty())
		write("beta", 3, 3)
		ids, _ = read(vault.TrafficQuery{After: next})
		Expect(ids).To(Equal([]string{"beta-3"}))
	})

	It("never holds more rows than it may, and says evicted to who reaches past its end", func() {
		fresh(vault.Options{JournalRows: 100})
		write("alpha", 1, 60)
		_, early := read(vault.TrafficQuery{Limit: 10})
		_, late := read(vault.TrafficQuery{Limit: 55})
		begin := clock.Now()
		write("alpha", 61, 140)
		Eventually(stored).Should(BeNumerically("<=", 100))
		Consistently(stored, "30ms").Should(BeNumerically(">=", 98))
		counted()
		ids, _ := read(vault.TrafficQuery{Issuer: "alpha", Limit: 1000})
		Expect(ids[len(ids)-1]).To(Equal("alpha-140"))
		Expect(len(ids)).To(Equal(stored()))

		for _, q := range []vault.TrafficQuery{
			{After: early}, {After: "alpha-5"}, {Issuer: "alpha", After: early}, {Since: newClock().Now()}, {Issuer: "alpha", Since: newClock().Now().Add(40 * time.Second)},
		} {
			_, _, err := s.Traffic(ctx, q)
			Expect(err).To(MatchError(vault.ErrEvicted), "%+v", q)
		}
		ids, _ = read(vault.TrafficQuery{After: late, Limit: 1})
		Expect(ids).To(Equal([]string{"alpha-56"}))
		ids, _ = read(vault.TrafficQuery{Since: begin, Limit: 1})
		Expect(ids).To(Equal([]string{"alpha-60"}))
	})

	It("never holds more bytes than it may", func() {
		fresh(vault.Options{JournalBytes: 100_000})
		content := func() int { return count(s, "SELECT COALESCE(SUM(bytes), 0) FROM journal") }
		for n := range 60 {
			update(s, "alpha", func(tx vault.Tx) {
				Expect(tx.Journal(vault.Traffic{ID: fmt.Sprint(n), Request: vault.Message{Body: strings.Repeat("x", 5000)}})).To(Succeed())
			})
		}
		Eventually(content).Should(BeNumerically("<=", 100_000))
		Expect(content()).To(BeNumerically(">", 85_000))
		counted()
		update(s, "alpha", func(tx vault.Tx) {
			Expect(tx.Journal(vault.Traffic{Request: vault.Message{Body: strings.Repeat("x", 200_000)}})).To(Succeed())
		})
		Eventually(content).Should(BeZero())
		counted()
	})

	It("says evicted only for rows that the asker lost: another's are not his", func() {
		fresh(vault.Options{JournalRows: 50})
		write("beta", 1, 2)
		_, position := read(vault.TrafficQuery{Issuer: "beta"})
		write("beta", 3, 3)
		quiet := clock.Now()
		write("alpha", 1, 49)
		Eventually(stored).Should(BeNumerically("<=", 50))
		ids, _ := read(vault.TrafficQuery{Issuer: "beta", After: position})
		Expect(ids).To(Equal([]string{"beta-3"}))
		write("alpha", 50, 200)
		Eventually(stored).Should(BeNumerically("<=", 50))
		_, _, err := s.Traffic(ctx, vault.TrafficQuery{Issuer: "beta", After: position})
		Expect(err).To(MatchError(vault.ErrEvicted))
		ids, next := read(vault.TrafficQuery{Issuer: "beta", Since: quiet.Add(time.Second)})
		Expect(ids).To(BeEmpty())
		ids, _ = read(vault.TrafficQuery{Issuer: "beta", After: next})
		Expect(ids).To(BeEmpty())
		ids, next = read(vault.TrafficQuery{Issuer: "beta"})
		Expect(ids).To(BeEmpty())
		write("beta", 4, 4)
		ids, _ = read(vault.TrafficQuery{Issuer: "beta", After: next})
		Expect(ids).To(Equal([]string{"beta-4"}))
	})

	It("keeps its bounds, marks and positions over a long run with many writers", func() {
		fresh(vault.Options{JournalRows: 200})
		var wait sync.WaitGroup
		for worker := range 8 {
			wait.Go(func() {
				defer GinkgoRecover()
				for n := range 100 {
					row := vault.Traffic{ID: fmt.Sprintf("%d-%d", worker, n)}
					if worker%2 == 0 {
						row.Issuer = "beta"
						Expect(s.Journal(ctx, row)).To(Succeed())
						continue
					}
					Expect(s.Update(ctx, "alpha", func(tx vault.Tx) error { return tx.Journal(row) })).To(Succeed())
				}
			})
		}
		wait.Wait()
		_, _, err := s.Traffic(ctx, vault.TrafficQuery{})
		Expect(err).NotTo(HaveOccurred())
		Eventually(stored).Should(BeNumerically("<=", 200))
		counted()
		Expect(count(s, "SELECT MAX(seq) FROM journal_marks")).To(Equal(count(s, "SELECT MIN(seq) - 1 FROM journal")))
	})

	Describe("rows of calls that change nothing", func() {
		It("are found at once, also those of nobody known", func() {
			fresh(vault.Options{})
			for n := range 20 {
				Expect(s.Journal(ctx, vault.Traffic{ID: fmt.Sprint(n)})).To(Succeed())
				ids, _ := read(vault.TrafficQuery{})
				Expect(ids).To(HaveLen(n + 1))
			}
			Expect(s.Journal(ctx, vault.Traffic{ID: "7"})).To(Succeed()) // taken: dropped
			ids, _ := read(vault.TrafficQuery{})
			Expect(ids).To(HaveLen(20))
			counted()
		})

		It("are not refused when more come than are waiting to be written", func() {
			fresh(vault.Options{})
			for range 6000 {
				Expect(s.Journal(ctx, vault.Traffic{Issuer: "alpha"})).To(Succeed())
			}
			ids, _ := read(vault.TrafficQuery{Limit: 10_000})
			Expect(ids).To(HaveLen(6000))
		})
	})

	It("gives rows IDs in the order of their making, also when the clock stands still or goes back", func() {
		fresh(vault.Options{})
		last := ""
		for n := range 70_000 {
			if n == 30_000 {
				clock.Advance(-time.Hour)
			}
			id := s.NewID()
			Expect(id > last).To(BeTrue(), "%s after %s", id, last)
			last = id
		}
		Expect(last).To(HaveLen(26))
	})
})

var _ = Describe("the journal of a vault that is closed", func() {
	It("keeps the rows that were accepted before and refuses others", func() {
		file := GinkgoT().TempDir() + "/vtsim.db"
		s := open(vault.Options{File: file})
		for range 500 {
			Expect(s.Journal(context.Background(), vault.Traffic{})).To(Succeed())
		}
		Expect(s.Close()).To(Succeed())
		Expect(s.Journal(context.Background(), vault.Traffic{})).To(MatchError(vault.ErrClosed))
		s = open(vault.Options{File: file})
		Expect(count(s, "SELECT COUNT(*) FROM journal")).To(Equal(500))
	})
})
