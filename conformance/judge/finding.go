package judge

import (
	"time"

	"github.com/vtsim/vtsim/conformance/contract"
)

// Outcome of a finding.
type Outcome string

const (
	// Failed: a must rule is broken.
	Failed Outcome = "failed"
	// Warned: a should rule is broken.
	Warned Outcome = "warned"
	// Noted: an info rule is; it never counts.
	Noted Outcome = "noted"
)

// OutcomeOf a broken rule of the level.
func OutcomeOf(level contract.Level) Outcome {
	switch level {
	case contract.Must:
		return Failed
	case contract.Should:
		return Warned
	}
	return Noted
}

// Finding is one broken rule. Its texts are masked.
type Finding struct {
	// Rule is the id of the contract's rule, or scenario:<name>/<step> for an
	// expectation of a scenario alone.
	Rule    string         `json:"rule"`
	Level   contract.Level `json:"level"`
	Outcome Outcome        `json:"outcome"`
	// Operation that was called; empty for a rule about none.
	Operation string `json:"operation,omitempty"`
	// Message says what came, what was allowed and where it stands.
	Message  string `json:"message"`
	Expected string `json:"expected,omitempty"`
	Actual   string `json:"actual,omitempty"`
	// Location is a JSON Pointer into the answer; empty for the whole.
	Location string `json:"location,omitempty"`
	Cite     Cite   `json:"cite"`
	// Interpretation that the rule rests on, if any.
	Interpretation string `json:"interpretation,omitempty"`
	// Treated says how Visa's side treats the answer: retry or not, from the
	// error taxonomy of D1; empty where no answer is treated.
	Treated string `json:"treated,omitempty"`
	// Step of the case, from 1; 0 for a finding about the whole case.
	Step int `json:"step,omitempty"`
	// Exchange is the id of the exchange that shows it.
	Exchange string `json:"exchange,omitempty"`
}

// Cite is a place of the specification.
type Cite struct {
	Section string `json:"section,omitempty"`
	Page    int    `json:"page"`
}

// Want is what a call should bring about. Its zero value is a call that the
// issuer should take.
type Want struct {
	// Refused is the trigger that the call should be refused for; the
	// operation's error table says with which code.
	Refused string
	// Open says that taking and refusing are both right; an internal error is
	// neither.
	Open bool
	// Decided says that any decision is right, but no refusal for the members
	// of the call, which are as the contract wants them.
	Decided bool
	// Declined says that any decline is right, and no approval: for a card that
	// the issuer blocked (INT-124).
	Declined bool
	// Told says that the scenario tells the right statuses or codes by itself:
	// they are held against the answer elsewhere.
	Told bool
	// AtOnce says that like calls are sent at the same time: one that is
	// refused is refused for that.
	AtOnce bool
	// TLSRefused says that the connection should carry no answer.
	TLSRefused bool
	// Rule is broken when the call is taken but should be refused, or refused
	// but should be taken; empty means the rule that the contract has for it.
	Rule string
	// Deadline that the call had; zero means the operation's budget.
	Deadline time.Duration
}

// Ruling is what the judge says of an exchange or a case.
type Ruling struct {
	Findings []Finding
	// Exercised are the ids of the rules that could have been broken.
	Exercised []string
}
