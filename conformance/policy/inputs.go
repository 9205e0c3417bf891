package policy

import (
	"fmt"
	"slices"

	"github.com/vtsim/vtsim/keys"
)

// inputs are the cases of a row: every pair of telling values of the columns
// that it names, in as few inputs as a greedy choice finds.
func (e *expansion) inputs(row int) (made []input, leftOut int) {
	when := &e.rows[row].When
	named := make([]bool, len(e.columns))
	telling := make([][]string, len(e.columns))
	all := 1
	for i, c := range e.columns {
		if named[i] = c.names(when); named[i] {
			telling[i] = c.telling(when)
			all *= len(telling[i])
		}
	}
	open := pairsOf(telling)
	for len(open) > 0 && len(made) < mostCases {
		in := e.choose(row, open[0], telling, open)
		if in == nil { // a row above decides it
			open = open[1:]
			continue
		}
		if !slices.ContainsFunc(made, func(other input) bool { return slices.Equal(in, other) }) {
			made = append(made, in)
		}
		before := len(open)
		if open = slices.DeleteFunc(open, func(p pair) bool { return p.in(in) }); len(open) == before {
			open = open[1:]
		}
	}
	if len(made) == 0 {
		in, _ := e.complete(row, make(input, len(e.columns)), make([]bool, len(e.columns)))
		made = append(made, in)
	}
	return made, max(0, all-len(made))
}

// pair is a value in one column and one in another, or twice the same.
type pair struct {
	a, b           int
	valueA, valueB string
}

func (p pair) in(in input) bool { return in[p.a] == p.valueA && in[p.b] == p.valueB }

// pairsOf lists every pair of telling values; those of a single column with
// themselves, which is what a row with one named column needs.
func pairsOf(telling [][]string) []pair {
	var list []pair
	for a := range telling {
		for b := a; b < len(telling); b++ {
			for _, valueA := range telling[a] {
				for _, valueB := range telling[b] {
					if a != b || valueA == valueB {
						list = append(list, pair{a, b, valueA, valueB})
					}
				}
			}
		}
	}
	return list
}

// choose makes an input with the pair that has many of the open pairs; nil
// when a row above takes all that have it.
func (e *expansion) choose(row int, first pair, telling [][]string, open []pair) input {
	in, set := make(input, len(e.columns)), make([]bool, len(e.columns))
	in[first.a], in[first.b], set[first.a], set[first.b] = first.valueA, first.valueB, true, true
	least, leastSet := slices.Clone(in), slices.Clone(set)
	for i, values := range telling {
		if set[i] || len(values) == 0 {
			continue
		}
		best, most := values[0], -1
		for _, value := range values {
			in[i] = value
			count := 0
			for _, p := range open {
				if (p.a == i || p.b == i) && (p.a == i || set[p.a]) && (p.b == i || set[p.b]) && p.in(in) {
					count++
				}
			}
			if count > most {
				best, most = value, count
			}
		}
		in[i], set[i] = best, true
	}
	if done, _ := e.complete(row, in, set); done != nil {
		return done
	}
	done, _ := e.complete(row, least, leastSet)
	return done
}

// mostTries bounds the search for an input.
const mostTries = 20_000

// complete fills the columns that are not set so that the row decides and none
// above it; nil when there is no way, tangled when the search was given up.
func (e *expansion) complete(row int, in input, set []bool) (found input, tangled bool) {
	s := &completion{expansion: e, row: row, in: slices.Clone(in), set: set}
	above := []int{}
	for i := range row {
		above = append(above, i)
	}
	if s.from(0, above) {
		return s.in, false
	}
	return nil, s.tries > mostTries
}

type completion struct {
	*expansion
	row   int
	in    input
	set   []bool
	tries int
}

// from fills the columns from the one on; above are the rows above that the
// values so far fit.
func (s *completion) from(at int, above []int) bool {
	if s.tries++; s.tries > mostTries {
		return false
	}
	if at == len(s.columns) {
		return len(above) == 0
	}
	values := []string{s.in[at]}
	if !s.set[at] {
		values = s.candidates(at)
	}
	seen := map[string]bool{}
	for _, value := range values {
		var left []int
		for _, i := range above {
			if s.columns[at].accepts(&s.rows[i].When, value) {
				left = append(left, i)
			}
		}
		key := fmt.Sprint(left)
		if seen[key] {
			continue // it leads where another value has led
		}
		seen[key] = true
		s.in[at] = value
		if s.from(at+1, left) {
			return true
		}
	}
	return false
}

// candidates are the values that the row accepts: telling ones first where it
// names the column, wallets that ask for the token type first where it leaves
// the wallet open.
func (s *completion) candidates(at int) []string {
	c, when := s.columns[at], &s.rows[s.row].When
	list := c.accepted(when)
	if c.names(when) {
		return append(c.telling(when), list...)
	}
	if c.Key != keys.FactWallet {
		return list
	}
	slices.SortStableFunc(list, func(a, b string) int { return s.foreign(a) - s.foreign(b) })
	return list
}
