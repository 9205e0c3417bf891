package conformance

import (
	"fmt"
	"slices"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/conformance/judge"
)

// sum counts cases, areas and rules.
func (r *Result) sum(rules RuleCounts) {
	r.Rules = rules
	areas := map[string]*Area{}
	for _, name := range Areas() {
		areas[name] = &Area{Name: name}
	}
	for _, one := range r.Cases {
		area := areas[one.Area]
		switch one.Outcome {
		case Skipped:
			r.Counts.Skipped++
			area.Skipped++
			continue
		case Passed:
			r.Counts.Passed++
			area.Passed++
		case Failed:
			if one.Known != "" {
				r.Counts.Known++
			} else {
				r.Counts.Failed++
			}
		case Warned:
			if one.Known != "" {
				r.Counts.Known++
			} else {
				r.Counts.Warned++
			}
		case Broken:
			r.Counts.Broken++
		}
		area.Total++
	}
	r.Score = []Area{}
	for _, name := range Areas() {
		if area := areas[name]; area.Total+area.Skipped > 0 {
			r.Score = append(r.Score, *area)
		}
	}
}

// decide makes the verdict and says why.
func (r *Result) decide(failOn contract.Level) {
	n := r.Counts
	ran := n.Passed + n.Failed + n.Warned + n.Known
	var problem string
	for _, use := range r.KnownFailures {
		if use.Problem != "" && problem == "" {
			problem = fmt.Sprintf("the known failure %s %s", use.subject(), use.Problem)
		}
	}
	switch {
	case n.Failed > 0:
		r.Verdict, r.Reason = NotConformant, fmt.Sprintf("%s of %d failed", count(n.Failed, "case"), ran+n.Broken)
		if n.Broken > 0 {
			r.Reason += fmt.Sprintf(", and %d could not be run: %s", n.Broken, r.firstBroken())
		}
	case r.Interrupted:
		r.Verdict, r.Reason = Incomplete, fmt.Sprintf("interrupted; %d of %d cases ran", ran, len(r.Cases)-n.Skipped)
	case n.Broken > 0:
		r.Verdict, r.Reason = Incomplete, r.firstBroken()
		if ran > 0 {
			r.Reason = fmt.Sprintf("%s could not be run: %s", count(n.Broken, "case"), r.Reason)
		}
	case ran == 0:
		r.Verdict, r.Reason, r.Mend = Incomplete, "no case ran: "+r.whyNothing(), "look at --filter, and at participation and cards in issuer.yaml"
	case problem != "":
		r.Verdict, r.Reason = NotConformant, problem
	case failOn == contract.Should && n.Warned > 0:
		r.Verdict, r.Reason = NotConformant, fmt.Sprintf("%s of %d missed a should rule, which counts in this run", count(n.Warned, "case"), ran)
	default:
		r.Verdict, r.Reason = Conformant, fmt.Sprintf("%s ran, no must rule was broken", count(ran, "case"))
	}
	r.NextSteps = r.nextSteps()
}

func (r *Result) firstBroken() string {
	i := slices.IndexFunc(r.Cases, func(c Case) bool { return c.Outcome == Broken && c.Reason != reasonInterrupted })
	if i < 0 {
		return reasonInterrupted
	}
	return r.Cases[i].Reason
}

func (r *Result) whyNothing() string {
	if len(r.Cases) == 0 {
		return "the filter leaves none"
	}
	return fmt.Sprintf("all %d are skipped, the first because %s", len(r.Cases), r.Cases[0].Reason)
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// were says that there were so many.
func were(n int, what string) string {
	if n == 1 {
		return "1 " + what + " was"
	}
	return count(n, what) + " were"
}

// Exit codes of a certification.
const (
	ExitConformant    = 0
	ExitNotConformant = 1
	ExitIncomplete    = 3
	ExitInterrupted   = 130
)

// ExitCode of the run.
func (r *Result) ExitCode() int {
	switch {
	case r.Interrupted:
		return ExitInterrupted
	case r.Verdict == Conformant && r.PoliciesFail():
		return ExitNotConformant
	case r.Verdict == Conformant:
		return ExitConformant
	case r.Verdict == NotConformant:
		return ExitNotConformant
	}
	return ExitIncomplete
}

// mostSteps is how many next steps are told.
const mostSteps = 3

// nextSteps are the most useful things to do: what blocks the run, then the
// rules that most cases break, then what was skipped.
func (r *Result) nextSteps() []string {
	steps := []string{}
	if r.Mend != "" {
		steps = append(steps, r.Mend)
	}
	for _, broken := range r.byRule() {
		f := broken.finding
		steps = append(steps, fmt.Sprintf("%s (p.%d, %s): %s; see it alone with: %s", f.Rule, f.Cite.Page, count(broken.cases, "case"), f.Message, broken.rerun))
	}
	for _, use := range r.KnownFailures {
		if use.Problem != "" {
			steps = append(steps, fmt.Sprintf("mend the known failure %s: it %s", use.subject(), use.Problem))
		}
	}
	if reason, n := r.mostSkipped(); n > 0 {
		steps = append(steps, fmt.Sprintf("%s skipped because %s", were(n, "case"), reason))
	}
	return steps[:min(len(steps), mostSteps)]
}

// brokenRule is a rule that cases break, with the first finding of it.
type brokenRule struct {
	finding judge.Finding
	cases   int
	rerun   string
}

// byRule are the rules that count, the worst first, then those that most
// cases break.
func (r *Result) byRule() []*brokenRule {
	var rules []*brokenRule
	byID := map[string]*brokenRule{}
	for _, one := range r.Cases {
		if one.Known != "" {
			continue
		}
		seen := map[string]bool{}
		for _, f := range one.Findings {
			if f.Outcome == judge.Noted || seen[f.Rule] {
				continue
			}
			seen[f.Rule] = true
			if byID[f.Rule] == nil {
				byID[f.Rule] = &brokenRule{finding: f, rerun: one.Rerun}
				rules = append(rules, byID[f.Rule])
			}
			byID[f.Rule].cases++
		}
	}
	slices.SortStableFunc(rules, func(a, b *brokenRule) int {
		if a.finding.Outcome != b.finding.Outcome {
			if a.finding.Outcome == judge.Failed {
				return -1
			}
			return 1
		}
		return b.cases - a.cases
	})
	return rules
}

func (r *Result) mostSkipped() (reason string, most int) {
	counts := map[string]int{}
	for _, one := range r.Cases {
		if one.Outcome != Skipped {
			continue
		}
		counts[one.Reason]++
		if counts[one.Reason] > most {
			reason, most = one.Reason, counts[one.Reason]
		}
	}
	return reason, most
}
