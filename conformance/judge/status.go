package judge

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/vtsim/vtsim/conformance/contract"
)

// Rules of the HTTP status (p.29-31, INT-121).
const (
	ruleStatus     = "outbound/response#status-allowed"
	ruleFieldError = "outbound/response#field-error-status"
	ruleJSON       = "outbound/response#body-json"

	interpretationFieldError = "INT-121"
)

// statusKnown tells a status that the operation or chapter 1 provides for.
func (r *ruling) statusKnown() bool {
	if r.a.success() {
		return true
	}
	return slices.Contains(r.statuses(), r.a.status)
}

// statuses are the error statuses of the operation and of chapter 1.
func (r *ruling) statuses() []int {
	var list []int
	for _, row := range r.op.Errors {
		if row.HTTP >= http.StatusBadRequest {
			list = append(list, row.HTTP)
		}
	}
	for _, e := range r.judge.contract.Tables.StandardErrors.Errors {
		list = append(list, e.HTTP)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// strangeStatus finds a status that nothing provides for, and says whether it
// did.
func (r *ruling) strangeStatus() bool {
	r.exercise(ruleStatus)
	if r.statusKnown() {
		return false
	}
	known := strings.Trim(fmt.Sprint(r.statuses()), "[]")
	r.broken(ruleStatus, fault{came: fmt.Sprintf("HTTP %d", r.a.status), want: "2xx or one of " + strings.ReplaceAll(known, " ", ", ")})
	return true
}

// bodyJSON judges that a body can be read, and says whether it can.
func (r *ruling) bodyJSON() bool {
	if !r.a.body {
		return true
	}
	r.exercise(ruleJSON)
	if r.a.fault == "" {
		return true
	}
	r.broken(ruleJSON, fault{came: r.a.fault, want: "one JSON value in UTF-8, or no body"})
	return false
}

// came says what the answer was, in words.
func (r *ruling) came() string {
	var words []string
	if !r.a.success() || r.a.code == "" && r.a.action == "" && r.a.response == "" {
		words = append(words, fmt.Sprintf("HTTP %d", r.a.status))
	}
	if r.a.action != "" {
		words = append(words, memberAction+" "+r.shown(r.a.action))
	}
	if r.a.response != "" {
		words = append(words, memberResponse+" "+r.shown(r.a.response))
	}
	if r.a.code != "" {
		words = append(words, memberError+" "+r.named(r.a.code))
	}
	if r.a.reason != "" {
		words = append(words, memberReason+" "+r.shown(r.a.reason))
	}
	came := strings.Join(words, " with ")
	switch {
	case r.a.success() && r.a.code == "" && r.stands == taken:
		came += " (a success)"
	case r.a.success() && !r.a.body:
		came += " without a body"
	}
	return came
}

// named adds the name that the operation's table has for a code.
func (r *ruling) named(code string) string {
	for _, row := range r.op.Errors {
		if row.Code == code {
			return code + " (" + row.Name + ")"
		}
	}
	return r.shown(code)
}

// rowsOn are the rows of the operation's table for the trigger.
func (r *ruling) rowsOn(trigger string) []contract.ErrorRow {
	var rows []contract.ErrorRow
	for _, row := range r.op.Errors {
		if slices.Contains(row.On, trigger) {
			rows = append(rows, row)
		}
	}
	return rows
}

// standardOn is the standard error that chapter 1 names for the trigger.
func (r *ruling) standardOn(trigger string) (contract.StandardError, bool) {
	for _, e := range r.judge.contract.Tables.StandardErrors.Errors {
		if slices.Contains(e.On, trigger) {
			return e, true
		}
	}
	return contract.StandardError{}, false
}

// allowed says all that is right for the trigger.
func allowed(rows []contract.ErrorRow, trigger string) string {
	var words []string
	for _, row := range rows {
		switch {
		case row.Code == "":
			words = append(words, fmt.Sprintf("HTTP %d", row.HTTP))
		case row.ActionCode != "":
			words = append(words, fmt.Sprintf("%s (%s) with actionCode %s", row.Code, row.Name, row.ActionCode))
		default:
			words = append(words, fmt.Sprintf("%s (%s)", row.Code, row.Name))
		}
	}
	return strings.Join(words, " or ") + " for " + spoken(trigger)
}

// spoken writes a trigger for people.
func spoken(trigger string) string {
	if words, ok := triggerWords[trigger]; ok {
		return words
	}
	return strings.ReplaceAll(trigger, "-", " ")
}

var triggerWords = map[string]string{
	string(contract.KindRequired): "a missing required member", string(contract.KindLength): "a member that is too long",
	string(contract.KindType): "a member of the wrong JSON type", string(contract.KindValue): "a wrong value",
	contract.TriggerCrypto: "an envelope that does not open", contract.TriggerInvalidPAN: "an invalid PAN",
	contract.TriggerPANIneligible: "a PAN that may not be tokenized", contract.TriggerMalformed: "a body that is not JSON",
	contract.TriggerCVV2: "a wrong CVV2", contract.TriggerExpirationDate: "a wrong expiration date",
	contract.TriggerTokenReference: "an unknown token reference", contract.TriggerTokenValue: "an unknown token number",
	contract.TriggerMethodUnknown: "an unknown method", contract.TriggerMethodInvalid: "a method that may no longer be used",
	contract.TriggerOTPChannel: "a method that carries no passcode", contract.TriggerAuthFailed: "a card that is declined",
}
