package conformance_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance"
	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/conformance/reference"
	"github.com/vtsim/vtsim/fixtures/issuer"
	fixturekeys "github.com/vtsim/vtsim/fixtures/keys"
	"github.com/vtsim/vtsim/keys"
	"github.com/vtsim/vtsim/scenarios"
)

const demoBank = "demo-bank"

// must is a value without its error.
func must[T any](value T, err error) T {
	GinkgoHelper()
	Expect(err).NotTo(HaveOccurred())
	return value
}

// ground is what all specs stand on, made once.
type ground struct {
	contract *contract.Contract
	settings keys.Settings
	library  *scenarios.Library
}

var once = sync.OnceValue(func() ground {
	c := must(contract.Load())
	return ground{c, keys.Settings{Facts: keys.FactsOf(c), LookupEnv: os.LookupEnv}, must(scenarios.Load(c))}
})

// expanded are all cases of the library by the seed: making them takes longer
// than most specs.
var expanded sync.Map

func cases(seed string) []scenarios.Case {
	GinkgoHelper()
	made, ok := expanded.Load(seed)
	if !ok {
		made, _ = expanded.LoadOrStore(seed, must(once().library.Cases(seed)))
	}
	return slices.Clone(made.([]scenarios.Case))
}

// directory is one that a spec may change.
func directory() *keys.Directory {
	GinkgoHelper()
	return must(keys.LoadFS(fixturekeys.TestOnly(), once().settings))
}

// setup is a certification by these cases of the library.
func setup(seed string, ids ...string) conformance.Setup {
	GinkgoHelper()
	var chosen []scenarios.Case
	for _, one := range cases(seed) {
		if slices.Contains(ids, one.ID) || len(ids) == 0 && slices.Contains(one.Scenario.Tags, "core") {
			chosen = append(chosen, one)
		}
	}
	Expect(chosen).NotTo(BeEmpty())
	Expect(len(ids) == 0 || len(chosen) == len(ids)).To(BeTrue(), "a case of %v is not in the library", ids)
	return conformance.Setup{Contract: once().contract, Settings: once().settings, Directory: directory(), Cases: chosen,
		Options: conformance.Options{Seed: seed, File: "issuer.yaml"}}
}

// few cases that show whether an issuer answers.
func few() conformance.Setup {
	GinkgoHelper()
	return setup("few", "approve-hce", "eligibility-eligible", "step-up-methods-for-provisioning")
}

// paired certifies the reference issuer with the defects.
func paired(ctx context.Context, s conformance.Setup, defects ...string) *conformance.Result {
	GinkgoHelper()
	pair := must(reference.Open(ctx, s, demoBank, defects...))
	defer func() { Expect(pair.Close(context.WithoutCancel(ctx))).To(Succeed()) }()
	return pair.Run(ctx)
}

// at certifies whatever is at the endpoint; change, if set, changes the
// issuer's profile before.
func at(ctx context.Context, s conformance.Setup, endpoint string, change func(*keys.Profile)) *conformance.Result {
	GinkgoHelper()
	known := *s.Directory.Issuers[demoBank]
	profile := *known.Profile
	profile.Endpoint = endpoint
	if change != nil {
		change(&profile)
	}
	known.Profile = &profile
	s.Directory.Issuers = maps.Clone(s.Directory.Issuers)
	s.Directory.Issuers[demoBank] = &known
	s.Issuer, s.Listen = &profile, "127.0.0.1:0"
	session := must(conformance.Open(ctx, s))
	defer func() { Expect(session.Close(context.WithoutCancel(ctx))).To(Succeed()) }()
	return session.Run(ctx)
}

// played is the reference issuer alone, changed before it starts.
func played(change func(*issuer.Config)) *issuer.Server {
	GinkgoHelper()
	d := directory()
	config := issuer.Config{Contract: once().contract, Issuer: d.Issuers[demoBank], Authority: d.CA.Pool(), VisaClient: d.Client.Leaf,
		VisaSigning: d.VisaSigning, VisaEncryption: d.VisaEncryption}
	change(&config)
	server := must(issuer.New(config))
	Expect(server.Start()).To(Succeed())
	DeferCleanup(func(ctx SpecContext) { Expect(server.Close(ctx)).To(Succeed()) })
	return server
}

// shown is how the issuer's endpoint shows itself, to callers of any kind.
func shown() *tls.Config {
	GinkgoHelper()
	return &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{directory().Issuers[demoBank].Server.TLS()}}
}

// brokenRules are the rules of all findings that count.
func brokenRules(r *conformance.Result) []string {
	var rules []string
	for _, one := range r.Cases {
		for _, f := range one.Findings {
			if f.Outcome != "noted" && !slices.Contains(rules, f.Rule) {
				rules = append(rules, f.Rule)
			}
		}
	}
	return rules
}

// summary is a result for a failing spec.
func summary(r *conformance.Result) string {
	return fmt.Sprintf("%s: %s; mend: %s; %v", r.Verdict, r.Reason, r.Mend, brokenRules(r))
}
