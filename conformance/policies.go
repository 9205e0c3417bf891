package conformance

import (
	"fmt"
	"slices"

	"github.com/vtsim/vtsim/conformance/policy"
	"github.com/vtsim/vtsim/scenarios"
)

// tried is what a case says of its row of the decision table: nothing before
// it is decided, then that it is kept, or how it is not.
type tried struct {
	decided   bool
	deviation *policy.Deviation
	exchange  string
}

// try holds a step of a policy's case against its row, and says whether the
// case goes on. The judge has looked at the same answer before; neither hears
// of the other.
func (t *trial) try(record scenarios.Record) bool {
	row := t.DecisionTable.RowOf(t.planned.ID)
	if row == nil || record.Call == nil || len(record.Exchanges) == 0 {
		return true
	}
	x := record.Exchanges[len(record.Exchanges)-1]
	deviation, decided := row.Judge(x)
	// What a later step leaves open, the case leaves open.
	t.tried = tried{decided: decided, deviation: deviation, exchange: x.ID}
	if steps := len(t.planned.Scenario.Steps); deviation == nil && record.Step < steps {
		t.tried.decided = false
	}
	return decided && deviation == nil
}

// policyRows are the rows of the decision table that have planned cases, and
// what became of them.
func (r *run) policyRows() []PolicyRow {
	if r.DecisionTable == nil {
		return nil
	}
	var rows []PolicyRow
	for _, row := range r.DecisionTable.Rows {
		shown := PolicyRow{Name: row.Name, Path: row.Path, LeftOut: row.LeftOut, Findings: []PolicyFinding{}}
		for _, one := range row.Cases {
			if slices.ContainsFunc(r.Planned, func(p Planned) bool { return p.ID == one.ID }) {
				shown.count(row, one, r.tried[one.ID], r.rerun(one.ID))
			}
		}
		if shown.Cases > 0 {
			rows = append(rows, shown)
		}
	}
	return rows
}

func (p *PolicyRow) count(row *policy.Row, one scenarios.Case, t tried, rerun string) {
	p.Cases++
	switch {
	case !t.decided:
		p.Unjudged++
	case t.deviation == nil:
		p.Kept++
	default:
		p.Broken++
		p.Findings = append(p.Findings, PolicyFinding{Rule: policy.RulePrefix + row.Name, Level: policy.Tag, Case: one.ID, Title: one.Scenario.Title,
			Message: t.deviation.Message, Expected: t.deviation.Expected, Actual: t.deviation.Actual, Exchange: t.exchange, Rerun: rerun})
	}
}

// PoliciesFail tells whether rows of the decision table that are not kept fail
// the run.
func (r *Result) PoliciesFail() bool {
	return r.Plan.Policies == PoliciesFail && slices.ContainsFunc(r.Policies, func(p PolicyRow) bool { return p.Broken > 0 })
}

// PolicySummary says in one clause how the decision table was kept; empty
// without one.
func (r *Result) PolicySummary() string {
	if len(r.Policies) == 0 {
		return ""
	}
	cases, broken, unjudged := 0, 0, 0
	for _, row := range r.Policies {
		cases += row.Cases
		unjudged += row.Unjudged
		if row.Broken > 0 {
			broken++
		}
	}
	text := fmt.Sprintf("the issuer's own decision table: %s, %s, ", count(len(r.Policies), "row"), count(cases, "case"))
	if broken == 0 {
		text += "no deviation"
	} else {
		text += count(broken, "row") + " not kept"
	}
	if unjudged > 0 {
		text += ", " + count(unjudged, "case") + " not judged"
	}
	return text
}
