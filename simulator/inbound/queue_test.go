package inbound_test

import (
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("participation of the issuer", func() {
	suspend := func(participation any) *lab {
		GinkgoHelper()
		l := newLab()
		if participation != nil {
			row := l.issuer(bank)
			row.Settings = map[string]any{"participation": participation}
			Expect(l.vault.PutIssuer(GinkgoT().Context(), row)).To(Succeed())
		}
		t := l.givenToken(bank, l.givenPAN(bank, "4000009010000019"))
		got := l.lifecycle(t, "SUSPEND", nil)
		Expect(got.status).To(Equal(http.StatusOK), got.raw)
		Expect(l.token(bank, t.ReferenceID).Status).To(BeEquivalentTo("SUSPENDED"))
		return l
	}

	DescribeTable("decides what is queued, and not what is done:",
		func(participation any, queued int) {
			Expect(suspend(participation).notifications(bank)).To(HaveLen(queued))
		},
		Entry("all, where nothing is said", nil, 1),
		Entry("what is named", map[string]any{"tokenNotification": true}, 1),
		Entry("not what is named otherwise", map[string]any{"tokenNotification": false}, 0),
		Entry("nor what is not named", map[string]any{"approveProvisioning": true}, 0),
	)
})
