package suite_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance"
)

// replaced is a defect that breaks one rule, replacedRule, in one case.
const (
	replaced     = "check-eligibility-code-on-card-replaced"
	replacedRule = "checkEligibility/response#code-on-card-replaced"
	replacedCase = "eligibility-declines-replaced-card"
	eligibility  = "operation:checkEligibility area:errors -tag:robustness"
)

var _ = Describe("an issuer's test package", func() {
	It("has a spec for each case of the plan, and is green for a conformant issuer", func(ctx SpecContext) {
		s := settings{endpoint: issuerWith(ctx), filter: "tag:core,issuer-acts"}
		plan := planned(ctx, s)
		o := tested(ctx, s)
		Expect(o.green).To(BeTrue(), "%s", o.text)
		passed, failed, skipped := o.junit.counts()
		Expect(skipped).To(Equal(plan.Skipped()))
		Expect(passed).To(Equal(len(plan.Planned) - plan.Skipped()))
		Expect(failed).To(BeZero())
		Expect(skipped * passed).NotTo(BeZero())
		for _, one := range plan.Planned {
			Expect(o.junit.named(one.ID)).To(HaveLen(1), "%s", one.ID)
		}
		Expect(o.junit.named("issuer-suspends")[0].Skipped.Message).To(ContainSubstring("issuer.yaml has no trigger suspend"))
		Expect(o.result.Verdict).To(Equal(conformance.Conformant))
		Expect(o.result.Counts).To(Equal(conformance.Counts{Passed: passed, Skipped: skipped}))
		Expect(o.result.Plan.Planned).To(Equal(len(plan.Planned)))
		Expect(o.result.Plan.Seed).To(Equal("7"))
	})

	It("fails just what the issuer does wrong, with rule, page, what came and was allowed, the command and the transcript", func(ctx SpecContext) {
		s := settings{endpoint: issuerWith(ctx, replaced), filter: eligibility}
		o := tested(ctx, s)
		Expect(o.green).To(BeFalse())
		_, failed, _ := o.junit.counts()
		Expect(failed).To(Equal(1))
		spec := o.junit.named(replacedCase)[0]
		for _, part := range []string{replacedRule, "must, p.147", "came:", "allowed:", "vtsim certify -f " + profileFile() + " --seed 7 --case " + replacedCase,
			"-ginkgo.focus='" + replacedCase + ":'"} {
			Expect(spec.Failure.Message + spec.Failure.Text).To(ContainSubstring(part))
			Expect(o.text).To(ContainSubstring(part))
		}
		Expect(o.text).To(ContainSubstring("--> POST /vtis/v1/checkEligibility"))
		Expect(o.text).To(MatchRegexp(`"primaryAccountNumber": "\d{6}\*+\d{4}"`))
		Expect(o.text).NotTo(ContainSubstring("not the issuer's fault"))
		Expect(o.result.Verdict).To(Equal(conformance.NotConformant))
		Expect(o.result.Counts.Failed).To(Equal(1))
	})

	It("passes what a should rule is missed in, and says so", func(ctx SpecContext) {
		o := tested(ctx, settings{endpoint: issuerWith(ctx, "content-type-text"), filter: "id:eligibility-eligible"})
		Expect(o.green).To(BeTrue(), "%s", o.text)
		Expect(o.text).To(ContainSubstring("warned headers/response/Content-Type#pattern (should, p."))
		Expect(o.result.Counts).To(Equal(conformance.Counts{Warned: 1}))
	})

	It("passes a failure that is known, and says so", func(ctx SpecContext) {
		known := filepath.Join(GinkgoT().TempDir(), "known.yaml")
		entry := "- {rule: " + replacedRule + ", reason: next release, owner: cards team, expires: 2999-12-31}\n"
		Expect(os.WriteFile(known, []byte(entry+strings.Replace(entry, "card-replaced", "card-expired", 1)), 0o600)).To(Succeed())
		o := tested(ctx, settings{endpoint: issuerWith(ctx, replaced), filter: eligibility, known: known, flags: []string{"-ginkgo.focus=" + replacedCase + ":"}})
		Expect(o.green).To(BeTrue(), "%s", o.text)
		Expect(o.text).To(ContainSubstring("known failure: next release"))
		Expect(o.result.Counts).To(Equal(conformance.Counts{Known: 1}))

		By("but not one that is known and does not happen")
		o = tested(ctx, settings{endpoint: issuerWith(ctx, replaced), filter: eligibility, known: known})
		Expect(o.green).To(BeFalse())
		Expect(o.text).To(ContainSubstring("is excused but passes"))
		Expect(o.result.Verdict).To(Equal(conformance.NotConformant))
	})

	It("runs what Ginkgo's labels choose", func(ctx SpecContext) {
		s := settings{endpoint: issuerWith(ctx), profile: conformance.ProfileCore}
		s.filter = "operation:checkEligibility area:errors level:must"
		plan := planned(ctx, s)
		Expect(plan.Planned).NotTo(BeEmpty())
		s.filter, s.flags = "", []string{"-ginkgo.label-filter=operation: containsAny checkEligibility && area: containsAny errors && level: containsAny must && tag: containsAny core"}
		o := tested(ctx, s)
		Expect(o.green).To(BeTrue(), "%s", o.text)
		Expect(o.junit.cases()).To(HaveLen(len(plan.Planned)))
		Expect(o.result.Plan.Planned).To(Equal(len(plan.Planned)))
		Expect(o.result.Plan.Filter).To(ContainSubstring("containsAny checkEligibility"))
	})
})

var _ = Describe("what is not the issuer's fault", func() {
	const blameless = "broken: not the issuer's fault: "

	It("fails one spec and skips the others where nobody is at the endpoint", func(ctx SpecContext) {
		o := tested(ctx, settings{endpoint: "https://127.0.0.1:1", filter: eligibility})
		Expect(o.green).To(BeFalse())
		Expect(o.text).To(ContainSubstring(blameless + "127.0.0.1:1 cannot be certified: no connection"))
		Expect(o.text).To(ContainSubstring("to mend it: is the issuer running there?"))
		passed, failed, skipped := o.junit.counts()
		Expect(passed).To(BeZero())
		Expect(failed).To(Equal(1))
		Expect(skipped).To(Equal(len(o.result.Cases) - 1))
		Expect(o.result.Verdict).To(Equal(conformance.Incomplete))
		Expect(o.result.Mend).NotTo(BeEmpty())
	})

	DescribeTable("fails one spec, and leaves the issuer's own alone", func(ctx SpecContext, s settings, why string) {
		s.endpoint = "https://127.0.0.1:1"
		o := tested(ctx, s)
		Expect(o.green).To(BeFalse())
		Expect(o.junit.cases()).To(HaveLen(1))
		Expect(o.junit.cases()[0].Failure.Message).To(ContainSubstring(blameless + why))
		Expect(o.junit.named("has specs of its own")[0].Status).To(Equal("passed"))
		Expect(o.text).NotTo(ContainSubstring("goroutine"))
	},
		Entry("without a profile", settings{file: "none.yaml"}, "none.yaml: is missing"),
		Entry("with a filter that makes no sense", settings{filter: "colour:red"}, "usage: "),
		Entry("with a filter that leaves nothing", settings{filter: "id:no-such-case"}, "the plan is empty"),
		Entry("with cases that all cannot run", settings{filter: "id:issuer-suspends"}, "no case can run: all 1 are skipped"),
		Entry("with known failures that are not there", settings{known: "none.yaml"}, "read the known failures"),
	)

	It("tells an issuer that is itself in the way from one who is not there", func(ctx SpecContext) {
		o := tested(ctx, settings{endpoint: issuerWith(ctx, "tls-none"), filter: eligibility})
		Expect(o.green).To(BeFalse())
		Expect(o.text).To(ContainSubstring("failed transport#tls-required (must, p."))
		Expect(o.text).NotTo(ContainSubstring(blameless))
		Expect(o.result.Verdict).To(Equal(conformance.NotConformant))
	})
})

// planned is the plan of the settings, made in this process.
func planned(ctx context.Context, s settings) *conformance.Session {
	setup, err := conformance.NewSetup(conformance.Options{File: profileFile(), Profile: s.profile, Filter: s.filter, Seed: "7"})
	Expect(err).NotTo(HaveOccurred())
	setup.Settings.LookupEnv = func(string) (string, bool) { return s.endpoint, true }
	session, err := conformance.Open(ctx, setup)
	Expect(err).NotTo(HaveOccurred())
	Expect(session.Close(ctx)).To(Succeed())
	return session
}
