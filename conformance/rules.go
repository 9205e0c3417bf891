package conformance

import (
	"cmp"
	"slices"
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

// RuleCounts say how much of the specification the run could check.
type RuleCounts struct {
	// Total are the rules that an issuer can break in answers, Exercised those
	// that at least one exchange could have broken, Proven those that a defect
	// of the reference issuer proves to be checked.
	Total     int `json:"total"`
	Exercised int `json:"exercised"`
	Proven    int `json:"proven"`
	// Places are the same rules by the place where they stand, in the order of
	// pages.
	Places []RulePlace `json:"byPage,omitempty"`
}

// RulePlace are the rules that stand on one page and belong to one operation.
type RulePlace struct {
	Page    int    `json:"page"`
	Section string `json:"section,omitempty"`
	// Operation is empty for rules of several operations.
	Operation string `json:"operation,omitempty"`
	Total     int    `json:"total"`
	// Must are those of Total that are of that level.
	Must      int `json:"must"`
	Exercised int `json:"exercised"`
	Proven    int `json:"proven"`
	// Gaps are the rules that are not both exercised and proven.
	Gaps []RuleGap `json:"gaps,omitempty"`
}

// RuleGap is a rule that is not exercised, not proven, or neither.
type RuleGap struct {
	Rule      string         `json:"rule"`
	Level     contract.Level `json:"level"`
	Exercised bool           `json:"exercised"`
	Proven    bool           `json:"proven"`
	// Reason explains the gap, where there is an explanation.
	Reason string `json:"reason,omitempty"`
}

// CountRules says which of the rules that an issuer can break in its answers
// are among the exercised and the proven ids, place by place. Ids that are none
// of these rules count nothing.
func CountRules(c *contract.Contract, exercised, proven map[string]bool) RuleCounts {
	type place struct {
		page               int
		section, operation string
	}
	places := map[place]*RulePlace{}
	counts, explained := RuleCounts{}, Explained(c)
	for _, rule := range Answerable(c) {
		counts.Total++
		at := place{rule.Page, rule.Section, rule.Operation}
		if op, err := c.Operation(rule.Operation); err == nil {
			at.section = op.Section
		}
		p := places[at]
		if p == nil {
			p = &RulePlace{Page: at.page, Section: at.section, Operation: at.operation}
			places[at] = p
		}
		p.count(RuleGap{Rule: rule.ID, Level: rule.Level, Exercised: exercised[rule.ID], Proven: proven[rule.ID], Reason: explained[rule.ID]})
	}
	for _, p := range places {
		counts.Exercised += p.Exercised
		counts.Proven += p.Proven
		counts.Places = append(counts.Places, *p)
	}
	slices.SortFunc(counts.Places, func(a, b RulePlace) int {
		return cmp.Or(cmp.Compare(a.Page, b.Page), cmp.Compare(a.Section, b.Section), cmp.Compare(a.Operation, b.Operation))
	})
	return counts
}

// count takes one more rule in.
func (p *RulePlace) count(rule RuleGap) {
	p.Total++
	if rule.Level == contract.Must {
		p.Must++
	}
	if rule.Exercised {
		p.Exercised++
	}
	if rule.Proven {
		p.Proven++
	}
	if !rule.Exercised || !rule.Proven {
		p.Gaps = append(p.Gaps, rule)
	}
}

// countRules says how many of the rules that an issuer can break in its
// answers the cases exercised, and how many of those are proven.
func (r *run) countRules(cases []Case) RuleCounts {
	exercised, proven := map[string]bool{}, map[string]bool{}
	for _, one := range cases {
		for _, id := range one.Exercised {
			exercised[id] = true
		}
	}
	for _, id := range r.Proven {
		proven[id] = true
	}
	return CountRules(r.Contract, exercised, proven)
}
