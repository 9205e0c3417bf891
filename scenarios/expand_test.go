package scenarios_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/scenarios"
)

// made are the cases of each kind, made once.
var made = map[string][]scenarios.Case{}

// generated are the cases of a kind over all operations.
func generated(kind string) []scenarios.Case {
	GinkgoHelper()
	if made[kind] == nil {
		made[kind] = expanded(kind)
	}
	return made[kind]
}

func expanded(kind string) []scenarios.Case {
	GinkgoHelper()
	found, err := scenarios.Parse(specification(), "g.yaml", []byte("scenario: g\ntitle: t\ngenerate: {kind: "+kind+"}\n"))
	Expect(err).NotTo(HaveOccurred())
	cases, err := scenarios.Expand(specification(), found[0], "seed")
	Expect(err).NotTo(HaveOccurred())
	return cases
}

func ids(cases []scenarios.Case) []string {
	list := make([]string, len(cases))
	for i, one := range cases {
		list[i] = one.ID
	}
	return list
}

// lastCall is the call that a generated case is about.
func lastCall(c scenarios.Case) *scenarios.Call {
	return c.Scenario.Steps[len(c.Scenario.Steps)-1].Call
}

func caseOf(cases []scenarios.Case, id string) scenarios.Case {
	GinkgoHelper()
	i := slices.Index(ids(cases), id)
	Expect(i).To(BeNumerically(">=", 0), "no case "+id)
	return cases[i]
}

// asYAML writes a generated case as a scenario, which has to lint.
func asYAML(c scenarios.Case) string {
	GinkgoHelper()
	steps := []any{}
	for _, step := range c.Scenario.Steps {
		call, written := step.Call, m{"call": step.Call.Operation}
		if len(call.With) > 0 {
			written["with"] = call.With
		}
		if call.Patch != nil {
			written["patch"] = json.RawMessage(call.Patch)
		}
		if call.Rule != "" {
			written["rule"] = call.Rule
		}
		if call.Expect.Refused != "" {
			written["expect"] = m{"refused": call.Expect.Refused}
		}
		if call.Save != nil {
			written["save"] = m{"method": "/x"}
		}
		steps = append(steps, written)
	}
	cites := []string{}
	for _, cite := range c.Scenario.Cites {
		cites = append(cites, cite.String())
	}
	content, err := json.Marshal(m{"scenario": "g", "title": c.Scenario.Title, "cites": cites, "steps": steps})
	Expect(err).NotTo(HaveOccurred())
	return string(content)
}

var _ = Describe("generated cases", func() {
	It("lint like written ones, each with an id of its own, for every kind", func() {
		seen := map[string]bool{}
		for _, kind := range scenarios.Kinds() {
			cases := generated(kind)
			GinkgoWriter.Printf("%-18s %d cases\n", kind, len(cases))
			Expect(cases).NotTo(BeEmpty(), kind)
			for _, one := range cases {
				id := kind + " " + one.ID
				Expect(seen).NotTo(HaveKey(id))
				seen[id] = true
				Expect(problems(asYAML(one))).To(BeEmpty(), id)
				Expect(one.Scenario.Generate).To(BeNil())
				Expect(one.Seed).To(Equal("seed/" + one.ID))
				Expect(one.Scenario.Needs.APIs).To(ContainElement(lastCall(one).Operation))
			}
			Expect(ids(expanded(kind))).To(Equal(ids(cases)), "the order is the same each time")
		}
	})

	DescribeTable("are what the contract says", func(kind, id, rule, refused, patch string) {
		one := lastCall(caseOf(generated(kind), id))
		Expect(one.Rule).To(Equal(rule))
		Expect(one.Expect.Refused).To(Equal(refused))
		Expect(one.Patch).To(MatchJSON(patch))
	},
		Entry("a missing member", scenarios.MissingRequired, "g/approveProvisioning/tokenInfo/tokenType", "", "required", `[{"op":"remove","path":"/tokenInfo/tokenType"}]`),
		Entry("a missing payload", scenarios.MissingRequired, "g/sendPasscode/encryptedData", "", "required", `[{"op":"remove","path":"/encryptedData"}]`),
		Entry("a member whose absence is a should (INT-102)", scenarios.MissingRequired, "g/checkEligibility/lifeCycleTraceID",
			"checkEligibility/request/lifeCycleTraceID#absence-refused", "required", `[{"op":"remove","path":"/lifeCycleTraceID"}]`),
		Entry("a member that is too long, in the sealed payload", scenarios.OverLength, "g/approveProvisioning/encryptedData/cardholderInfo/primaryAccountNumber", "", "length",
			`[{"op":"add","path":"/encryptedData/cardholderInfo/primaryAccountNumber","value":"40000090100000199999"}]`),
		Entry("a saved value that is too long", scenarios.OverLength, "g/sendPasscode/otpMethodIdentifier", "", "length",
			`[{"op":"add","path":"/otpMethodIdentifier","value":"}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}"}]`),
		Entry("a wrong type", scenarios.WrongType, "g/checkEligibility/panSource", "", "type", `[{"op":"add","path":"/panSource","value":{"unexpected":true}}]`),
		Entry("a wrong type of a structure", scenarios.WrongType, "g/checkEligibility/deviceInfo", "", "type", `[{"op":"add","path":"/deviceInfo","value":"unexpected"}]`),
		Entry("an unknown value of a closed list", scenarios.UnknownEnum, "g/approveProvisioning/panSource", "outbound/request#unknown-value-tolerated", "", `[{"op":"add","path":"/panSource","value":"VTSIM_UNKNOWN"}]`),
		Entry("a new value of an open list", scenarios.UnknownOpenEnum, "g/tokenNotification/messageReasonCode", "outbound/request#unknown-open-value-tolerated", "", `[{"op":"add","path":"/messageReasonCode","value":"VTSIM_UNKNOWN"}]`),
		Entry("an unknown member at the top", scenarios.UnknownField, "g/checkEligibility/vtsimUnknown", "outbound/request#unknown-member-tolerated", "", `[{"op":"add","path":"/vtsimUnknown","value":"any value"}]`),
		Entry("an unknown member in the payload", scenarios.UnknownField, "g/checkEligibility/encryptedData/vtsimUnknown", "outbound/request#unknown-member-tolerated", "", `[{"op":"add","path":"/encryptedData/vtsimUnknown","value":"any value"}]`),
		Entry("null", scenarios.NullOptional, "g/approveProvisioning/locale", "outbound/request#empty-members-absent", "", `[{"op":"add","path":"/locale","value":null}]`),
		Entry("an empty text", scenarios.EmptyOptional, "g/approveProvisioning/locale", "outbound/request#empty-members-absent", "", `[{"op":"add","path":"/locale","value":""}]`),
		Entry("an absent member", scenarios.AbsentOptional, "g/approveProvisioning/locale", "", "", `[{"op":"remove","path":"/locale"}]`),
		Entry("an identifier of full length (INT-143)", scenarios.ExactLength, "g/approveProvisioning/clientWalletAccountID", "outbound/request#identifier-format-tolerated", "",
			`[{"op":"add","path":"/clientWalletAccountID","value":"a78fc24f0c7c35347e97434555555555"}]`),
	)

	It("change parameters of the path by name", func() {
		one := lastCall(caseOf(generated(scenarios.OverLength), "g/approveProvisioning/path/tokenReferenceID"))
		Expect(one.Patch).To(BeNil())
		Expect(one.With["tokenReferenceID"]).To(HaveLen(33))
	})

	It("prepare a passcode with a method that the issuer offered", func() {
		one := caseOf(generated(scenarios.MissingRequired), "g/sendPasscode/otpValue")
		Expect(one.Scenario.Card).To(Equal("stepUp"))
		Expect(one.Scenario.Token).To(Equal(scenarios.Token{Status: "INACTIVE", Introduced: true}))
		Expect(one.Scenario.Steps).To(HaveLen(2))
		Expect(one.Scenario.Steps[0].Call.Save).To(HaveKey("method"))
		Expect(lastCall(one).With).To(HaveKeyWithValue("otpMethodIdentifier", "{{method}}"))
		Expect(one.Scenario.Cites).To(ContainElement(scenarios.Cite{Operation: "sendPasscode", Page: 182}))
	})

	It("leave alone what the issuer holds and what it decides on, when they only fill a member to its length", func() {
		for _, id := range ids(generated(scenarios.ExactLength)) {
			Expect(id).NotTo(Or(HaveSuffix("/primaryAccountNumber"), HaveSuffix("/cvv2"), HaveSuffix("/tokenReferenceID"), HaveSuffix("/otpMethodIdentifier"), HaveSuffix("/visaTokenScore")))
		}
	})

	It("expect no refusal of notifications for faults of members, since no table has a code for them (INT-147)", func() {
		for _, kind := range []string{scenarios.MissingRequired, scenarios.OverLength, scenarios.WrongType} {
			for _, one := range generated(kind) {
				Expect(lastCall(one).Operation).NotTo(ContainSubstring("Notification"))
			}
		}
	})

	It("take an open enumeration only where the rule about it holds", func() {
		for _, rule := range specification().Tables.NamedRules {
			if rule.ID != "outbound/request#unknown-open-value-tolerated" {
				continue
			}
			for _, one := range generated(scenarios.UnknownOpenEnum) {
				Expect(rule.Operations).To(ContainElement(lastCall(one).Operation))
			}
		}
	})

	It("change only what the good call of the operation has", func() {
		op, err := specification().Operation("checkEligibility")
		Expect(err).NotTo(HaveOccurred())
		Expect(op.Field(contract.SealedRequest).Member("primaryAccountNumber")).NotTo(BeNil(), "the flat payload of INT-101 is not what is sent")
		for _, kind := range scenarios.Kinds() {
			for _, id := range ids(generated(kind)) {
				Expect(id).NotTo(Equal("g/checkEligibility/encryptedData/primaryAccountNumber"))
				Expect(strings.Contains(id, "/originalToken")).To(BeFalse(), id)
			}
		}
	})

	It("come with the written ones in the order of the library", func() {
		library, err := scenarios.Load(specification(), "testdata/good")
		Expect(err).NotTo(HaveOccurred())
		cases, err := library.Cases("1")
		Expect(err).NotTo(HaveOccurred())
		Expect(ids(cases)).To(ContainElements("eligibility-eligible", "step-up-by-passcode", "too-long/checkEligibility/panReferenceID"))
		Expect(fmt.Sprint(cases[0].Seed)).To(Equal("1/" + cases[0].ID))
	})
})
