package report

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/vtsim/vtsim/conformance"
	"github.com/vtsim/vtsim/conformance/judge"
)

// digest is the Result in the order in which people read it: worst first, and
// each broken rule once with all the cases that broke it.
type digest struct {
	*conformance.Result
	// Broke are the broken cases, Mute the failed and warned ones that no
	// finding explains.
	Broke, Mute []*conformance.Case
	// Failed, Warned and Noted are broken rules by operation, Known those that
	// a known failure excuses.
	Failed, Warned, Noted, Known []byOperation
	// Skips are the reasons of skips, the most frequent first.
	Skips []skip
	// Sorted are all cases, worst first.
	Sorted []*conformance.Case
	byID   map[string]*conformance.Exchange
}

// byOperation are the broken rules of one operation.
type byOperation struct {
	Operation string
	Rules     []*brokenRule
}

// brokenRule is one rule and all that broke it.
type brokenRule struct {
	judge.Finding
	// Cases that broke it, each once; Messages are the different texts, the
	// first at most shownMessages of them, of All.
	Cases    []*conformance.Case
	Messages []judge.Finding
	All      int
}

type skip struct {
	Reason string
	Cases  []*conformance.Case
}

// noOperation groups what is about no operation.
const noOperation = "whole run"

// shownMessages of one broken rule.
const shownMessages = 3

func digestOf(result *conformance.Result) *digest {
	d := &digest{Result: printable(result), byID: map[string]*conformance.Exchange{}}
	for i := range d.Exchanges {
		d.byID[d.Exchanges[i].ID] = &d.Exchanges[i]
	}
	var failed, warned, noted, known []found
	skips := map[string]*skip{}
	for i := range d.Cases {
		c := &d.Cases[i]
		d.Sorted = append(d.Sorted, c)
		switch c.Outcome {
		case conformance.Broken:
			d.Broke = append(d.Broke, c)
			continue
		case conformance.Skipped:
			reason := oneLine(c.Reason)
			if skips[reason] == nil {
				skips[reason] = &skip{Reason: reason}
			}
			skips[reason].Cases = append(skips[reason].Cases, c)
			continue
		}
		before := len(failed) + len(warned) + len(known)
		for _, finding := range c.Findings {
			f := found{c, finding}
			switch {
			case finding.Outcome != judge.Failed && finding.Outcome != judge.Warned:
				noted = append(noted, f)
			case c.Known != "":
				known = append(known, f)
			case finding.Outcome == judge.Failed:
				failed = append(failed, f)
			default:
				warned = append(warned, f)
			}
		}
		if c.Outcome != conformance.Passed && before == len(failed)+len(warned)+len(known) {
			d.Mute = append(d.Mute, c)
		}
	}
	d.Failed, d.Warned, d.Noted, d.Known = grouped(failed), grouped(warned), grouped(noted), grouped(known)
	for _, s := range skips {
		d.Skips = append(d.Skips, *s)
	}
	slices.SortFunc(d.Skips, func(a, b skip) int {
		return cmp.Or(cmp.Compare(len(b.Cases), len(a.Cases)), cmp.Compare(a.Reason, b.Reason))
	})
	slices.SortStableFunc(d.Sorted, func(a, b *conformance.Case) int { return cmp.Compare(rank(a), rank(b)) })
	return d
}

type found struct {
	c *conformance.Case
	f judge.Finding
}

// grouped puts the findings together by operation and rule, the operation with
// the most broken cases first, and in it the rule with the most.
func grouped(all []found) []byOperation {
	rules := map[string]*brokenRule{}
	operations := map[string]*byOperation{}
	weight := map[string]int{}
	for _, one := range all {
		operation := one.f.Operation
		if operation == "" {
			operation = noOperation
		}
		key := operation + "\x00" + one.f.Rule
		rule := rules[key]
		if rule == nil {
			rule = &brokenRule{Finding: one.f}
			rules[key] = rule
			if operations[operation] == nil {
				operations[operation] = &byOperation{Operation: operation}
			}
			operations[operation].Rules = append(operations[operation].Rules, rule)
		}
		if rule.add(one) {
			weight[operation]++
		}
	}
	groups := make([]byOperation, 0, len(operations))
	for _, group := range operations {
		slices.SortStableFunc(group.Rules, func(a, b *brokenRule) int {
			return cmp.Or(cmp.Compare(len(b.Cases), len(a.Cases)), cmp.Compare(a.Rule, b.Rule))
		})
		groups = append(groups, *group)
	}
	slices.SortFunc(groups, func(a, b byOperation) int {
		return cmp.Or(cmp.Compare(weight[b.Operation], weight[a.Operation]), cmp.Compare(a.Operation, b.Operation))
	})
	return groups
}

// add takes one more finding in, and says whether its case is a new one.
func (b *brokenRule) add(one found) bool {
	b.All++
	same := func(m judge.Finding) bool {
		return anyElement(m.Message) == anyElement(one.f.Message) && m.Expected == one.f.Expected && m.Actual == one.f.Actual
	}
	if len(b.Messages) < shownMessages && !slices.ContainsFunc(b.Messages, same) {
		b.Messages = append(b.Messages, one.f)
	}
	if n := len(b.Cases); n > 0 && b.Cases[n-1] == one.c {
		return false
	}
	b.Cases = append(b.Cases, one.c)
	return true
}

// elements are the places of array elements in a JSON Pointer.
var elements = regexp.MustCompile(`/\d+(/|\b)`)

// anyElement is a message without the number of the element that it is about:
// the same slip in the second element is not another one.
func anyElement(message string) string { return elements.ReplaceAllString(message, "/*$1") }

// rank of a case: broken, failed, warned, skipped, passed; what a known failure
// excuses comes after what it doesn't.
func rank(c *conformance.Case) int {
	order := []conformance.Outcome{conformance.Broken, conformance.Failed, conformance.Warned, "", conformance.Skipped, conformance.Passed}
	if c.Known != "" {
		return 3
	}
	return slices.Index(order, c.Outcome)
}

// operationOf a case is its main one.
func operationOf(c *conformance.Case) string {
	if len(c.Operations) == 0 {
		return noOperation
	}
	return c.Operations[0]
}

// cases by operation, the operations in alphabetical order.
func casesByOperation(cases []*conformance.Case) (names []string, by map[string][]*conformance.Case) {
	by = map[string][]*conformance.Case{}
	for _, c := range cases {
		name := operationOf(c)
		if by[name] == nil {
			names = append(names, name)
		}
		by[name] = append(by[name], c)
	}
	slices.Sort(names)
	return names, by
}

// place is where the rule stands, as people cite it.
func place(cite judge.Cite) string {
	switch {
	case cite.Page > 0 && cite.Section != "":
		return fmt.Sprintf("p.%d, %s", cite.Page, cite.Section)
	case cite.Page > 0:
		return fmt.Sprintf("p.%d", cite.Page)
	}
	return cite.Section
}

// firstCases are the ids of the first n cases, and how many more there are.
func firstCases(cases []*conformance.Case, n int) string {
	ids := []string{}
	for i, c := range cases {
		if i == n {
			return fmt.Sprintf("%s and %d more", strings.Join(ids, ", "), len(cases)-n)
		}
		ids = append(ids, oneLine(c.ID))
	}
	return strings.Join(ids, ", ")
}

// verdictWords is the verdict as people say it.
func verdictWords(v conformance.Verdict) string {
	switch v {
	case conformance.Conformant:
		return "conformant"
	case conformance.NotConformant:
		return "not conformant"
	case conformance.Incomplete:
		return "incomplete"
	}
	return string(v)
}

// countWords says the counts, worst first, without those that are none.
func countWords(c conformance.Counts) string {
	words := []string{}
	for _, count := range []struct {
		n    int
		what conformance.Outcome
	}{{c.Broken, conformance.Broken}, {c.Failed, conformance.Failed}, {c.Warned, conformance.Warned}, {c.Skipped, conformance.Skipped}, {c.Passed, conformance.Passed}} {
		if count.n > 0 {
			words = append(words, fmt.Sprintf("%d %s", count.n, count.what))
		}
	}
	if len(words) == 0 {
		return "no case ran"
	}
	return strings.Join(words, ", ")
}

// partial is what every format says of an interrupted run.
const partial = "PARTIAL: the run was interrupted before its end; cases that had not run by then are missing"

// excuse is what excuses a case: the reason, and who answers for it until when.
func (d *digest) excuse(c *conformance.Case) string {
	for _, use := range d.KnownFailures {
		if use.Reason == c.Known && use.Uses > 0 {
			return fmt.Sprintf("%s (owner %s, expires %s)", use.Reason, use.Owner, use.Expires)
		}
	}
	return c.Known
}
