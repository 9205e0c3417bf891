package conformance

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/conformance/judge"
	"github.com/vtsim/vtsim/scenarios"
	"github.com/vtsim/vtsim/simulator/outbound"
)

// trial is one case before the judge.
type trial struct {
	*run
	planned   Planned
	outcome   *Case
	judging   *judge.Trial
	findings  []judge.Finding
	exchanges []Exchange
	// elapsed is the time of the steps, without that for which the case waited
	// for its cards.
	elapsed time.Duration
	// unoffered says what the issuer does not offer, and the case needs to go
	// on; empty when there is nothing of the kind.
	unoffered string
	// late is how late this process was during a call whose time it matters
	// for; zero when it was not.
	late time.Duration
	// lost says that a call was not answered, unserved that nobody was there
	// to take the last one.
	lost, unserved bool
	// tried is what the case says of its row of the decision table.
	tried tried
}

func (r *run) begin(planned Planned, outcome *Case) *trial {
	return &trial{run: r, planned: planned, outcome: outcome, judging: r.judge.Begin(r.Profile.Interpretations)}
}

// observe judges a step. A must rule that is broken ends the case: what comes
// after builds on it.
func (t *trial) observe(record scenarios.Record) bool {
	var found []judge.Finding
	t.elapsed += record.Elapsed
	for _, x := range last(record.Exchanges) {
		ruling := t.judging.Exchange(record.Step, x, want(record))
		t.keep(record, x)
		found = append(found, t.measured(x, ruling.Findings)...)
		t.outcome.Exercised = append(t.outcome.Exercised, ruling.Exercised...)
		t.lost = t.lost || x.Failure != nil
		t.unserved = x.Failure != nil && x.Failure.Kind == outbound.FailureConnect
		t.heard(x, t.planned.ID)
	}
	if record.Inbound != nil {
		t.outcome.Exchanges = append(t.outcome.Exchanges, record.Inbound.ID)
		t.exchanges = append(t.exchanges, exchangeOf(t.planned.ID, record, *record.Inbound))
	}
	if len(found) == 0 { // what is wrong by the contract explains what is not as expected
		found = t.unexpected(record)
	}
	if rule := ruleOf(record); rule != "" {
		t.outcome.Exercised = append(t.outcome.Exercised, rule)
	}
	t.findings = append(t.findings, found...)
	t.outcome.Findings = t.findings
	return t.try(record) && outcomeOf(found) != Failed && t.late == 0
}

// measured leaves out the findings about response times that rest on nothing,
// because this process was late itself, and remembers by how much.
func (t *trial) measured(x *outbound.Exchange, found []judge.Finding) []judge.Finding {
	return slices.DeleteFunc(found, func(f judge.Finding) bool {
		if !strings.HasSuffix(f.Rule, timingRule) {
			return false
		}
		now := time.Now()
		late := t.lag.during(now.Add(-x.Timing.Total-lagTick), now)
		if late == 0 || x.Timing.Total-late > t.Contract.Budget(x.Operation) {
			return false // it was not us, or it took too long all the same
		}
		t.late = max(t.late, late)
		return true
	})
}

// last leaves out the earlier deliveries of a call, which the last one has.
func last(exchanges []*outbound.Exchange) []*outbound.Exchange {
	return slices.DeleteFunc(slices.Clone(exchanges), func(x *outbound.Exchange) bool {
		return slices.ContainsFunc(exchanges, func(other *outbound.Exchange) bool { return slices.Contains(other.Earlier, x) })
	})
}

// end judges what only the whole case shows.
func (t *trial) end() {
	ruling := t.judging.End()
	t.findings = append(t.findings, ruling.Findings...)
	t.outcome.Findings = t.findings
	t.outcome.Exercised = append(t.outcome.Exercised, ruling.Exercised...)
	slices.Sort(t.outcome.Exercised)
	t.outcome.Exercised = slices.Compact(t.outcome.Exercised)
}

// want is what the judge is to hold the answer against.
func want(record scenarios.Record) judge.Want {
	call := record.Call
	switch {
	case record.Delivered:
		return judge.Want{}
	case call == nil: // what the runner does on its own may end either way
		return judge.Want{Open: true}
	}
	e := call.Expect
	return judge.Want{Refused: e.Refused, TLSRefused: e.TLSRefused, AtOnce: call.AtOnce > 1, Rule: call.Rule,
		Open: e.Open, Decided: e.Decided, Declined: e.Declined, Told: len(e.ErrorCode) > 0 || len(e.Status) > 0}
}

// keep adds the exchange, and those of earlier deliveries, to the transcript.
func (t *trial) keep(record scenarios.Record, x *outbound.Exchange) {
	for _, earlier := range x.Earlier {
		t.keep(record, earlier)
	}
	shown := exchangeOf(t.planned.ID, record, t.Journal.Row(x, ""))
	shown.RequestID, shown.Corruptions = contract.Mask(x.RequestID), x.Corruptions
	if x.Failure != nil {
		shown.Failure = contract.Mask(string(x.Failure.Kind) + ": " + x.Failure.Error())
	}
	shown.Timing = Timing{ConnectUS: x.Timing.Connect.Microseconds(), FirstByteUS: x.Timing.FirstByte.Microseconds(),
		TotalUS: x.Timing.Total.Microseconds(), BudgetUS: t.Contract.Budget(x.Operation).Microseconds()}
	shown.TLS = strings.TrimSpace(x.TLS.Version + " " + x.TLS.Suite)
	t.exchanges = append(t.exchanges, shown)
	t.outcome.Exchanges = append(t.outcome.Exchanges, shown.ID)
}

// ruleOf is the rule that the step's expectation proves.
func ruleOf(record scenarios.Record) string {
	if record.Call != nil {
		return record.Call.Rule
	}
	return ""
}

// unexpected makes findings of the scenario's own expectations.
func (t *trial) unexpected(record scenarios.Record) []judge.Finding {
	var found []judge.Finding
	for _, m := range record.Mismatches {
		if m.Unoffered {
			_, kind, _ := strings.Cut(m.Want, "that is ")
			t.unoffered = fmt.Sprintf("%s: the issuer offers nothing at %s that is %s", record.Title, m.Where, kind)
			continue
		}
		f := judge.Finding{Rule: ruleOfStep(t.planned.Scenario, record.Step), Level: levelOf(t.planned.Scenario),
			Expected: m.Want, Actual: m.Got, Location: m.Where, Step: record.Step}
		if record.Call != nil {
			f.Operation = record.Call.Operation
		}
		if len(t.planned.Scenario.Cites) > 0 {
			f.Cite.Page = t.planned.Scenario.Cites[0].Page
		}
		if rule, err := t.Contract.Rule(ruleOf(record)); err == nil {
			f.Rule, f.Level, f.Interpretation, f.Cite = rule.ID, rule.Level, rule.Interpretation, judge.Cite{Section: rule.Section, Page: rule.Page}
		}
		f.Outcome = judge.OutcomeOf(f.Level)
		where := m.Where
		if where == "" {
			where = "the answer"
		}
		f.Message = fmt.Sprintf("%s: %s is %s, the scenario expects %s (p.%d, %s)", record.Title, where, m.Got, m.Want, f.Cite.Page, m.At)
		if len(record.Exchanges) > 0 {
			f.Exchange = record.Exchanges[len(record.Exchanges)-1].ID
		}
		found = append(found, f)
	}
	return found
}

// ruleOfStep is the rule of a scenario's own expectation that proves none of
// the contract.
func ruleOfStep(s *scenarios.Scenario, step int) string {
	return fmt.Sprintf("scenario:%s/%d", s.Name, step)
}

// outcomeOf is the worst of the findings.
func outcomeOf(found []judge.Finding) Outcome {
	outcome := Passed
	for _, f := range found {
		switch f.Outcome {
		case judge.Failed:
			return Failed
		case judge.Warned:
			outcome = Warned
		}
	}
	return outcome
}
