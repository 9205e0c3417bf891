package conformance

import (
	"context"
	"fmt"

	"github.com/vtsim/vtsim/conformance/judge"
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
	return r.firstCalls(ctx)
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
