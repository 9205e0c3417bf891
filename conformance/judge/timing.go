package judge

import (
	"fmt"
	"time"
)

// budget holds an answer against the expected response time (p.247), however
// wrong the answer is otherwise.
func (r *ruling) budget() {
	if r.op.Budget == 0 {
		return
	}
	r.exercise(r.own("budget"))
	if r.x.Timing.Total > r.op.Budget {
		r.broken(r.own("budget"), fault{came: fmt.Sprintf("the last byte of the answer after %s", r.x.Timing.Total.Round(time.Millisecond)),
			want: fmt.Sprintf("it within %s of the first byte of the call", r.op.Budget)})
	}
}

// timedOut judges a call whose time was over before a whole answer. A case may
// allow less time than the budget; then the rule is not broken yet, and what
// the case expected is the caller's to judge.
func (r *ruling) timedOut(said fault) {
	switch budget := r.op.Budget; {
	case budget == 0:
		r.broken(ruleAnswerComplete, said)
	case r.want.Deadline == 0 || r.want.Deadline >= budget:
		said.want = fmt.Sprintf("one within %s of the first byte of the call", budget)
		r.broken(r.own("budget"), said)
	}
}
