package inbound_test

import (
	"context"
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/simulator/vault"
)

var _ = Describe("panLifecycle, link enrolment (p.70-71)", func() {
	var l *lab
	send := func(number string, list ...object) []string {
		GinkgoHelper()
		return codes(l.told(bank, sampleBank, record(number, object{"productID": "A", "linkEnrollment": groups(list...)})), "linkEnrollment")
	}
	linked := func(number, key string) object {
		GinkgoHelper()
		return l.stored(sampleBank, "link")[l.reference(sampleBank, number)+"/"+key]
	}
	BeforeEach(func() { l = newRecordLab() })

	DescribeTable("adds and deletes links of every group type:", func(groupType any) {
		kind := groupType.(string)
		Expect(send(accountA, group("Add", kind, "G-1", "N"))).To(Equal([]string{"S"}))
		Expect(linked(accountA, kind+"/G-1")).To(And(HaveKeyWithValue("groupType", kind), HaveKeyWithValue("primary", false),
			HaveKeyWithValue("virtual", kind == "VIRTUAL"), HaveKeyWithValue("updateReferenceID", "REF-1")))
		Expect(send(accountA, group("Add", kind, "G-1", "N"))).To(Equal([]string{"W WL"}))
		Expect(send(accountA, group("Delete", kind, "G-1", "N"))).To(Equal([]string{"S"}))
		Expect(linked(accountA, kind+"/G-1")).To(BeNil())
		Expect(l.stored(sampleBank, "group")).NotTo(HaveKey(kind + "/G-1"))
		Expect(send(accountA, group("Delete", kind, "G-1", "N"))).To(Equal([]string{"F L1"}))
	}, enumeration("linkEnrollment", "group", "*", "groupType"),
		Entry("HOUSEHOLD, of the fixtures (INT-068)", "HOUSEHOLD"),
		Entry("SPENDTIER, of the fixtures (INT-068)", "SPENDTIER"))

	DescribeTable("changes the primary account flag where there is one:", func(kind string) {
		Expect(send(accountA, group("Add", kind, "G-1", "N"))).To(Equal([]string{"S"}))
		Expect(send(accountA, group("Change", kind, "G-1", "N"))).To(Equal([]string{"F N6"}))
		Expect(send(accountA, group("Change", kind, "G-1", "Y"))).To(Equal([]string{"S"}))
		Expect(linked(accountA, kind+"/G-1")).To(And(HaveKeyWithValue("primary", true), HaveKeyWithValue("virtual", false)))
		Expect(send(accountB, group("Add", kind, "G-1", "N"))).To(Equal([]string{"S"}))
		Expect(send(accountA, group("Delete", kind, "G-1", "Y"))).To(Equal([]string{"F LA"}))
		Expect(send(accountA, group("Change", kind, "G-1", "N"))).To(Equal([]string{"S"}))
		Expect(send(accountA, group("Delete", kind, "G-1", "N"))).To(Equal([]string{"S"}))
		Expect(l.stored(sampleBank, "group")[kind+"/G-1"]).To(And(HaveKeyWithValue("accounts", 1.0), HaveKeyWithValue("primaries", 0.0)))
	}, Entry("LOC", "LOC"), Entry("VIRTUAL", "VIRTUAL"), Entry("HOUSEHOLD, of the fixtures", "HOUSEHOLD"))

	DescribeTable("wants the primary account flag of a group that has a primary, whatever the action (p.71):", func(action, kind, verdict string) {
		Expect(send(accountA, group(action, kind, "G-1"))).To(Equal([]string{verdict}))
	},
		Entry("Add", "Add", "LOC", "F LD"), Entry("Change", "Change", "LOC", "F LD"), Entry("Delete", "Delete", "LOC", "F LD"),
		Entry("Add of a virtual card", "Add", "VIRTUAL", "F LD"), Entry("Delete of a virtual card", "Delete", "VIRTUAL", "F LD"),
		Entry("a type of the fixtures", "Delete", "HOUSEHOLD", "F LD"),
		Entry("but not elsewhere", "Add", "CUSTOMER", "S"))

	DescribeTable("takes Change outside those groups only with the flag that it changes (p.70, INT-073):", func(kind string) {
		Expect(send(accountA, group("Add", kind, "G-1"))).To(Equal([]string{"S"}))
		Expect(send(accountA, group("Change", kind, "G-1"))).To(Equal([]string{"F N2"}))
		Expect(send(accountA, group("Change", kind, "G-1", "Y"))).To(Equal([]string{"S"}))
	}, Entry(nil, "CUSTOMER"), Entry(nil, "VIP1"), Entry(nil, "ISEGMENT"), Entry(nil, "USHNW"))

	It("takes a group identifier that is empty or has blanks (INT-070), and tells them apart", func() {
		Expect(send(accountA, group("Add", "CUSTOMER", ""))).To(Equal([]string{"S"}))
		Expect(send(accountB, group("Add", "CUSTOMER", "my group"))).To(Equal([]string{"S"}))
		Expect(l.stored(sampleBank, "group")).To(And(HaveKey("CUSTOMER/"), HaveKey("CUSTOMER/my group")))
		Expect(send(accountC, object{"action": "Add", "groupType": "CUSTOMER"})).To(Equal([]string{"F LB"}))
		Expect(send(accountC, object{"action": "Add", "groupType": "CUSTOMER", "groupID": nil})).To(Equal([]string{"F LB"}))
	})

	It("takes no account number for a group identifier, and does not repeat it (p.71)", func() {
		outcome := l.told(bank, sampleBank, record(accountA, object{"linkEnrollment": groups(group("Add", "VIP1", accountB))}))
		Expect(verdicts(outcome, "linkEnrollment")[0]).To(And(HaveKeyWithValue("rejectCode", "LB"), HaveKeyWithValue("groupID", "************0329")))
		Expect(send(accountA, group("Add", "VIP1", "2024010100010001"))).To(Equal([]string{"S"}))
	})

	It("answers with type and identifier as sent, cut to the length of the answer (p.178)", func() {
		outcome := l.told(bank, sampleBank, record(accountA, object{"linkEnrollment": groups(group("Add", "ABCDEFGHIJKLMNOPQ", "G-1"), group("Add", "VIP1", "0123456789012345678901234567890123"))}))
		Expect(verdicts(outcome, "linkEnrollment")).To(HaveExactElements(
			And(HaveKeyWithValue("rejectCode", "IF"), HaveKeyWithValue("groupType", "ABCDEFGHIJKLMNOP")),
			And(HaveKeyWithValue("rejectCode", "LB"), HaveKeyWithValue("groupID", "01234567890123456789012345678901"))))
	})

	It("answers an empty array of groups with one element (LZ), and Group, the sample's name, too (INT-067)", func() {
		for _, enrolment := range []object{{"group": []any{}}, {}, {"Group": []any{group("Add", "VIP1", "GOLD")}}} {
			outcome := l.told(bank, sampleBank, record(accountA, object{"linkEnrollment": enrolment, "replaceEnrollment": object{"oldAccountNumber": accountB, "unlinkIndicator": "Y"}}))
			Expect(verdicts(outcome, "linkEnrollment")).To(HaveExactElements(And(HaveKeyWithValue("rejectCode", "LZ"), HaveKeyWithValue("groupType", ""), HaveKeyWithValue("groupID", ""))))
			Expect(codes(outcome, "replaceEnrollment")).To(Equal([]string{"F L1"}))
		}
	})

	It("counts the accounts of a group by account range", func() {
		premium := withCheckDigit("4000009025000010")
		Expect(send(accountA, group("Add", "CUSTOMER", "C-1"))).To(Equal([]string{"S"}))
		Expect(codes(l.told(bank, sampleBank, record(premium, object{"linkEnrollment": groups(group("Add", "CUSTOMER", "C-1"))})), "linkEnrollment")).To(Equal([]string{"S"}))
		Expect(l.stored(sampleBank, "group")["CUSTOMER/C-1"]).To(HaveKeyWithValue("ranges", object{"400000901": 1.0, "400000902": 1.0}))
		Expect(send(accountA, group("Delete", "CUSTOMER", "C-1"))).To(Equal([]string{"S"}))
		Expect(l.stored(sampleBank, "group")["CUSTOMER/C-1"]).To(HaveKeyWithValue("ranges", object{"400000902": 1.0}))
	})

	It("carries out one group before it judges the next", func() {
		Expect(send(accountA, group("Add", "CUSTOMER", "C-1"), group("Add", "CUSTOMER", "C-2"))).To(Equal([]string{"S", "F LC"}))
		Expect(send(accountA, group("Delete", "CUSTOMER", "C-1"), group("Add", "CUSTOMER", "C-2"))).To(Equal([]string{"S", "S"}))
	})

	It("keeps a virtual card out of LOC groups, and an account of one from being virtual (V1, V2)", func() {
		Expect(send(accountA, group("Add", "VIRTUAL", "V-1", "Y"))).To(Equal([]string{"S"}))
		Expect(send(accountB, group("Add", "VIRTUAL", "V-1", "N"))).To(Equal([]string{"S"}))
		Expect(send(accountB, group("Add", "LOC", "L-1", "N"))).To(Equal([]string{"F V1"}))
		Expect(send(accountA, group("Add", "VIRTUAL", "V-2", "N"))).To(Equal([]string{"F V2"}))
		Expect(send(accountA, group("Add", "LOC", "L-1", "Y"))).To(Equal([]string{"S"}))
	})

	It("wants one primary in a small business group, no more and no less (NJ, INT-138)", func() {
		first, next := withCheckDigit("4000009055000010"), withCheckDigit("4000009055000020")
		business := func(number string, g object) []string {
			return codes(l.told(bank, sampleBank, record(number, object{"productID": "G", "linkEnrollment": groups(g)})), "linkEnrollment")
		}
		Expect(business(first, group("Add", "LOC", "L-1", "Y"))).To(Equal([]string{"S"}))
		Expect(business(next, group("Add", "LOC", "L-1", "Y"))).To(Equal([]string{"F NJ"}))
		Expect(business(next, group("Add", "LOC", "L-1", "N"))).To(Equal([]string{"S"}))
		Expect(business(next, group("Change", "LOC", "L-1", "Y"))).To(Equal([]string{"F NJ"}))
		Expect(business(first, group("Add", "LOC", "L-1", "N"))).To(Equal([]string{"F NJ"}))
		Expect(business(first, group("Delete", "LOC", "L-1", "Y"))).To(Equal([]string{"F NJ"}))
		Expect(business(next, group("Delete", "LOC", "L-1", "N"))).To(Equal([]string{"S"}))
		Expect(business(first, group("Delete", "LOC", "L-1", "Y"))).To(Equal([]string{"S"}))
	})

	It("refuses an unknown productID in any group (NE)", func() {
		outcome := l.told(bank, sampleBank, record(accountA, object{"productID": "ABC", "linkEnrollment": groups(group("Add", "VIP1", "GOLD"))}))
		Expect(codes(outcome, "linkEnrollment")).To(Equal([]string{"F NE"}))
	})

	It("compares the platform with the program of the account where the request names no product (NI)", func() {
		Expect(l.vault.Update(context.Background(), sampleBank, func(tx vault.Tx) error {
			return tx.PutRecord(vault.Record{Kind: "rpin", Key: l.givenPANIn(tx, accountA), Content: object{"rpin": "400001", "productID": "K"}, UpdatedAt: noon})
		})).To(Succeed())
		outcome := l.told(bank, sampleBank, record(accountA, object{"linkEnrollment": groups(group("Add", "VIP1", "GOLD"))}))
		Expect(codes(outcome, "linkEnrollment")).To(Equal([]string{"F NI"}))
	})
})

// givenPANIn is givenPAN inside a transaction, its reference only.
func (l *lab) givenPANIn(tx vault.Tx, number string) string {
	GinkgoHelper()
	pan := vault.PAN{ReferenceID: "V-0000000000000000000001", Number: number, CreatedAt: noon, UpdatedAt: noon}
	Expect(tx.PutPAN(pan)).To(Succeed())
	return pan.ReferenceID
}

var _ = Describe("account level records that the fixtures begin with", func() {
	const member = "4000009015000444" // in CUSTOMER group CUST-LC
	var l *lab
	send := func(list ...object) []string {
		GinkgoHelper()
		return codes(l.told(bank, sampleBank, record(member, object{"linkEnrollment": groups(list...)})), "linkEnrollment")
	}
	BeforeEach(func() { l = newRecordLab() })

	It("are in the vault of the issuer of that name from its first update on", func() {
		Expect(l.stored(sampleBank, "link")).To(BeEmpty())
		l.told(bank, sampleBank, record(accountA, object{"linkEnrollment": groups(group("Add", "FAMILY", "F-1"))}))
		Expect(l.stored(sampleBank, "link")).To(HaveLen(len(l.fixtures.Links)))
		Expect(l.stored(sampleBank, "rpin")).To(HaveLen(len(l.fixtures.Enrolments)))
		Expect(l.stored(sampleBank, "replacement")).To(HaveLen(len(l.fixtures.Replacements)))
		Expect(l.stored(sampleBank, "group")["LOC/LOC-LA"]).To(And(HaveKeyWithValue("accounts", 2.0), HaveKeyWithValue("primaries", 1.0)))
	})

	It("stay deleted once they are, until the issuer is reset", func() {
		Expect(send(group("Delete", "CUSTOMER", "CUST-LC"))).To(Equal([]string{"S"}))
		Expect(send(group("Delete", "CUSTOMER", "CUST-LC"))).To(Equal([]string{"F L1"}))
		Expect(send(group("Add", "CUSTOMER", "OTHER"))).To(Equal([]string{"S"}))
		Expect(l.vault.Reset(context.Background(), sampleBank)).To(Succeed())
		Expect(send(group("Add", "CUSTOMER", "OTHER"))).To(Equal([]string{"F LC"}))
	})

	It("are left out for account ranges that the issuer does not have, until it has them", func() {
		issuer := l.issuer(bank)
		issuer.Name, issuer.AccountRanges = sampleBank, []string{"400000906"}
		Expect(l.vault.PutIssuer(context.Background(), issuer)).To(Succeed())
		l.told(bank, sampleBank, record(withCheckDigit("4000009065000015"), object{"linkEnrollment": groups(group("Add", "VIP1", "GOLD"))}))
		Expect(l.stored(sampleBank, "group")).To(And(HaveKey("CUSTOMER/CUST-N1"), HaveLen(2)))
		issuer.AccountRanges = append(issuer.AccountRanges, "400000901")
		Expect(l.vault.PutIssuer(context.Background(), issuer)).To(Succeed())
		Expect(send(group("Add", "CUSTOMER", "OTHER"))).To(Equal([]string{"F LC"}))
		Expect(l.stored(sampleBank, "group")["CUSTOMER/CUST-N1"]).To(HaveKeyWithValue("accounts", 1.0))
	})
})

var _ = Describe("account level records of two issuers", func() {
	const theirs = "4000009205000014"

	It("never meet: neither groups nor replacements nor notifications", func() {
		l := newRecordLab()
		own, their := accountA, withCheckDigit(theirs)
		link := func(number string) object {
			return record(number, object{"linkEnrollment": groups(group("Add", "LOC", "L-1", "Y"))})
		}
		Expect(codes(l.told(bank, sampleBank, link(own)), "linkEnrollment")).To(Equal([]string{"S"}))
		Expect(l.notifications(other)).To(BeEmpty())
		Expect(codes(l.told(other, other, link(their)), "linkEnrollment")).To(Equal([]string{"S"}))
		Expect(l.notifications(sampleBank)).To(HaveLen(1))
		Expect(l.stored(other, "group")).To(Equal(map[string]object{"LOC/L-1": {"accounts": 1.0, "primaries": 1.0, "ranges": object{"400000920": 1.0}}}))
		Expect(l.stored(other, "seed")).To(BeEmpty())
	})

	It("are out of reach: the account number of the one is no account of the other", func() {
		l := newRecordLab()
		l.told(bank, sampleBank, samples().Accepted[0].Request)
		theft := record(accountA, object{"productID": "A", "rpinEnrollment": object{"action": "Delete"}, "linkEnrollment": groups(group("Delete", "CUSTOMER", "CUST-WL")),
			"replaceEnrollment": object{"oldAccountNumber": withCheckDigit(theirs), "linkReasonCode": "L"}})
		outcome := l.told(other, other, theft)
		Expect(codes(outcome, "rpinEnrollment")).To(Equal([]string{"F A8"}))
		Expect(codes(outcome, "linkEnrollment")).To(Equal([]string{"F LZ"}))
		Expect(codes(outcome, "replaceEnrollment")).To(Equal([]string{"F LZ"}))
		Expect(l.stored(sampleBank, "rpin")).To(HaveKey(l.reference(sampleBank, accountA)))
	})

	It("do not even tell whether another issuer of the vault has an account range (L8)", func() {
		l := newLab() // bank and other have ranges that no fixture lists
		mine, theirs := withCheckDigit(l.issuer(bank).AccountRanges[0]+"5000010"), withCheckDigit(l.issuer(other).AccountRanges[0]+"5000010")
		nobodys := withCheckDigit("4999999995000010")
		for _, old := range []string{theirs, nobodys} {
			outcome := l.told(bank, bank, record(mine, object{"replaceEnrollment": object{"oldAccountNumber": old, "linkReasonCode": "L"}}))
			Expect(codes(outcome, "replaceEnrollment")).To(Equal([]string{"F L8"}))
		}
	})
})

var _ = Describe("account ranges that no fixture gives to the issuer", func() {
	It("behave like the template's: registered consumer credit of the US", func() {
		l := newLab()
		number := withCheckDigit(l.issuer(bank).AccountRanges[0] + "5000010")
		outcome := l.told(bank, bank, record(number, object{"productID": "A", "rpinEnrollment": enrol(), "customerContactInfo": holder(),
			"linkEnrollment": groups(group("Add", "LOC", "L-1", "Y"), group("Add", "HOUSEHOLD", "H-1", "Y"))}))
		Expect(codes(outcome, "rpinEnrollment")).To(Equal([]string{"S"}))
		Expect(codes(outcome, "linkEnrollment")).To(Equal([]string{"S", "F LF"}))
	})

	It("keep what the fixtures say of them when another issuer has them, but for the sender", func() {
		l := newLab()
		issuer := l.issuer(other)
		issuer.AccountRanges = []string{"400000901", "400000907", "424242424"}
		Expect(l.vault.PutIssuer(context.Background(), issuer)).To(Succeed())
		link := func(number, kind string) []string {
			return codes(l.told(other, other, record(number, object{"linkEnrollment": groups(group("Add", kind, "G-1", "Y"))})), "linkEnrollment")
		}
		Expect(link(accountA, "HOUSEHOLD")).To(Equal([]string{"S"}))
		Expect(link("4242424242424242", "LOC")).To(Equal([]string{"S"}))
		Expect(link("4000009075000771", "LOC")).To(Equal([]string{"F N5"}))
		Expect(l.stored(other, "seed")).To(BeEmpty())
	})

	It("do not stop a call that appendix A has nothing to say about", func() {
		l := newLab()
		Expect(l.update(bank, record(withCheckDigit(l.issuer(bank).AccountRanges[0]+"5000010"), object{})).status).To(Equal(http.StatusBadRequest))
	})
})
