package judge

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vtsim/vtsim/conformance/contract"
)

// Rules of the methods that an answer offers (p.170-172).
const (
	stepUp             = "retrieveStepUpMethods/response/"
	ruleAppToApp       = stepUp + "stepUpMethods#no-app-to-app-from-banking-app"
	rulePastLimit      = stepUp + "stepUpMethods#no-passcode-methods-past-limit"
	ruleUnique         = stepUp + "stepUpMethods/*/identifier#unique"
	ruleOpaque         = stepUp + "stepUpMethods/*/identifier#opaque"
	ruleStable         = stepUp + "stepUpMethods/*/identifier#stable"
	ruleConsumerMasked = stepUp + "stepUpMethods/*/value#consumer-masked"
	ruleServiceInFull  = stepUp + "stepUpMethods/*/value#call-center-unmasked"
	ruleResponseReason = stepUp + "responseCode#only-for-binding-reasons"
	ruleResponseAgain  = stepUp + "responseCode#absent-after-device-binding"

	knobRestrictions = "INT-140"
)

// method is one way to verify the cardholder, as it was offered.
type method struct {
	at                      string // JSON Pointer
	kind, value, identifier string
	// misformed are the members that break a rule of their own form.
	misformed map[string]bool
}

// methodsOf reads the methods of the answer.
func (r *ruling) methodsOf(violations []contract.Violation) []method {
	list, _ := r.a.members[memberMethods].([]any)
	var found []method
	for i, element := range list {
		members, ok := element.(map[string]any)
		if !ok {
			continue
		}
		m := method{at: fmt.Sprintf("/%s/%d", memberMethods, i), kind: text(members, "type"), value: text(members, "value"), misformed: map[string]bool{}}
		if identifier, ok := members["identifier"]; ok && identifier != nil {
			m.identifier = fmt.Sprint(identifier)
		}
		for _, v := range violations {
			if name, ok := strings.CutPrefix(v.Location, m.at+"/"); ok {
				m.misformed[name] = true
			}
		}
		found = append(found, m)
	}
	return found
}

// stepUpMethods judges what is offered, where the operation offers methods.
func (r *ruling) stepUpMethods(violations []contract.Violation) {
	if r.op.Field(contract.Response).Member(memberMethods) == nil || r.a.members == nil {
		return
	}
	r.responseCode()
	offered := r.methodsOf(violations)
	if len(offered) == 0 {
		return
	}
	r.restrictions(offered)
	r.identifiers(offered)
	for _, m := range offered {
		r.masking(m)
	}
	r.sameAsBefore(offered)
}

// responseCode judges when the decision may be there (INT-111, INT-142).
func (r *ruling) responseCode() {
	reason := text(r.sent.members, "otpReason")
	// Without an understood answer there is none, without an otpReason no rule.
	if reason == "" {
		return
	}
	f := fault{came: memberResponse + " " + r.shown(r.a.response) + " for otpReason " + r.shown(reason), location: "/" + memberResponse}
	if !slices.Contains(reasonsWithResponse, reason) {
		r.exercise(ruleResponseReason)
		if r.a.response != "" {
			f.want = "it for " + strings.Join(reasonsWithResponse, ", ") + " only"
			r.broken(ruleResponseReason, f)
		}
		return
	}
	if r.a.response != "" {
		r.exercise(ruleResponseReason)
	}
	if !r.bound(r.sent.token()) {
		return
	}
	r.exercise(ruleResponseAgain)
	if r.a.response != "" {
		f.came, f.want = f.came+", after the decision of deviceTokenBinding", "none, the decision was given"
		r.broken(ruleResponseAgain, f)
	}
}

// restrictions judges which methods may be offered (INT-140).
func (r *ruling) restrictions(offered []method) {
	var level contract.Level
	if r.chosen(knobRestrictions) {
		level = contract.Should
	}
	if r.sent.flag("otpMaxReached") {
		r.exercise(rulePastLimit)
	}
	if text(r.sent.members, "panSource") == sourceBankingApp {
		r.exercise(ruleAppToApp)
	}
	for _, m := range offered {
		switch {
		case carriesPasscode(m.kind) && r.sent.flag("otpMaxReached"):
			r.broken(rulePastLimit, fault{came: m.kind + " although otpMaxReached is true", want: "no method that carries a passcode", level: level})
		case m.kind == methodApp && text(r.sent.members, "panSource") == sourceBankingApp:
			r.broken(ruleAppToApp, fault{came: m.kind + " although panSource is " + sourceBankingApp, want: "other methods only", level: level})
		}
	}
}

// identifiers judges them within one answer.
func (r *ruling) identifiers(offered []method) {
	first := map[string]string{}
	for _, m := range offered {
		at := m.at + "/identifier"
		if m.misformed["identifier"] && m.identifier != "" {
			r.faulty[m.identifier] = true
		}
		if m.identifier == "" {
			continue
		}
		r.exercise(ruleUnique, ruleOpaque)
		if before, twice := first[m.identifier]; twice {
			r.broken(ruleUnique, fault{came: "the identifier of " + before + " again", want: "one for each method", location: at})
		} else {
			first[m.identifier] = m.at
		}
		if !m.misformed["identifier"] && gives(m.identifier, m.value) {
			r.broken(ruleOpaque, fault{came: "an identifier that holds the address or number", want: "one that nothing can be read from", location: at})
		}
	}
}

// gives tells an identifier that an address or number can be read from: the
// value itself, an address, or a number in its international form.
func gives(identifier, value string) bool {
	const telling = 6 // characters; shorter values may stand in anything
	id, value := strings.ToLower(identifier), strings.ToLower(strings.TrimSpace(value))
	if strings.Contains(id, "@") || len([]rune(value)) >= telling && strings.Contains(id, value) {
		return true
	}
	digits := only(value, isDigit)
	return len(digits) > telling && masks(value) == 0 && strings.Contains(only(id, isDigit), digits)
}
