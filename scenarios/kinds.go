package scenarios

import (
	"slices"

	"github.com/vtsim/vtsim/conformance/contract"
)

// The kinds of generated cases. Each case is the good call with one member
// changed; only members that the good call has are changed, and only where the
// contract says that the change breaks that one thing and no other.
const (
	// MissingRequired leaves a required member out: refused as missing data.
	// Where the contract has only a should for it (INT-102), the case proves
	// that rule.
	MissingRequired = "missing-required"
	// OverLength makes a member one character longer than allowed: refused
	// for its length.
	OverLength = "over-length"
	// ExactLength makes a member exactly as long as allowed: taken. Members
	// that name something the issuer knows, and scores that it decides on,
	// stay as they are; identifiers of Visa's side prove INT-143's rule.
	ExactLength = "exact-length"
	// WrongType puts an object in the place of a plain value, or a text in
	// that of a structure: refused for its type. A number for a text is no
	// case, since many a reader takes it rightly as the text.
	WrongType = "wrong-type"
	// KnownEnum gives an enumeration each of its values: taken by a
	// notification, decided on otherwise, but not refused for the value. Members
	// that say what a notification is about stay as they are.
	KnownEnum = "known-enum"
	// UnknownEnum gives a closed enumeration a new value: taken, which is a
	// should (INT-100).
	UnknownEnum = "unknown-enum"
	// UnknownOpenEnum gives an open enumeration a new value: taken (INT-100).
	UnknownOpenEnum = "unknown-open-enum"
	// UnknownField adds a member that the contract does not know, at the top,
	// in each structure and in the sealed payload: taken (INT-100).
	UnknownField = "unknown-field"
	// NullOptional makes an optional member null: taken (INT-125).
	NullOptional = "null-optional"
	// EmptyOptional makes an optional text empty: taken (INT-125).
	EmptyOptional = "empty-optional"
	// AbsentOptional leaves an optional member out: taken.
	AbsentOptional = "absent-optional"
)

// Rules that generated cases prove.
const (
	ruleUnknownValue     = "outbound/request#unknown-value-tolerated"
	ruleUnknownOpenValue = "outbound/request#unknown-open-value-tolerated"
	ruleUnknownMember    = "outbound/request#unknown-member-tolerated"
	ruleEmptyMembers     = "outbound/request#empty-members-absent"
	ruleIdentifierFormat = "outbound/request#identifier-format-tolerated"
	// absenceRefused is the name of rules that make refusing a missing member
	// a should.
	absenceRefused = "#absence-refused"
)

// kind is one kind of generated cases.
type kind struct {
	name string
	// refused is the trigger that the call is refused for; empty means that it
	// is taken.
	refused contract.Kind
	// rule that the case proves, if it is always the same one.
	rule string
	// title says what was done to the member.
	title string
	// changes proposes what can be done to the place, the best first.
	changes func(memberPlace) []change
	// each says that every change that fits is a case, not the first alone.
	each bool
}

// kinds in the order in which they are documented.
func kinds() []kind {
	return []kind{
		{name: MissingRequired, refused: contract.KindRequired, title: "without", changes: missingRequired},
		{name: OverLength, refused: contract.KindLength, title: "one character too many in", changes: overLength},
		{name: ExactLength, title: "as many characters as allowed in", changes: exactLength},
		{name: WrongType, refused: contract.KindType, title: "a wrong type in", changes: wrongType},
		{name: KnownEnum, title: "the value", changes: knownEnum, each: true},
		{name: UnknownEnum, rule: ruleUnknownValue, title: "an unknown value in", changes: unknownEnum(false)},
		{name: UnknownOpenEnum, rule: ruleUnknownOpenValue, title: "a new value in", changes: unknownEnum(true)},
		{name: UnknownField, rule: ruleUnknownMember, title: "an unknown member", changes: unknownField},
		{name: NullOptional, rule: ruleEmptyMembers, title: "null in", changes: nullOptional},
		{name: EmptyOptional, rule: ruleEmptyMembers, title: "an empty text in", changes: emptyOptional},
		{name: AbsentOptional, title: "without the optional", changes: absentOptional},
	}
}

// Kinds are the words of generate's kind.
func Kinds() []string {
	var names []string
	for _, k := range kinds() {
		names = append(names, k.name)
	}
	return names
}

func kindNamed(name string) (kind, bool) {
	all := kinds()
	if i := slices.IndexFunc(all, func(k kind) bool { return k.name == name }); i >= 0 {
		return all[i], true
	}
	return kind{}, false
}

// applies tells whether the kind makes cases of the operation at all. A
// notification has no codes for faults of members: its table's 400 is for what
// is no JSON (INT-147), and nothing says that an issuer has to look closer.
func (k kind) applies(op *contract.Operation) bool {
	if k.refused == "" {
		return true
	}
	return slices.Contains(triggersOf(op), string(k.refused))
}

// fits tells whether the contract sees the change as the kind means it:
// exactly this fault, or none.
func (k kind) fits(violations []contract.Violation) bool {
	if k.refused == "" {
		return !slices.ContainsFunc(violations, func(v contract.Violation) bool {
			return k.name != UnknownEnum && k.name != UnknownOpenEnum || v.Keyword != "enum"
		})
	}
	return len(violations) > 0 && !slices.ContainsFunc(violations, func(v contract.Violation) bool { return v.Kind != k.refused })
}
