package conformance

import (
	"strings"

	"github.com/vtsim/vtsim/conformance/contract"
)

// Answerable are the rules that an issuer can break where Visa calls it: in
// its answers, its connections and what it tolerates.
func Answerable(c *contract.Contract) []contract.Rule {
	var rules []contract.Rule
	for _, rule := range c.Rules() {
		if rule.Party != contract.Issuer {
			continue
		}
		if op, err := c.Operation(rule.Operation); err == nil && op.Direction == contract.Outbound || rule.Operation == "" && acrossAnswers(rule.ID) {
			rules = append(rules, rule)
		}
	}
	return rules
}

// acrossAnswers tells a rule of several operations that is about Visa's calls.
func acrossAnswers(id string) bool {
	if strings.HasPrefix(id, "transport#") {
		return !strings.HasPrefix(id, "transport#inbound-")
	}
	for _, prefix := range []string{"outbound/", "headers/response/", "envelope/outbound#"} {
		if strings.HasPrefix(id, prefix) {
			return true
		}
	}
	return false
}

// countRules says how many of the rules that an issuer can break in its
// answers the cases exercised, and how many of those are proven.
func (r *run) countRules(cases []Case) RuleCounts {
	answerable := map[string]bool{}
	for _, rule := range Answerable(r.Contract) {
		answerable[rule.ID] = true
	}
	counts := RuleCounts{Total: len(answerable)}
	for _, one := range cases {
		for _, id := range one.Exercised {
			if answerable[id] {
				counts.Exercised++
				answerable[id] = false // once
			}
		}
	}
	proven := map[string]bool{}
	for _, id := range r.Proven {
		if _, ok := answerable[id]; ok && !proven[id] {
			proven[id] = true
			counts.Proven++
		}
	}
	return counts
}
