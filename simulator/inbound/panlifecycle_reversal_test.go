package inbound_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
)

func reversal(number string) panCall {
	return panCall{operationType: "DELETE", reason: "ACCOUNT_UPDATE", sealed: map[string]any{"cardholderInfo": map[string]any{"primaryAccountNumber": number}}}
}

var _ = Describe("panLifecycle, the reversal of an ACCOUNT_UPDATE (p.61, INT-064)", func() {
	var (
		l        *lab
		from, to string
	)
	const place = "encryptedData/cardholderInfo/primaryAccountNumber"
	BeforeEach(func() {
		l, from, to = newLab(), freshPAN(bankRange), freshPAN(bankRange)
	})

	It("puts tokens and PANs back as they were", func() {
		pan, spare := l.givenPAN(bank, from), l.givenPAN(bank, to)
		plain := l.givenToken(bank, pan, status("SUSPENDED"))
		moved := l.givenToken(bank, pan, func(t *token.Token) { t.LastFourOfPreviousPAN = "0042" })
		expectDone(l.changePAN(accountUpdate(from, to)))
		Expect(l.token(bank, moved.ReferenceID).LastFourOfPreviousPAN).To(Equal(from[12:]))
		expectDone(l.changePAN(reversal(from)))
		for _, before := range []token.Token{plain, moved} {
			after := l.token(bank, before.ReferenceID)
			before.EntityOfLastAction, before.OperatorID, before.Version = token.Issuer, "Operator1", after.Version
			Expect(after).To(Equal(before))
		}
		for _, before := range []vault.PAN{pan, spare} {
			after := l.pan(bank, before.Number)
			Expect(after.Expiration).To(Equal(before.Expiration))
			Expect(after.Updates).To(BeEmpty())
			Expect(after.Replaced + after.ReplacedBy).To(BeEmpty())
		}
	})

	It("tells the issuer, from the new PAN to the old one (p.175-176)", func() {
		pan := l.givenPAN(bank, from)
		expectDone(l.changePAN(accountUpdate(from, to)))
		expectDone(l.changePAN(reversal(from)))
		list := l.notifications(bank)
		Expect(list).To(HaveLen(2))
		Expect(list[1]).To(And(HaveField("Operation", "panUpdateNotification"), HaveField("EventType", "PAN_UPDATED"), HaveField("PANID", pan.ReferenceID)))
		Expect(list[1].Facts).To(Equal(map[string]any{
			"messageReasonCode":     "ACCOUNT_UPDATE",
			"cardholderInfo":        map[string]any{"panReferenceID": l.pan(bank, to).ReferenceID, "expirationDate": map[string]any{"month": "1", "year": "2033"}},
			"replaceCardholderInfo": map[string]any{"panReferenceID": pan.ReferenceID, "expirationDate": map[string]any{"month": "12", "year": "2029"}},
		}))
	})

	It("leaves a token that was deleted in between and one that was made since", func() {
		moved := l.givenToken(bank, l.givenPAN(bank, from))
		expectDone(l.changePAN(accountUpdate(from, to)))
		expectDone(l.call(request{path: tokenPath(moved, "lifecycle"), body: map[string]any{"operationType": "DELETE", "operationReason": "lost"}}))
		made := l.givenToken(bank, l.pan(bank, to))
		deleted := l.token(bank, moved.ReferenceID)
		expectDone(l.changePAN(reversal(from)))
		Expect(l.token(bank, moved.ReferenceID)).To(Equal(deleted))
		Expect(l.token(bank, made.ReferenceID)).To(Equal(made))
	})

	It("keeps an expiration date that was told anew in between", func() {
		expectDone(l.changePAN(accountUpdate(from, to)))
		sealed := map[string]any{"cardholderInfo": cardInfo(to, "1", "2033"), "replaceCardholderInfo": cardInfo(to, "2", "2034")}
		expectDone(l.changePAN(panCall{operationType: "UPDATE", reason: "EXP_DATE_UPDATE", sealed: sealed}))
		expectDone(l.changePAN(reversal(from)))
		Expect(l.pan(bank, to).Expiration).To(Equal(token.Expiration{Month: "2", Year: "2034"}))
	})

	It("answers VSE40000 where there is nothing to undo, the second time too, and changes nothing", func() {
		pan := l.givenPAN(bank, from)
		l.givenToken(bank, pan)
		before := l.panState(bank, from)
		expectRefusal(l.changePAN(reversal(from)), "VSE40000", place)
		Expect(l.panState(bank, from)).To(Equal(before))
		Expect(l.traffic(bank)[0].Violations).To(ConsistOf(And(HaveField("Rule", "panLifecycle/request#reversal-has-predecessor"), HaveField("Page", 61))))
		expectDone(l.changePAN(accountUpdate(from, to)))
		expectRefusal(l.changePAN(reversal(to)), "VSE40000", place)
		expectDone(l.changePAN(reversal(from)))
		expectRefusal(l.changePAN(reversal(from)), "VSE40000", place)
	})

	It("undoes a chain of replacements from its end only", func() {
		third := freshPAN(bankRange)
		moved := l.givenToken(bank, l.givenPAN(bank, from))
		expectDone(l.changePAN(accountUpdate(from, to)))
		sealed := map[string]any{"cardholderInfo": cardInfo(to, "1", "2033"), "replaceCardholderInfo": cardInfo(third, "3", "2035")}
		expectDone(l.changePAN(panCall{operationType: "UPDATE", reason: "ACCOUNT_UPDATE", sealed: sealed}))
		before := l.panState(bank, from, to, third)
		expectRefusal(l.changePAN(reversal(from)), "VSE40000", place)
		Expect(l.panState(bank, from, to, third)).To(Equal(before))
		expectDone(l.changePAN(reversal(to)))
		Expect(l.token(bank, moved.ReferenceID)).To(And(HaveField("PANReferenceID", l.pan(bank, to).ReferenceID), HaveField("LastFourOfPreviousPAN", from[12:])))
		expectDone(l.changePAN(reversal(from)))
		Expect(l.token(bank, moved.ReferenceID)).To(And(HaveField("PANReferenceID", l.pan(bank, from).ReferenceID), HaveField("LastFourOfPreviousPAN", BeEmpty())))
	})

	It("lets the PAN be replaced again afterwards", func() {
		moved := l.givenToken(bank, l.givenPAN(bank, from))
		for range 2 {
			expectDone(l.changePAN(accountUpdate(from, to)))
			expectDone(l.changePAN(reversal(from)))
		}
		Expect(l.token(bank, moved.ReferenceID).PANReferenceID).To(Equal(l.pan(bank, from).ReferenceID))
	})
})
