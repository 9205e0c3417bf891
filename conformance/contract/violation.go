package contract

import "strings"

// Level says how a broken rule counts.
type Level string

const (
	// Must rules decide the verdict.
	Must Level = "must"
	// Should rules are reported as warnings.
	Should Level = "should"
	// Info is reported and never counts.
	Info Level = "info"
)

func (l Level) known() bool { return l == Must || l == Should || l == Info }

// Kind is the nature of a violation; an operation's error table maps it to a
// code.
type Kind string

// The kinds that a payload can break a rule by.
const (
	KindRequired Kind = "required"
	KindLength   Kind = "length"
	KindType     Kind = "type"
	KindValue    Kind = "value"
)

func (k Kind) known() bool {
	return k == KindRequired || k == KindLength || k == KindType || k == KindValue
}

// kindOf is the nature of a broken keyword.
func (f *Field) kindOf(keyword string) Kind {
	switch keyword {
	case "required":
		return KindRequired
	case "type":
		return KindType
	case "maxLength", "maxItems", "minItems":
		return KindLength
	case "maximum":
		if f.MaxLength != nil { // a number of that many digits
			return KindLength
		}
	}
	return KindValue
}

// Violation is one broken rule at one place of a payload.
type Violation struct {
	// Rule is the id of the broken rule.
	Rule string `json:"rule"`
	// Keyword is what follows # in the rule's id.
	Keyword string `json:"keyword"`
	Level   Level  `json:"level"`
	Kind    Kind   `json:"kind"`
	// Location is a JSON Pointer inside the part; of a missing member it
	// points to where the member should be.
	Location string `json:"location"`
	// Page of the specification.
	Page int `json:"page"`
	// Message says what is wrong, in one sentence, without secrets.
	Message  string `json:"message"`
	Expected string `json:"expected"`
	Got      string `json:"got"`
	// Interpretation that the rule rests on, if any.
	Interpretation string `json:"interpretation,omitempty"`
	// Extensible marks an unknown value of an enumeration that may grow: a
	// receiver must tolerate it (p.24-25).
	Extensible bool `json:"extensible,omitempty"`
	// Reject is the appendix A code that reports this fault later, instead
	// of refusing the call now.
	Reject string `json:"reject,omitempty"`
}

// Path is the location as errorResponse.details carries it: member names
// without a leading slash (INT-005).
func (v Violation) Path() string { return strings.TrimPrefix(v.Location, "/") }
