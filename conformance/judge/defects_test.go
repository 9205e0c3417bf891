package judge_test

import (
	"fmt"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/fixtures/issuer"
)

var _ = Describe("The judge, of the reference issuer over mutual TLS,", func() {
	spec, err := contract.Load()
	if err != nil {
		Fail(err.Error())
	}
	defects, err := issuer.Catalogue(spec)
	if err != nil {
		Fail(err.Error())
	}

	for _, d := range defects {
		It(fmt.Sprintf("finds %s, which breaks %s, and nothing else", d.ID, d.Rule), func() {
			p := start(d.ID)
			rule, err := spec.Rule(d.Rule)
			Expect(err).NotTo(HaveOccurred())
			Expect(brokenBy(p, rule)).To(Equal([]string{d.Rule}), "%s", said(p))
		})
	}

	It("finds nothing when there is no defect, in all probes together", func() {
		p := start("")
		for _, pr := range probes() {
			Expect(pr.run(p)).To(BeEmpty(), "%s %s: %v", pr.op, pr.name, said(p))
		}
		Expect(connections(p)).To(BeEmpty())
		Expect(concurrently(p)).To(BeEmpty())
		for _, rule := range spec.Rules() {
			if judged(spec, rule) && !slices.Contains(p.ran, rule.ID) {
				// What the reference issuer never sends, it cannot send wrongly; other tests have answers with all of it.
				Expect(rule.ID).To(SatisfyAny(ContainSubstring("/response/"), Equal("headers/response/Content-Language#single")), "nothing exercises the rule")
				Expect(named(spec, rule.ID)).To(BeFalse(), "nothing exercises the rule %s", rule.ID)
			}
		}
	})
})

// brokenBy are the rules that are found broken in the probes which the rule
// concerns.
func brokenBy(p *peer, rule contract.Rule) []string {
	GinkgoHelper()
	switch {
	case strings.HasPrefix(rule.ID, "transport#") && rule.ID != "transport#answer-complete":
		return connections(p)
	case strings.HasSuffix(rule.ID, "#concurrent-calls-accepted"):
		return concurrently(p)
	}
	var found []string
	for _, pr := range concerned(rule) {
		for _, id := range pr.run(p) {
			if id != rule.ID {
				GinkgoWriter.Println(pr.op, pr.name, said(p))
			}
			found = append(found, id)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// said are the messages of the last trial.
func said(p *peer) string {
	var text strings.Builder
	for _, f := range p.found {
		fmt.Fprintf(&text, "\n  %s: %s [%s]", f.Rule, f.Message, f.Treated)
	}
	return text.String()
}

// judged tells the rules about the answers to Visa's calls.
func judged(spec *contract.Contract, rule contract.Rule) bool {
	if rule.Party != contract.Issuer {
		return false
	}
	for _, named := range spec.Tables.NamedRules {
		if named.ID != rule.ID {
			continue
		}
		op, err := spec.Operation(named.Operations[0])
		return named.Operations[0] == contract.AllOutbound || err == nil && op.Direction == contract.Outbound
	}
	if op, err := spec.Operation(rule.Operation); err == nil {
		return op.Direction == contract.Outbound
	}
	return strings.HasPrefix(rule.ID, "headers/response/")
}

// named tells a rule that is none of a schema or a header alone.
func named(spec *contract.Contract, id string) bool {
	return slices.ContainsFunc(spec.Tables.NamedRules, func(n contract.NamedRule) bool { return n.ID == id })
}
