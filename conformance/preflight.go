package conformance

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/conformance/judge"
	"github.com/vtsim/vtsim/scenarios"
	"github.com/vtsim/vtsim/simulator/outbound"
)

// obstacle is why a run cannot begin. Findings are set when the issuer itself
// is to blame for it; without them it may as well be the set-up.
type obstacle struct {
	reason, mend string
	findings     []judge.Finding
}

// preflight finds out whether the endpoint can be called at all, before
// anything is held against it: a TLS session, then one good call.
func (r *run) preflight(ctx context.Context) *obstacle {
	if o := r.handshake(ctx); o != nil {
		return o
	}
	return r.firstCall(ctx)
}

// firstOperation is one that the issuer serves, a decision first: those say in
// their answers who they are.
func (r *run) firstOperation() *contract.Operation {
	var first *contract.Operation
	for _, op := range r.Contract.Operations() {
		if op.Direction != contract.Outbound || !r.Profile.Participation[op.ID] {
			continue
		}
		if op.Budget > 0 {
			return op
		}
		if first == nil {
			first = op
		}
	}
	return first
}

func (r *run) pathOf(op *contract.Operation) string {
	at, err := url.Parse(r.Target.Endpoint)
	if err != nil {
		return op.Path
	}
	return strings.TrimSuffix(at.Path, "/") + strings.NewReplacer("{", "", "}", "").Replace(op.Path)
}

// firstCall makes one good call: what answers at all, can be judged.
func (r *run) firstCall(ctx context.Context) *obstacle {
	op := r.firstOperation()
	if op == nil {
		return r.unreachable("the issuer takes part in nothing", "set participation in issuer.yaml")
	}
	s := &scenarios.Scenario{Name: "preflight", Title: "One good call before the first case", Level: contract.Must,
		Steps: []scenarios.Step{{Call: &scenarios.Call{Operation: op.ID, Expect: scenarios.Expect{Open: true}}}}}
	for _, card := range r.Profile.Cards[:min(1, len(r.Profile.Cards))] {
		s.Card = card.Role
	}
	var seen *outbound.Exchange
	err := r.Runner.Run(ctx, scenarios.Case{ID: s.Name, Scenario: s, Seed: r.Seed + "/preflight"}, func(record scenarios.Record) bool {
		for _, x := range record.Exchanges {
			seen = x
		}
		return true
	})
	if err != nil {
		return &obstacle{reason: "a first call could not be made: " + contract.Mask(err.Error()), mend: "this is an error of this side: look at keys, cards and credentials in issuer.yaml"}
	}
	if seen == nil || seen.Failure == nil || seen.Failure.Kind == outbound.FailureDropped {
		return nil // a connection that is cut is a case's business
	}
	if seen.Failure.Kind == outbound.FailureTimeout {
		return r.unreachable(fmt.Sprintf("the endpoint takes connections and answers no call: %s got %s", op.ID, seen.Failure.Message), "look at the issuer's log: does the call arrive, and what does it wait for?")
	}
	return r.unreachable(contract.Mask(seen.Failure.Message), seen.Failure.Mend)
}

// unreachable is an obstacle that may lie on either side.
func (r *run) unreachable(reason, mend string) *obstacle {
	return &obstacle{reason: r.address() + " cannot be certified: " + reason, mend: mend}
}

// against is an obstacle that only the issuer can have made.
func (r *run) against(id, message, mend string) *obstacle {
	o := &obstacle{reason: message, mend: mend}
	rule, err := r.Contract.Rule(id)
	if err != nil { // a rule of the contract that a test keeps there
		return r.unreachable(message, mend)
	}
	o.findings = []judge.Finding{{Rule: rule.ID, Level: rule.Level, Outcome: judge.OutcomeOf(rule.Level), Actual: message, Expected: rule.Title,
		Message: fmt.Sprintf("%s (p.%d)", message, rule.Page), Cite: judge.Cite{Section: rule.Section, Page: rule.Page}, Interpretation: rule.Interpretation}}
	return o
}
