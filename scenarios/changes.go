package scenarios

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/vtsim/vtsim/conformance/contract"
)

// memberPlace is a member of the sample call.
type memberPlace struct {
	part  contract.Part
	field *contract.Field
	// pointer into the document that patches work on: the body, in which
	// encryptedData is the opened payload.
	pointer string
	value   any
}

// change is what a patch does to a place.
type change struct {
	op      string
	pointer string
	value   any
}

func give(p memberPlace, value any) change { return change{"add", p.pointer, value} }

func leaveOut(p memberPlace) change { return change{"remove", p.pointer, nil} }

// root tells whether the place is a part as a whole.
func (p memberPlace) root() bool { return p.field.Pointer == "" }

func missingRequired(p memberPlace) []change {
	if p.part == contract.Path || p.root() || p.field.Requirement != contract.Required {
		return nil // a path without its parameter is another path
	}
	return []change{leaveOut(p)}
}

// fillers are tried one after the other until the contract objects to the
// length alone.
var fillers = []string{"0", "a", "A", "x"}

// stretched are values of that many characters, made from the value.
func stretched(p memberPlace, length int) []change {
	var list []change
	switch v := p.value.(type) {
	case string:
		head := []rune(v)
		if strings.Contains(v, "{{") {
			head = nil // a saved value has a length of its own
		}
		if len(head) > length {
			head = head[:length]
		}
		for _, filler := range append(tail(v), fillers...) {
			list = append(list, give(p, string(head)+strings.Repeat(filler, length-len(head))))
		}
	case json.Number:
		if digits := string(v); !strings.ContainsAny(digits, ".eE-") {
			digits = "1" + digits[1:] // no number begins with 0
			list = append(list, give(p, json.Number(digits[:min(len(digits), length)]+strings.Repeat("1", max(0, length-len(digits))))))
		}
	}
	return list
}

// tail is the last character of the text, which its pattern surely allows.
func tail(text string) []string {
	r, size := utf8.DecodeLastRuneInString(text)
	if size == 0 || r == utf8.RuneError {
		return nil
	}
	return []string{string(r)}
}

func overLength(p memberPlace) []change {
	if p.field.MaxLength == nil || p.field.Sealed {
		return nil
	}
	return stretched(p, *p.field.MaxLength+1)
}

// heldByIssuer are members that name what the issuer holds, or that must fit the
// card: another value is another card, token or method, and refused rightly.
var heldByIssuer = []string{"primaryAccountNumber", "cvv2", "month", "year", "token", "tokenReferenceID", "panReferenceID",
	"otpMethodIdentifier", "originalToken", "originalTokenReferenceID"}

// madeByVisa are identifiers that are made by Visa's side; an issuer should not look at more than
// their length (INT-143).
var madeByVisa = []string{"tokenRequestorID", "clientWalletAccountID", "deviceID", "taskID", "clientDeviceID", "lifeCycleTraceID", "tokenRequestorTspID"}

var allDigits = regexp.MustCompile(`^[0-9]+$`)

func exactLength(p memberPlace) []change {
	if p.field.MaxLength == nil || p.field.Sealed || slices.Contains(heldByIssuer, p.field.Name) {
		return nil
	}
	text, isText := p.value.(string)
	if isText && strings.Contains(p.field.Pointer, "/riskInformation/") && allDigits.MatchString(text) {
		return nil // a score or a count, on which an issuer may decline
	}
	list := stretched(p, *p.field.MaxLength)
	return slices.DeleteFunc(list, func(c change) bool { return c.value == p.value })
}

// intruder is what stands in the place of a value of another type.
const intruder = "unexpected"

func wrongType(p memberPlace) []change {
	if p.part == contract.Path || p.root() || p.field.Sealed || len(p.field.Types) == 0 {
		return nil
	}
	if slices.Contains(p.field.Types, "object") || slices.Contains(p.field.Types, "array") {
		return []change{give(p, intruder)}
	}
	return []change{give(p, map[string]any{intruder: true})}
}

// tellsWhat are members that say what a notification is about. Their values go
// together in ways that scenarios know and the contract's enumerations do not.
var tellsWhat = []string{"eventType", "messageReasonCode", "statusCode", "actionCode", "stipReasonCode", "activationVerificationResult",
	"cardHolderStepupResult", "deviceBindingResult", "trustedListingResult"}

func knownEnum(p memberPlace) []change {
	if p.part == contract.Path || slices.Contains(tellsWhat, p.field.Name) {
		return nil
	}
	var list []change
	for _, value := range p.field.Enum {
		if value != p.value {
			list = append(list, give(p, value))
		}
	}
	return list
}

// strangers are values that no enumeration of the contract has; the first that
// fits length and pattern is taken.
var strangers = []string{"VTSIM_UNKNOWN", "VTSIMUNKNOWN", "UNKN", "QQ", "Q", "97", "8"}

func unknownEnum(open bool) func(memberPlace) []change {
	return func(p memberPlace) []change {
		if p.part == contract.Path || len(p.field.Enum) == 0 || p.field.ExtensibleEnum != open {
			return nil
		}
		if _, text := p.value.(string); !text {
			return nil
		}
		var list []change
		for _, stranger := range strangers {
			if !slices.Contains(p.field.Enum, any(stranger)) {
				list = append(list, give(p, stranger))
			}
		}
		return list
	}
}

// unknownMember is a name that no structure of the contract has.
const unknownMember = "vtsimUnknown"

func unknownField(p memberPlace) []change {
	if _, object := p.value.(map[string]any); !object || p.part == contract.Path || p.field.Sealed || p.field.Member(unknownMember) != nil {
		return nil
	}
	return []change{{"add", p.pointer + "/" + unknownMember, "any value"}}
}

// optional tells whether the member may be left out, whatever the occasion. A
// conditional one may have its condition, and one that no table tags is not
// held to be optional.
func optional(p memberPlace) bool {
	return p.part != contract.Path && !p.root() && !p.field.Sealed && p.field.Name != "*" && p.field.Requirement == contract.Optional
}

func nullOptional(p memberPlace) []change {
	if !optional(p) {
		return nil
	}
	return []change{give(p, nil)}
}

func emptyOptional(p memberPlace) []change {
	if !optional(p) || p.field.BlankAllowed || !slices.Contains(p.field.Types, "string") {
		return nil
	}
	return []change{give(p, "")}
}

func absentOptional(p memberPlace) []change {
	if !optional(p) {
		return nil
	}
	return []change{leaveOut(p)}
}
