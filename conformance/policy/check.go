package policy

import (
	"fmt"
	"strings"

	"github.com/vtsim/vtsim/keys"
)

// check finds rows that contradict each other and rows that nothing reaches.
//
// A row that is a special case of one below it is an exception, and fine. Rows
// that look at different facts are read in their order. But two rows that look
// at the same facts, say different things and overlap contradict each other,
// and so does a row whose whole condition one above has already decided
// otherwise.
func (e *expansion) check() error {
	for later := range e.rows {
		for earlier := range later {
			if err := e.compare(earlier, later); err != nil {
				return err
			}
		}
		found, tangled := e.complete(later, make(input, len(e.columns)), make([]bool, len(e.columns)))
		if tangled {
			return e.problem(later, "is one of so many rows that cross each other that no case can be found for it", "split the table")
		}
		if found == nil {
			return e.problem(later, "is never reached: the rows above take everything that it is about, "+e.takers(later), "move it up, or take it out")
		}
	}
	return nil
}

// compare looks at two rows.
func (e *expansion) compare(earlier, later int) error {
	a, b := &e.rows[earlier], &e.rows[later]
	overlap, within, wider, alike := true, true, true, true
	for _, c := range e.columns {
		both, onlyA, onlyB := false, false, false
		for _, value := range c.values {
			inA, inB := c.accepts(&a.When, value), c.accepts(&b.When, value)
			both, onlyA, onlyB = both || inA && inB, onlyA || inA && !inB, onlyB || inB && !inA
		}
		overlap, within, wider = overlap && both, within && !onlyB, wider && !onlyA
		alike = alike && c.names(&a.When) == c.names(&b.When)
	}
	switch same := a.Path == b.Path; {
	case !overlap:
		return nil
	case within && same:
		return e.problem(later, "is never reached: "+e.place(earlier)+" takes everything that it is about", "take one of them out, or move this one up")
	case within:
		return e.problem(later, fmt.Sprintf("contradicts %s: what is %s here is %s there", e.place(earlier), b.Path, a.Path), "mend one of them, or move the special case up")
	case !same && alike && !wider:
		return e.problem(later, fmt.Sprintf("contradicts %s: %s is %s here and %s there", e.place(earlier), e.shared(a, b), b.Path, a.Path), "make their ranges and lists end where the other's begin")
	}
	return nil
}

// shared is an example of what both rows are about.
func (e *expansion) shared(a, b *keys.Policy) string {
	var words []string
	for _, c := range e.columns {
		if !c.names(&a.When) {
			continue
		}
		for _, value := range c.values {
			if c.accepts(&a.When, value) && c.accepts(&b.When, value) {
				words = append(words, c.Key+" "+value)
				break
			}
		}
	}
	return strings.Join(words, ", ")
}

// takers are the rows above that have something in common with the row.
func (e *expansion) takers(row int) string {
	var names []string
	for i := range row {
		overlap := true
		for _, c := range e.columns {
			common := false
			for _, value := range c.values {
				common = common || c.accepts(&e.rows[i].When, value) && c.accepts(&e.rows[row].When, value)
			}
			overlap = overlap && common
		}
		if overlap {
			names = append(names, e.place(i))
		}
	}
	return strings.Join(names, ", ")
}

func (e *expansion) place(row int) string {
	return fmt.Sprintf("%q (line %d)", e.rows[row].Name, e.rows[row].Line)
}

func (e *expansion) problem(row int, what, mend string) error {
	p := e.rows[row]
	return &keys.Problem{File: e.profile.File, Line: p.Line, Column: p.Column, What: fmt.Sprintf("the policy %q %s", p.Name, what), Mend: mend}
}
