package report_test

import (
	"bytes"
	"encoding/xml"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance"
	"github.com/vtsim/vtsim/conformance/judge"
	"github.com/vtsim/vtsim/conformance/report"
)

// decided is a clean run whose issuer kept two of three policies; text is what
// the issuer answered.
func decided(text, mode string) *conformance.Result {
	r := clean()
	r.Plan.Policies = mode
	finding := conformance.PolicyFinding{Rule: "policy:weak device", Level: "policy", Case: r.Cases[0].ID, Title: "yellow for deviceScore 1", Expected: "yellow", Actual: text,
		Message: "the policy says yellow, the issuer answered " + text, Exchange: r.Exchanges[0].ID, Rerun: "vtsim certify --case policy/weak-device/1"}
	r.Policies = []conformance.PolicyRow{
		{Name: "weak device", Path: "yellow", Cases: 4, Kept: 2, Broken: 1, Unjudged: 1, LeftOut: 3, Findings: []conformance.PolicyFinding{finding}},
		{Name: "rest", Path: "green", Cases: 2, Kept: 2},
		{Name: "not served", Path: "red", Cases: 1, Unjudged: 1},
	}
	return r
}

const summary = "he issuer's own decision table: 3 rows, 7 cases, 1 row not kept, 2 cases not judged"

var _ = Describe("The issuer's own decision table", func() {
	It("stands apart in every report, and leaves what is said of the verdict alone", func() {
		for name, write := range formats {
			text := string(write(decided("green (actionCode 00)", conformance.PoliciesReport)))
			Expect(text).To(ContainSubstring("weak device"), name)
			if name != "json" && name != "xml" {
				Expect(strings.NewReplacer("&#39;", "'", "\n    ", " ").Replace(text)).To(ContainSubstring(summary), name)
				Expect(strings.ToLower(text)).To(ContainSubstring("counts for verdict or score"), name)
			}
			Expect(text).To(ContainSubstring("--case policy/weak-device/1"), name)
			Expect(string(write(clean()))).NotTo(ContainSubstring("decision table"), name)
		}
		verdict := func(r *conformance.Result) string {
			text := string(terminal(r, report.TerminalOptions{}))
			return text[strings.Index(text, "SCORE"):]
		}
		Expect(verdict(decided("green", ""))).To(Equal(verdict(clean())))
	})

	It("is a JUnit suite of its own, red only where the run may fail by it", func() {
		for mode, failures := range map[string]int{conformance.PoliciesReport: 0, conformance.PoliciesFail: 1} {
			var suites struct {
				Suites []struct {
					Name     string `xml:"name,attr"`
					Tests    int    `xml:"tests,attr"`
					Failures int    `xml:"failures,attr"`
					Skipped  int    `xml:"skipped,attr"`
				} `xml:"testsuite"`
			}
			Expect(xml.Unmarshal(formats["xml"](decided("green", mode)), &suites)).To(Succeed())
			last := suites.Suites[len(suites.Suites)-1]
			Expect(last.Name).To(Equal("policies"))
			Expect(last.Tests).To(Equal(3))
			Expect(last.Failures).To(Equal(failures), mode)
			Expect(last.Skipped).To(Equal(2 - failures))
		}
	})

	It("reads back as it was written, hostile texts and all", func() {
		for _, text := range []string{"green", nasty} {
			read, err := report.Read(bytes.NewReader(formats["json"](decided(text, conformance.PoliciesFail))))
			Expect(err).NotTo(HaveOccurred())
			Expect(read.Policies).To(HaveLen(3))
			Expect(read.PoliciesFail()).To(BeTrue())
		}
		page := string(formats["html"](decided(nasty, "")))
		Expect(page).NotTo(ContainSubstring("<script>alert"))
		Expect(strings.Count(page, "<script")).To(Equal(1))
		for _, line := range strings.Split(string(formats["txt"](decided(nasty, ""))), "\n") {
			Expect(strings.TrimSpace(line)).NotTo(HavePrefix("::"))
		}
		Expect(formats["md"](decided(nasty, ""))).NotTo(ContainSubstring("<img"))
	})

	It("excuses nothing that the specification finds", func() {
		r := decided("green", conformance.PoliciesReport)
		r.Cases[0].Outcome, r.Cases[0].Findings = conformance.Failed, []judge.Finding{tooLong("x")}
		Expect(string(terminal(r, report.TerminalOptions{}))).To(ContainSubstring("FAILED 1 rule"))
	})
})
