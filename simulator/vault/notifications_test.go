package vault_test

import (
	"context"
	"database/sql"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/simulator/vault"
)

var _ = inBothPlaces("notifications", func(open func(vault.Options) *vault.Store) {
	var (
		ctx     = context.Background()
		clock   *manual
		s       *vault.Store
		refused error
	)
	BeforeEach(func() {
		clock, refused = newClock(), nil
		s = open(vault.Options{Clock: clock.Now, OnEnqueue: func(ctx context.Context, tx *sql.Tx, n vault.Notification) error {
			if refused != nil {
				return refused
			}
			_, err := tx.ExecContext(ctx, "INSERT INTO jobs (notification, inquiries) VALUES (?, ?)", n.ID, n.Inquiries)
			return err
		}})
		_, err := s.Writer().Exec("CREATE TABLE jobs (notification TEXT, inquiries INTEGER)")
		Expect(err).NotTo(HaveOccurred())
		putIssuer(s, "alpha")
		putIssuer(s, "beta")
	})

	listed := func(q vault.NotificationQuery) (ids []string) {
		GinkgoHelper()
		found, _, err := s.Notifications(ctx, q)
		Expect(err).NotTo(HaveOccurred())
		for _, n := range found {
			ids = append(ids, n.ID)
		}
		return ids
	}

	It("get what they lack: an ID, pending, now, the ID as request ID", func() {
		update(s, "alpha", func(tx vault.Tx) {
			Expect(tx.Enqueue(vault.Notification{Operation: "tokenNotification", Facts: map[string]any{"a": "b"}})).To(Succeed())
		})
		found, _, err := s.Notifications(ctx, vault.NotificationQuery{Issuer: "alpha"})
		Expect(err).NotTo(HaveOccurred())
		Expect(found).To(HaveLen(1))
		n := found[0]
		Expect(n.ID).To(HaveLen(26))
		Expect(n).To(Equal(vault.Notification{
			ID: n.ID, Issuer: "alpha", Operation: "tokenNotification", RequestID: n.ID, Facts: map[string]any{"a": "b"},
			State: vault.StatePending, DueAt: clock.Now(), Queued: true, CreatedAt: clock.Now(), UpdatedAt: clock.Now(),
		}))
	})

	It("commit with the job that the queue made of them, or not at all", func() {
		update(s, "alpha", func(tx vault.Tx) { Expect(tx.Enqueue(vault.Notification{ID: "kept"})).To(Succeed()) })
		Expect(s.Update(ctx, "alpha", func(tx vault.Tx) error {
			Expect(tx.Enqueue(vault.Notification{ID: "undone"})).To(Succeed())
			return errRefused
		})).To(MatchError(errRefused))
		refused = errRefused
		Expect(s.Update(ctx, "alpha", func(tx vault.Tx) error {
			return tx.Enqueue(vault.Notification{ID: "refused"})
		})).To(MatchError(errRefused))
		Expect(listed(vault.NotificationQuery{})).To(Equal([]string{"kept"}))
		Expect(count(s, "SELECT COUNT(*) FROM jobs")).To(Equal(1))
	})

	It("commit with jobs for each of many concurrent updates", func() {
		var wait sync.WaitGroup
		for range 50 {
			wait.Go(func() {
				defer GinkgoRecover()
				Expect(s.Update(ctx, "alpha", func(tx vault.Tx) error { return tx.Enqueue(vault.Notification{}) })).To(Succeed())
			})
			wait.Go(func() {
				defer GinkgoRecover()
				Expect(s.Update(ctx, "beta", func(tx vault.Tx) error {
					Expect(tx.Enqueue(vault.Notification{})).To(Succeed())
					return errRefused
				})).To(MatchError(errRefused))
			})
		}
		wait.Wait()
		Expect(listed(vault.NotificationQuery{})).To(HaveLen(50))
		Expect(count(s, "SELECT COUNT(*) FROM jobs")).To(Equal(50))
	})

	It("have an ID of their own", func() {
		update(s, "alpha", func(tx vault.Tx) {
			Expect(tx.Enqueue(vault.Notification{ID: "one"})).To(Succeed())
			Expect(tx.Enqueue(vault.Notification{ID: "one"})).To(MatchError(vault.ErrExists))
		})
		update(s, "beta", func(tx vault.Tx) { Expect(tx.Enqueue(vault.Notification{ID: "one"})).To(Succeed()) })
	})

	It("wait for inquiries of their token, and the queue learns when the last has come", func() {
		update(s, "alpha", func(tx vault.Tx) {
			for _, n := range []vault.Notification{
				{ID: "two", TokenID: "t", Inquiries: 2}, {ID: "other", TokenID: "u", Inquiries: 1},
				{ID: "none", TokenID: "t"}, {ID: "dead", TokenID: "t", State: "dead", Inquiries: 1},
			} {
				Expect(tx.Enqueue(n)).To(Succeed())
			}
		})
		due := vault.NotificationQuery{DueBefore: clock.Now(), State: vault.StatePending}
		Expect(listed(due)).To(Equal([]string{"none"}))
		inquire := func() { update(s, "alpha", func(tx vault.Tx) { Expect(tx.CountInquiry("t")).To(Succeed()) }) }
		jobs := func() int { return count(s, "SELECT COUNT(*) FROM jobs WHERE notification = 'two'") }
		inquire()
		Expect(listed(due)).To(Equal([]string{"none"}))
		Expect(jobs()).To(Equal(1))
		inquire()
		Expect(listed(due)).To(Equal([]string{"two", "none"}))
		Expect(jobs()).To(Equal(2))
		inquire()
		Expect(jobs()).To(Equal(2))
		view(s, "alpha", func(tx vault.Tx) {
			Expect(tx.Notification("two")).To(HaveField("Inquiries", 0))
			Expect(tx.Notification("other")).To(HaveField("Inquiries", 1))
			Expect(tx.Notification("dead")).To(HaveField("Inquiries", 1))
		})
	})

	It("are counted by issuer and state, beside the journal", func() {
		update(s, "alpha", func(tx vault.Tx) {
			Expect(tx.Enqueue(vault.Notification{})).To(Succeed())
			Expect(tx.Enqueue(vault.Notification{})).To(Succeed())
			Expect(tx.Enqueue(vault.Notification{State: vault.StateDead})).To(Succeed())
			Expect(tx.Journal(vault.Traffic{})).To(Succeed())
		})
		sizes, err := s.Sizes(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(sizes.Notifications).To(Equal(map[string]map[string]int64{"alpha": {vault.StatePending: 2, vault.StateDead: 1}, "beta": {}}))
		Expect(sizes.JournalRows).To(Equal(int64(1)))
		Expect(sizes.JournalBytes).To(BeEquivalentTo(count(s, "SELECT SUM(bytes) FROM journal")))
	})

	It("are changed by who sends them", func() {
		update(s, "alpha", func(tx vault.Tx) {
			Expect(tx.Enqueue(vault.Notification{ID: "n", Operation: "tokenNotification"})).To(Succeed())
		})
		clock.Advance(time.Minute)
		update(s, "alpha", func(tx vault.Tx) {
			n, err := tx.Notification("n")
			Expect(err).NotTo(HaveOccurred())
			n.State, n.Attempts, n.LastError, n.DueAt = "retrying", 1, "refused", clock.Now().Add(time.Hour)
			Expect(tx.PutNotification(n)).To(Succeed())
			Expect(tx.Notification("n")).To(And(HaveField("State", "retrying"), HaveField("Attempts", 1),
				HaveField("UpdatedAt", clock.Now()), HaveField("CreatedAt", newClock().Now())))
			Expect(tx.PutNotification(vault.Notification{ID: "m"})).To(MatchError(vault.ErrNotFound))
			_, err = tx.Notification("m")
			Expect(err).To(MatchError(vault.ErrNotFound))
		})
		Expect(listed(vault.NotificationQuery{State: "retrying"})).To(Equal([]string{"n"}))
		Expect(listed(vault.NotificationQuery{DueBefore: clock.Now()})).To(BeEmpty())
		Expect(listed(vault.NotificationQuery{DueBefore: clock.Now().Add(time.Hour)})).To(Equal([]string{"n"}))
	})

	It("are listed oldest first, by any of their properties, page by page", func() {
		for _, issuer := range []string{"alpha", "beta"} {
			update(s, issuer, func(tx vault.Tx) {
				for _, n := range []vault.Notification{
					{ID: issuer + "1", Operation: "a", TokenID: "t"}, {ID: issuer + "2", Operation: "b", TokenID: "t", State: "dead"},
					{ID: issuer + "3", Operation: "b", TokenID: "u"},
				} {
					Expect(tx.Enqueue(n)).To(Succeed())
				}
			})
		}
		Expect(listed(vault.NotificationQuery{})).To(HaveLen(6))
		Expect(listed(vault.NotificationQuery{Issuer: "beta"})).To(Equal([]string{"beta1", "beta2", "beta3"}))
		Expect(listed(vault.NotificationQuery{State: "dead"})).To(Equal([]string{"alpha2", "beta2"}))
		Expect(listed(vault.NotificationQuery{Operation: "b", TokenID: "u", Issuer: "alpha"})).To(Equal([]string{"alpha3"}))
		page, next, err := s.Notifications(ctx, vault.NotificationQuery{Limit: 4})
		Expect(err).NotTo(HaveOccurred())
		Expect(page).To(HaveLen(4))
		page, next, err = s.Notifications(ctx, vault.NotificationQuery{Limit: 4, After: next})
		Expect(err).NotTo(HaveOccurred())
		Expect(page).To(HaveLen(2))
		Expect(listed(vault.NotificationQuery{After: next})).To(BeEmpty())
		_, _, err = s.Notifications(ctx, vault.NotificationQuery{After: "alpha1"})
		Expect(err).To(MatchError(ContainSubstring("no position")))
	})
})

var _ = inBothPlaces("x-pay-tokens (p.27)", func(open func(vault.Options) *vault.Store) {
	It("are used once until they expire, by each issuer for himself, and are then forgotten", func() {
		ctx, clock := context.Background(), newClock()
		s := open(vault.Options{Clock: clock.Now})
		putIssuer(s, "alpha")
		putIssuer(s, "beta")
		until := clock.Now().Add(8 * time.Minute)
		Expect(s.UsedPayToken(ctx, "alpha", "digest", until)).To(BeFalse())
		Expect(s.UsedPayToken(ctx, "alpha", "digest", until)).To(BeTrue())
		Expect(s.UsedPayToken(ctx, "beta", "digest", until)).To(BeFalse())
		clock.Advance(8*time.Minute - time.Second)
		Expect(s.UsedPayToken(ctx, "alpha", "digest", until)).To(BeTrue())
		clock.Advance(time.Second)
		Expect(s.UsedPayToken(ctx, "alpha", "other", until.Add(time.Minute))).To(BeFalse())
		Expect(count(s, "SELECT COUNT(*) FROM pay_tokens WHERE issuer = 'alpha'")).To(Equal(1))
		Expect(s.UsedPayToken(ctx, "alpha", "digest", until.Add(time.Minute))).To(BeFalse())
	})

	It("are new to exactly one of many callers", func() {
		s := open(vault.Options{})
		putIssuer(s, "alpha")
		var wait sync.WaitGroup
		var mu sync.Mutex
		fresh := 0
		for range 100 {
			wait.Go(func() {
				defer GinkgoRecover()
				used, err := s.UsedPayToken(context.Background(), "alpha", "digest", time.Now().Add(time.Hour))
				Expect(err).NotTo(HaveOccurred())
				mu.Lock()
				defer mu.Unlock()
				if !used {
					fresh++
				}
			})
		}
		wait.Wait()
		Expect(fresh).To(Equal(1))
	})
})
