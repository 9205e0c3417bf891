package mutation_test

import (
	"flag"
	"os"
	"regexp"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance"
	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/conformance/mutation"
)

var update = flag.Bool("update", false, "write exercised.txt anew")

// exercisedFile lists the rules that the clean run exercises, one a line, as
// vtsim contract coverage --baseline reads it.
const exercisedFile = "../exercised.txt"

var _ = Describe("The proof of the verdict", Ordered, func() {
	var report *mutation.Report

	BeforeAll(func() {
		var err error
		report, err = proof()
		Expect(err).NotTo(HaveOccurred())
	})

	It("finds nothing in the issuer without defects", func() {
		Expect(report.Alarms).To(BeEmpty())
		Expect(report.Clean.Verdict).To(Equal(conformance.Conformant))
	})

	It("catches every defect by the rule that it names, and by no other", func() {
		var complaints []string
		for _, p := range report.Proofs {
			if text := p.Complaint(); text != "" {
				complaints = append(complaints, p.Word()+" "+p.Defect+": "+text)
			}
		}
		Expect(complaints).To(BeEmpty(), "%s", strings.Join(complaints, "\n"))
	})

	It("exercises and proves every must rule, or says why it can't", func() {
		exercised, proven, explained := exercisedBy(report.Clean), provenBy(report), conformance.Explained(setup().Contract)
		var open []string
		for _, rule := range conformance.Answerable(setup().Contract) {
			if rule.Level == contract.Must && explained[rule.ID] == "" && !(exercised[rule.ID] && proven[rule.ID]) {
				open = append(open, rule.ID)
			}
		}
		Expect(open).To(BeEmpty())
	})

	It("excuses no rule that is exercised and proven, and none that there is not", func() {
		exercised, proven := exercisedBy(report.Clean), provenBy(report)
		for id := range conformance.Explained(setup().Contract) {
			Expect(exercised[id] && proven[id]).To(BeFalse(), id)
		}
		list, err := conformance.Explanations()
		Expect(err).NotTo(HaveOccurred())
		Expect(list).NotTo(BeEmpty())
		for _, e := range list {
			meets, err := regexp.Compile("^(?:" + e.Rules + ")$")
			Expect(err).NotTo(HaveOccurred())
			Expect(slices.ContainsFunc(conformance.Answerable(setup().Contract), func(r contract.Rule) bool { return meets.MatchString(r.ID) })).To(BeTrue(), e.Rules)
			Expect(e.Page).To(BeNumerically(">", 0), e.Rules)
			Expect(e.Reason).NotTo(BeEmpty(), e.Rules)
		}
	})

	It("exercises no rule less than the committed list has", func() {
		var now []string
		exercised := exercisedBy(report.Clean)
		for _, rule := range conformance.Answerable(setup().Contract) {
			if exercised[rule.ID] {
				now = append(now, rule.ID)
			}
		}
		slices.Sort(now)
		if *update {
			Expect(os.WriteFile(exercisedFile, []byte(strings.Join(now, "\n")+"\n"), 0o600)).To(Succeed())
		}
		content, err := os.ReadFile(exercisedFile)
		Expect(err).NotTo(HaveOccurred())
		Expect(now).To(Equal(strings.Fields(string(content))), "what changed on purpose is written by: go test ./conformance/mutation -update")
	})
})

func exercisedBy(r *conformance.Result) map[string]bool {
	ids := map[string]bool{}
	for _, one := range r.Cases {
		for _, id := range one.Exercised {
			ids[id] = true
		}
	}
	return ids
}

func provenBy(r *mutation.Report) map[string]bool {
	ids := map[string]bool{}
	for _, p := range r.Proofs {
		if p.Word() == "caught" {
			ids[p.Rule] = true
		}
	}
	return ids
}
