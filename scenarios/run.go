package scenarios

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
)

// Runner runs cases on a stage. It is safe for concurrent use: cases in
// parallel have cards and tokens of their own.
type Runner struct {
	Stage
	machine *token.Machine
}

// NewRunner checks the stage.
func NewRunner(stage Stage) (*Runner, error) {
	if err := stage.complete(); err != nil {
		return nil, err
	}
	return &Runner{Stage: stage, machine: token.NewMachine(&stage.Contract.Tables.Lifecycle)}, nil
}

// defaultRole is the card of a scenario that names none.
const defaultRole = "eligible"

// run is one case on its way.
type run struct {
	*Runner
	c       Case
	s       *Scenario
	observe Observer
	// subjects are card and token by role; main is the scenario's.
	subjects map[string]*subject
	main     *subject
	saved    map[string]any
	// secrets are texts that must not be shown, with what is shown instead.
	secrets map[string]string
	// passcode is the last that a call of the case carried.
	passcode string
	// since is the place in the journal after which calls of the issuer
	// count, and what happened there; consumed are those that were awaited.
	since    string
	sinceFor string
	consumed map[string]bool
	// undo ends faults and moves the clock back; faulty says that the case has
	// set one.
	undo   []func()
	faulty bool
	// deliveries are set where the case waits for some.
	deliveries *deliveries
}

// errEnd ends a case without an error.
var errEnd = errors.New("the case has ended")

// Run runs the case and tells the observer of every step, in their order; an
// introduction of the token is step 0. An error is a *Broken: something on
// this side, also that the context ended. What the issuer does is in the
// Records. A value that cannot be saved, because the issuer's answer lacks it,
// is a mismatch and ends the case, as what follows would be senseless.
//
// Whatever is drawn comes from the case's seed, and the references of the
// cards from the stage's: with the same seeds, on an empty vault and with the
// clock at the same time, the same payloads are sent.
//
// A case that moves the clock or sets faults has the issuer for itself, and
// leaves both as they were.
func (r *Runner) Run(ctx context.Context, c Case, observe Observer) error {
	if c.Scenario == nil {
		return &Broken{What: fmt.Sprintf("the case %q has no scenario", c.ID)}
	}
	err := r.run(ctx, c, observe)
	if errors.Is(err, errEnd) {
		return nil
	}
	var broken *Broken
	if err == nil || errors.As(err, &broken) {
		return err
	}
	return &Broken{At: c.Scenario.At, What: "the case could not be run", Err: err}
}

func (r *Runner) run(ctx context.Context, c Case, observe Observer) error {
	x := &run{Runner: r, c: c, s: c.Scenario, observe: observe, subjects: map[string]*subject{}, saved: map[string]any{},
		secrets: map[string]string{}, consumed: map[string]bool{}}
	lease, err := r.Cards.Take(ctx, c.ID, x.roles(), x.alone())
	if err != nil {
		return &Broken{At: x.s.At, What: "the case has no card to run with", Err: err}
	}
	defer lease.Return()
	defer x.cleanUp()
	if err := x.prepare(ctx, lease.Cards); err != nil {
		return &Broken{At: x.s.At, What: "card and token of the case could not be made", Err: err}
	}
	if x.Queue != nil && x.waits() {
		x.watch()
	}
	if x.awaits() {
		if err := x.mark(ctx, "the case began"); err != nil {
			return err
		}
	}
	if x.s.Token.Introduced {
		if err := x.introduce(ctx); err != nil {
			return err
		}
	}
	for i := range x.s.Steps {
		if err := ctx.Err(); err != nil {
			return &Broken{At: x.s.Steps[i].At, What: "the case was given up", Err: context.Cause(ctx)}
		}
		if err := x.step(ctx, i+1, &x.s.Steps[i]); err != nil {
			return err
		}
	}
	return nil
}

// cleanUp takes back what all see, the last first.
func (x *run) cleanUp() {
	for _, undo := range slices.Backward(x.undo) {
		undo()
	}
}

// role of the scenario's card.
func (x *run) role() string {
	if x.s.Card != "" {
		return x.s.Card
	}
	return defaultRole
}

// roles are all cards that the case needs.
func (x *run) roles() []string {
	roles := append([]string{x.role()}, x.s.Needs.Cards...)
	for _, step := range x.s.Steps {
		if step.Call != nil && step.Call.Card != "" {
			roles = append(roles, step.Call.Card)
		}
	}
	return slices.Compact(slices.Sorted(slices.Values(roles)))
}

// alone tells whether the case changes what all cases see.
func (x *run) alone() bool {
	return slices.ContainsFunc(x.s.Steps, func(s Step) bool { return s.Fault != nil || s.Clock != nil })
}

// awaits tells whether the case looks for calls of the issuer: only then it
// has to know the end of the journal, which grows with every case.
func (x *run) awaits() bool {
	return slices.ContainsFunc(x.s.Steps, func(s Step) bool { return s.Await != nil })
}

// step does one step and tells of it.
func (x *run) step(ctx context.Context, n int, s *Step) error {
	record := Record{Step: n, At: s.At}
	began := time.Now()
	last, err := x.do(ctx, s, &record)
	if err != nil {
		return x.broken(s.At, fmt.Sprintf("step %d, %s", n, record.Title), err)
	}
	record.Elapsed = time.Since(began)
	return x.tell(record, last)
}

// tell hands out a record; last says that the case cannot go on.
func (x *run) tell(record Record, last bool) error {
	for i := range record.Mismatches {
		m := &record.Mismatches[i]
		if m.At == (Position{}) {
			m.At = record.At
		}
		m.Want, m.Got = x.hidden(m.Want), x.hidden(m.Got)
	}
	if x.observe != nil && !x.observe(record) || last {
		return errEnd
	}
	return nil
}

// broken makes an error one of this side, once, with nothing secret in it.
func (x *run) broken(at Position, what string, err error) error {
	var known *Broken
	if errors.As(err, &known) {
		return known
	}
	return &Broken{At: at, What: x.hidden(what), Err: x.masked(err)}
}

// do does one step; last says that the case cannot go on after it.
func (x *run) do(ctx context.Context, s *Step, record *Record) (last bool, err error) {
	switch {
	case s.Call != nil:
		return x.call(ctx, s.Call, record)
	case s.Await != nil:
		return x.await(ctx, s.Await, record)
	case s.Trigger != nil:
		record.Title = "trigger " + s.Trigger.Name
		return false, x.trigger(ctx, s.Trigger)
	case s.Fault != nil:
		record.Title = "fault in " + s.Fault.Operation
		return false, x.fault(s.Fault)
	case s.Token != nil:
		return false, x.act(ctx, s.Token, record)
	case s.Clock != nil:
		record.Title = fmt.Sprintf("move the clock by %s", s.Clock.Advance)
		x.Clock.Advance(s.Clock.Advance)
		x.undo = append(x.undo, func() { x.Clock.Advance(-s.Clock.Advance) })
		return false, nil
	case s.Wait != nil:
		return false, x.wait(ctx, s.Wait, record)
	}
	record.Title = "nothing"
	return false, errors.New("the step does nothing: it has no call, await, trigger, fault, token, clock or wait")
}

// mark notes that calls of the issuer count from here on.
func (x *run) mark(ctx context.Context, why string) error {
	// Nobody has an operation of that name: the answer is the journal's end.
	_, next, err := x.Vault.Traffic(ctx, vault.TrafficQuery{Operation: "none", Limit: 1})
	if err != nil {
		return &Broken{At: x.s.At, What: "the journal cannot be read", Err: err}
	}
	x.since, x.sinceFor = next, why
	return nil
}
