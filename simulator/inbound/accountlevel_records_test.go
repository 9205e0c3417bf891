package inbound_test

import (
	"encoding/json"
	"fmt"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance/contract"
)

const (
	accountA = "4000009015000014"
	accountB = "4000009015000329"
	accountC = "4000009015000337"
)

// holder is right contact information.
func holder(change ...object) object {
	c := object{"action": "Add", "namePrefix": "Dr.", "firstName": "Ada", "middleInitial": "B", "lastName": "Sample", "nameSuffix": "Jr.",
		"prefMethodOfContact": "E", "email": "ada@example.com", "mobileNumber": "5550100",
		"address": object{"line1": "1 Test Street", "line2": "Flat 2", "companyName": "Sample Inc.", "city": "Springfield", "state": "NY", "zip": "10001"}}
	for _, changes := range change {
		for name, value := range changes {
			c[name] = value
		}
	}
	return c
}

// enumeration are the values that the contract gives a member of
// accountLevelInfo; an entry for each.
func enumeration(path ...string) []TableEntry {
	c, err := contract.Load()
	if err != nil {
		panic(err)
	}
	op, err := c.Operation("panLifecycle")
	if err != nil {
		panic(err)
	}
	field := op.Field(contract.SealedRequest).Member("accountLevelInfo")
	for _, name := range path {
		if name == "*" {
			field = field.Items
		} else {
			field = field.Member(name)
		}
	}
	var entries []TableEntry
	for _, value := range field.Enum {
		entries = append(entries, Entry(fmt.Sprintf("%q", value), value))
	}
	return entries
}

var _ = Describe("panLifecycle, RPIN enrolment (p.67)", func() {
	var l *lab
	send := func(info object) string {
		GinkgoHelper()
		return codes(l.told(bank, sampleBank, record(accountA, info)), "rpinEnrollment")[0]
	}
	BeforeEach(func() { l = newRecordLab() })

	It("is stored with what was sent, and with today where the effective date is absent (INT-135)", func() {
		Expect(send(object{"productID": "A", "rpinEnrollment": enrol()})).To(Equal("S"))
		Expect(l.stored(sampleBank, "rpin")).To(HaveKeyWithValue(l.reference(sampleBank, accountA), object{"rpin": "100001", "productID": "A",
			"accountOpenDate": "20200115", "rpinEffectiveDate": "20260601", "updateReferenceID": "REF-1"}))
	})

	It("takes Add for an enrolled account and Change for one that is not (INT-134), and replaces the whole record", func() {
		Expect(send(object{"productID": "A", "rpinEnrollment": enrol(object{"action": "Change", "rpinEffectiveDate": "20220101"})})).To(Equal("S"))
		Expect(send(object{"productID": "B", "rpinEnrollment": enrol(object{"action": "Add", "rpin": "100011"})})).To(Equal("S"))
		Expect(l.stored(sampleBank, "rpin")[l.reference(sampleBank, accountA)]).To(And(HaveKeyWithValue("rpin", "100011"),
			HaveKeyWithValue("productID", "B"), HaveKeyWithValue("rpinEffectiveDate", "20260601")))
	})

	It("is taken away by Delete with its action only, contact information with it (INT-066)", func() {
		Expect(send(object{"productID": "A", "rpinEnrollment": enrol(), "customerContactInfo": holder()})).To(Equal("S"))
		Expect(send(object{"productID": "A", "rpinEnrollment": object{"action": "Delete"}})).To(Equal("S"))
		Expect(l.stored(sampleBank, "rpin")).NotTo(HaveKey(l.reference(sampleBank, accountA)))
		Expect(l.stored(sampleBank, "contact")).To(BeEmpty())
	})

	It("lets Delete of nothing succeed (INT-134), and one of a program that has ended", func() {
		Expect(send(object{"productID": "A", "rpinEnrollment": object{"action": "Delete"}})).To(Equal("S"))
		Expect(send(object{"productID": "A", "rpinEnrollment": object{"action": "Delete", "rpin": "100003"}})).To(Equal("S"))
		Expect(send(object{"productID": "A", "rpinEnrollment": enrol(object{"rpin": "100003"})})).To(Equal("F H1"))
	})

	It("judges what a Delete sends all the same", func() {
		Expect(send(object{"productID": "A", "rpinEnrollment": object{"action": "Delete", "rpin": "999999"}})).To(Equal("F C1"))
		Expect(send(object{"rpinEnrollment": object{"action": "Delete"}})).To(Equal("F C2"))
	})

	It("takes today as opening date and refuses tomorrow, by the simulator's clock", func() {
		Expect(send(object{"productID": "A", "rpinEnrollment": enrol(object{"accountOpenDate": "20260601"})})).To(Equal("S"))
		Expect(send(object{"productID": "A", "rpinEnrollment": enrol(object{"accountOpenDate": "20260602"})})).To(Equal("F G8"))
		l.clock.Advance(24 * 60 * 60 * 1e9)
		Expect(send(object{"productID": "A", "rpinEnrollment": enrol(object{"accountOpenDate": "20260602"})})).To(Equal("S"))
	})

	DescribeTable("wants an effective date inside the life of the RPIN and of the portfolio (p.67):", func(date, verdict string, change ...object) {
		Expect(send(object{"productID": "A", "rpinEnrollment": enrol(append(change, object{"rpinEffectiveDate": date})...)})).To(Equal(verdict))
	},
		Entry("the first day of the portfolio", "20190101", "S", object{"rpin": "100003"}),
		Entry("the day before, though the RPIN was there", "20181231", "F H1", object{"rpin": "100003"}),
		Entry("the day after its creation", "20200102", "S"),
		Entry("the day of its creation", "20200101", "F H1"),
		Entry("the day before its end", "20991230", "S"),
		Entry("the day of its end", "20991231", "F H1"),
		Entry("a day that no calendar has", "20230229", "F H1"),
		Entry("no date", "2023-1-1", "F H1"),
	)
})

var _ = Describe("panLifecycle, customer contact information (p.67-69)", func() {
	var l *lab
	send := func(contact any) string {
		GinkgoHelper()
		info := object{"productID": "A", "rpinEnrollment": enrol()}
		if contact != nil {
			info["customerContactInfo"] = contact
		}
		return codes(l.told(bank, sampleBank, record(accountA, info)), "rpinEnrollment")[0]
	}
	BeforeEach(func() { l = newRecordLab() })

	It("is stored masked, and deleted when an enrolment comes without it (p.66)", func() {
		Expect(send(holder())).To(Equal("S"))
		kept := l.stored(sampleBank, "contact")[l.reference(sampleBank, accountA)]
		Expect(kept).To(And(HaveKeyWithValue("prefMethodOfContact", "E"), HaveKeyWithValue("lastName", "***"), HaveKeyWithValue("email", "***")))
		Expect(send(nil)).To(Equal("S"))
		Expect(l.stored(sampleBank, "contact")).To(BeEmpty())
	})

	It("stays when the request is about links only (p.66)", func() {
		Expect(send(holder())).To(Equal("S"))
		l.told(bank, sampleBank, record(accountA, object{"linkEnrollment": groups(group("Add", "VIP1", "GOLD"))}))
		Expect(l.stored(sampleBank, "contact")).To(HaveLen(1))
	})

	It("is ignored, faults included, for a product that takes none (INT-139)", func() {
		const business = "4000009055000010"
		info := object{"productID": "G", "rpinEnrollment": enrol(object{"rpin": "300001"}), "customerContactInfo": object{"action": "Change", "email": strings.Repeat("a", 101)}}
		Expect(codes(l.told(bank, sampleBank, record(withCheckDigit(business), info)), "rpinEnrollment")).To(Equal([]string{"S"}))
		Expect(l.stored(sampleBank, "contact")).To(BeEmpty())
	})

	DescribeTable("takes every preferred method of contact (INT-069):", func(method any) {
		Expect(send(holder(object{"prefMethodOfContact": method}))).To(Equal("S"))
	}, enumeration("customerContactInfo", "prefMethodOfContact"))

	DescribeTable("is rejected for", func(verdict string, change object) {
		Expect(send(holder(change))).To(Equal(verdict))
	},
		Entry("any action but Add (INT-074)", "F A1", object{"action": "Change"}),
		Entry("Delete too", "F A1", object{"action": "Delete"}),
		Entry("two blanks as method of contact, one being allowed", "F D2", object{"prefMethodOfContact": "  "}),
		Entry("a name prefix of six letters", "F B2", object{"namePrefix": "Doctor"}),
		Entry("a name suffix of six letters", "F B3", object{"nameSuffix": "Junior"}),
		Entry("a mobile number of eleven digits", "F G7", object{"mobileNumber": "15550100000"}),
		Entry("a state that is absent in the US (INT-136)", "F B6", object{"address": object{"line1": "1 Test Street", "city": "Springfield", "zip": "10001"}}),
		Entry("a ZIP code that is absent in the US (INT-136)", "F B7", object{"address": object{"line1": "1 Test Street", "city": "Springfield", "state": "NY"}}),
		Entry("a ZIP code of four digits in the US", "F B7", object{"address": object{"line1": "1 Test Street", "city": "Springfield", "state": "NY", "zip": "1000"}}),
	)

	It("needs neither state nor ZIP code outside the US, but right ones where it has them (INT-136)", func() {
		const foreign = "4000009065000015"
		send := func(address object) string {
			return codes(l.told(bank, sampleBank, record(withCheckDigit(foreign), object{"productID": "A", "rpinEnrollment": enrol(),
				"customerContactInfo": holder(object{"address": address})})), "rpinEnrollment")[0]
		}
		Expect(send(object{"line1": "1 Test Street", "city": "Toronto"})).To(Equal("S"))
		Expect(send(object{"line1": "1 Test Street", "city": "Toronto", "state": "ON"})).To(Equal("S"))
		Expect(send(object{"line1": "1 Test Street", "city": "Toronto", "state": "on"})).To(Equal("F B6"))
		Expect(send(object{"line1": "1 Test Street", "city": "Toronto", "zip": "123456"})).To(Equal("F B7"))
	})
})

var _ = Describe("panLifecycle, replacement of a card (p.69)", func() {
	var l *lab
	send := func(number string, replacement object) string {
		GinkgoHelper()
		return codes(l.told(bank, sampleBank, record(number, object{"replaceEnrollment": replacement})), "replaceEnrollment")[0]
	}
	link := func(old string) object { return object{"oldAccountNumber": old, "linkReasonCode": "S"} }
	unlink := func(old string) object { return object{"oldAccountNumber": old, "unlinkIndicator": "Y"} }
	BeforeEach(func() { l = newRecordLab() })

	DescribeTable("is stored with every link reason code:", func(reason any) {
		Expect(send(accountA, object{"oldAccountNumber": accountB, "linkReasonCode": reason})).To(Equal("S"))
		Expect(l.stored(sampleBank, "replacement")[l.reference(sampleBank, accountA)]).To(And(HaveKeyWithValue("linkReasonCode", reason),
			HaveKeyWithValue("panReferenceID", l.reference(sampleBank, accountB))))
	}, enumeration("replaceEnrollment", "linkReasonCode"))

	It("is taken back by the unlink indicator, and can be made anew", func() {
		Expect(send(accountA, link(accountB))).To(Equal("S"))
		Expect(send(accountA, link(accountB))).To(Equal("F L5"))
		Expect(send(accountA, unlink(accountC))).To(Equal("F L1"))
		Expect(send(accountA, unlink(accountB))).To(Equal("S"))
		Expect(l.stored(sampleBank, "replacement")).NotTo(HaveKey(l.reference(sampleBank, accountA)))
		Expect(send(accountA, unlink(accountB))).To(Equal("F L1"))
		Expect(send(accountA, link(accountC))).To(Equal("S"))
		Expect(send("4000009015000345", link(accountB))).To(Equal("S"))
	})

	It("makes chains, but neither circles nor forks (N9, N7)", func() {
		Expect(send(accountB, link(accountA))).To(Equal("S"))
		Expect(send(accountC, link(accountB))).To(Equal("S"))
		Expect(send(accountA, link(accountC))).To(Equal("F N9"))
		Expect(send(accountC, link(accountA))).To(Equal("F N7"))
		Expect(send("4000009015000345", link(accountB))).To(Equal("F N7"))
	})

	DescribeTable("takes blanks for no value, as the appendix says (p.250):", func(verdict string, codes object) {
		codes["oldAccountNumber"] = accountB
		Expect(send(accountA, codes)).To(Equal(verdict))
	},
		Entry("in both members", "F L4", object{"linkReasonCode": " ", "unlinkIndicator": " "}),
		Entry("in one, the other being absent", "F L4", object{"linkReasonCode": "  "}),
		Entry("but not for one of the codes, beside an unlink indicator", "F L2", object{"linkReasonCode": " ", "unlinkIndicator": "Y"}),
		Entry("nor beside a link reason code", "F L3", object{"linkReasonCode": "L", "unlinkIndicator": " "}),
		Entry("nor beside a wrong value: only two values exclude each other", "F L6", object{"linkReasonCode": "L", "unlinkIndicator": "X"}),
	)
})

var _ = Describe("account level records at rest", func() {
	// clear fails when the content holds a secret, whatever stands between
	// its digits.
	clear := func(content ...any) {
		GinkgoHelper()
		written, err := json.Marshal(content)
		Expect(err).NotTo(HaveOccurred())
		Expect(string(written)).To(ContainSubstring("linkEnrollment"))
		bare := strings.NewReplacer("-", "", "_", "", " ", "").Replace(string(written))
		for _, secret := range []string{accountA, accountB, "Sample", "ada@example.com"} {
			Expect(strings.Contains(bare, secret)).To(BeFalse(), secret)
		}
	}
	records := func(l *lab) any {
		GinkgoHelper()
		all := map[string]any{}
		for _, kind := range []string{"rpin", "contact", "link", "group", "replacement", "replaced", "seed", "audit"} {
			all[kind] = l.stored(sampleBank, kind)
		}
		return all
	}

	It("hold no account number and no name in clear, whatever the issuer sends", func() {
		l := newRecordLab()
		l.told(bank, sampleBank, record(accountA, object{"productID": "A", "rpinEnrollment": enrol(),
			"customerContactInfo": holder(object{"address": object{"line1": accountA, "city": "Springfield", "state": "NY", "zip": "10001"}}),
			"replaceEnrollment":   object{"oldAccountNumber": accountB, "linkReasonCode": "L"},
			"linkEnrollment":      groups(group("Add", "VIP1", accountA), group("Add", accountA, "X"), group("Add", "LOC", "4000-0090-1500-0014", "Y"))}))
		clear(records(l), l.notifications(sampleBank), l.traffic(sampleBank))
		l.told(bank, sampleBank, record(accountA, object{"linkEnrollment": groups(group("Add", "VIP1", "4000_0090_1500_0014"))}))
		clear(records(l), l.notifications(sampleBank))
	})

	It("tell by whom and why an account was updated", func() {
		l := newRecordLab()
		l.told(bank, sampleBank, record(accountA, object{"linkEnrollment": groups(group("Add", "VIP1", "GOLD"))}))
		audit := l.stored(sampleBank, "audit")
		Expect(audit).To(HaveLen(1))
		for _, entry := range audit {
			Expect(entry).To(And(HaveKeyWithValue("operatorID", "op-1"), HaveKeyWithValue("operationReason", "New program"),
				HaveKeyWithValue("updateReferenceID", "REF-1"), HaveKeyWithValue("outcome", HaveKey("linkEnrollment"))))
		}
	})
})
