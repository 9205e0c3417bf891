package conformance

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/vtsim/vtsim/conformance/contract"
)

// run is one run on its way.
type run struct {
	*Certification
	result  *Result
	started time.Time

	mu        sync.Mutex
	progress  Progress
	exchanges map[string][]Exchange // by case
	tried     map[string]tried      // cases of policies that were decided, by id
	// down says why the issuer is not asked any more; empty while it answers.
	down string
	stop context.CancelFunc
	// done are the cases so far, in the order in which they ended.
	done         []Case
	checkpointed time.Time
}

// Run runs the plan. It always returns a Result that can be read, also when
// the context ends or the issuer cannot be reached.
func (c *Certification) Run(ctx context.Context) *Result {
	r := &run{Certification: c, started: c.Now(), exchanges: map[string][]Exchange{}, tried: map[string]tried{}, result: c.blank()}
	r.progress.Planned = len(c.Planned)
	outcomes := make([]Case, len(c.Planned))
	for i, planned := range c.Planned {
		outcomes[i] = r.described(planned)
	}
	if c.Skipped() < len(c.Planned) {
		if obstacle := r.preflight(ctx); obstacle != nil {
			r.blocked(obstacle, outcomes)
			return r.conclude(outcomes)
		}
		r.all(ctx, outcomes)
	}
	r.result.Interrupted = ctx.Err() != nil
	return r.conclude(outcomes)
}

// Skipped counts the planned cases that cannot run.
func (c *Certification) Skipped() int {
	count := 0
	for _, planned := range c.Planned {
		if planned.Skip != "" {
			count++
		}
	}
	return count
}

// blank is the Result before anything ran.
func (c *Certification) blank() *Result {
	r := &Result{Schema: Schema, Tool: c.Tool, Spec: c.Contract.Spec(), StartedAt: c.Now().UTC(), Exchanges: []Exchange{},
		Issuer: Issuer{Name: c.Profile.Name, Endpoint: c.Target.Endpoint},
		Plan: Plan{Profile: c.Options.Profile, Filter: c.Filter, Seed: c.Seed, Parallel: c.Parallel, FailOn: string(c.FailOn),
			Planned: len(c.Planned), Skipped: c.Skipped(), File: c.File}}
	if c.DecisionTable != nil && len(c.DecisionTable.Rows) > 0 {
		r.Plan.Policies = c.Options.Policies
	}
	if c.Case != "" {
		r.Plan.Filter = "id:" + c.Case
	}
	return r
}

// described is the case before it ran: skipped, or not yet anything.
func (r *run) described(p Planned) Case {
	s := p.Scenario
	one := Case{ID: p.ID, Title: s.Title, Cites: []Cite{}, Tags: s.Tags, Area: areaOf(s), Operations: operationsOf(s), Rerun: r.rerun(p.ID),
		Outcome: Skipped, Reason: p.Skip, Exchanges: []string{}}
	for _, cite := range s.Cites {
		one.Cites = append(one.Cites, Cite(cite))
	}
	if len(one.Operations) > 0 {
		one.BudgetMS = r.Contract.Budget(one.Operations[0]).Milliseconds()
	}
	return one
}

// all runs the cases, several at a time.
func (r *run) all(ctx context.Context, outcomes []Case) {
	ctx, r.stop = context.WithCancel(ctx)
	defer r.stop()
	next := make(chan int)
	var workers sync.WaitGroup
	for range r.Parallel {
		workers.Go(func() {
			for i := range next {
				r.one(ctx, r.Planned[i], &outcomes[i])
			}
		})
	}
	for i, planned := range r.Planned {
		if planned.Skip != "" {
			r.finished(&outcomes[i])
			continue
		}
		next <- i
	}
	close(next)
	workers.Wait()
}

// one runs one case, or says why it did not.
func (r *run) one(ctx context.Context, planned Planned, outcome *Case) {
	defer r.finished(outcome)
	if reason := r.ended(ctx); reason != "" {
		outcome.Outcome, outcome.Reason = Broken, reason
		return
	}
	ctx, cancel := context.WithTimeout(ctx, r.CaseTimeout)
	defer cancel()
	t := r.begin(planned, outcome)
	err := r.Runner.Run(ctx, planned.Case, t.observe)
	t.end()
	outcome.ElapsedMS = t.elapsed.Milliseconds()
	outcome.Outcome = outcomeOf(t.findings)
	if err != nil && outcome.Outcome != Failed {
		outcome.Outcome, outcome.Reason = Broken, r.brokenBy(ctx, err)
	}
	if t.lost && outcome.Outcome == Failed {
		r.probe(ctx, outcome)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.exchanges[planned.ID] = t.exchanges
	if t.tried.decided {
		r.tried[planned.ID] = t.tried
	}
}

// brokenBy says what on this side ended a case.
func (r *run) brokenBy(ctx context.Context, err error) string {
	if reason := r.ended(ctx); reason != "" && !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return reason
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return "the case did not end within " + r.CaseTimeout.String()
	}
	return contract.Mask(err.Error())
}

// reasonInterrupted is that of the cases that an interrupted run did not reach.
const reasonInterrupted = "the run was interrupted"

// ended says why no further case is begun.
func (r *run) ended(ctx context.Context) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.down != "" {
		return r.down
	}
	if ctx.Err() != nil && !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return reasonInterrupted
	}
	return ""
}

// finished tells of the progress.
func (r *run) finished(outcome *Case) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.progress.Done++
	switch outcome.Outcome {
	case Failed:
		r.progress.Failed++
	case Warned:
		r.progress.Warned++
	case Broken:
		r.progress.Broken++
	}
	r.progress.Case = outcome
	r.Config.Progress(r.progress)
	r.done = append(r.done, *outcome)
	r.checkpoint()
}

// checkpointEvery is how often the result so far is given out.
const checkpointEvery = time.Second

// checkpoint gives out what a run that ends now would leave. It needs r.mu.
func (r *run) checkpoint() {
	now := r.Now()
	if r.Config.Checkpoint == nil || now.Sub(r.checkpointed) < checkpointEvery {
		return
	}
	r.checkpointed = now
	part := &run{Certification: r.Certification, started: r.started, exchanges: r.exchanges, tried: r.tried, result: r.blank()}
	part.result.StartedAt, part.result.Interrupted = r.started.UTC(), true
	r.Config.Checkpoint(part.conclude(slices.Clone(r.done)))
}

// probe separates a wrong answer from an issuer that fell over: after a call
// that was not answered, somebody must still take connections.
func (r *run) probe(ctx context.Context, outcome *Case) {
	if r.alive(context.WithoutCancel(ctx)) {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.down == "" {
		r.down = "the issuer fell over: it has taken no connection since case " + outcome.ID
		r.stop()
	}
}

// blocked makes the Result of a run that could not begin.
func (r *run) blocked(o *obstacle, outcomes []Case) {
	r.result.Mend = o.mend
	for i := range outcomes {
		if outcomes[i].Reason == "" {
			outcomes[i].Outcome, outcomes[i].Reason = Broken, o.reason
		}
	}
	if len(o.findings) == 0 {
		return
	}
	for i := range outcomes {
		if r.Planned[i].Skip == "" {
			outcomes[i].Outcome, outcomes[i].Reason, outcomes[i].Findings = Failed, o.reason, o.findings
			outcomes[i].Exercised = []string{o.findings[0].Rule}
			return // one case shows it; the others could not run
		}
	}
}

// conclude makes the Result from what became of the cases.
func (r *run) conclude(outcomes []Case) *Result {
	for i := range outcomes {
		slices.Sort(outcomes[i].Exercised)
		outcomes[i].Exercised = slices.Compact(outcomes[i].Exercised)
		r.result.Exchanges = append(r.result.Exchanges, r.exchanges[outcomes[i].ID]...)
	}
	r.result.Cases = outcomes
	r.result.DurationMS = r.Now().Sub(r.started).Milliseconds()
	r.result.Policies = r.policyRows()
	r.result.excuse(r.Known, r.Now())
	r.result.sum(r.countRules(outcomes))
	r.result.decide(r.FailOn)
	return r.result
}
