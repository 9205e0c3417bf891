package report_test

import (
	"bytes"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance"
	"github.com/vtsim/vtsim/conformance/report"
)

var _ = Describe("Comparing two Results", func() {
	It("finds that nothing changed", func() {
		compared := report.Compare(failing(), failing())
		Expect(compared.Worse()).To(BeFalse())
		Expect(shown(compared)).To(Equal("nothing changed\nverdict: not conformant\n"))
	})

	It("finds new failures, fixed cases, and leaves known failures out", func() {
		newer := failing()
		newer.Cases[0].Outcome = conformance.Passed
		newer.Cases[8].Outcome = conformance.Failed
		older := failing()
		older.Cases[7].Outcome = conformance.Passed
		compared := report.Compare(older, newer)
		Expect(compared.NewFailures).To(Equal([]string{"passcode.good"}))
		Expect(compared.Fixed).To(Equal([]string{"step-up-methods.01"}))
		Expect(compared.Worse()).To(BeTrue())
	})

	It("finds what is no longer checked: cases gone or skipped, and rules", func() {
		older, newer := clean(), clean()
		older.Cases[0].Exercised = []string{"rule b", "rule a", "rule c"}
		newer.Cases[1].Exercised = []string{"rule c"}
		newer.Cases[0].Outcome = conformance.Skipped
		newer.Cases = newer.Cases[:2]
		compared := report.Compare(older, newer)
		Expect(compared.NotRun).To(Equal([]string{"approveProvisioning.good", "sendPasscode.good"}))
		Expect(compared.NoLongerExercised).To(Equal([]string{"rule a", "rule b"}))
		Expect(compared.Worse()).To(BeTrue())
	})

	It("finds what became slower, but takes no noise for it", func() {
		older, noisy, slow := huge(10), huge(10), huge(10)
		for i := range slow.Exchanges {
			noisy.Exchanges[i].Timing.TotalUS += 9_000
			slow.Exchanges[i].Timing.TotalUS += 90_000
		}
		Expect(report.Compare(older, noisy).Slower).To(BeEmpty())
		Expect(report.Compare(older, slow).Slower).To(HaveExactElements(HaveField("Operation", "retrieveStepUpMethods")))
		Expect(shown(report.Compare(older, slow))).To(MatchRegexp(`slower: 1\n  retrieveStepUpMethods: 95 % within 127 ms, was 37 ms, 3.4 times as long`))
	})

	It("says nothing of operations with too few answers to tell", func() {
		older, slow := huge(9), huge(9)
		for i := range slow.Exchanges {
			slow.Exchanges[i].Timing.TotalUS += 90_000
		}
		Expect(report.Compare(older, slow).Slower).To(BeEmpty())
	})

	It("says when one of them is a part of a run, and what the verdicts were", func() {
		text := shown(report.Compare(clean(), interrupted()))
		Expect(text).To(And(ContainSubstring("PARTIAL"), ContainSubstring("verdict: conformant before, now incomplete")))
	})

	It("says when it can't be written", func() {
		Expect(report.Compare(clean(), clean()).Write(refusing{})).To(MatchError("disk is full"))
	})
})

func shown(c report.Comparison) string {
	GinkgoHelper()
	var b bytes.Buffer
	Expect(c.Write(&b)).To(Succeed())
	return b.String()
}
