package inbound_test

import (
	"fmt"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/simulator/inbound"
	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
)

const byPANPath = "/vtis/v1/pan/retrieveTokenInfo"

// byPAN and byReference call tokenInquiryByPAN with one selector.
func (l *lab) byPAN(number string) answer {
	GinkgoHelper()
	return l.call(request{path: byPANPath, sealed: map[string]any{"cardholderInfo": map[string]any{"primaryAccountNumber": number}}})
}

func (l *lab) byReference(reference any) answer {
	GinkgoHelper()
	return l.call(request{path: byPANPath, body: map[string]any{"panReferenceID": reference}})
}

// listed are the token references of an answer, in its order.
func listed(a answer) []string {
	GinkgoHelper()
	list, ok := a.body["tokenDetails"].([]any)
	Expect(ok).To(BeTrue(), a.raw)
	references := []string{}
	for _, details := range list {
		references = append(references, details.(map[string]any)["tokenReferenceID"].(string))
	}
	return references
}

var _ = Describe("tokenInquiryByPAN (p.84-88)", func() {
	const location = "encryptedData/cardholderInfo/primaryAccountNumber"
	var (
		l   *lab
		pan vault.PAN
	)
	BeforeEach(func() {
		l = newLab()
		pan = l.givenPAN(bank, lifecyclePAN)
	})

	It("lists the tokens of the PAN with every member, by either selector (p.85-86)", func() {
		auto := true
		t := l.givenToken(bank, pan, func(t *token.Token) { t.AutoFill, t.EntityOfLastAction = &auto, token.Issuer })
		for _, got := range []answer{l.byPAN(lifecyclePAN), l.byReference(pan.ReferenceID)} {
			l.mustSucceed("tokenInquiryByPAN", got)
			Expect(got.body).To(Equal(map[string]any{"tokenDetails": []any{map[string]any{
				"tokenRequestorID": 40010075001.0, "tokenReferenceID": t.ReferenceID, "panReferenceID": pan.ReferenceID, "entityOfLastAction": "ISSUER",
				"walletAccountEmailAddressHash": "5DA27", "clientWalletAccountID": "wallet-1", "panSource": "KEY_ENTERED",
				"tokenType": "SECURE_ELEMENT", "tokenStatus": "ACTIVE", "autoFillIndicator": true, "lastFourOfPAN": "0018"}}}))
			Expect(got.raw).To(ContainSubstring(`"tokenRequestorID":40010075001,`), "a number (p.88, INT-042)")
			Expect(got.raw).NotTo(ContainSubstring(lifecyclePAN))
		}
	})

	It("leaves out what a token does not have", func() {
		l.givenToken(bank, pan, func(t *token.Token) {
			t.WalletAccountEmailAddressHash, t.ClientWalletAccountID, t.PANSource = "", "", ""
		})
		got := l.byReference(pan.ReferenceID)
		l.mustSucceed("tokenInquiryByPAN", got)
		Expect(got.body["tokenDetails"].([]any)[0]).To(HaveLen(7))
	})

	DescribeTable("shows the enumerated members as they are stored (p.85-86)", func(member string, value any, set func(*token.Token)) {
		l.givenToken(bank, pan, set)
		got := l.byReference(pan.ReferenceID)
		l.mustSucceed("tokenInquiryByPAN", got)
		Expect(got.body["tokenDetails"].([]any)[0]).To(HaveKeyWithValue(member, value))
	}, func() []TableEntry {
		var entries []TableEntry
		for _, value := range []string{"SECURE_ELEMENT", "HCE", "CARD_ON_FILE", "ECOMMERCE", "QRC"} {
			entries = append(entries, Entry("tokenType "+value, "tokenType", value, func(t *token.Token) { t.Type = value }))
		}
		for _, value := range []string{"ACTIVE", "INACTIVE", "SUSPENDED", "DEACTIVATED"} {
			entries = append(entries, Entry("tokenStatus "+value, "tokenStatus", value, in(value)))
		}
		for _, value := range []string{"KEY_ENTERED", "ON_FILE", "MOBILE_BANKING_APP", "TOKEN", "CHIP_DIP", "CONTACTLESS_TAP"} {
			entries = append(entries, Entry("panSource "+value, "panSource", value, func(t *token.Token) { t.PANSource = value }))
		}
		for _, value := range []string{"TOKEN_REQUESTOR", "ISSUER"} {
			entries = append(entries, Entry("entityOfLastAction "+value, "entityOfLastAction", value, func(t *token.Token) { t.EntityOfLastAction = token.Entity(value) }))
		}
		for _, value := range []bool{true, false} {
			entries = append(entries, Entry(fmt.Sprint("autoFillIndicator ", value), "autoFillIndicator", value, func(t *token.Token) { t.AutoFill = &value }))
		}
		return entries
	}())

	It("lists deactivated tokens too, the last changed first (INT-056, INT-059)", func() {
		first, second := l.givenToken(bank, pan), l.givenToken(bank, pan)
		l.mustSucceed("tokenLifecycle", l.lifecycle(first, "DELETE", nil))
		got := l.byPAN(lifecyclePAN)
		l.mustSucceed("tokenInquiryByPAN", got)
		Expect(listed(got)).To(Equal([]string{first.ReferenceID, second.ReferenceID}))
	})

	It("lists the 100 that were changed last where there are more (p.85, INT-056)", func() {
		var all []token.Token
		for range 102 {
			all = append(all, l.givenToken(bank, pan))
		}
		l.mustSucceed("tokenLifecycle", l.lifecycle(all[0], "SUSPEND", nil))
		got := l.byPAN(lifecyclePAN)
		l.mustSucceed("tokenInquiryByPAN", got)
		list := listed(got)
		Expect(list).To(HaveLen(100))
		Expect(list[0]).To(Equal(all[0].ReferenceID))
		Expect(list).NotTo(ContainElement(all[1].ReferenceID))
		Expect(list).NotTo(ContainElement(all[2].ReferenceID))
	})

	It("lists neither tokens of other PANs nor those of other issuers", func() {
		mine := l.givenToken(bank, pan)
		l.givenToken(bank, l.givenPAN(bank, "4000000010000026"))
		l.givenToken(other, l.givenPAN(other, "4000000020000017"))
		Expect(listed(l.byPAN(lifecyclePAN))).To(Equal([]string{mine.ReferenceID}))
	})

	It("refuses both selectors at once (p.85)", func() {
		l.givenToken(bank, pan)
		got := l.call(request{path: byPANPath, body: map[string]any{"panReferenceID": pan.ReferenceID},
			sealed: map[string]any{"cardholderInfo": map[string]any{"primaryAccountNumber": lifecyclePAN}}})
		got.mustRefuse(400, "VSE40000", "encryptedData")
	})

	DescribeTable("refuses a request without a selector (p.85, p.87):", func(body map[string]any) {
		l.call(request{path: byPANPath, body: body}).mustRefuse(400, "VSE40001", "panReferenceID")
	},
		Entry("an empty object", map[string]any{}),
		Entry("an empty panReferenceID", map[string]any{"panReferenceID": ""}),
		Entry("nulls", map[string]any{"panReferenceID": nil, "encryptedData": nil}),
		Entry("the PAN in clear", map[string]any{"cardholderInfo": map[string]any{"primaryAccountNumber": lifecyclePAN}}),
	)

	DescribeTable("refuses a sealed payload that lacks the PAN (p.84, p.87):", func(sealed map[string]any, at string) {
		l.call(request{path: byPANPath, sealed: sealed}).mustRefuse(400, "VSE40001", at)
	},
		Entry("nothing", map[string]any{}, "encryptedData/cardholderInfo"),
		Entry("no cardholderInfo", map[string]any{"primaryAccountNumber": lifecyclePAN}, "encryptedData/cardholderInfo"),
		Entry("no PAN", map[string]any{"cardholderInfo": map[string]any{"name": "n"}}, location),
	)

	DescribeTable("refuses invalid data without repeating it (p.84, p.87):", func(number any) {
		got := l.call(request{path: byPANPath, sealed: map[string]any{"cardholderInfo": map[string]any{"primaryAccountNumber": number}}})
		Expect(got.status).To(Equal(400))
		Expect(got.reason()).To(Equal("VSE40000"))
		Expect(got.details()).To(HaveEach(location))
		Expect(got.raw).NotTo(ContainSubstring(fmt.Sprint(number)))
	},
		Entry("a PAN of 20 digits", strings.Repeat("4", 20)),
		Entry("a PAN with blanks", "4000 0000 1000 0018"),
		Entry("a PAN that is a number", 4000000010000018),
	)

	It("refuses a panReferenceID of 33 characters or of another type (p.84)", func() {
		l.byReference(strings.Repeat("V", 33)).mustRefuse(400, "VSE40000", "panReferenceID")
		l.byReference(7).mustRefuse(400, "VSE40000", "panReferenceID")
	})

	It("answers VSE40003 alike for a PAN of nobody, one of another issuer and a card without tokens (p.87, INT-160, INT-167)", func() {
		foreign := l.givenPAN(other, "4000000020000017")
		l.givenToken(other, foreign)
		var bodies []string
		for _, number := range []string{foreign.Number, "4999999990000014", "4000000010000019", lifecyclePAN, "4000000010000026"} {
			got := l.byPAN(number)
			got.mustRefuse(400, "VSE40003", location)
			Expect(rulesOf(l.lastRow())).To(ConsistOf("tokenInquiryByPAN/request#token-known"))
			bodies = append(bodies, got.raw)
		}
		Expect(bodies).To(HaveEach(bodies[0]))
		bodies = nil
		for _, reference := range []string{foreign.ReferenceID, "V-0000000000000000000000", pan.ReferenceID} {
			got := l.byReference(reference)
			got.mustRefuse(400, "VSE40003", "panReferenceID")
			bodies = append(bodies, got.raw)
		}
		Expect(bodies).To(HaveEach(bodies[0]))
	})

	It("answers an empty list for a card without tokens where the deployment chose so (INT-167)", func() {
		l = newLab(func(c *inbound.Config) { c.Knobs["emptyTokenDetails"] = true })
		pan = l.givenPAN(bank, lifecyclePAN)
		for _, got := range []answer{l.byPAN(lifecyclePAN), l.byPAN("4000000010000026"), l.byReference(pan.ReferenceID)} {
			l.mustSucceed("tokenInquiryByPAN", got)
			Expect(listed(got)).To(BeEmpty())
		}
		l.byPAN("4000000020000017").mustRefuse(400, "VSE40003", location)
		l.byPAN("4000000010000019").mustRefuse(400, "VSE40003", location)
		l.byReference("V-0000000000000000000000").mustRefuse(400, "VSE40003", "panReferenceID")
	})
})
