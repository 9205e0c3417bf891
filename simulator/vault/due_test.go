package vault_test

import (
	"context"
	"database/sql"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/simulator/vault"
)

var _ = Describe("notifications that are due", func() {
	ctx := context.Background()
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

	It("are those that the queue left for later, until it takes them up", func() {
		later := true
		s := open(vault.Options{Clock: func() time.Time { return now }, OnEnqueue: func(context.Context, *sql.Tx, vault.Notification) error {
			if later {
				return vault.ErrLater
			}
			return nil
		}})
		Expect(s.PutIssuer(ctx, vault.Issuer{Name: "due-bank", APIKey: "due-bank"})).To(Succeed())
		due := func(at time.Time) (ids []string) {
			GinkgoHelper()
			found, err := s.Due(ctx, "due-bank", at, 0)
			Expect(err).NotTo(HaveOccurred())
			for _, n := range found {
				ids = append(ids, n.ID)
			}
			return ids
		}
		update(s, "due-bank", func(tx vault.Tx) {
			Expect(tx.Enqueue(vault.Notification{ID: "second", DueAt: now.Add(time.Hour)})).To(Succeed())
			Expect(tx.Enqueue(vault.Notification{ID: "first"})).To(Succeed())
			Expect(tx.Enqueue(vault.Notification{ID: "inquired", Inquiries: 1})).To(Succeed())
		})
		Expect(due(now)).To(Equal([]string{"first"}))
		Expect(due(now.Add(time.Hour))).To(Equal([]string{"first", "second"}))
		Expect(s.Waiting(ctx, now.Add(-time.Second))).To(BeEmpty())
		Expect(s.Waiting(ctx, now)).To(Equal([]string{"due-bank"}))

		later = false
		update(s, "due-bank", func(tx vault.Tx) {
			n, err := tx.Notification("first")
			Expect(err).NotTo(HaveOccurred())
			Expect(tx.Announce(n)).To(Succeed())
			Expect(tx.Notification("first")).To(HaveField("Queued", true))
		})
		Expect(due(now)).To(BeEmpty())
		Expect(s.Requeue(ctx, func(*sql.Tx) error { return context.Canceled })).To(MatchError(context.Canceled))
		Expect(due(now)).To(BeEmpty())
		Expect(s.Requeue(ctx, func(*sql.Tx) error { return nil })).To(Succeed())
		Expect(due(now)).To(Equal([]string{"first"}))
		Expect(s.View(ctx, "due-bank", func(tx vault.Tx) error { return tx.Announce(vault.Notification{ID: "first"}) })).To(MatchError(vault.ErrReadOnly))
	})
})
