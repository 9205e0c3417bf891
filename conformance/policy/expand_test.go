package policy_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/conformance/policy"
	"github.com/vtsim/vtsim/fixtures"
	"github.com/vtsim/vtsim/keys"
)

// profile is an issuer.yaml with these policies, which begin in line 3.
const profile = "name: bank\nendpoint: https://bank.test\npolicies:\n"

func expanded(rows string) (*policy.Table, error) {
	GinkgoHelper()
	c, err := contract.Load()
	Expect(err).NotTo(HaveOccurred())
	set, err := fixtures.Load()
	Expect(err).NotTo(HaveOccurred())
	p, err := keys.ParseProfile([]byte(profile+rows), "issuer.yaml", keys.Settings{Facts: keys.FactsOf(c), Now: time.Now})
	if err != nil {
		return nil, err
	}
	return policy.Expand(c, set, p, "seed")
}

// told is what the cases of a row tell in that member, in their order.
func told(row *policy.Row, member string) []string {
	var list []string
	for _, one := range row.Cases {
		list = append(list, fmt.Sprint(one.Scenario.Steps[0].Call.With[member]))
	}
	return list
}

const (
	device  = "riskInformation.walletProviderDeviceScore"
	account = "riskInformation.walletProviderAccountScore"
	reasons = "riskInformation.walletProviderReasonCodes"
	risk    = "riskInformation.riskAssessmentScore"
)

var _ = Describe("A decision table is expanded", func() {
	DescribeTable("into the ends of ranges and every listed value",
		func(when, member string, wanted ...string) {
			table, err := expanded("  - {name: row, when: {" + when + "}, then: {path: red}}\n")
			Expect(err).NotTo(HaveOccurred())
			Expect(table.Rows).To(HaveLen(1))
			Expect(told(table.Rows[0], member)).To(Equal(wanted))
			Expect(table.Rows[0].LeftOut).To(BeZero())
		},
		Entry("a range", "riskScore: {min: 20, max: 50}", risk, "20", "50"),
		Entry("an open end, which is the contract's (p.53)", "deviceScore: {min: 4}", device, "4", "5"),
		Entry("the other end", "accountScore: {max: 2}", account, "1", "2"),
		Entry("a range of one value", "deviceScore: {min: 3, max: 3}", device, "3"),
		Entry("a list", "panSource: [ON_FILE, TOKEN]", "panSource", "ON_FILE", "TOKEN"),
		Entry("token types", "tokenType: [HCE, ECOMMERCE]", "tokenInfo.tokenType", "HCE", "ECOMMERCE"),
		Entry("reason codes, one at a time", "reasonCode: [A0, 0B]", reasons, "A0", "0B"),
		Entry("wallets that no fixture has", `wallet: ["40010099999"]`, "tokenRequestorID", "40010099999"),
		Entry("nothing at all, which is one case", "", device, "5"),
	)

	It("tries every pair of values and says how many combinations it leaves out", func() {
		table, err := expanded(`  - {name: row, when: {deviceScore: {max: 3}, accountScore: {max: 3}, riskScore: {min: 10, max: 90}, panSource: [ON_FILE, KEY_ENTERED, TOKEN]}, then: {path: red}}` + "\n")
		Expect(err).NotTo(HaveOccurred())
		row := table.Rows[0]
		Expect(len(row.Cases)).To(BeNumerically("<", 2*2*2*3))
		Expect(row.LeftOut).To(Equal(2*2*2*3 - len(row.Cases)))
		tried := map[string][]string{device: {"1", "3"}, account: {"1", "3"}, risk: {"10", "90"}, "panSource": {"ON_FILE", "KEY_ENTERED", "TOKEN"}}
		for a, valuesA := range tried {
			for b, valuesB := range tried {
				for _, x := range valuesA {
					for _, y := range valuesB {
						if a != b {
							Expect(slices.ContainsFunc(row.Cases, func(i caseOf) bool {
								with := i.Scenario.Steps[0].Call.With
								return with[a] == x && with[b] == y
							})).To(BeTrue(), "%s %s with %s %s", a, x, b, y)
						}
					}
				}
			}
		}
	})

	It("into no more cases than a run can bear", func() {
		var wallets []string
		for n := range 60 {
			wallets = append(wallets, fmt.Sprintf(`"400100%05d"`, n))
		}
		table, err := expanded("  - {name: row, when: {wallet: [" + strings.Join(wallets, ", ") + "], deviceScore: {max: 2}}, then: {path: red}}\n")
		Expect(err).NotTo(HaveOccurred())
		Expect(table.Rows[0].Cases).To(HaveLen(24))
		Expect(table.Rows[0].LeftOut).To(Equal(60*2 - 24))
	})

	It("the same way every time", func() {
		rows := "  - {name: a, when: {deviceScore: {max: 2}, panSource: [ON_FILE]}, then: {path: red}}\n  - {name: b, then: {path: green}}\n"
		first, err := expanded(rows)
		Expect(err).NotTo(HaveOccurred())
		again, err := expanded(rows)
		Expect(err).NotTo(HaveOccurred())
		Expect(again).To(Equal(first))
	})

	It("so that the row decides and none above it", func() {
		table, err := expanded(`  - {name: trusted, when: {deviceScore: {min: 5}}, then: {path: green}}
  - {name: phones, when: {tokenType: [HCE], accountScore: {max: 2}}, then: {path: yellow, stepUpMethods: [OTPSMS]}}
  - {name: rest, then: {path: red}}
`)
		Expect(err).NotTo(HaveOccurred())
		Expect(told(table.Rows[1], device)).To(Equal([]string{"4", "4"}))
		Expect(told(table.Rows[2], device)).To(Equal([]string{"4"}))
		Expect(told(table.Rows[2], "tokenInfo.tokenType")).NotTo(ContainElement("HCE"))
		steps := table.Rows[1].Cases[0].Scenario.Steps
		Expect(steps).To(HaveLen(2))
		Expect(steps[1].Call.Operation).To(Equal("retrieveStepUpMethods"))
		Expect(steps[0].Call.Expect.Open).To(BeTrue(), "the specification allows every decision")
	})

	It("with what the CVV2 result means for card and CVV2 (p.118)", func() {
		table, err := expanded("  - {name: row, when: {cvv2Result: [M, N, P]}, then: {path: red}}\n")
		Expect(err).NotTo(HaveOccurred())
		Expect(table.Rows[0].Cases[0].Scenario.Card).To(Equal("eligible"))
		Expect(table.Rows[0].Cases[1].Scenario.Card).To(Equal("eligible"), "the profile has no card with a wrong CVV2")
		Expect(table.Rows[0].Cases[2].Scenario.Steps[0].Call.With).To(HaveKeyWithValue("cardholderInfo.cvv2", BeNil()))
		Expect(table.Rows[0].Cases[0].Scenario.Steps[0].Call.With).NotTo(HaveKey("cardholderInfo.cvv2"))
	})

	It("into cases with ids of their own, also for names that are alike", func() {
		table, err := expanded("  - {name: A b, when: {deviceScore: {max: 2}}, then: {path: red}}\n  - {name: a-B, then: {path: green}}\n")
		Expect(err).NotTo(HaveOccurred())
		Expect(table.Rows[0].Cases[0].ID).To(Equal("policy/a-b-1/1"))
		Expect(table.Rows[1].Cases[0].ID).To(Equal("policy/a-b-2/1"))
		Expect(table.RowOf("policy/a-b-2/1").Name).To(Equal("a-B"))
		Expect(table.RowOf("flow-green")).To(BeNil())
	})
})

var _ = DescribeTable("A decision table is refused before the run", func(rows string, parts ...string) {
	_, err := expanded(rows)
	Expect(err).To(HaveOccurred())
	for _, part := range parts {
		Expect(err).To(MatchError(ContainSubstring(part)))
	}
},
	Entry("the same inputs, another path", "  - {name: a, when: {deviceScore: {max: 2}}, then: {path: red}}\n  - {name: b, when: {deviceScore: {max: 2}}, then: {path: green}}\n",
		"issuer.yaml:5:5:", `"b"`, `contradicts "a" (line 4)`, "green here is red there"),
	Entry("ranges that overlap", "  - {name: a, when: {deviceScore: {max: 3}}, then: {path: red}}\n  - {name: b, when: {deviceScore: {min: 3}}, then: {path: green}}\n",
		"issuer.yaml:5:5:", `contradicts "a"`, "deviceScore 3 is green here and red there"),
	Entry("a special case below the general one", "  - {name: all, then: {path: red}}\n  - {name: special, when: {tokenType: [HCE]}, then: {path: green}}\n", `"special" contradicts "all"`),
	Entry("a row that says the same again", "  - {name: a, when: {deviceScore: {max: 3}}, then: {path: red}}\n  - {name: b, when: {deviceScore: {max: 2}}, then: {path: red}}\n", `"b" is never reached`, `"a" (line 4)`),
	Entry("a row that those above take together", "  - {name: a, when: {deviceScore: {max: 3}}, then: {path: red}}\n  - {name: b, when: {deviceScore: {min: 4}}, then: {path: green}}\n  - {name: c, when: {tokenType: [HCE]}, then: {path: red}}\n",
		"issuer.yaml:6:5:", `"c" is never reached`, `"a" (line 4), "b" (line 5)`),
	Entry("a value that the enumeration does not have", "  - {name: a, when: {panSource: [ON_PAPER]}, then: {path: red}}\n", "issuer.yaml:4:34:", "no such value here (p.118)", "KEY_ENTERED"),
	Entry("a token type that there is none of", "  - {name: a, when: {tokenType: [PAPER]}, then: {path: red}}\n", "issuer.yaml:4:", "SECURE_ELEMENT"),
	Entry("a score that no wallet gives", "  - {name: a, when: {deviceScore: {min: 6}}, then: {path: red}}\n", "issuer.yaml:4:", "no such value here (p.53)", "1, 2, 3, 4, 5"),
	Entry("a risk score of three digits", "  - {name: a, when: {riskScore: {max: 100}}, then: {path: red}}\n", "no such value here", "0 to 99"),
	Entry("a CVV2 result that there is none of", "  - {name: a, when: {cvv2Result: [X]}, then: {path: red}}\n", "M, N, P, S, U"),
	Entry("a step-up method that there is none of", "  - {name: a, then: {path: yellow, stepUpMethods: [PIGEON]}}\n", "issuer.yaml:4:52:", "OTPSMS"),
	Entry("a wallet that is no token requestor", "  - {name: a, when: {wallet: [Apple]}, then: {path: red}}\n", "issuer.yaml:4:", "form"),
	Entry("two reason codes in one", `  - {name: a, when: {reasonCode: ["A0,A1"]}, then: {path: red}}`+"\n", "comma"),
)

var _ = DescribeTable("A decision table may have", func(rows string) {
	_, err := expanded(rows)
	Expect(err).NotTo(HaveOccurred())
},
	Entry("an exception above its rule", "  - {name: a, when: {deviceScore: {max: 2}, tokenType: [HCE]}, then: {path: red}}\n  - {name: b, when: {deviceScore: {max: 3}}, then: {path: green}}\n"),
	Entry("a wider range of the same fact below", "  - {name: a, when: {deviceScore: {max: 2}}, then: {path: red}}\n  - {name: b, when: {deviceScore: {max: 4}}, then: {path: yellow}}\n"),
	Entry("rows about different facts, read in their order", "  - {name: a, when: {deviceScore: {max: 2}}, then: {path: red}}\n  - {name: b, when: {accountScore: {max: 2}}, then: {path: green}}\n"),
	Entry("rows that overlap and say the same", "  - {name: a, when: {deviceScore: {max: 3}}, then: {path: red}}\n  - {name: b, when: {deviceScore: {min: 3}}, then: {path: red}}\n"),
)
