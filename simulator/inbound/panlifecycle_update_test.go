package inbound_test

import (
	"encoding/json"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/simulator/inbound"
	"github.com/vtsim/vtsim/simulator/token"
)

// status gives a token of the kit another state, with what goes with it.
func status(of token.Status) func(*token.Token) {
	return func(t *token.Token) {
		t.Status = of
		switch of {
		case "INACTIVE":
			t.ActivatedAt = time.Time{}
		case "SUSPENDED":
			t.SuspendedBy = token.TokenRequestor
		case "DEACTIVATED":
			t.DeactivatedAt = noon.Add(-time.Hour)
		}
	}
}

// stutter is a source of randomness that gives the digits of every PAN
// reference twice.
type stutter struct{ draws int }

func (s *stutter) Read(p []byte) (int, error) {
	const digits = 22
	if len(p) != digits {
		return randomness.Read(p)
	}
	for i := range p {
		p[i] = byte(s.draws / 2)
	}
	s.draws++
	return len(p), nil
}

func accountUpdate(from, to string) panCall {
	return panCall{operationType: "UPDATE", reason: "ACCOUNT_UPDATE", sealed: swap(from, to)}
}

var _ = Describe("panLifecycle, ACCOUNT_UPDATE (p.61-64)", func() {
	var (
		l        *lab
		from, to string
	)
	BeforeEach(func() {
		l, from, to = newLab(), freshPAN(bankRange), freshPAN(bankRange)
	})

	DescribeTable("moves a token to the new PAN where the matrix permits it (p.89, INT-052)", func(in token.Status, moves bool) {
		before := l.givenToken(bank, l.givenPAN(bank, from), status(in))
		expectDone(l.changePAN(accountUpdate(from, to)))
		after := l.token(bank, before.ReferenceID)
		if !moves {
			Expect(after).To(Equal(before))
			return
		}
		Expect(after.PANReferenceID).To(Equal(l.pan(bank, to).ReferenceID))
		Expect(after.LastFourOfPreviousPAN).To(Equal(from[12:]), "p.76")
		Expect(after.EntityOfLastAction).To(Equal(token.Issuer))
		Expect(after.OperatorID).To(Equal("Operator1"))
		before.PANReferenceID, before.LastFourOfPreviousPAN = after.PANReferenceID, after.LastFourOfPreviousPAN
		before.EntityOfLastAction, before.OperatorID, before.Version = after.EntityOfLastAction, after.OperatorID, after.Version
		Expect(after).To(Equal(before), "nothing else of it changes")
	},
		Entry(nil, token.Status("INACTIVE"), true),
		Entry(nil, token.Status("ACTIVE"), true),
		Entry(nil, token.Status("SUSPENDED"), true),
		Entry(nil, token.Status("DEACTIVATED"), false),
	)

	It("moves all tokens of the PAN and none of another", func() {
		old := l.givenPAN(bank, from)
		for range 3 {
			l.givenToken(bank, old)
		}
		bystander := l.givenToken(bank, l.givenPAN(bank, freshPAN(bankRange)))
		expectDone(l.changePAN(accountUpdate(from, to)))
		replacement := l.pan(bank, to)
		moved := 0
		for _, t := range l.panState(bank).Tokens {
			if t.PANReferenceID == replacement.ReferenceID {
				moved++
			}
		}
		Expect(moved).To(Equal(3))
		Expect(l.token(bank, bystander.ReferenceID)).To(Equal(bystander))
	})

	It("gives the new PAN its expiration date and links the two", func() {
		old := l.givenPAN(bank, from)
		expectDone(l.changePAN(accountUpdate(from, to)))
		replaced, replacement := l.pan(bank, from), l.pan(bank, to)
		Expect(replacement.Expiration).To(Equal(token.Expiration{Month: "1", Year: "2033"}))
		Expect(replacement.Replaced).To(Equal(old.ReferenceID))
		Expect(replaced.ReplacedBy).To(Equal(replacement.ReferenceID))
		Expect(replaced.Expiration).To(Equal(old.Expiration))
	})

	It("gives a new PAN that is in the vault already the date that the issuer names", func() {
		known := l.givenPAN(bank, to)
		expectDone(l.changePAN(accountUpdate(from, to)))
		Expect(l.pan(bank, to)).To(And(HaveField("ReferenceID", known.ReferenceID), HaveField("Expiration", token.Expiration{Month: "1", Year: "2033"})))
	})

	It("keeps the order in which the tokens were changed (INT-056)", func() {
		pan := l.givenPAN(bank, from)
		for range 3 {
			l.givenToken(bank, pan)
		}
		before := l.tokensOf(bank, pan.ReferenceID)
		expectDone(l.changePAN(accountUpdate(from, to)))
		Expect(l.tokensOf(bank, l.pan(bank, to).ReferenceID)).To(Equal(before))
	})

	It("tells the issuer once, by reference and never by number (p.175-176)", func() {
		old := l.givenPAN(bank, from)
		l.givenToken(bank, old)
		l.givenToken(bank, old)
		expectDone(l.changePAN(accountUpdate(from, to)))
		list := l.notifications(bank)
		Expect(list).To(HaveLen(1))
		replacement := l.pan(bank, to).ReferenceID
		Expect(list[0]).To(And(HaveField("Operation", "panUpdateNotification"), HaveField("EventType", "PAN_UPDATED"),
			HaveField("PANID", replacement), HaveField("State", "pending"), HaveField("Cause", l.traffic(bank)[0].ID)))
		Expect(list[0].Facts).To(Equal(map[string]any{
			"messageReasonCode":     "ACCOUNT_UPDATE",
			"cardholderInfo":        map[string]any{"panReferenceID": old.ReferenceID, "expirationDate": map[string]any{"month": "12", "year": "2029"}},
			"replaceCardholderInfo": map[string]any{"panReferenceID": replacement, "expirationDate": map[string]any{"month": "1", "year": "2033"}},
		}))
		content, err := json.Marshal(list)
		Expect(err).NotTo(HaveOccurred())
		Expect(string(content)).NotTo(Or(ContainSubstring(from), ContainSubstring(to)))
	})

	It("takes a PAN that the vault has never met, and tells of it although it has no tokens (p.175)", func() {
		expectDone(l.changePAN(accountUpdate(from, to)))
		Expect(l.pan(bank, from)).To(And(HaveField("ReferenceID", HavePrefix("V-")), HaveField("Expiration", token.Expiration{Month: "12", Year: "2029"})))
		Expect(l.notifications(bank)).To(HaveLen(1))
	})

	It("makes a reference that is new although the source of randomness repeats itself", func() {
		l = newLab(func(c *inbound.Config) { c.Rand = new(stutter) })
		expectDone(l.changePAN(accountUpdate(from, to)))
		Expect(l.pan(bank, to).ReferenceID).NotTo(Equal(l.pan(bank, from).ReferenceID))
	})

	It("keeps who did it and why, a PAN in the reason masked (p.63-64)", func() {
		pan := l.givenPAN(bank, from)
		moved := l.givenToken(bank, pan)
		call := accountUpdate(from, to)
		call.body = map[string]any{"operationReason": "lost " + from}
		expectDone(l.changePAN(call))
		audit := l.panState(bank).Audit
		Expect(audit).To(HaveLen(1))
		Expect(audit[0].Key).To(HavePrefix(pan.ReferenceID + "/"))
		Expect(audit[0].Content).To(And(HaveKeyWithValue("operatorID", "Operator1"), HaveKeyWithValue("operation", "pan-update"),
			HaveKeyWithValue("operationType", "UPDATE"), HaveKeyWithValue("operationReasonCode", "ACCOUNT_UPDATE"),
			HaveKeyWithValue("tokens", ConsistOf(moved.ReferenceID)), HaveKeyWithValue("replacement", l.pan(bank, to).ReferenceID),
			HaveKeyWithValue("operationReason", And(HavePrefix("lost "), Not(ContainSubstring(from))))))
	})

	It("keeps both PANs out of the journal", func() {
		expectDone(l.changePAN(accountUpdate(from, to)))
		content, err := json.Marshal(l.traffic(bank))
		Expect(err).NotTo(HaveOccurred())
		Expect(string(content)).To(ContainSubstring(`"month":"1"`))
		Expect(string(content)).NotTo(Or(ContainSubstring(from), ContainSubstring(to)))
	})

	Describe("its replacement PAN", func() {
		refused := func(rule string, page int, to string) {
			GinkgoHelper()
			before := l.panState(bank, from, to)
			got := l.changePAN(accountUpdate(from, to))
			expectRefusal(got, "VSE40006", "encryptedData/replaceCardholderInfo/primaryAccountNumber")
			Expect(got.raw).NotTo(Or(ContainSubstring(from), ContainSubstring(to)))
			Expect(l.panState(bank, from, to)).To(Equal(before))
			Expect(l.traffic(bank)[len(l.traffic(bank))-1].Violations).To(ConsistOf(And(HaveField("Rule", rule), HaveField("Page", page))))
		}
		BeforeEach(func() { l.givenToken(bank, l.givenPAN(bank, from)) })

		It("is not the current one (p.64)", func() {
			refused("panLifecycle/request#pan-differs", 64, from)
		})
		It("lies in no range but the current one's, another of the same issuer included (p.64, INT-061)", func() {
			l.addRange(bank, "499999999")
			refused("panLifecycle/request#same-account-range", 64, freshPAN("499999999"))
		})
		It("does not lie in the range of another issuer", func() {
			foreign := freshPAN(otherRange)
			l.givenPAN(other, foreign)
			refused("panLifecycle/request#same-account-range", 64, foreign)
		})
		It("has a right check digit", func() {
			refused("panLifecycle/request#pan-known", 61, to[:15]+string('0'+(to[15]-'0'+1)%10))
		})
		DescribeTable("has no tokens, deleted ones apart (p.62, p.64)", func(in token.Status, refuses bool) {
			l.givenToken(bank, l.givenPAN(bank, to), status(in))
			if refuses {
				refused("panLifecycle/request#replacement-without-tokens", 64, to)
				return
			}
			expectDone(l.changePAN(accountUpdate(from, to)))
		},
			Entry(nil, token.Status("INACTIVE"), true),
			Entry(nil, token.Status("ACTIVE"), true),
			Entry(nil, token.Status("SUSPENDED"), true),
			Entry(nil, token.Status("DEACTIVATED"), false),
		)
		It("is refused when the same update comes again, since it has the tokens by then (INT-150)", func() {
			expectDone(l.changePAN(accountUpdate(from, to)))
			refusedAgain := l.changePAN(accountUpdate(from, to))
			expectRefusal(refusedAgain, "VSE40006", "encryptedData/replaceCardholderInfo/primaryAccountNumber")
		})
	})

	Describe("soon after tokens were deleted (p.62, INT-065)", func() {
		deleted := func(ago time.Duration) func(*token.Token) {
			return func(t *token.Token) { t.Status, t.DeactivatedAt = "DEACTIVATED", noon.Add(-ago) }
		}
		const rule = "panLifecycle/request#replacement-wait"
		It("warns below a minute, once, and goes on", func() {
			pan := l.givenPAN(bank, from)
			l.givenToken(bank, pan, deleted(59*time.Second))
			l.givenToken(bank, pan, deleted(time.Second))
			expectDone(l.changePAN(accountUpdate(from, to)))
			Expect(l.traffic(bank)[0].Violations).To(ConsistOf(And(HaveField("Rule", rule), HaveField("Page", 62))))
		})
		It("is silent after a minute", func() {
			l.givenToken(bank, l.givenPAN(bank, from), deleted(time.Minute))
			expectDone(l.changePAN(accountUpdate(from, to)))
			Expect(l.traffic(bank)[0].Violations).To(BeEmpty())
		})
		It("refuses below a minute where the deployment chose so", func() {
			l = newLab(withKnob("replacementWait"))
			l.givenToken(bank, l.givenPAN(bank, from), deleted(59*time.Second))
			before := l.panState(bank, from, to)
			expectRefusal(l.changePAN(accountUpdate(from, to)), "VSE40006", "encryptedData/cardholderInfo/primaryAccountNumber")
			Expect(l.panState(bank, from, to)).To(Equal(before))
			l.clock.Advance(time.Second)
			expectDone(l.changePAN(accountUpdate(from, to)))
		})
	})

	It("takes a month with a leading zero for the same one (p.65)", func() {
		expectDone(l.changePAN(accountUpdate(from, to)))
		sealed := map[string]any{"cardholderInfo": cardInfo(to, "01", "2033"), "replaceCardholderInfo": cardInfo(freshPAN(bankRange), "2", "2034")}
		expectDone(l.changePAN(panCall{operationType: "UPDATE", reason: "ACCOUNT_UPDATE", sealed: sealed}))
		Expect(l.traffic(bank)[1].Violations).To(BeEmpty())
	})

	DescribeTable("notes a current expiration date that is not the card's, and goes on (p.61)", func(number, month, year string, noted bool) {
		if number == "" {
			number = from
			l.givenPAN(bank, from)
		} else {
			l.addRange(bank, number[:9])
			to = freshPAN(number[:9])
		}
		sealed := swap(number, to)
		sealed["cardholderInfo"] = cardInfo(number, month, year)
		expectDone(l.changePAN(panCall{operationType: "UPDATE", reason: "ACCOUNT_UPDATE", sealed: sealed}))
		matches := BeEmpty()
		if noted {
			matches = ConsistOf(And(HaveField("Rule", "panLifecycle/request#current-expiration-date"), HaveField("Page", 61)))
		}
		Expect(l.traffic(bank)[0].Violations).To(matches)
	},
		Entry("the right one", "", "12", "2029", false),
		Entry("another month", "", "11", "2029", true),
		Entry("another year", "", "12", "2030", true),
		Entry("a published card that the vault has not met, right", "4000009010000019", "12", "2035", false),
		Entry("a published card that the vault has not met, wrong", "4000009010000019", "12", "2029", true),
	)
})
