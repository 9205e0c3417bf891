package conformance

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/vtsim/vtsim/conformance/judge"
)

// confirmations is how often a rule must be found broken by a case that runs
// alone before cases that run beside others are believed.
const confirmations = 2

// doubtful tells a case that failed or was warned beside others for a rule that no case has
// been seen to break alone. A case that the issuer has to act in is not run
// again, since what he did is done; nor is one for a late answer, which is
// measured as it came.
func (r *run) doubtful(ctx context.Context, planned Planned, outcome *Case) bool {
	if outcome.Outcome != Failed && outcome.Outcome != Warned || r.Parallel < 2 || len(triggersOf(planned.Scenario)) > 0 || r.ended(ctx) != "" {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.ContainsFunc(outcome.Findings, func(f judge.Finding) bool {
		return f.Outcome != judge.Noted && f.Rule != judge.RuleConcurrent && !strings.HasSuffix(f.Rule, timingRule) && r.confirmed[f.Rule] < confirmations
	})
}

// confirm runs a case again with nothing beside it. What it finds then is the
// case's; a case that passes failed because of what ran beside it, which is
// told as such, at the level of what was found.
func (r *run) confirm(ctx context.Context, planned Planned, outcome *Case) {
	failed, transcript := *outcome, r.transcript(planned.ID, nil)
	*outcome = r.described(planned)
	late := r.apart(ctx, planned, outcome)
	switch {
	case late == 0 && outcome.Outcome == failed.Outcome, late == 0 && outcome.Outcome == Failed:
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.confirmed == nil {
			r.confirmed = map[string]int{}
		}
		for _, f := range outcome.Findings {
			r.confirmed[f.Rule]++
		}
		return
	case late == 0 && (outcome.Outcome == Passed || outcome.Outcome == Warned):
		failed.Findings = append([]judge.Finding{r.crowded(failed.Findings)}, outcome.Findings...)
		failed.Exercised = slices.Compact(slices.Sorted(slices.Values(append(failed.Exercised, judge.RuleConcurrent))))
	}
	*outcome = failed
	r.transcript(planned.ID, transcript)
}

// transcript is that of the case, which is replaced where another is given.
func (r *run) transcript(id string, by []Exchange) []Exchange {
	r.mu.Lock()
	defer r.mu.Unlock()
	if by != nil {
		r.exchanges[id] = by
	}
	return r.exchanges[id]
}

// crowded is the finding that takes the place of those of a case that passes
// alone.
func (r *run) crowded(found []judge.Finding) judge.Finding {
	at := slices.IndexFunc(found, func(f judge.Finding) bool { return f.Outcome == judge.Failed })
	if at < 0 {
		at = slices.IndexFunc(found, func(f judge.Finding) bool { return f.Outcome == judge.Warned })
	}
	f := found[at]
	if rule, err := r.Contract.Rule(judge.RuleConcurrent); err == nil {
		f.Cite = judge.Cite{Section: rule.Section, Page: rule.Page}
		f.Interpretation = rule.Interpretation
	}
	f.Message = fmt.Sprintf("%s; alone, the same case passes (p.%d)", strings.TrimSuffix(f.Message, "."), f.Cite.Page)
	f.Expected = "what comes to the same call when no other is under way"
	f.Rule, f.Location = judge.RuleConcurrent, ""
	return f
}
