package inbound_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance/contract"
)

// judged are right requests, each for the structure that answers it, with
// every member that the contract gives a reject code to.
func judged() map[string]object {
	return map[string]object{
		"rpinEnrollment":    record(accountA, object{"productID": "A", "rpinEnrollment": enrol(object{"rpinEffectiveDate": "20220101"}), "customerContactInfo": holder()}),
		"replaceEnrollment": record(accountA, object{"replaceEnrollment": object{"oldAccountNumber": accountB, "linkReasonCode": "L"}}),
		"linkEnrollment":    record(accountA, object{"linkEnrollment": groups(group("Add", "LOC", "L-1", "Y"))}),
	}
}

// answering is the structure whose answer tells about a member of
// accountLevelInfo.
func answering(member string) string {
	if member == "productID" || member == "customerContactInfo" {
		return "rpinEnrollment"
	}
	return member
}

// breakAt makes one member of the payload wrong in the way of the keyword.
func breakAt(payload any, path []string, keyword string, field *contract.Field) {
	GinkgoHelper()
	if path[0] == "*" {
		breakAt(payload.([]any)[0], path[1:], keyword, field)
		return
	}
	inner := payload.(object)
	if len(path) > 1 {
		breakAt(inner[path[0]], path[1:], keyword, field)
		return
	}
	switch keyword {
	case "required":
		delete(inner, path[0])
	case "maxLength":
		inner[path[0]] = strings.Repeat("1", *field.MaxLength+1)
	default:
		inner[path[0]] = "#"
	}
	if path[0] == "unlinkIndicator" {
		delete(inner, "linkReasonCode")
	}
}

// copied is a payload as JSON has it, free to be changed.
func copied(payload object) object {
	GinkgoHelper()
	content, err := json.Marshal(payload)
	Expect(err).NotTo(HaveOccurred())
	var fresh object
	Expect(json.Unmarshal(content, &fresh)).To(Succeed())
	return fresh
}

// faultEntries are one entry for each keyword of each member that the
// contract gives a reject code to.
func faultEntries() []TableEntry {
	c, err := contract.Load()
	if err != nil {
		panic(err)
	}
	op, err := c.Operation("panLifecycle")
	if err != nil {
		panic(err)
	}
	var entries []TableEntry
	var walk func(f *contract.Field)
	walk = func(f *contract.Field) {
		for _, keyword := range slices.Sorted(maps.Keys(f.Reject)) {
			code := f.Reject[keyword]
			entries = append(entries, Entry(strings.TrimPrefix(f.Pointer, "/accountLevelInfo/")+"#"+keyword+" is "+code, f, keyword, code))
		}
		for _, member := range f.Fields {
			walk(member)
		}
		if f.Items != nil {
			walk(f.Items)
		}
	}
	walk(op.Field(contract.SealedRequest))
	return entries
}

var _ = Describe("what the contract leaves to a reject code (INT-132)", func() {
	// answered are the codes that a request of the structure is answered
	// with, and those that the contract has for it.
	answered := func(l *lab, structure string, payload object) (answers, expected []string) {
		GinkgoHelper()
		violations, err := l.contract.Validate("panLifecycle", contract.SealedRequest, payload)
		Expect(err).NotTo(HaveOccurred())
		for _, v := range violations {
			if v.Level == contract.Must {
				expected = append(expected, v.Reject)
			}
		}
		return codes(l.told(bank, sampleBank, payload), structure), expected
	}

	It("is nothing in the requests that the entries below spoil", func() {
		for structure, payload := range judged() {
			l := newRecordLab()
			answers, expected := answered(l, structure, copied(payload))
			Expect(expected).To(BeEmpty())
			Expect(answers).To(Equal([]string{"S"}))
		}
	})

	DescribeTable("comes as that code:", func(field *contract.Field, keyword, code string) {
		path := strings.Split(strings.TrimPrefix(field.Pointer, "/"), "/")
		structure := answering(path[1])
		payload := copied(judged()[structure])
		breakAt(payload, path, keyword, field)
		answers, expected := answered(newRecordLab(), structure, payload)
		Expect(expected).To(ContainElement(code), "the entry does not break what it says")
		Expect(answers).To(Equal([]string{"F " + code}))
	}, faultEntries())

	DescribeTable("comes as the code of a rule over several members:", func(structure, code string, info object) {
		answers, expected := answered(newRecordLab(), structure, copied(record(accountA, info)))
		Expect(expected).To(ContainElement(code))
		Expect(answers).To(Equal([]string{"F " + code}))
	},
		Entry("productID with rpinEnrollment (p.66)", "rpinEnrollment", "C2", object{"rpinEnrollment": enrol()}),
		Entry("productID with a USHNW group (p.66)", "linkEnrollment", "NE", object{"linkEnrollment": groups(group("Add", "USHNW", "H-1"))}),
		Entry("productID with a VIRTUAL group (p.66)", "linkEnrollment", "NE", object{"linkEnrollment": groups(group("Add", "VIRTUAL", "V-1", "Y"))}),
		Entry("accountOpenDate unless Delete (p.67)", "rpinEnrollment", "G9", object{"productID": "A", "rpinEnrollment": enrol(object{"accountOpenDate": nil})}),
		Entry("rpin unless Delete (p.67)", "rpinEnrollment", "D6", object{"productID": "A", "rpinEnrollment": enrol(object{"rpin": nil, "action": "Change"})}),
		Entry("email when preferred (p.68)", "rpinEnrollment", "D9", object{"productID": "A", "rpinEnrollment": enrol(), "customerContactInfo": holder(object{"email": ""})}),
		Entry("mobileNumber when preferred (p.68)", "rpinEnrollment", "G6", object{"productID": "A", "rpinEnrollment": enrol(), "customerContactInfo": holder(object{"mobileNumber": nil, "prefMethodOfContact": "C"})}),
		Entry("linkReasonCode or unlinkIndicator (p.250)", "replaceEnrollment", "L4", object{"replaceEnrollment": object{"oldAccountNumber": accountB}}),
		Entry("blanks in both (p.250)", "replaceEnrollment", "L4", object{"replaceEnrollment": object{"oldAccountNumber": accountB, "linkReasonCode": " ", "unlinkIndicator": " "}}),
		Entry("not both of them (p.250)", "replaceEnrollment", "L6", object{"replaceEnrollment": object{"oldAccountNumber": accountB, "linkReasonCode": "L", "unlinkIndicator": "Y"}}),
		Entry("a blank beside a value (p.69)", "replaceEnrollment", "L2", object{"replaceEnrollment": object{"oldAccountNumber": accountB, "linkReasonCode": " ", "unlinkIndicator": "Y"}}),
		Entry("one group at least (p.70)", "linkEnrollment", "LZ", object{"linkEnrollment": object{"group": []any{}}}),
		Entry("isPrimaryAccount of a LOC group, on Delete too (p.71)", "linkEnrollment", "LD", object{"linkEnrollment": groups(group("Delete", "LOC", "L-1"))}),
		Entry("Change of nothing (p.70, INT-073)", "linkEnrollment", "N2", object{"linkEnrollment": groups(group("Change", "CUSTOMER", "C-1"))}),
	)

	It("is a known type of the fixtures too, which the contract does not know and the simulator takes (INT-068)", func() {
		answers, expected := answered(newRecordLab(), "linkEnrollment", copied(record(accountA, object{"linkEnrollment": groups(group("Add", "SPENDTIER", "T-1"))})))
		Expect(expected).To(Equal([]string{"LE"}))
		Expect(answers).To(Equal([]string{"S"}))
	})
})
