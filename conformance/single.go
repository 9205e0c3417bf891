package conformance

import (
	"context"
	"slices"
	"sync"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/keys"
)

// NewSetup is a Setup with what comes with the program: the contract, and the
// facts that key files are read by.
func NewSetup(options Options) (Setup, error) {
	c, err := contract.Load()
	if err != nil {
		return Setup{}, err
	}
	return Setup{Contract: c, Settings: keys.Settings{Facts: keys.FactsOf(c)}, Options: options}, nil
}

// Level of the scenario's own expectations.
func (p Planned) Level() contract.Level { return levelOf(p.Scenario) }

// Describe is what is known of a planned case before it runs: its outcome is
// Skipped, without a reason when it could run.
func (c *Certification) Describe(p Planned) Case { return (&run{Certification: c}).described(p) }

// OneByOne runs the planned cases that somebody else chooses, when he chooses:
// a test framework has a runner of its own. What Run does before the first
// case, it does before the first that is asked for. It is safe for concurrent
// use, and runs one case at a time.
type OneByOne struct {
	mu  sync.Mutex
	run *run
	// begun says that the endpoint was tried; obstacle is what was in the way,
	// and blamed that a case has been told of it.
	begun, blamed bool
	obstacle      *obstacle
	ran           []Case
}

// OneByOne begins a run of which no case has run.
func (c *Certification) OneByOne() *OneByOne {
	alone := *c
	alone.Parallel = 1
	r := &run{Certification: &alone, started: c.Now(), exchanges: map[string][]Exchange{}, result: alone.blank(), stop: func() {}}
	r.progress.Planned = len(c.Planned)
	return &OneByOne{run: r}
}

// Run runs a case of the plan. Known says of one that failed that a known
// failure excuses it. A case that is run again takes the place of what it was.
func (o *OneByOne) Run(ctx context.Context, planned Planned) (Case, []Exchange) {
	o.mu.Lock()
	defer o.mu.Unlock()
	one := []Case{o.run.described(planned)}
	switch {
	case planned.Skip != "":
		o.run.finished(&one[0])
	case !o.begin(ctx):
		o.blocked(planned, one)
	default:
		o.run.one(ctx, planned, &one[0])
	}
	o.ran = append(slices.DeleteFunc(o.ran, func(earlier Case) bool { return earlier.ID == planned.ID }), one[0])
	part := &run{Certification: o.run.Certification, result: &Result{Cases: one, Interrupted: true}}
	part.excuse(o.run.Known, o.run.Now()) // what it says of the entries is for the end
	return one[0], o.run.exchanges[planned.ID]
}

// begin tries the endpoint, once.
func (o *OneByOne) begin(ctx context.Context) bool {
	if !o.begun {
		o.begun, o.obstacle = true, o.run.preflight(ctx)
	}
	return o.obstacle == nil
}

// blocked makes the outcome of a case that could not begin, as Run does: the
// first shows what the issuer did wrong, if it was the issuer.
func (o *OneByOne) blocked(planned Planned, one []Case) {
	alone, obstacle := *o.run.Certification, *o.obstacle
	alone.Planned = []Planned{planned}
	if o.blamed {
		obstacle.findings = nil
	}
	o.blamed = true
	(&run{Certification: &alone, result: o.run.result}).blocked(&obstacle, one)
	o.run.finished(&one[0])
}

// Mend is what would most likely help where the endpoint cannot be certified;
// empty where it can.
func (o *OneByOne) Mend() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.run.result.Mend
}

// Down says that the issuer fell over, and since which case, which has failed;
// empty while it takes connections. It is the reason of all that come after.
func (o *OneByOne) Down() string {
	o.run.mu.Lock()
	defer o.run.mu.Unlock()
	return o.run.down
}

// Result is that of the cases that were asked for so far, as if nothing else
// had been planned. Known failures of others are left out.
func (o *OneByOne) Result() *Result {
	o.mu.Lock()
	defer o.mu.Unlock()
	c := *o.run.Certification
	c.Planned = slices.DeleteFunc(slices.Clone(c.Planned), func(p Planned) bool {
		return !slices.ContainsFunc(o.ran, func(one Case) bool { return one.ID == p.ID })
	})
	if len(c.Planned) < len(o.run.Planned) {
		c.Known = slices.DeleteFunc(slices.Clone(c.Known), func(k KnownFailure) bool { return !k.about(o.ran) })
	}
	r := &run{Certification: &c, started: o.run.started, exchanges: o.run.exchanges, result: c.blank()}
	r.result.StartedAt, r.result.Mend = o.run.started.UTC(), o.run.result.Mend
	r.result.Interrupted = slices.ContainsFunc(o.ran, func(one Case) bool { return one.Reason == reasonInterrupted })
	return r.conclude(slices.Clone(o.ran))
}

// about tells whether the entry is about something that ran.
func (k KnownFailure) about(cases []Case) bool {
	return slices.ContainsFunc(cases, func(one Case) bool {
		return k.apply(&one).met
	})
}
