package scenarios

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/vtsim/vtsim/conformance/contract"
)

// Evaluate compares a decoded JSON value with a match and returns what is not
// as it should be, nil when all is. Null and "" count as absent (INT-122). The
// field describes the value in the contract, to mask by; nil hides the content
// of what it cannot describe. A regular expression that is none is reported as
// a mismatch; the lint refuses it before.
func Evaluate(m *Match, value any, field *contract.Field) []Mismatch {
	e := evaluation{show: func(value any, field *contract.Field) string { return shownValue(value, field) }}
	return e.match(m, value, spot{field: field})
}

// evaluation is one comparison; show writes a value for people, masked. Own
// hides what is secret in the scenario's own values; nil hides nothing more
// than numbers of cards.
type evaluation struct {
	show func(value any, field *contract.Field) string
	own  func(value any) any
}

// spot is where in the value the comparison stands.
type spot struct {
	pointer string
	field   *contract.Field
}

var pointerEscapes = strings.NewReplacer("~", "~0", "/", "~1")

func (p spot) member(name string) spot {
	inner := spot{pointer: p.pointer + "/" + pointerEscapes.Replace(name)}
	if p.field != nil {
		inner.field = p.field.Member(name)
	}
	return inner
}

func (p spot) element(i int) spot {
	inner := spot{pointer: p.pointer + "/" + strconv.Itoa(i)}
	if p.field != nil {
		inner.field = p.field.Items
	}
	return inner
}

// absent tells what counts as nothing (INT-122).
func absent(value any) bool { return value == nil || value == "" }

// match compares; the mismatches of members come in the order of their names.
func (e evaluation) match(m *Match, value any, at spot) []Mismatch {
	if m == nil {
		return nil
	}
	if m.isMembers() {
		return e.members(m, value, at)
	}
	if e.fits(m, value, at) {
		return nil
	}
	return []Mismatch{{At: m.At, Where: at.pointer, Want: e.want(m, at), Got: e.got(m, value, at)}}
}

// isMembers tells whether the match is one of an object's members.
func (m *Match) isMembers() bool {
	return !m.Literally && m.OneOf == nil && m.Matches == "" && m.Present == nil && m.Contains == nil && m.Length == nil && m.Not == nil && !m.Empty
}

func (e evaluation) members(m *Match, value any, at spot) []Mismatch {
	object, ok := value.(map[string]any)
	if !ok && !absent(value) {
		return []Mismatch{{At: m.At, Where: at.pointer, Want: "an object", Got: e.shown(value, at)}}
	}
	if !ok && len(m.Members) == 0 {
		return []Mismatch{{At: m.At, Where: at.pointer, Want: "an object", Got: nothing}}
	}
	var found []Mismatch
	for _, name := range slices.Sorted(maps.Keys(m.Members)) {
		found = append(found, e.match(m.Members[name], object[name], at.member(name))...)
	}
	return found
}

// fits compares with everything but members.
func (e evaluation) fits(m *Match, value any, at spot) bool {
	switch {
	case m.Literally:
		return equal(m.Literal, value)
	case m.OneOf != nil:
		return slices.ContainsFunc(m.OneOf, func(one *Match) bool { return len(e.match(one, value, at)) == 0 })
	case m.Matches != "":
		text, ok := textOf(value)
		expression, err := regexp.Compile(m.Matches)
		return ok && err == nil && expression.MatchString(text)
	case m.Present != nil:
		return absent(value) != *m.Present
	case m.Contains != nil:
		return e.contains(m.Contains, value, at)
	case m.Length != nil:
		length, ok := lengthOf(value)
		return ok && (m.Length.Min == nil || length >= *m.Length.Min) && (m.Length.Max == nil || length <= *m.Length.Max)
	case m.Not != nil:
		return len(e.match(m.Not, value, at)) > 0
	}
	return isEmpty(value) // m.Empty
}

// contains looks for an element of an array, or for a part of a text.
func (e evaluation) contains(m *Match, value any, at spot) bool {
	switch v := value.(type) {
	case []any:
		for i, element := range v {
			if len(e.match(m, element, at.element(i))) == 0 {
				return true
			}
		}
	case string:
		part, ok := m.Literal.(string)
		return m.Literally && ok && strings.Contains(v, part)
	}
	return false
}

func isEmpty(value any) bool {
	switch v := value.(type) {
	case map[string]any:
		return len(v) == 0
	case []any:
		return len(v) == 0
	}
	return absent(value)
}

// lengthOf is in characters or elements. What is absent has none of either.
func lengthOf(value any) (int, bool) {
	switch v := value.(type) {
	case nil:
		return 0, true
	case string:
		return utf8.RuneCountInString(v), true
	case []any:
		return len(v), true
	}
	return 0, false
}

// nothing is how an absent value is called.
const nothing = "nothing"

// want says what was expected, in words.
func (e evaluation) want(m *Match, at spot) string {
	switch {
	case m == nil:
		return "anything"
	case m.Literally && absent(m.Literal):
		return nothing
	case m.Literally && at.field == nil && e.own != nil:
		return shownOpenly(e.own(m.Literal))
	case m.Literally && at.field == nil:
		return shownOpenly(m.Literal)
	case m.Literally:
		return e.show(m.Literal, at.field)
	case m.OneOf != nil:
		var all []string
		for _, one := range m.OneOf {
			all = append(all, e.want(one, at))
		}
		return strings.Join(all, " or ")
	case m.Matches != "":
		return "a text that matches " + contract.Mask(m.Matches)
	case m.Present != nil && *m.Present:
		return "a value"
	case m.Present != nil:
		return nothing
	case m.Contains != nil:
		return "something that contains " + e.want(m.Contains, at.element(0))
	case m.Length != nil:
		return "a length of " + m.Length.words()
	case m.Not != nil:
		return "anything but " + e.want(m.Not, at)
	case m.Empty:
		return "nothing, or what is empty"
	case len(m.Members) == 0:
		return "an object"
	}
	var all []string
	for _, name := range slices.Sorted(maps.Keys(m.Members)) {
		all = append(all, name+": "+e.want(m.Members[name], at.member(name)))
	}
	return "{" + strings.Join(all, ", ") + "}"
}

func (l *Length) words() string {
	switch {
	case l.Min != nil && l.Max != nil && *l.Min == *l.Max:
		return strconv.Itoa(*l.Min)
	case l.Min != nil && l.Max != nil:
		return fmt.Sprintf("%d to %d", *l.Min, *l.Max)
	case l.Min != nil:
		return fmt.Sprintf("%d or more", *l.Min)
	case l.Max != nil:
		return fmt.Sprintf("%d or less", *l.Max)
	}
	return "any size"
}

// got says what came.
func (e evaluation) got(m *Match, value any, at spot) string {
	shown := e.shown(value, at)
	if length, ok := lengthOf(value); ok && m.Length != nil && value != nil {
		return fmt.Sprintf("%d: %s", length, shown)
	}
	return shown
}

func (e evaluation) shown(value any, at spot) string {
	if absent(value) {
		return nothing
	}
	return e.show(value, at.field)
}
