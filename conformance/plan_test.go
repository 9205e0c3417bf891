package conformance_test

import (
	"context"
	"net"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance"
	"github.com/vtsim/vtsim/keys"
	"github.com/vtsim/vtsim/scenarios"
	"github.com/vtsim/vtsim/simulator/outbound"
	"github.com/vtsim/vtsim/simulator/vault"
)

// still runs nothing: for specs that look at the plan.
type still struct{}

func (still) Run(context.Context, scenarios.Case, scenarios.Observer) error { return nil }
func (still) Row(*outbound.Exchange, string) vault.Traffic                  { return vault.Traffic{} }

// planned is the plan of the whole library for a profile that the spec
// changes.
func planned(change func(*conformance.Config)) (*conformance.Certification, error) {
	GinkgoHelper()
	profile := *directory().Issuers[demoBank].Profile
	profile.Triggers = keys.SampleTriggers("http://127.0.0.1:1")
	config := conformance.Config{Contract: once().contract, Profile: &profile, Target: outbound.Target{Endpoint: "https://127.0.0.1:1"}, Runner: still{}, Journal: still{},
		Cases: cases("plan")}
	change(&config)
	return conformance.New(config)
}

// ids are the planned cases that are not skipped, or that are for the reason.
func ids(c *conformance.Certification, reason string) []string {
	var found []string
	for _, one := range c.Planned {
		if one.Skip == reason {
			found = append(found, one.ID)
		}
	}
	return found
}

var _ = Describe("A plan", func() {
	It("runs everything that the profile allows", func() {
		c := must(planned(func(*conformance.Config) {}))
		Expect(c.Skipped()).To(BeZero())
		Expect(len(c.Planned)).To(BeNumerically(">", 1000))
	})

	It("has the core for the core profile", func() {
		c := must(planned(func(c *conformance.Config) { c.Options.Profile = conformance.ProfileCore }))
		Expect(len(c.Planned)).To(And(BeNumerically(">", 50), BeNumerically("<", 200)))
		for _, one := range c.Planned {
			Expect(one.Scenario.Tags).To(ContainElement("core"))
		}
	})

	DescribeTable("skips what cannot run, with the reason", func(change func(*conformance.Config), id, reason string) {
		c := must(planned(change))
		Expect(ids(c, reason)).To(ContainElement(id))
		Expect(len(ids(c, reason))).To(Equal(c.Skipped()))
	},
		Entry("an operation that the issuer does not serve", func(c *conformance.Config) {
			serves := map[string]bool{}
			for name := range c.Profile.Participation {
				serves[name] = name != "sendPasscode"
			}
			c.Profile.Participation = serves
		}, "passcode-delivered", "the issuer does not serve sendPasscode (participation in issuer.yaml)"),
		Entry("a role that has no card", func(c *conformance.Config) {
			c.Profile.Cards = slices.DeleteFunc(slices.Clone(c.Profile.Cards), func(card keys.Card) bool { return card.Role == "wrongCvv2" })
		}, "approve-declines-wrong-cvv2", "issuer.yaml has no card of role wrongCvv2"),
		Entry("a trigger that is not there", func(c *conformance.Config) {
			delete(c.Profile.Triggers, "update-pan")
		}, "issuer-updates-pan", "issuer.yaml has no trigger update-pan, and nobody is there to act instead"),
		Entry("calls of the issuer where Visa's side is not served", func(c *conformance.Config) { c.Unserved = "nobody listens" }, "issuer-suspends", "nobody listens"),
	)

	It("runs what a person can do instead of a trigger", func() {
		c := must(planned(func(c *conformance.Config) { c.Profile.Triggers, c.Prompt = nil, true }))
		Expect(ids(c, "")).To(ContainElement("issuer-suspends"))
	})

	DescribeTable("is filtered by", func(filter string, has, lacks []string) {
		c := must(planned(func(c *conformance.Config) { c.Filter = filter }))
		Expect(ids(c, "")).To(ContainElements(has))
		for _, id := range lacks {
			Expect(ids(c, "")).NotTo(ContainElement(id))
		}
	},
		Entry("tag", "tag:step-up", []string{"step-up-methods-for-provisioning"}, []string{"approve-hce"}),
		Entry("id with *", "id:approve-*", []string{"approve-hce", "approve-step-up-card"}, []string{"eligibility-eligible"}),
		Entry("id with * over a slash", "id:*/checkEligibility/*", []string{}, []string{"approve-hce"}),
		Entry("operation", "operation:sendpasscode", []string{"passcode-delivered"}, []string{"approve-hce"}),
		Entry("area", "area:timing", []string{"timing-approve"}, []string{"approve-hce"}),
		Entry("rule", "rule:envelope/outbound#unsigned-refused", []string{"envelope-unsigned"}, []string{"envelope-altered-tag"}),
		Entry("level", "level:must", []string{"approve-hce"}, []string{}),
		Entry("a word of the title", "emulation", []string{"approve-hce"}, []string{"eligibility-eligible"}),
		Entry("several values", "id:approve-hce,eligibility-eligible", []string{"approve-hce", "eligibility-eligible"}, []string{"approve-step-up-card"}),
		Entry("what it is not", "id:approve-* -id:*hce", []string{"approve-step-up-card"}, []string{"approve-hce"}),
	)

	DescribeTable("refuses what makes no sense, with a hint", func(change func(*conformance.Config), hint string) {
		_, err := planned(change)
		Expect(err).To(MatchError(conformance.ErrUsage))
		Expect(err).To(MatchError(ContainSubstring(hint)))
	},
		Entry("an unknown key", func(c *conformance.Config) { c.Filter = "tagg:core" }, "did you mean tag?"),
		Entry("a key that is like none", func(c *conformance.Config) { c.Filter = "colour:red" }, "area, id, level, operation, rule, tag"),
		Entry("nothing behind a key", func(c *conformance.Config) { c.Filter = "tag:" }, "nothing stands behind"),
		Entry("a broken pattern", func(c *conformance.Config) { c.Filter = "id:[a" }, "no pattern"),
		Entry("an unknown case", func(c *conformance.Config) { c.Case = "aprove-hce" }, "did you mean approve-hce?"),
		Entry("a case that is like none", func(c *conformance.Config) { c.Case = "zzzzzzzz" }, "--dry-run lists them"),
		Entry("an unknown profile", func(c *conformance.Config) { c.Options.Profile = "half" }, "core or full"),
		Entry("an unknown level", func(c *conformance.Config) { c.FailOn = "may" }, "must or should"),
		Entry("less than one case at a time", func(c *conformance.Config) { c.Parallel = -1 }, "1 or more"),
	)

	It("quotes the words of the command that runs a case again", func() {
		c := must(planned(func(c *conformance.Config) {
			c.File, c.Seed, c.Flags, c.Case = "my issuer.yaml", "it's", []string{"--library", "a b"}, "approve-hce"
		}))
		r := c.Run(ended())
		Expect(r.Cases[0].Rerun).To(Equal(`vtsim certify -f 'my issuer.yaml' --library 'a b' --seed 'it'\''s' --case approve-hce`))
	})
})

// ended is a context that has ended.
func ended() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

var _ = Describe("Opening a certification", func() {
	awaited := func(r *conformance.Result) conformance.Case { return r.Cases[0] }

	It("goes on without the issuer's own calls when the address is taken", func(ctx SpecContext) {
		taken := must(net.Listen("tcp", "127.0.0.1:0"))
		defer taken.Close()
		s := setup("few", "issuer-suspends")
		s.Issuer, s.Listen = s.Directory.Issuers[demoBank].Profile, taken.Addr().String()
		session := must(conformance.Open(ctx, s))
		defer func() { Expect(session.Close(ctx)).To(Succeed()) }()
		Expect(awaited(session.Run(ctx))).To(And(HaveField("Outcome", conformance.Skipped), HaveField("Reason", ContainSubstring(taken.Addr().String()+" is taken"))))
	})

	It("refuses an address that is none", func(ctx SpecContext) {
		s := setup("few", "issuer-suspends")
		s.Issuer, s.Listen = s.Directory.Issuers[demoBank].Profile, "127.0.0.1:port"
		_, err := conformance.Open(ctx, s)
		Expect(err).To(MatchError(conformance.ErrUsage))
		Expect(err).To(MatchError(ContainSubstring("--listen")))
	})
})
