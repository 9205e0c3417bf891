package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/fixtures"
	"github.com/vtsim/vtsim/keys"
	"github.com/vtsim/vtsim/scenarios"
)

// Tag of the cases.
const Tag = "policy"

// Table is the issuer's decision table with the cases that try it.
type Table struct {
	Rows []*Row
}

// Row is one policy and its cases.
type Row struct {
	keys.Policy
	Cases []scenarios.Case
	// LeftOut counts the combinations of telling values that no case tries:
	// every pair of them is tried, not every combination.
	LeftOut int
}

// mostCases of one row.
const mostCases = 24

// Expand checks the profile's policies and makes their cases. The same profile
// and seed make the same cases. An error is a *keys.Problem that names the
// row's place, and the other row's.
func Expand(c *contract.Contract, set *fixtures.Set, profile *keys.Profile, seed string) (*Table, error) {
	e := &expansion{profile: profile, set: set, rows: profile.Policies, columns: columns(keys.FactsOf(c), set, profile.Policies)}
	if err := e.check(); err != nil {
		return nil, err
	}
	table := &Table{}
	for i := range e.rows {
		inputs, leftOut := e.inputs(i)
		row := &Row{Policy: e.rows[i], LeftOut: leftOut}
		for n, in := range inputs {
			id := fmt.Sprintf("%s/%s/%d", Tag, e.slug(i), n+1)
			row.Cases = append(row.Cases, scenarios.Case{ID: id, Scenario: e.scenario(i, in), Seed: seed + "/" + id})
		}
		table.Rows = append(table.Rows, row)
	}
	return table, nil
}

// Cases of all rows.
func (t *Table) Cases() []scenarios.Case {
	var all []scenarios.Case
	for _, row := range t.Rows {
		all = append(all, row.Cases...)
	}
	return all
}

// RowOf finds the row that the case tries; nil for another case.
func (t *Table) RowOf(id string) *Row {
	if t == nil {
		return nil
	}
	for _, row := range t.Rows {
		if slices.ContainsFunc(row.Cases, func(c scenarios.Case) bool { return c.ID == id }) {
			return row
		}
	}
	return nil
}

// expansion is the making of a table.
type expansion struct {
	profile *keys.Profile
	set     *fixtures.Set
	rows    []keys.Policy
	columns []column
}

// slug is the row's name as a part of an id; rows whose names differ in
// punctuation only get their number behind it.
func (e *expansion) slug(row int) string {
	name := plain(e.rows[row].Name)
	for i := range e.rows {
		if i != row && plain(e.rows[i].Name) == name {
			return fmt.Sprintf("%s-%d", name, row+1)
		}
	}
	return name
}

func plain(name string) string {
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') })
	if len(words) == 0 {
		return "row"
	}
	return strings.Join(words, "-")
}
