package inbound_test

import (
	"errors"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/simulator/inbound"
)

// exhausted is a source of randomness that has none.
type exhausted struct{}

func (exhausted) Read([]byte) (int, error) { return 0, errors.New("no randomness left") }

var _ = Describe("panLifecycle, its errors (p.71)", func() {
	var (
		l        *lab
		from, to string
	)
	BeforeEach(func() {
		l, from, to = newLab(), freshPAN(bankRange), freshPAN(bankRange)
		l.givenToken(bank, l.givenPAN(bank, from))
	})
	update := func(body map[string]any, sealed map[string]any) panCall {
		return panCall{operationType: "UPDATE", reason: "ACCOUNT_UPDATE", body: body, sealed: sealed}
	}

	DescribeTable("answers VSE40001 for a member of the body that is missing (p.63-64)", func(member string) {
		before := l.panState(bank, from, to)
		expectRefusal(l.changePAN(update(map[string]any{member: nil}, swap(from, to))), "VSE40001", member)
		Expect(l.panState(bank, from, to)).To(Equal(before))
	},
		Entry(nil, "operationType"),
		Entry(nil, "operationReason"),
		Entry(nil, "operationReasonCode"),
	)

	It("answers VSE40001 for a call without encryptedData (p.64)", func() {
		expectRefusal(l.changePAN(update(nil, nil)), "VSE40001", "encryptedData")
	})

	It("answers VSE40001 for an account level update without updateReferenceID (p.64)", func() {
		row := panRows["rpin-enrollment"]
		expectRefusal(l.changePAN(panCall{operationType: row.operationType, reason: row.reason, sealed: row.payload(from, to)}), "VSE40001", "updateReferenceID")
	})

	It("answers VSE40001 for an account level update without any enrolment (p.66, INT-132)", func() {
		row := panRows["rpin-enrollment"]
		sealed := row.payload(from, to)
		sealed["accountLevelInfo"] = map[string]any{"productID": "A"}
		expectRefusal(l.changePAN(row.call(sealed)), "VSE40001", "encryptedData/accountLevelInfo/linkEnrollment")
	})

	It("names every failing place, the missing ones decide (INT-153)", func() {
		got := l.changePAN(update(nil, map[string]any{"cardholderInfo": map[string]any{"primaryAccountNumber": "4000-0000"}}))
		expectRefusal(got, "VSE40001", "encryptedData/cardholderInfo/primaryAccountNumber", "encryptedData/cardholderInfo/expirationDate", "encryptedData/replaceCardholderInfo")
		Expect(got.raw).NotTo(ContainSubstring("4000-0000"))
	})

	It("shows in the journal which rule a missing member breaks, with its page (p.61)", func() {
		l.changePAN(update(nil, map[string]any{"cardholderInfo": cardInfo(from, "12", "2029")}))
		Expect(l.traffic(bank)[0].Violations).To(ContainElement(And(
			HaveField("Rule", "panLifecycle/request#operation-members"), HaveField("Page", 61))))
	})

	DescribeTable("answers VSE40000 for a body that breaks its table (p.63-64)", func(member string, value any) {
		before := l.panState(bank, from, to)
		expectRefusal(l.changePAN(update(map[string]any{member: value}, swap(from, to))), "VSE40000", member)
		Expect(l.panState(bank, from, to)).To(Equal(before))
	},
		Entry("operatorID of 17 characters", "operatorID", strings.Repeat("x", 17)),
		Entry("operationReason of 255 characters", "operationReason", strings.Repeat("x", 255)),
		Entry("updateReferenceID of 33 characters", "updateReferenceID", strings.Repeat("x", 33)),
		Entry("operationType outside its list", "operationType", "REPLACE"),
		Entry("operationType in lower case", "operationType", "update"),
		Entry("operationType of another JSON type", "operationType", 1),
		Entry("operationReasonCode outside its list", "operationReasonCode", "ACCOUNT_LOST"),
	)

	DescribeTable("answers VSE40000 for a card that breaks its table (p.65)", func(location string, spoil func(map[string]any)) {
		before := l.panState(bank, from, to)
		sealed := swap(from, to)
		spoil(sealed)
		expectRefusal(l.changePAN(update(nil, sealed)), "VSE40000", "encryptedData/"+location)
		Expect(l.panState(bank, from, to)).To(Equal(before))
	},
		Entry("a PAN of 20 digits", "cardholderInfo/primaryAccountNumber", func(p map[string]any) {
			p["cardholderInfo"] = cardInfo(strings.Repeat("4", 20), "12", "2029")
		}),
		Entry("a PAN that is a number", "cardholderInfo/primaryAccountNumber", func(p map[string]any) {
			p["cardholderInfo"].(map[string]any)["primaryAccountNumber"] = 4000000010000018
		}),
		Entry("month 13", "replaceCardholderInfo/expirationDate/month", func(p map[string]any) { p["replaceCardholderInfo"] = cardInfo(to, "13", "2029") }),
		Entry("a year of two digits", "replaceCardholderInfo/expirationDate/year", func(p map[string]any) { p["replaceCardholderInfo"] = cardInfo(to, "12", "29") }),
		Entry("a structure that is none", "replaceCardholderInfo", func(p map[string]any) { p["replaceCardholderInfo"] = to }),
	)

	DescribeTable("answers VSE40000 to DELETE with any reason but ACCOUNT_UPDATE (p.61)", func(reason string) {
		row := panRow{pan: true, expdt: true, pan2: true, expdt2: true}
		got := l.changePAN(panCall{operationType: "DELETE", reason: reason, body: map[string]any{"updateReferenceID": "ref-1"}, sealed: row.payload(from, to)})
		expectRefusal(got, "VSE40000", "operationType")
	},
		Entry(nil, "ACCOUNT_CLOSED"),
		Entry(nil, "EXP_DATE_UPDATE"),
		Entry(nil, "CONTACT_CARDHOLDER"),
		Entry(nil, "PORTFOLIO_CONVERSION"),
		Entry(nil, "UPDATE_ACCOUNT_LEVEL_RECORD"),
	)

	DescribeTable("answers VSE40000 for a current PAN that is no card of the issuer, in every operation upon it (p.61)", func(name string) {
		row := panRows[name]
		wrong := []string{freshPAN(otherRange), freshPAN("499999999"), from[:15] + string('0'+(from[15]-'0'+1)%10)}
		l.givenPAN(other, wrong[0])
		before := l.panState(bank, from, to)
		var answers []string
		for _, number := range wrong {
			got := l.changePAN(row.call(row.payload(number, to)))
			expectRefusal(got, "VSE40000", "encryptedData/cardholderInfo/primaryAccountNumber")
			Expect(got.raw).NotTo(ContainSubstring(number))
			answers = append(answers, got.raw)
		}
		Expect(answers[0]).To(And(Equal(answers[1]), Equal(answers[2])), "somebody else's card looks like none")
		Expect(l.panState(bank, from, to)).To(Equal(before))
	},
		Entry(nil, "pan-update"),
		Entry(nil, "pan-update-reversal"),
		Entry(nil, "expiry-date-update"),
		Entry(nil, "close-account"),
		Entry(nil, "contact-cardholder"),
		Entry(nil, "portfolio-conversion"),
	)

	It("answers VSE40010 for a payload that does not open", func() {
		expectRefusal(l.changePAN(update(map[string]any{"encryptedData": "e30.e30.e30"}, nil)), "VSE40010", "encryptedData")
	})

	It("answers 500 with VSE40009 for a failure of its own and changes nothing", func() {
		l = newLab(func(c *inbound.Config) { c.Rand = exhausted{} })
		l.givenToken(bank, l.givenPAN(bank, from))
		l.givenPAN(bank, to)
		before := l.panState(bank, from, to)
		got := l.changePAN(update(nil, swap(from, to)))
		Expect(got.status).To(Equal(500))
		Expect(got.reason()).To(Equal("VSE40009"))
		Expect(l.panState(bank, from, to)).To(Equal(before))
	})

	It("takes a call without operationType for an update where the deployment chose so (INT-060)", func() {
		l = newLab(withKnob("defaultOperationType"))
		l.givenPAN(bank, from)
		expectDone(l.changePAN(update(map[string]any{"operationType": nil}, swap(from, to))))
		Expect(l.pan(bank, from).ReplacedBy).To(Equal(l.pan(bank, to).ReferenceID))
	})

	It("touches nothing of another issuer, and lets nobody else reverse it", func() {
		l.givenToken(other, l.givenPAN(other, freshPAN(otherRange)))
		before := l.panState(other)
		expectDone(l.changePAN(update(nil, swap(from, to))))
		Expect(l.panState(other)).To(Equal(before))
		expectRefusal(l.changePAN(panCall{as: other, operationType: "DELETE", reason: "ACCOUNT_UPDATE", sealed: panRows["pan-update-reversal"].payload(from, "")}),
			"VSE40000", "encryptedData/cardholderInfo/primaryAccountNumber")
	})
})
