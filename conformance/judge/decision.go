package judge

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/vtsim/vtsim/conformance/contract"
)

// Rules of the answer's schema that say that there is no decision at all, or
// what a decision leaves out.
const (
	keywordNoDecision         = "answer-carries-a-decision"
	keywordNoMethods          = "methods-decision-or-error"
	keywordEmptyList          = "one-method-or-more"
	keywordCodeMissing        = "error-code-expected-with-decline"
	keywordNoMethodsForStepUp = "expected-with-step-up"
)

// decision judges the answer to a call that the issuer decides on. What is
// wrong is looked for from outside to inside, and the first thing that keeps
// the decision from being understood ends it: one cause, one finding.
func (r *ruling) decision() {
	if r.strangeStatus() {
		r.bodiless = true
		return
	}
	if !r.a.success() {
		r.stands = refused
		if r.byStatus() {
			r.bodyJSON()
		} else {
			r.bodiless = r.a.fault != "" // an error page under a status that is wrong already
		}
		return
	}
	if !r.bodyJSON() {
		return
	}
	violations := r.schema()
	if r.undecided(violations) || r.codeFault() {
		r.report(violations, nil)
		return
	}
	r.stands = r.standing()
	if r.takesMethod() && r.want.Refused == "" && r.offeredForPasscodes(r.method()) {
		r.exercise(ruleMethodAccepted)
	}
	missed := r.held()
	r.report(violations, func(v contract.Violation) bool { return missed && v.Keyword == keywordCodeMissing })
	r.stepUpMethods(violations)
	r.passcode()
}

// schema validates the body of a success; an absent one is an empty object,
// which every rule about a decision tells apart well enough (INT-123).
func (r *ruling) schema() []contract.Violation {
	value := r.a.value
	if !r.a.body {
		value = map[string]any{}
	}
	r.walk(value)
	violations, err := r.judge.contract.Validate(r.op.ID, contract.Response, value)
	if err != nil {
		return nil // the operation has no such part, and is no decision then
	}
	has := func(keyword string) bool {
		return slices.ContainsFunc(violations, func(v contract.Violation) bool { return v.Keyword == keyword })
	}
	return slices.DeleteFunc(violations, func(v contract.Violation) bool {
		return v.Keyword == keywordEmptyList && has(keywordNoMethods) || worse(violations, v) // INT-164
	})
}

// ofForm are the keywords of one value from the plainest fault to the finest: a
// value that is too long fits no pattern and no list either.
var ofForm = []string{"maxLength", "enum", "pattern", "issuer-application-data-format-00"}

// worse tells a violation of a value that has a plainer fault.
func worse(violations []contract.Violation, v contract.Violation) bool {
	rank := slices.Index(ofForm, v.Keyword)
	return rank > 0 && slices.ContainsFunc(violations, func(other contract.Violation) bool {
		return other.Location == v.Location && slices.Contains(ofForm[:rank], other.Keyword)
	})
}

// undecided tells violations that leave open what was decided.
func (r *ruling) undecided(violations []contract.Violation) bool {
	return slices.ContainsFunc(violations, func(v contract.Violation) bool {
		switch v.Location {
		case "", "/" + memberAction, "/" + memberError, "/" + memberResponse:
			return v.Keyword != keywordCodeMissing
		}
		return v.Keyword == keywordNoMethods
	})
}

// report adds the violations but for those to leave out.
func (r *ruling) report(violations []contract.Violation, leaveOut func(contract.Violation) bool) {
	for _, v := range violations {
		if leaveOut != nil && leaveOut(v) {
			continue
		}
		got := r.shown(v.Got)
		where := strings.TrimPrefix(v.Location, "/")
		if where == "" {
			where = "the body"
		}
		message := fmt.Sprintf("%s: %s: %s came, want it %s (p.%d)", r.op.ID, where, got, v.Expected, v.Page)
		if v.Expected == v.Message { // a rule that was named by hand, in a sentence
			message = fmt.Sprintf("%s: %s: %s came; %s (p.%d)", r.op.ID, where, got, v.Message, v.Page)
		}
		r.broken(v.Rule, fault{came: got, want: v.Expected, message: message, location: v.Location, interpretation: v.Interpretation, level: v.Level, page: v.Page})
	}
}

// codeFault judges the codes of a success status by themselves.
func (r *ruling) codeFault() bool {
	approval := slices.Contains(r.op.approvals, r.a.action)
	if approval {
		r.exercise(r.own("approval-without-errorCode"))
	}
	if r.a.code == "" {
		return false
	}
	r.exercise(r.own("error-code-allowed"))
	switch {
	case approval:
		r.broken(r.own("approval-without-errorCode"), fault{came: r.came(), want: memberAction + " " + r.shown(r.a.action) + " without " + memberError,
			location: "/" + memberError})
		return true
	case !slices.ContainsFunc(r.op.Errors, func(row contract.ErrorRow) bool { return row.Code == r.a.code }):
		r.broken(r.own("error-code-allowed"), fault{came: memberError + " " + r.shown(r.a.code), want: "one of " + r.codes(), location: "/" + memberError})
		return true
	case r.a.action == "":
		return false
	}
	r.exercise(r.own("actionCode-matches-errorCode"))
	if r.op.Allows(r.a.code, r.a.action) {
		return false
	}
	r.broken(r.own("actionCode-matches-errorCode"), fault{came: r.came(), want: r.pairs(), location: "/" + memberAction})
	return true
}

// codes of the operation's table.
func (r *ruling) codes() string {
	var list []string
	for _, row := range r.op.Errors {
		list = append(list, row.Code)
	}
	return strings.Join(slices.Compact(list), ", ")
}

// pairs are the action codes that go with the code, and the codes that go with
// the action code.
func (r *ruling) pairs() string {
	var actions, codes []string
	for _, row := range r.op.Errors {
		if row.Code == r.a.code {
			actions = append(actions, row.ActionCode)
		}
		if row.ActionCode == r.a.action {
			codes = append(codes, row.Code)
		}
	}
	want := fmt.Sprintf("%s with %s %s", r.a.code, memberAction, strings.Join(actions, " or "))
	if len(codes) > 0 {
		want += fmt.Sprintf(", or %s %s with %s", memberAction, r.a.action, strings.Join(codes, ", "))
	}
	return want
}

// standing says what an understood answer does with the call.
func (r *ruling) standing() standing {
	switch {
	case r.a.code != "":
		return refused
	case r.op.decline != "" && !slices.Contains(r.op.approvals, r.a.action):
		return refused
	}
	return taken
}

// held holds the answer against what was wanted, and says whether it failed.
func (r *ruling) held() bool {
	switch {
	case r.want.Told:
		return false
	case r.want.Open || r.want.Decided:
		return r.leftUndecided()
	case r.want.Declined:
		return r.undeclined()
	case r.want.Refused != "":
		return r.refusal()
	case r.stands == refused:
		r.exercise(r.want.Rule, r.own("accepted"))
		r.notTaken()
		return true
	}
	r.exercise(r.want.Rule, r.own("accepted"))
	return false
}

// byStatus judges an answer with an error status that chapter 1 provides for,
// and says whether it is one that may come here.
func (r *ruling) byStatus() bool {
	switch {
	case r.want.Told:
		return true
	case r.want.Open || r.want.Decided:
		return !r.leftUndecided()
	case r.want.Declined:
		return !r.undeclined()
	case r.want.Refused == "":
		r.exercise(r.want.Rule, r.own("accepted"))
		r.notTaken()
		return false
	}
	return !r.refusal()
}

// notTaken reports a call that was refused but is right.
func (r *ruling) notTaken() {
	rule := r.want.Rule
	switch {
	case r.methodForgotten(): // whatever else was asked about, the method was refused
		rule = ruleMethodAccepted
	case r.identifierFaulty():
		return // it breaks a rule of its own, and the call with it
	case rule != "":
	case r.want.AtOnce, r.alongside():
		rule = RuleConcurrent
	default:
		rule = r.own("accepted")
	}
	want := "a success, nothing is wrong with the call"
	if r.op.decline != "" {
		want = fmt.Sprintf("%s %s, nothing is wrong with the call", memberAction, strings.Join(r.op.approvals, " or "))
	}
	r.broken(rule, fault{came: r.came(), want: want})
}

// plainSuccess tells the status that a success has.
func (r *ruling) plainSuccess() bool { return r.a.status == http.StatusOK }
