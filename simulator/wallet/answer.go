package wallet

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/simulator/outbound"
)

// cause is why an issuer's answer does not count, so that Visa stands in.
type cause string

const (
	// causeNone: the answer counts.
	causeNone cause = ""
	// causeConnection: the connection failed or ended before an answer.
	causeConnection cause = "connection"
	// causeTimeout: no whole answer within the operation's budget.
	causeTimeout cause = "timeout"
	// causeForced: the issuer asked Visa to stand in (INT-149).
	causeForced cause = "forced"
	// causeError: the issuer's own error, or an answer that says nothing.
	causeError cause = "error"
)

// Members of answers.
const (
	memberActionCode   = "actionCode"
	memberErrorCode    = "errorCode"
	memberResponseCode = "responseCode"
)

// answer is what the issuer said, as far as it can be used.
type answer struct {
	members map[string]any
	cause   cause
	// why tells the cause to people.
	why string
}

// text is a member that is a string; empty and absent are one (INT-122).
func (a answer) text(name string) string { return text(a.members[name]) }

func text(value any) string {
	s, _ := value.(string)
	return s
}

// read takes the answer out of an exchange. A call that was not made, or was
// given up here, is an error: the issuer is not to blame.
func (f *flow) read(x *outbound.Exchange) (answer, error) {
	if x.Failure != nil {
		return failed(x.Failure)
	}
	if x.Response == nil {
		return answer{cause: causeConnection, why: "no answer came"}, nil
	}
	if x.Response.Status/100 != http.StatusOK/100 {
		return answer{cause: causeError, why: fmt.Sprintf("the answer has status %d", x.Response.Status)}, nil
	}
	if x.Response.Truncated {
		return answer{cause: causeError, why: "the answer is too long"}, nil
	}
	a := answer{members: map[string]any{}}
	if len(x.Response.Body) == 0 {
		return a, nil
	}
	value, err := contract.Decode(x.Response.Body)
	if err != nil {
		return answer{cause: causeError, why: "the answer is not JSON"}, nil
	}
	if a.members, _ = value.(map[string]any); a.members == nil {
		return answer{cause: causeError, why: "the answer is not a JSON object"}, nil
	}
	if code := a.text(memberErrorCode); code != "" && code == f.Contract.ErrorOn(x.Operation, contract.TriggerInternal).Code {
		a.cause, a.why = causeError, "the issuer reports an internal error, "+code
	}
	return a, nil
}

// failed tells a failure of the issuer or the line from one of this side.
func failed(failure *outbound.Failure) (answer, error) {
	switch failure.Kind {
	case outbound.FailureConnect, outbound.FailureTLS, outbound.FailureDropped:
		return answer{cause: causeConnection, why: failure.Message}, nil
	case outbound.FailureTimeout:
		return answer{cause: causeTimeout, why: failure.Message}, nil
	case outbound.FailureProtocol:
		return answer{cause: causeError, why: failure.Message}, nil
	}
	return answer{}, fmt.Errorf("%w: %w", ErrNotSent, failure)
}

// values are the contract's values of a member of the operation's answer.
func (w *Wallet) values(operation, member string) []any {
	op, err := w.Contract.Operation(operation)
	if err != nil || op.Field(contract.Response) == nil || op.Field(contract.Response).Member(member) == nil {
		return nil
	}
	return op.Field(contract.Response).Member(member).Enum
}

// listed tells whether the contract lists the value.
func (w *Wallet) listed(operation, member, value string) bool {
	return slices.Contains(w.values(operation, member), any(value))
}
