// Package coverage sums up how much of the specification a run could check and
// how much of that is proven: by operation, by section and by page. It knows
// the counts that a Result carries, and neither contract nor files.
//
//	Result.Rules --Of--> rows by operation | section | page, and the gaps
package coverage

import (
	"cmp"
	"slices"

	"github.com/vtsim/vtsim/conformance"
	"github.com/vtsim/vtsim/conformance/contract"
)

// Coverage of the rules that an issuer can break where Visa calls it.
type Coverage struct {
	Sum Row `json:"sum"`
	// Operations and Sections are in the order of pages, Pages by number.
	Operations []Row `json:"operations"`
	Sections   []Row `json:"sections"`
	Pages      []Row `json:"pages"`
	// Unexercised and Unproven rules, in the order of pages.
	Unexercised []Gap `json:"unexercised"`
	Unproven    []Gap `json:"unproven"`
}

// Row counts rules.
type Row struct {
	// Name of the operation or section, empty for the sum and for a page.
	Name string `json:"name,omitempty"`
	// Page is the first one.
	Page      int `json:"page,omitempty"`
	Total     int `json:"total"`
	Exercised int `json:"exercised"`
	Proven    int `json:"proven"`
	// Must are those of Total that are of that level.
	Must          int `json:"must"`
	MustExercised int `json:"mustExercised"`
	MustProven    int `json:"mustProven"`
	// Explained are gaps that have a reason.
	Explained int `json:"explained"`
}

// Gap is a rule that is not exercised or not proven, and where it stands.
type Gap struct {
	conformance.RuleGap
	Page      int    `json:"page"`
	Operation string `json:"operation,omitempty"`
}

// Across is the name for rules of several operations.
const Across = "across operations"

// Of sums up the counts of a Result.
func Of(counts conformance.RuleCounts) Coverage {
	c := Coverage{Operations: []Row{}, Sections: []Row{}, Pages: []Row{}, Unexercised: []Gap{}, Unproven: []Gap{}}
	places := slices.Clone(counts.Places)
	slices.SortStableFunc(places, func(a, b conformance.RulePlace) int { return cmp.Compare(a.Page, b.Page) })
	for _, place := range places {
		c.Sum.add(place)
		into(&c.Operations, Row{Name: cmp.Or(place.Operation, Across), Page: place.Page}).add(place)
		into(&c.Sections, Row{Name: cmp.Or(place.Section, Across), Page: place.Page}).add(place)
		into(&c.Pages, Row{Page: place.Page}).add(place)
		for _, gap := range place.Gaps {
			at := Gap{gap, place.Page, place.Operation}
			if !gap.Exercised {
				c.Unexercised = append(c.Unexercised, at)
			}
			if !gap.Proven {
				c.Unproven = append(c.Unproven, at)
			}
		}
	}
	if len(places) == 0 { // of a Result that knows the sums only
		c.Sum = Row{Total: counts.Total, Exercised: counts.Exercised, Proven: counts.Proven}
	}
	return c
}

// into is the row of that name, or of that page where it has no name.
func into(rows *[]Row, row Row) *Row {
	i := slices.IndexFunc(*rows, func(r Row) bool { return r.Name == row.Name && (row.Name != "" || r.Page == row.Page) })
	if i < 0 {
		i = len(*rows)
		*rows = append(*rows, row)
	}
	return &(*rows)[i]
}

func (r *Row) add(place conformance.RulePlace) {
	r.Total += place.Total
	r.Exercised += place.Exercised
	r.Proven += place.Proven
	r.Must += place.Must
	r.MustExercised += place.Must
	r.MustProven += place.Must
	for _, gap := range place.Gaps {
		if gap.Reason != "" {
			r.Explained++
		}
		if gap.Level != contract.Must {
			continue
		}
		if !gap.Exercised {
			r.MustExercised--
		}
		if !gap.Proven {
			r.MustProven--
		}
	}
}
