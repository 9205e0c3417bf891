package vault

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = ginkgo.Describe("the writer", func() {
	var (
		ctx = context.Background()
		s   *Store
	)
	ginkgo.BeforeEach(func() {
		var err error
		s, err = Open(ctx, Options{File: filepath.Join(ginkgo.GinkgoT().TempDir(), "vtsim.db"), Key: make([]byte, KeySize)})
		Expect(err).NotTo(HaveOccurred())
		ginkgo.DeferCleanup(func() { Expect(s.Close()).To(Succeed()) })
		Expect(s.PutIssuer(ctx, Issuer{Name: "alpha"})).To(Succeed())
	})

	nothing := func(*sql.Conn) error { return nil }

	// together runs n updates so that they wait for one commit. Each gets
	// its number.
	together := func(n int, f func(tx Tx, i int) error) []error {
		results := make([]error, n)
		var wait sync.WaitGroup
		var waiting atomic.Int32
		Expect(s.Update(ctx, "alpha", func(Tx) error {
			for i := range n {
				wait.Go(func() {
					waiting.Add(1)
					results[i] = s.Update(ctx, "alpha", func(tx Tx) error { return f(tx, i) })
				})
			}
			// The first keeps its turn until the others stand in line: only
			// then can they be of one group.
			Eventually(waiting.Load).Should(BeEquivalentTo(n))
			return nil
		})).To(Succeed())
		wait.Wait()
		return results
	}

	ginkgo.It("commits those who wait in one transaction, each undone or kept for itself", func() {
		commits := 0
		before := s.writer.before
		Expect(s.writer.doAlone(ctx, nothing)).To(Succeed())
		s.writer.before = func(g *group) error { commits++; return before(g) }
		refused := errors.New("refused")
		results := together(60, func(tx Tx, i int) error {
			err := tx.PutRecord(Record{Kind: "n", Key: string(rune('A' + i))})
			if i%3 == 0 {
				err = refused
			}
			return err
		})
		for i, err := range results {
			if i%3 == 0 {
				Expect(err).To(MatchError(refused))
			} else {
				Expect(err).NotTo(HaveOccurred())
			}
		}
		Expect(s.View(ctx, "alpha", func(tx Tx) error {
			Expect(tx.Records("n", "", 0)).To(HaveLen(40))
			return nil
		})).To(Succeed())
		Expect(commits).To(BeNumerically("<", 10))
	})

	ginkgo.It("tells nobody of success, nor of a refusal, before the commit: when that fails, all fail", func() {
		failure := errors.New("the disk is on fire")
		refused := errors.New("refused")
		Expect(s.writer.doAlone(ctx, nothing)).To(Succeed())
		before := s.writer.before
		s.writer.before = func(*group) error { return failure }
		for i := range 2 {
			err := s.Update(ctx, "alpha", func(tx Tx) error {
				if err := tx.PutRecord(Record{Kind: "n", Key: "1"}); err != nil || i == 0 {
					return err
				}
				return refused
			})
			Expect(err).To(MatchError(failure))
		}
		Expect(s.writer.doAlone(ctx, nothing)).To(Succeed())
		s.writer.before = before
		Expect(s.View(ctx, "alpha", func(tx Tx) error {
			Expect(tx.Records("n", "", 0)).To(BeEmpty())
			return nil
		})).To(Succeed())
		Expect(s.Update(ctx, "alpha", func(tx Tx) error { return tx.PutRecord(Record{Kind: "n", Key: "1"}) })).To(Succeed())
	})

	ginkgo.It("notices that the journal is over its bounds also when as many rows go as come", func() {
		Expect(s.Update(ctx, "alpha", func(tx Tx) error {
			for range 10 {
				if err := tx.Journal(Traffic{}); err != nil {
					return err
				}
			}
			return nil
		})).To(Succeed())
		Expect(s.writer.doAlone(ctx, func(*sql.Conn) error { s.journal.mostRows = 5; return nil })).To(Succeed())
		Expect(s.update(ctx, "alpha", func(t *transaction) error {
			if _, err := t.trimOldest(9, defaultJournalBytes); err != nil {
				return err
			}
			return t.Journal(Traffic{})
		})).To(Succeed())
		Eventually(func() (n int) {
			Expect(s.database.writers.QueryRow("SELECT COUNT(*) FROM journal").Scan(&n)).To(Succeed())
			return n
		}).Should(Equal(5))
	})

	ginkgo.It("prepares each statement once for all transactions", func() {
		for range 2 {
			Expect(s.Update(ctx, "alpha", func(tx Tx) error { return tx.PutRecord(Record{Kind: "n", Key: "1"}) })).To(Succeed())
			Expect(s.View(ctx, "alpha", func(tx Tx) error {
				_, err := tx.Record("n", "1")
				return err
			})).To(Succeed())
		}
		Expect(s.writer.doAlone(ctx, nothing)).To(Succeed())
		Expect(s.writer.statements.prepared).To(And(HaveKey(sqlRecordPut), HaveKey(sqlSavepoint)))
		Expect(s.reading.prepared).To(HaveKey(sqlRecord))
	})
})
