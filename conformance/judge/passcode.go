package judge

import (
	"fmt"
	"slices"

	"github.com/vtsim/vtsim/conformance/contract"
)

const ruleMethodAccepted = "retrieveStepUpMethods/response/stepUpMethods/*/identifier#accepted-by-sendPasscode"

// passcode judges the success of sendPasscode: a status and nothing else
// (p.189, INT-112).
func (r *ruling) passcode() {
	if !r.takesMethod() || r.stands != taken || r.want.Refused != "" {
		return
	}
	r.exercise(r.own("status-200"), r.own("empty-body"))
	if !r.plainSuccess() {
		r.broken(r.own("status-200"), fault{came: fmt.Sprintf("HTTP %d", r.a.status), want: "HTTP 200"})
	}
	if !r.a.body {
		return
	}
	f := fault{came: fmt.Sprintf("a body of %d bytes", len(r.x.Response.Body)), want: "no body"}
	if r.saysNothing() {
		f.level = contract.Info
	}
	r.broken(r.own("empty-body"), f)
}

// saysNothing tells {} and one with an errorCode of nothing.
func (r *ruling) saysNothing() bool {
	for name, value := range r.a.members {
		if name != memberError || value != nil && value != "" {
			return false
		}
	}
	return true
}

// memberMethod carries the identifier of the method (p.182).
const memberMethod = "otpMethodIdentifier"

// takesMethod tells the operation that a method is chosen in.
func (r *ruling) takesMethod() bool {
	field := r.op.Field(contract.Request)
	return field != nil && field.Member(memberMethod) != nil
}

// method is the identifier that the call chose, as text.
func (r *ruling) method() string {
	value, ok := r.sent.members[memberMethod]
	if !ok || value == nil {
		return ""
	}
	return fmt.Sprint(value)
}

// methodForgotten tells a refusal of an identifier that the case was offered
// for passcodes, with a code about the method (p.171).
func (r *ruling) methodForgotten() bool {
	if !r.takesMethod() || !r.offeredForPasscodes(r.method()) {
		return false
	}
	for _, row := range r.op.Errors {
		aboutMethod := slices.ContainsFunc(row.On, func(on string) bool {
			return on == contract.TriggerMethodUnknown || on == contract.TriggerMethodInvalid || on == contract.TriggerOTPChannel
		})
		if aboutMethod && row.Code == r.a.code {
			return true
		}
	}
	return false
}

// identifierFaulty tells a call by an identifier that was found wrong when it
// was offered.
func (r *ruling) identifierFaulty() bool { return r.takesMethod() && r.faulty[r.method()] }
