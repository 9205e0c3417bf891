package conformance_test

import (
	"context"
	"errors"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance"
	"github.com/vtsim/vtsim/conformance/reference"
)

var _ = Describe("Known failures", func() {
	const rule = "approveProvisioning/response#code-on-cvv2"

	// excused is a run of an issuer with a known defect, and entries about it.
	excused := func(ctx context.Context, list string, more func(*conformance.Setup), defects ...string) *conformance.Result {
		GinkgoHelper()
		s := setup("few", "approve-declines-wrong-cvv2", "approve-hce")
		s.Known = must(conformance.ParseKnownFailures([]byte(list), "known.yaml"))
		if more != nil {
			more(&s)
		}
		return paired(ctx, s, defects...)
	}
	const wrongCode = "approve-provisioning-code-on-cvv2"

	DescribeTable("excuse what they name", func(ctx SpecContext, entry string) {
		r := excused(ctx, entry, nil, wrongCode)
		Expect(r.ExitCode()).To(Equal(conformance.ExitConformant), summary(r))
		Expect(r.Counts).To(And(HaveField("Known", 1), HaveField("Failed", 0), HaveField("Passed", 1)))
		Expect(r.KnownFailures).To(ConsistOf(And(HaveField("Uses", 1), HaveField("Problem", ""))))
		Expect(r.Entries()).To(BeEmpty())
	},
		Entry("by case", `[{case: "approve-declines-*", reason: r, owner: o, expires: "2099-01-01"}]`),
		Entry("by rule", `[{rule: "approveProvisioning/response#code-on-*", reason: r, owner: o, expires: "2099-01-01"}]`),
	)

	It("excuse a should rule that is made to count", func(ctx SpecContext) {
		r := excused(ctx, `[{rule: "headers/*", reason: r, owner: o, expires: "2099-01-01"}]`, func(s *conformance.Setup) { s.FailOn = "should" }, "content-type-twice")
		Expect(r.ExitCode()).To(Equal(conformance.ExitConformant), summary(r))
		Expect(r.Counts.Known).To(Equal(2))
	})

	It("print the entry to paste for what they do not excuse", func(ctx SpecContext) {
		r := excused(ctx, ``, nil, wrongCode)
		Expect(r.ExitCode()).To(Equal(conformance.ExitNotConformant))
		Expect(r.Entries()).To(Equal(`- {rule: "` + rule + `", reason: "", owner: "", expires: ""}` + "\n"))
	})

	DescribeTable("fail the run when the entry itself is wrong", func(ctx SpecContext, entry, problem string, defects ...string) {
		r := excused(ctx, entry, nil, defects...)
		Expect(r.ExitCode()).To(Equal(conformance.ExitNotConformant), summary(r))
		Expect(r.KnownFailures).To(ConsistOf(HaveField("Problem", ContainSubstring(problem))))
	},
		Entry("it passes", `[{case: approve-hce, reason: r, owner: o, expires: "2099-01-01"}]`, "passes"),
		Entry("its rule passes", `[{rule: "`+rule+`", reason: r, owner: o, expires: "2099-01-01"}]`, "passes"),
		Entry("it matches nothing", `[{case: approve-hcee, reason: r, owner: o, expires: "2099-01-01"}]`, "matches no case or rule"),
		Entry("its rule is none", `[{rule: "nothing#at-all", reason: r, owner: o, expires: "2099-01-01"}]`, "matches no case or rule"),
		Entry("its rule was not exercised", `[{rule: "sendPasscode/response#status-200", reason: r, owner: o, expires: "2099-01-01"}]`, "matches nothing that ran"),
		Entry("it has expired", `[{case: approve-declines-wrong-cvv2, reason: r, owner: o, expires: "2020-01-01"}]`, "expired on 2020-01-01", wrongCode),
	)

	It("are not missed by a run that leaves cases out", func(ctx SpecContext) {
		r := excused(ctx, `[{case: approve-hce, reason: r, owner: o, expires: "2099-01-01"}, {case: aprove-hce, reason: r, owner: o, expires: "2099-01-01"}]`,
			func(s *conformance.Setup) { s.Case = "approve-declines-wrong-cvv2" })
		Expect(r.KnownFailures[0].Problem).To(BeEmpty())
		Expect(r.KnownFailures[1].Problem).To(ContainSubstring("matches no case or rule"))
	})

	It("do not excuse what fails beside what they know", func(ctx SpecContext) {
		r := excused(ctx, `[{rule: "headers/response/X-RESPONSE-ID#single", reason: r, owner: o, expires: "2099-01-01"}]`, nil, wrongCode, "response-id-twice")
		Expect(r.ExitCode()).To(Equal(conformance.ExitNotConformant), summary(r))
		Expect(r.KnownFailures).To(ConsistOf(And(HaveField("Uses", 2), HaveField("Problem", ""))))
		Expect(r.Counts.Failed).To(Equal(1))
	})

	DescribeTable("never excuse a late answer", func(ctx SpecContext, entry string) {
		s := setup("few", "timing-approve")
		s.Known = must(conformance.ParseKnownFailures([]byte(entry), "known.yaml"))
		pair := must(reference.Open(ctx, s, demoBank, "approve-provisioning-late"))
		defer func() { Expect(pair.Close(context.WithoutCancel(ctx))).To(Succeed()) }()
		r := pair.Run(ctx)
		Expect(r.ExitCode()).To(Equal(conformance.ExitNotConformant), summary(r))
		Expect(r.Counts.Failed).To(Equal(1))
		Expect(r.KnownFailures).To(ConsistOf(HaveField("Problem", ContainSubstring("nothing excuses"))))
		Expect(r.Entries()).To(BeEmpty())
	},
		Entry("by its rule", `[{rule: "approveProvisioning/response#budget", reason: r, owner: o, expires: "2099-01-01"}]`),
		Entry("by its case", `[{case: timing-approve, reason: r, owner: o, expires: "2099-01-01"}]`),
	)

	DescribeTable("are refused with their place when they cannot be read", func(text, message string) {
		_, err := conformance.ParseKnownFailures([]byte(text), "known.yaml")
		Expect(err).To(MatchError(conformance.ErrUsage))
		Expect(err).To(MatchError(ContainSubstring(message)))
	},
		Entry("no YAML", "[", "known.yaml: line"),
		Entry("no list", "case: a", "known.yaml:1:1: a list of known failures belongs here"),
		Entry("an unknown member", "- {case: a, reason: r, owner: o, expires: \"2099-01-01\", until: x}", "known.yaml:1:3"),
		Entry("case and rule", "- {case: a, rule: b, reason: r, owner: o, expires: \"2099-01-01\"}", "exactly one of the two"),
		Entry("neither", "- {reason: r, owner: o, expires: \"2099-01-01\"}", "exactly one of the two"),
		Entry("no owner", "\n- {case: a, reason: r, expires: \"2099-01-01\"}", "known.yaml:2:3: an entry needs reason, owner and expires"),
		Entry("no date", "- {case: a, reason: r, owner: o, expires: soon}", "2027-01-31"),
		Entry("no pattern", "- {case: \"[a\", reason: r, owner: o, expires: \"2099-01-01\"}", "no pattern"),
	)
})

func FuzzKnownFailures(f *testing.F) {
	f.Add([]byte(`[{case: "approve-declines-*", reason: r, owner: o, expires: "2099-01-01"}]`))
	f.Add([]byte("- {rule: [a, b]}\n- &x {case: *x}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		known, err := conformance.ParseKnownFailures(data, "known.yaml")
		if err != nil && !errors.Is(err, conformance.ErrUsage) {
			t.Fatalf("an error that is not the user's: %v", err)
		}
		for _, k := range known {
			if (k.Case == "") == (k.Rule == "") || k.Owner == "" {
				t.Fatalf("an entry that says too little: %+v", k)
			}
		}
	})
}
