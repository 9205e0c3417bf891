package inbound_test

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/simulator/token"
)

var states = []token.Status{"INACTIVE", "ACTIVE", "SUSPENDED", "DEACTIVATED"}

var _ = Describe("panLifecycle, EXP_DATE_UPDATE (p.61, p.64)", func() {
	var (
		l      *lab
		number string
	)
	BeforeEach(func() { l, number = newLab(), freshPAN(bankRange) })
	update := func(from, to string) panCall {
		return panCall{operationType: "UPDATE", reason: "EXP_DATE_UPDATE", sealed: swap(from, to)}
	}

	for _, state := range states {
		It("changes the card's date and acts on its token while that is "+string(state)+" (p.89)", func() {
			pan := l.givenPAN(bank, number)
			before := l.givenToken(bank, pan, status(state))
			expectDone(l.changePAN(update(number, number)))
			Expect(l.pan(bank, number)).To(And(HaveField("Expiration", token.Expiration{Month: "1", Year: "2033"}), HaveField("ReferenceID", pan.ReferenceID), HaveField("Updates", BeEmpty())))
			after := l.token(bank, before.ReferenceID)
			Expect(after.Version).To(BeNumerically(">", before.Version))
			before.EntityOfLastAction, before.OperatorID, before.Version = token.Issuer, "Operator1", after.Version
			Expect(after).To(Equal(before), "neither its state nor its own date changes")
		})
	}

	It("tells the issuer once, with both dates (p.176)", func() {
		pan := l.givenPAN(bank, number)
		l.givenToken(bank, pan)
		l.givenToken(bank, pan)
		expectDone(l.changePAN(update(number, number)))
		list := l.notifications(bank)
		Expect(list).To(HaveLen(1))
		Expect(list[0]).To(And(HaveField("Operation", "panUpdateNotification"), HaveField("EventType", "PAN_UPDATED"), HaveField("PANID", pan.ReferenceID)))
		Expect(list[0].Facts).To(Equal(map[string]any{
			"messageReasonCode":     "EXP_DATE_UPDATE",
			"cardholderInfo":        map[string]any{"panReferenceID": pan.ReferenceID, "expirationDate": map[string]any{"month": "12", "year": "2029"}},
			"replaceCardholderInfo": map[string]any{"panReferenceID": pan.ReferenceID, "expirationDate": map[string]any{"month": "1", "year": "2033"}},
		}))
	})

	It("answers VSE40006 when the PANs differ (p.64)", func() {
		l.givenToken(bank, l.givenPAN(bank, number))
		before := l.panState(bank, number)
		expectRefusal(l.changePAN(update(number, freshPAN(bankRange))), "VSE40006", "encryptedData/replaceCardholderInfo/primaryAccountNumber")
		Expect(l.panState(bank, number)).To(Equal(before))
		Expect(l.traffic(bank)[0].Violations).To(ConsistOf(And(HaveField("Rule", "panLifecycle/request#pan-stays"), HaveField("Page", 64))))
	})

	It("takes a card that the vault has never met", func() {
		expectDone(l.changePAN(update(number, number)))
		Expect(l.pan(bank, number).Expiration).To(Equal(token.Expiration{Month: "1", Year: "2033"}))
		Expect(l.notifications(bank)).To(HaveLen(1))
	})
})

var _ = Describe("panLifecycle, ACCOUNT_CLOSED (p.61, INT-063)", func() {
	var (
		l      *lab
		number string
	)
	BeforeEach(func() { l, number = newLab(), freshPAN(bankRange) })
	closing := func() panCall {
		return panCall{operationType: "UPDATE", reason: "ACCOUNT_CLOSED", sealed: map[string]any{"cardholderInfo": map[string]any{"primaryAccountNumber": number}}}
	}

	It("deactivates every token of the PAN that still can be, and tells of each (p.203)", func() {
		pan := l.givenPAN(bank, number)
		tokens := map[token.Status]token.Token{}
		for _, state := range states {
			tokens[state] = l.givenToken(bank, pan, status(state))
		}
		bystander := l.givenToken(bank, l.givenPAN(bank, freshPAN(bankRange)))
		expectDone(l.changePAN(closing()))
		var told []any
		for _, state := range states[:3] {
			Expect(l.token(bank, tokens[state].ReferenceID)).To(And(HaveField("Status", token.Status("DEACTIVATED")),
				HaveField("DeactivatedAt", BeTemporally("==", noon)), HaveField("EntityOfLastAction", token.Issuer), HaveField("OperatorID", "Operator1")))
			told = append(told, And(HaveField("Operation", "tokenNotification"), HaveField("TokenID", tokens[state].ReferenceID), HaveField("PANID", pan.ReferenceID),
				HaveField("Facts", HaveKeyWithValue("messageReasonCode", "TOKEN_DEACTIVATED"))))
		}
		Expect(l.notifications(bank)).To(ConsistOf(told...))
		Expect(l.token(bank, tokens["DEACTIVATED"].ReferenceID)).To(Equal(tokens["DEACTIVATED"]))
		Expect(l.token(bank, bystander.ReferenceID)).To(Equal(bystander))
		Expect(l.pan(bank, number).ClosedAt).To(BeTemporally("==", noon))
	})

	It("changes nothing when it comes again", func() {
		l.givenToken(bank, l.givenPAN(bank, number))
		expectDone(l.changePAN(closing()))
		before := l.panState(bank, number)
		l.clock.Advance(time.Minute)
		expectDone(l.changePAN(closing()))
		after := l.panState(bank, number)
		Expect(after.Tokens).To(Equal(before.Tokens))
		Expect(after.Notifications).To(Equal(before.Notifications))
		Expect(after.PANs[0].ClosedAt).To(Equal(before.PANs[0].ClosedAt))
	})
})

var _ = Describe("panLifecycle, the advices for Visa Account Updater (p.61)", func() {
	var (
		l        *lab
		from, to string
	)
	BeforeEach(func() {
		l, from, to = newLab(), freshPAN(bankRange), freshPAN(bankRange)
	})

	DescribeTable("are noted with their time, and leave tokens and notifications alone", func(name string) {
		row := panRows[name]
		l.givenToken(bank, l.givenPAN(bank, from))
		before := l.panState(bank, from)
		expectDone(l.changePAN(row.call(row.payload(from, to))))
		Expect(l.pan(bank, from).Advice).To(HaveLen(1))
		Expect(l.pan(bank, from).Advice).To(HaveKeyWithValue(row.reason, BeTemporally("==", noon)))
		Expect(l.pan(bank, from).ReplacedBy).To(BeEmpty())
		after := l.panState(bank, from)
		Expect(after.Tokens).To(Equal(before.Tokens))
		Expect(after.Notifications).To(BeEmpty())
		Expect(after.Audit).To(ConsistOf(HaveField("Content", And(HaveKeyWithValue("operation", name), HaveKeyWithValue("operationReason", Not(BeEmpty()))))))
	},
		Entry(nil, "contact-cardholder"),
		Entry(nil, "portfolio-conversion"),
	)

	It("keep the last of each kind", func() {
		contact, conversion := panRows["contact-cardholder"], panRows["portfolio-conversion"]
		expectDone(l.changePAN(contact.call(contact.payload(from, to))))
		l.clock.Advance(time.Hour)
		expectDone(l.changePAN(conversion.call(conversion.payload(from, to))))
		l.clock.Advance(time.Hour)
		expectDone(l.changePAN(contact.call(contact.payload(from, to))))
		Expect(l.pan(bank, from).Advice).To(And(HaveKeyWithValue(contact.reason, BeTemporally("==", noon.Add(2*time.Hour))),
			HaveKeyWithValue(conversion.reason, BeTemporally("==", noon.Add(time.Hour)))))
	})

	It("of a portfolio conversion make the new PAN known with its date", func() {
		row := panRows["portfolio-conversion"]
		expectDone(l.changePAN(row.call(row.payload(from, to))))
		Expect(l.pan(bank, to).Expiration).To(Equal(token.Expiration{Month: "1", Year: "2033"}))
		Expect(l.panState(bank).Audit[0].Content).To(HaveKeyWithValue("replacement", l.pan(bank, to).ReferenceID))
	})

	DescribeTable("of a portfolio conversion refuse a replacement PAN as a PAN update does, with VSE40006 (p.64)", func(replacement func() string) {
		row := panRows["portfolio-conversion"]
		l.givenToken(bank, l.givenPAN(bank, to))
		before := l.panState(bank, from, to)
		expectRefusal(l.changePAN(row.call(row.payload(from, replacement()))), "VSE40006", "encryptedData/replaceCardholderInfo/primaryAccountNumber")
		Expect(l.panState(bank, from, to)).To(Equal(before))
	},
		Entry("the current PAN", func() string { return from }),
		Entry("a PAN of another range", func() string { return freshPAN(otherRange) }),
		Entry("a PAN that has tokens", func() string { return to }),
	)
})
