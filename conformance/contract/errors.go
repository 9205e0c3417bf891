package contract

import (
	"fmt"
	"net/http"
)

// Triggers lead to a row of an error table, beside the kinds of violations.
const (
	TriggerCrypto          = "crypto"
	TriggerTokenNotFound   = "token-not-found"
	TriggerTokenState      = "token-state"
	TriggerStateExists     = "state-exists"
	TriggerStateRefused    = "state-refused"
	TriggerReplacementPAN  = "replacement-pan"
	TriggerProfileID       = "profile-id"
	TriggerTaskID          = "task-id"
	TriggerInternal        = "internal"
	TriggerInvalidPAN      = "invalid-pan"
	TriggerPANIneligible   = "pan-ineligible"
	TriggerCardType        = "card-type"
	TriggerSuspectedFraud  = "suspected-fraud"
	TriggerCardExpired     = "card-expired"
	TriggerCardReplaced    = "card-replaced"
	TriggerAuthFailed      = "auth-failed"
	TriggerCVV2            = "cvv2"
	TriggerExpirationDate  = "expiration-date"
	TriggerTokenValue      = "token-value"
	TriggerTokenReference  = "token-reference"
	TriggerMethodUnknown   = "method-unknown"
	TriggerMethodInvalid   = "method-invalid"
	TriggerOTPChannel      = "otp-channel"
	TriggerMalformed       = "malformed"
	TriggerUnauthorized    = "unauthorized"
	TriggerNotFound        = "not-found"
	TriggerServerError     = "server-error"
	TriggerInvalidRequest  = "invalid-request"
	TriggerInvalidArgument = "invalid-parameter"
)

// triggerWords is the whole vocabulary of x-errors' on.
var triggerWords = words(string(KindRequired), string(KindLength), string(KindType), string(KindValue),
	TriggerCrypto, TriggerTokenNotFound, TriggerTokenState, TriggerStateExists, TriggerStateRefused, TriggerReplacementPAN,
	TriggerProfileID, TriggerTaskID, TriggerInternal, TriggerInvalidPAN, TriggerPANIneligible, TriggerCardType,
	TriggerSuspectedFraud, TriggerCardExpired, TriggerCardReplaced, TriggerAuthFailed, TriggerCVV2, TriggerExpirationDate,
	TriggerTokenValue, TriggerTokenReference, TriggerMethodUnknown, TriggerMethodInvalid, TriggerOTPChannel,
	TriggerMalformed, TriggerUnauthorized, TriggerNotFound, TriggerServerError)

// Triggers returns the whole vocabulary of error tables, sorted: the kinds of
// violations and what else leads to a row.
func Triggers() []string { return sortedKeys(triggerWords) }

// Answers reports whether a table has an answer to the trigger: the
// operation's own or that of the standard errors (p.31).
func (c *Contract) Answers(operation, trigger string) bool {
	if op, ok := c.operations[operation]; ok {
		if _, found := op.errorOn(trigger, false); found {
			return true
		}
	}
	for _, e := range c.Tables.StandardErrors.Errors {
		if e.row().has(trigger) {
			return true
		}
	}
	return false
}

func words(list ...string) map[string]bool {
	set := make(map[string]bool, len(list))
	for _, word := range list {
		set[word] = true
	}
	return set
}

// ErrorFor returns the error that answers the violation: the row of the
// operation's table for its kind, else the standard error (p.31).
func (c *Contract) ErrorFor(operation string, v Violation) ErrorRow {
	return c.ErrorOn(operation, string(v.Kind))
}

// ErrorOn returns the error that answers a trigger at the level of the whole
// call: the first row of the operation's table that has it, an error status
// before a row that is printed with 200 too (INT-080), else the standard
// error (p.31).
func (c *Contract) ErrorOn(operation, trigger string) ErrorRow {
	if op, ok := c.operations[operation]; ok {
		if row, ok := op.errorOn(trigger, op.Direction == Inbound); ok {
			return row
		}
	}
	return c.Tables.standardError(trigger)
}

// PartialErrorOn returns the row that reports a trigger inside a successful
// answer, for one token among several (INT-080).
func (c *Contract) PartialErrorOn(operation, trigger string) (ErrorRow, bool) {
	op, ok := c.operations[operation]
	if !ok {
		return ErrorRow{}, false
	}
	for _, row := range op.Errors {
		if row.HTTP == http.StatusOK && row.has(trigger) {
			return row, true
		}
	}
	return ErrorRow{}, false
}

func (o *Operation) errorOn(trigger string, preferStatus bool) (ErrorRow, bool) {
	var first ErrorRow
	found := false
	for _, row := range o.Errors {
		if !row.has(trigger) {
			continue
		}
		if !preferStatus || row.HTTP >= http.StatusBadRequest {
			return row, true
		}
		if !found {
			first, found = row, true
		}
	}
	return first, found
}

// Allows reports whether the operation's table has the code, for an answer
// with that action code ("" where the call has none).
func (o *Operation) Allows(code, actionCode string) bool {
	for _, row := range o.Errors {
		if row.Code == code && (row.ActionCode == "" || row.ActionCode == actionCode) {
			return true
		}
	}
	return false
}

// ErrorUse is one place where an error code stands.
type ErrorUse struct {
	Operation string
	Row       ErrorRow
}

// ErrorUses returns every row with that code, in the order of the operations.
func (c *Contract) ErrorUses(code string) []ErrorUse {
	var uses []ErrorUse
	for _, op := range c.ordered {
		for _, row := range op.Errors {
			if row.Code == code {
				uses = append(uses, ErrorUse{op.ID, row})
			}
		}
	}
	return uses
}

// UnusedCode is a code of the same form as the one given that stands in no
// table, for answers that are wrong on purpose; "" when the code has no form.
func (c *Contract) UnusedCode(like string) string {
	if !codeShape.MatchString(like) {
		return ""
	}
	const running = 4 // digits at the end
	family := like[:len(like)-running]
	for n := 9999; n >= 0; n-- {
		if code := fmt.Sprintf("%s%0*d", family, running, n); len(c.ErrorUses(code)) == 0 {
			return code
		}
	}
	return ""
}
