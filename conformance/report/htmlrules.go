package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/vtsim/vtsim/conformance"
	"github.com/vtsim/vtsim/conformance/coverage"
)

// ruleCases is a rule and the cases that could have found it broken.
type ruleCases struct {
	Rule   string
	Proven bool
	// Count of the cases, the First few of them, and all as numbers in the
	// order of the page: 0-4,9.
	Count int
	First []*conformance.Case
	Cases string
}

// shownExercising is how many cases of a rule are named; the filter finds all.
const shownExercising = 2

// rulesOf all cases, in alphabetical order, which groups them by operation.
func rulesOf(sorted []*conformance.Case, counts conformance.RuleCounts) []ruleCases {
	numbers := map[string][]int{}
	for i, c := range sorted {
		for _, rule := range c.Exercised {
			numbers[rule] = append(numbers[rule], i)
		}
	}
	unproven := map[string]bool{}
	for _, place := range counts.Places {
		for _, gap := range place.Gaps {
			unproven[gap.Rule] = !gap.Proven
		}
	}
	var all []ruleCases
	for _, rule := range slices.Sorted(maps.Keys(numbers)) {
		cases := slices.Compact(numbers[rule])
		one := ruleCases{Rule: rule, Proven: len(counts.Places) > 0 && !unproven[rule], Count: len(cases), Cases: ranges(cases)}
		for _, i := range cases[:min(len(cases), shownExercising)] {
			one.First = append(one.First, sorted[i])
		}
		all = append(all, one)
	}
	return all
}

// ranges writes rising numbers as 0-4,9.
func ranges(numbers []int) string {
	var b strings.Builder
	for i := 0; i < len(numbers); {
		last := i
		for last+1 < len(numbers) && numbers[last+1] == numbers[last]+1 {
			last++
		}
		if b.Len() > 0 {
			b.WriteByte(',')
		}
		fmt.Fprint(&b, numbers[i])
		if last > i {
			fmt.Fprintf(&b, "-%d", numbers[last])
		}
		i = last + 1
	}
	return b.String()
}

// Gaps are the rules that are not exercised or not proven, each once, in the
// order of pages.
func (p *page) Gaps() []coverage.Gap {
	gaps := slices.Clone(p.Coverage.Unproven)
	for _, gap := range p.Coverage.Unexercised {
		if gap.Proven {
			gaps = append(gaps, gap)
		}
	}
	slices.SortStableFunc(gaps, func(a, b coverage.Gap) int { return a.Page - b.Page })
	return gaps
}

// gapWords say what a rule lacks.
func gapWords(gap coverage.Gap) string {
	switch {
	case !gap.Exercised && !gap.Proven:
		return "neither"
	case !gap.Exercised:
		return "not exercised"
	}
	return "not proven"
}
