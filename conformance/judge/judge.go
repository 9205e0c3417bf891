package judge

import (
	"slices"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/simulator/outbound"
)

// Judge knows the rules. It is immutable and safe for concurrent use.
type Judge struct {
	contract *contract.Contract
	rules    map[string]contract.Rule
	facts    map[string]*facts // by operation
}

// facts are what the judge has made of one operation of the contract.
type facts struct {
	*contract.Operation
	// response are the derived rules of the answer's body by the pointer that
	// they are about.
	response map[string][]derived
	// approvals are the action codes that no error has; decline is the one of
	// a decline for any reason (p.127, p.158).
	approvals []string
	decline   string
}

// New makes a judge of the issuer's answers to the contract's outbound
// operations.
func New(c *contract.Contract) *Judge {
	j := &Judge{contract: c, rules: map[string]contract.Rule{}, facts: map[string]*facts{}}
	for _, rule := range c.Rules() {
		j.rules[rule.ID] = rule
	}
	for _, op := range c.Operations() {
		if op.Direction == contract.Outbound {
			j.facts[op.ID] = factsOf(op)
		}
	}
	j.derive()
	return j
}

func factsOf(op *contract.Operation) *facts {
	f := &facts{Operation: op, response: map[string][]derived{}}
	response := op.Field(contract.Response)
	if response == nil || response.Member(memberAction) == nil {
		return f
	}
	for _, value := range response.Member(memberAction).Enum {
		action, _ := value.(string)
		if !slices.ContainsFunc(op.Errors, func(row contract.ErrorRow) bool { return row.ActionCode == action }) {
			f.approvals = append(f.approvals, action)
		}
	}
	for _, row := range op.Errors {
		if slices.Contains(row.On, string(contract.KindRequired)) {
			f.decline = row.ActionCode
		}
	}
	return f
}

// decides says whether the operation's answer has a body; the others are
// notifications.
func (f *facts) decides() bool { return f.Field(contract.Response) != nil }

// Begin starts a case. Choices are the interpretations that the issuer's
// profile chooses, by their ids or by the names of their knobs.
func (j *Judge) Begin(choices map[string]string) *Trial {
	return &Trial{judge: j, choices: choices, memory: memory{secrets: secrets{}, offered: map[string]methods{}, taken: map[string]bool{}, faulty: map[string]bool{}}}
}

// Trial is one case. It remembers its exchanges, and is for one goroutine at a
// time.
type Trial struct {
	judge   *Judge
	choices map[string]string
	memory
}

// Exchange judges one call of the case and its answer, and every delivery
// before it of a call that was sent more than once. A call that this side
// failed to make has no findings: it is broken, and the caller's business.
func (t *Trial) Exchange(step int, x *outbound.Exchange, want Want) Ruling {
	var all Ruling
	for _, earlier := range x.Earlier {
		all.add(t.one(step, earlier, want))
	}
	all.add(t.one(step, x, want))
	return all
}

// End judges the case as a whole. All rules that there are over several
// exchanges are found broken by the last of them, so that a finding can point
// at it; what End adds are the rules that only a whole case can exercise.
func (t *Trial) End() Ruling {
	var r Ruling
	if len(t.past) > 1 {
		r.Exercised = t.atOnce()
	}
	return r
}

// one judges one delivery.
func (t *Trial) one(step int, x *outbound.Exchange, want Want) Ruling {
	op := t.judge.facts[x.Operation]
	if op == nil || ours(x) {
		return Ruling{}
	}
	r := &ruling{Trial: t, x: x, op: op, want: want, step: step, sent: readSent(op, x), seen: map[string]bool{}}
	t.secrets.add(r.sent.secrets)
	if r.transport() {
		r.a = readAnswer(x.Response)
		r.privacy()
		r.budget()
		if op.decides() {
			r.decision()
		} else {
			r.notification()
		}
		r.headers()
	}
	t.remember(r)
	r.out.sort()
	return r.out
}

// ours tells a call that was not made, or was given up here.
func ours(x *outbound.Exchange) bool {
	return x.Failure != nil && (x.Failure.Kind == outbound.FailureSetup || x.Failure.Kind == outbound.FailureCanceled) ||
		x.Failure == nil && x.Response == nil
}

// chosen says whether the case chooses the alternative of an interpretation.
func (t *Trial) chosen(id string) bool {
	n, err := t.judge.contract.Interpretation(id)
	if err != nil || !n.Knob {
		return false
	}
	for _, key := range []string{n.ID, n.KnobName} {
		switch t.choices[key] {
		case "", "default", "false", "no", "must":
		default:
			return true
		}
	}
	return false
}
