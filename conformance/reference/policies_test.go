package reference_test

import (
	"context"
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance"
	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/conformance/reference"
	"github.com/vtsim/vtsim/fixtures/issuer"
	fixturekeys "github.com/vtsim/vtsim/fixtures/keys"
	"github.com/vtsim/vtsim/keys"
)

// table is a bank's: one wallet's weak devices are refused, other weak ones
// and a CVV2 that does not match step up, the rest is approved.
func table() []keys.Policy {
	one, two, fifty := 1, 2, 50
	return []keys.Policy{
		{Name: "lost phones", Path: keys.PathRed, Line: 10, When: keys.PolicyCondition{ReasonCodes: []string{"A1", "0B"}, DeviceScore: keys.Range{Max: &two}}},
		{Name: "weak device", Path: keys.PathYellow, StepUpMethods: []string{"OTPSMS"}, Line: 11,
			When: keys.PolicyCondition{TokenTypes: []string{"HCE", "SECURE_ELEMENT"}, DeviceScore: keys.Range{Min: &one, Max: &two}}},
		{Name: "wrong CVV2", Path: keys.PathYellow, Line: 12, When: keys.PolicyCondition{CVV2Results: []string{"N", "P"}}},
		{Name: "risky", Path: keys.PathRed, Line: 13, When: keys.PolicyCondition{RiskScore: keys.Range{Min: &fifty}, PANSources: []string{"ON_FILE"}}},
		{Name: "rest", Path: keys.PathGreen, Line: 14},
	}
}

// certified is a run of the cases of the profile's policies against an issuer
// with other ones, or with a defect.
func certified(ctx context.Context, options conformance.Options, ours, theirs []keys.Policy, defects ...string) *conformance.Result {
	GinkgoHelper()
	c, err := contract.Load()
	Expect(err).NotTo(HaveOccurred())
	settings := keys.Settings{Facts: keys.FactsOf(c)}
	directory, err := keys.LoadFS(fixturekeys.TestOnly(), settings)
	Expect(err).NotTo(HaveOccurred())
	directory.Issuers[keys.DefaultIssuer].Profile.Policies = ours
	options.Filter, options.Seed = "tag:policy", "policies"
	pair, err := reference.OpenIssuer(ctx, conformance.Setup{Contract: c, Directory: directory, Settings: settings, Options: options}, keys.DefaultIssuer,
		func(config *issuer.Config) { config.Policies, config.Defects = theirs, defects })
	Expect(err).NotTo(HaveOccurred())
	defer func() { Expect(pair.Close(context.WithoutCancel(ctx))).To(Succeed()) }()
	return pair.Run(ctx)
}

var _ = Describe("An issuer's own decision table", func() {
	It("is kept by an issuer who decides by it", func(ctx SpecContext) {
		result := certified(ctx, conformance.Options{}, table(), table())
		Expect(result.Verdict).To(Equal(conformance.Conformant), result.Reason)
		Expect(result.Policies).To(HaveLen(5))
		for _, row := range result.Policies {
			Expect(row.Findings).To(BeEmpty(), row.Name)
			Expect(row.Kept).To(Equal(row.Cases), row.Name)
			Expect(row.Cases).To(BeNumerically(">", 0), row.Name)
		}
		Expect(result.PolicySummary()).To(MatchRegexp(`^the issuer's own decision table: 5 rows, \d+ cases, no deviation$`))
		for _, one := range result.Cases {
			Expect(one.Outcome).To(Equal(conformance.Passed), "%s: %v", one.ID, one.Findings)
			Expect(one.Tags).To(Equal([]string{"policy"}))
		}
	})

	It("is found broken row by row, and leaves the verdict alone", func(ctx SpecContext) {
		theirs := table()
		theirs[1].StepUpMethods = []string{"OTPEMAIL"}
		theirs[3].Path = keys.PathGreen
		result := certified(ctx, conformance.Options{}, table(), theirs)
		Expect(result.Verdict).To(Equal(conformance.Conformant), result.Reason)
		Expect(result.Counts.Failed + result.Counts.Warned + result.Counts.Broken).To(BeZero())
		Expect(result.ExitCode()).To(Equal(conformance.ExitConformant))
		Expect(result.PolicySummary()).To(HaveSuffix("2 rows not kept"))
		broken := map[string]conformance.PolicyRow{}
		for _, row := range result.Policies {
			if row.Broken > 0 {
				broken[row.Name] = row
			}
		}
		Expect(broken).To(HaveLen(2))
		Expect(broken["risky"].Broken).To(Equal(2), "both ends of the range")
		finding := broken["risky"].Findings[0]
		Expect(finding.Rule).To(Equal("policy:risky"))
		Expect(finding.Level).To(Equal("policy"))
		Expect(finding.Message).To(Equal(`the policy "risky" (line 13 of the profile) says red, the issuer answered green (actionCode 00)`))
		Expect(finding.Rerun).To(ContainSubstring("--case policy/risky/1"))
		Expect(finding.Title).To(ContainSubstring("riskScore 50"))
		Expect(broken["weak device"].Findings[0].Message).To(ContainSubstring("without OTPSMS"))
		for _, one := range result.Cases {
			Expect(one.Findings).To(BeEmpty(), "what the table finds is no finding of the specification")
		}
	})

	It("fails the run where it was asked to, with the same verdict", func(ctx SpecContext) {
		theirs := table()
		theirs[4].Path = keys.PathRed
		result := certified(ctx, conformance.Options{Policies: conformance.PoliciesFail}, table(), theirs)
		Expect(result.Verdict).To(Equal(conformance.Conformant))
		Expect(result.ExitCode()).To(Equal(conformance.ExitNotConformant))
		Expect(certified(ctx, conformance.Options{Policies: conformance.PoliciesFail}, table(), table()).ExitCode()).To(Equal(conformance.ExitConformant))
	})

	It("does not excuse a rule of the specification that its cases find broken", func(ctx SpecContext) {
		result := certified(ctx, conformance.Options{}, table(), table(), "step-up-identifier-long")
		Expect(result.Verdict).To(Equal(conformance.NotConformant))
		for _, row := range result.Policies {
			Expect(row.Broken).To(BeZero(), fmt.Sprint(row))
		}
	})
})
