package conformance

import "github.com/vtsim/vtsim/conformance/judge"

// countRules says how many of the rules that an issuer can break in its
// answers the cases exercised, and how many of those are proven.
func (r *run) countRules(cases []Case) RuleCounts {
	answerable := map[string]bool{}
	for _, rule := range judge.Rules(r.Contract) {
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
