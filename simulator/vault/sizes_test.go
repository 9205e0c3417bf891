package vault_test

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/simulator/vault"
)

var _ = It("Sizes counts journal and notifications, by issuer and state, and follows what is removed", func() {
	s := open(vault.Options{})
	for _, name := range []string{"alpha", "beta"} {
		Expect(s.PutIssuer(context.Background(), vault.Issuer{Name: name})).To(Succeed())
	}
	Expect(s.Update(context.Background(), "alpha", func(tx vault.Tx) error {
		for _, state := range []string{"pending", "pending", "dead"} {
			Expect(tx.Enqueue(vault.Notification{Operation: "tokenNotification", State: state, DueAt: time.Unix(1, 0)})).To(Succeed())
		}
		return tx.Journal(vault.Traffic{Direction: "inbound"})
	})).To(Succeed())
	sizes, err := s.Sizes(context.Background())
	Expect(err).NotTo(HaveOccurred())
	Expect(sizes.Notifications).To(Equal(map[string]map[string]int64{"alpha": {"pending": 2, "dead": 1}, "beta": {}}))
	Expect(sizes.JournalRows).To(BeEquivalentTo(1))
	Expect(sizes.JournalBytes).To(BeNumerically(">", 20))

	Expect(s.Reset(context.Background(), "alpha")).To(Succeed())
	sizes, err = s.Sizes(context.Background())
	Expect(err).NotTo(HaveOccurred())
	Expect(sizes.Notifications).To(Equal(map[string]map[string]int64{"alpha": {}, "beta": {}}))
	Expect(sizes.JournalRows).To(BeZero())
})
