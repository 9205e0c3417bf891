package scenarios_test

import (
	"fmt"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/scenarios"
)

var _ = Describe("scratch", func() {
	It("prints", func() {
		c, err := contract.Load()
		Expect(err).NotTo(HaveOccurred())
		for _, kind := range scenarios.Kinds() {
			ss, err := scenarios.Parse(c, "x.yaml", []byte("scenario: "+kind+"\ntitle: t\ngenerate: {kind: "+kind+"}\n"))
			Expect(err).NotTo(HaveOccurred())
			cases, err := scenarios.Expand(c, ss[0], "1")
			Expect(err).NotTo(HaveOccurred())
			fmt.Println("=====", kind, len(cases))
			for _, one := range cases {
				last := one.Scenario.Steps[len(one.Scenario.Steps)-1].Call
				fmt.Println(one.ID, last.Rule, last.Expect.Refused, string(last.Patch), last.With, one.Scenario.Cites, strings.Join(one.Scenario.Needs.Cards, ","))
			}
		}
	})
})
