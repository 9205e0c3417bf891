package coverage_test

import (
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance"
	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/conformance/coverage"
)

func TestCoverage(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "conformance/coverage")
}

func counted(exercised, proven map[string]bool) coverage.Coverage {
	GinkgoHelper()
	c, err := contract.Load()
	Expect(err).NotTo(HaveOccurred())
	return coverage.Of(conformance.CountRules(c, exercised, proven))
}

var _ = Describe("The coverage of the specification", func() {
	var rules []contract.Rule
	BeforeEach(func() {
		c, err := contract.Load()
		Expect(err).NotTo(HaveOccurred())
		rules = conformance.Answerable(c)
	})

	It("counts each rule once, by operation, section and page alike", func() {
		c := counted(nil, nil)
		Expect(c.Sum.Total).To(Equal(len(rules)))
		for _, rows := range [][]coverage.Row{c.Operations, c.Sections, c.Pages} {
			sum := coverage.Row{}
			for _, row := range rows {
				sum.Total += row.Total
				sum.Must += row.Must
			}
			Expect(sum).To(Equal(coverage.Row{Total: c.Sum.Total, Must: c.Sum.Must}))
		}
		Expect(c.Unexercised).To(HaveLen(len(rules)))
		Expect(c.Unproven).To(HaveLen(len(rules)))
		Expect(c.Sum.MustExercised + c.Sum.MustProven).To(BeZero())
	})

	It("counts what is exercised and proven, and no id that is no such rule", func() {
		first, second := rules[0], rules[1]
		c := counted(map[string]bool{first.ID: true, second.ID: true, "nothing#known": true}, map[string]bool{first.ID: true})
		Expect(c.Sum.Exercised).To(Equal(2))
		Expect(c.Sum.Proven).To(Equal(1))
		Expect(c.Unproven).To(ContainElement(And(HaveField("Rule", second.ID), HaveField("Exercised", true), HaveField("Page", second.Page))))
		Expect(c.Unproven).NotTo(ContainElement(HaveField("Rule", first.ID)))
	})

	It("has rules of several operations under a name of their own", func() {
		Expect(counted(nil, nil).Operations).To(ContainElement(HaveField("Name", coverage.Across)))
	})

	It("counts reasons, and the must rules apart", func() {
		c := coverage.Of(conformance.RuleCounts{Places: []conformance.RulePlace{{Page: 9, Total: 3, Must: 2, Exercised: 2, Proven: 1, Gaps: []conformance.RuleGap{
			{Rule: "a", Level: contract.Must, Reason: "nobody can provoke it"}, {Rule: "b", Level: contract.Info, Exercised: true}}}}})
		Expect(c.Sum).To(Equal(coverage.Row{Total: 3, Exercised: 2, Proven: 1, Must: 2, MustExercised: 1, MustProven: 1, Explained: 1}))
	})

	It("of a Result that knows the sums only has these", func() {
		Expect(coverage.Of(conformance.RuleCounts{Total: 3, Exercised: 2, Proven: 1}).Sum).To(Equal(coverage.Row{Total: 3, Exercised: 2, Proven: 1}))
	})
})
