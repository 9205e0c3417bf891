package outbound_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/simulator/vault"
)

var _ = Describe("participation", func() {
	It("ends the life of a notification whose issuer no longer takes part, without a call", func() {
		at := newIssuer(approve)
		l := newLab(map[string]string{bank: at.URL})
		l.enqueue(bank, "n1")
		Expect(l.vault.PutIssuer(context.Background(), vault.Issuer{Name: bank, APIKey: bank, CreatedAt: noon,
			Settings: map[string]any{"participation": map[string]any{"approveProvisioning": true}}})).To(Succeed())
		l.start()
		Expect(l.queue.Wait(context.Background(), bank)).To(Succeed())
		Expect(l.notification(bank, "n1")).To(And(HaveField("State", vault.StateDead), HaveField("LastError", ContainSubstring("does not take part in tokenNotification"))))
		Expect(at.requests()).To(BeEmpty())
	})
})
