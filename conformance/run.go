package conformance

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/conformance/judge"
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
	// silent counts the calls in a row that nothing came back to.
	down   string
	silent int
	// found are the rules that were found broken.
	found []string
	// confirmed counts, by rule, the cases that found it broken alone.
	confirmed map[string]int
	stop      context.CancelFunc
	// done are the cases so far, in the order in which they ended.
	done []Case
	kept keeper
	// lag knows when this process was late; quiet is held for reading by cases
	// that run side by side, and for writing by one that must run alone.
	lag   lagWatch
	quiet sync.RWMutex
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
		met := r.preflight(ctx)
		switch {
		case ctx.Err() != nil:
			r.blocked(&obstacle{reason: reasonInterrupted}, outcomes)
		case met != nil:
			r.blocked(met, outcomes)
		default:
			r.all(ctx, outcomes)
		}
	}
	r.result.Interrupted = slices.ContainsFunc(outcomes, func(c Case) bool { return c.Reason == reasonInterrupted })
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
	r.kept.begin(r.Config.Checkpoint)
	defer r.kept.end()
	var watching sync.WaitGroup
	watched, unwatch := context.WithCancel(context.WithoutCancel(ctx))
	watching.Go(func() { r.lag.watch(watched) })
	defer watching.Wait()
	defer unwatch()
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

// one runs one case, or says why it did not. Where this process was too late
// to measure an answer, the case is run again with nothing beside it.
func (r *run) one(ctx context.Context, planned Planned, outcome *Case) {
	defer r.finished(outcome)
	if late := r.beside(ctx, planned, outcome); late == 0 {
		if r.doubtful(ctx, planned, outcome) {
			r.confirm(ctx, planned, outcome)
		}
		return
	}
	var late time.Duration
	for range measureTries {
		*outcome = r.described(planned)
		if late = r.apart(ctx, planned, outcome); late == 0 {
			return
		}
	}
	outcome.Outcome, outcome.Findings = Broken, nil
	outcome.Reason = fmt.Sprintf("this machine is too busy to measure response times: it was late by %s during a call; end what runs beside, or look at --parallel", late.Round(time.Millisecond))
}

// measureTries is how often a case is tried again alone.
const measureTries = 3

// beside runs the case with others beside it, apart with none.
func (r *run) beside(ctx context.Context, planned Planned, outcome *Case) time.Duration {
	r.quiet.RLock()
	defer r.quiet.RUnlock()
	return r.attempt(ctx, planned, outcome)
}

func (r *run) apart(ctx context.Context, planned Planned, outcome *Case) time.Duration {
	r.quiet.Lock()
	defer r.quiet.Unlock()
	return r.attempt(ctx, planned, outcome)
}

// attempt runs the case and returns how late this process was where that
// leaves open how long an answer took.
func (r *run) attempt(ctx context.Context, planned Planned, outcome *Case) (late time.Duration) {
	if reason := r.ended(ctx); reason != "" {
		outcome.Outcome, outcome.Reason = Broken, reason
		return 0
	}
	within := r.timeoutOf(planned)
	limited, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	t := r.begin(planned, outcome)
	err := r.Runner.Run(limited, planned.Case, t.observe)
	t.end()
	outcome.ElapsedMS = t.elapsed.Milliseconds()
	outcome.Outcome = outcomeOf(t.findings)
	if outcome.Outcome == Passed && t.unoffered != "" {
		outcome.Outcome, outcome.Reason = Skipped, t.unoffered
	}
	if err != nil && outcome.Outcome != Failed {
		outcome.Outcome, outcome.Reason = Broken, contract.Mask(err.Error())
		if reason := r.ended(ctx); reason != "" {
			outcome.Reason = reason
		} else if limited.Err() != nil {
			outcome.Reason = "the case did not end within " + within.String()
		}
	}
	if t.lost && outcome.Outcome == Failed {
		r.probe(ctx, t)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.exchanges[planned.ID] = t.exchanges
	if t.tried.decided {
		r.tried[planned.ID] = t.tried
	}
	return t.late
}

// timeoutOf is how long the case may take: longer where a person has to act.
func (r *run) timeoutOf(p Planned) time.Duration {
	for _, name := range triggersOf(p.Scenario) {
		if _, ok := r.Profile.Triggers[name]; !ok {
			return max(r.CaseTimeout, personTimeout)
		}
	}
	return r.CaseTimeout
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
	if ctx.Err() != nil {
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
	r.progress.Case, r.progress.New = outcome, r.news(outcome)
	r.Config.Progress(r.progress)
	r.done = append(r.done, *outcome)
	if r.kept.due() {
		r.kept.give(r.soFar())
	}
}

// news are the findings about rules that no case has found broken before. It
// needs r.mu.
func (r *run) news(outcome *Case) []judge.Finding {
	var news []judge.Finding
	for _, f := range outcome.Findings {
		if f.Outcome != judge.Noted && !slices.Contains(r.found, f.Rule) {
			r.found = append(r.found, f.Rule)
			news = append(news, f)
		}
	}
	return news
}

// soFar is what a run that ends now would leave. It needs r.mu.
func (r *run) soFar() *Result {
	part := &run{Certification: r.Certification, started: r.started, exchanges: r.exchanges, tried: r.tried, result: r.blank()}
	part.result.StartedAt, part.result.Interrupted = r.started.UTC(), true
	return part.conclude(slices.Clone(r.done))
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
		r.result.Exchanges = append(r.result.Exchanges, r.exchanges[outcomes[i].ID]...)
	}
	r.result.Cases = outcomes
	r.result.DurationMS = r.Now().Sub(r.started).Milliseconds()
	r.result.Policies = r.policyRows()
	r.excuse(r.Known, r.Now())
	r.result.sum(r.countRules(outcomes))
	r.result.decide(r.FailOn)
	return r.result
}
