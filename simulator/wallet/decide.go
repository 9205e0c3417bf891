package wallet

import (
	"context"
	"fmt"

	"github.com/vtsim/vtsim/fixtures"
)

// Action codes that a flow branches on (p.127): approved, approved on
// condition, plain decline. Every other one that is listed is a decline.
const (
	actionApproved    = "00"
	actionConditional = "85"
	actionDeclined    = "05"
	// actionForced is no listed action code: it asks for stand-in (INT-149).
	actionForced = "N0"
)

const approve = "approveProvisioning"

// decision is what became of a request for a token.
type decision struct {
	action, errorCode, stipReason string
	// members of the answer; nil in stand-in.
	members map[string]any
}

// path names the decision.
func (d decision) path() fixtures.Path {
	switch d.action {
	case actionApproved:
		return fixtures.PathGreen
	case actionConditional:
		return fixtures.PathYellow
	}
	return fixtures.PathRed
}

// decide asks the issuer, and decides in its place where it cannot or does not
// answer (p.127, p.134).
func (f *flow) decide(ctx context.Context) (decision, error) {
	if reason, ok := f.unasked(); ok {
		d := f.declinedByVisa(reason)
		f.event("Visa decides without asking the issuer: stipReasonCode %s, actionCode %s", d.stipReason, d.action)
		return d, nil
	}
	a, err := f.call(ctx, approve, nil)
	if err != nil {
		return decision{}, err
	}
	d, a := f.decisionIn(a)
	if a.cause == causeNone {
		f.note("the issuer answers actionCode %s%s", d.action, also(d.errorCode))
		return d, nil
	}
	d = f.standIn(a.cause)
	f.note("stand-in because %s: stipReasonCode %s, actionCode %s", a.why, d.stipReason, d.action)
	return d, nil
}

func also(errorCode string) string {
	if errorCode == "" {
		return ""
	}
	return " with " + errorCode
}

// decisionIn reads the issuer's decision. An error code without an action code
// declines as the operation's table pairs them; a code that contradicts an
// approval, or that no list has, makes the answer unusable (INT-103, INT-104).
func (f *flow) decisionIn(a answer) (decision, answer) {
	d := decision{action: a.text(memberActionCode), errorCode: a.text(memberErrorCode), members: a.members}
	if a.cause != causeNone {
		return d, a
	}
	op, err := f.Contract.Operation(approve)
	if err != nil {
		return d, answer{cause: causeError, why: err.Error()}
	}
	if d.action == "" && d.errorCode != "" {
		for _, row := range op.Errors {
			if row.Code == d.errorCode {
				d.action = row.ActionCode
			}
		}
	}
	switch {
	case d.action == actionForced:
		return d, answer{cause: causeForced, why: fmt.Sprintf("the issuer answers %s", actionForced)}
	case d.action == "":
		return d, answer{cause: causeError, why: "the answer has no actionCode"}
	case !f.listed(approve, memberActionCode, d.action):
		return d, answer{cause: causeError, why: "the answer has an actionCode that is not listed"}
	case d.errorCode != "" && d.path() != fixtures.PathRed:
		return d, answer{cause: causeError, why: "the answer approves and reports an error at once"}
	}
	return d, a
}
