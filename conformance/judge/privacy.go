package judge

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/vtsim/vtsim/conformance/contract"
)

// Rules of what an answer may not tell (p.36, INT-154).
const (
	ruleNoPAN      = "outbound/response#no-pan"
	ruleNoCVV2     = "outbound/response#no-cvv2"
	ruleNoPasscode = "outbound/response#no-passcode"
)

// secrets are the sensitive values that a case has sent, each with what finds
// it in a text.
type secrets map[string]map[string]*regexp.Regexp

// add takes new values in.
func (s secrets) add(from map[string][]string) {
	for kind, values := range from {
		for _, value := range values {
			if s[kind] == nil {
				s[kind] = map[string]*regexp.Regexp{}
			}
			if s[kind][value] == nil {
				s[kind][value] = finder(kind, value)
			}
		}
	}
}

// finder matches the digits bare or grouped by blanks, hyphens or dots. A PAN
// is found wherever it stands; of shorter numbers, which may be a part of
// anything, only whole words count.
func finder(kind, digits string) *regexp.Regexp {
	var pattern strings.Builder
	for i, digit := range digits {
		if i > 0 {
			pattern.WriteString(`[\s\p{Zs}\p{Pd}.]{0,2}`)
		}
		pattern.WriteRune(digit)
	}
	switch kind {
	case secretPAN:
		return regexp.MustCompile(pattern.String())
	case secretCVV2:
		return regexp.MustCompile(`(?i)(?:\bcv[vcn]2?|\bcsc|security code)[^0-9]{0,12}` + digits + `(?:[^0-9]|$)`)
	}
	return regexp.MustCompile(`(?:^|[^0-9A-Za-z])` + pattern.String() + `(?:$|[^0-9A-Za-z])`)
}

// in tells whether the text holds a value of the kind.
func (s secrets) in(kind, text string) bool {
	for _, find := range s[kind] {
		if find.MatchString(text) {
			return true
		}
	}
	return false
}

// secretIn tells whether a text may not be repeated: here every occurrence of
// a value counts.
func (r *ruling) secretIn(text string) bool {
	for kind, values := range r.secrets {
		for value := range values {
			if strings.Contains(text, value) || r.secrets.in(kind, text) {
				return true
			}
		}
	}
	return false
}

// privacy looks for what the case has sent in confidence, in the whole answer.
func (r *ruling) privacy() {
	for _, kind := range []string{secretPAN, secretCVV2, secretOTP} {
		rule := ruleAgainst[kind]
		if len(r.secrets[kind]) == 0 || kind == secretOTP && !r.sendsPasscode() {
			continue
		}
		r.exercise(rule)
		where, there := r.whereSecret(kind)
		if there {
			r.broken(rule, fault{came: "the " + nameOf[kind] + " of the call in clear, " + where.said, want: "an answer without it", location: where.pointer})
		}
	}
}

// sendsPasscode tells the operations that a rule about passcodes exists for.
func (r *ruling) sendsPasscode() bool {
	field := r.op.Field(contract.Request)
	return field != nil && slices.ContainsFunc(field.Fields, func(f *contract.Field) bool { return f.Sensitive == secretOTP })
}

var ruleAgainst = map[string]string{secretPAN: ruleNoPAN, secretCVV2: ruleNoCVV2, secretOTP: ruleNoPasscode}

var nameOf = map[string]string{secretPAN: "PAN", secretCVV2: "CVV2", secretOTP: "passcode"}

// spot is a place in an answer.
type spot struct{ said, pointer string }

// whereSecret finds the first place of a value of the kind.
func (r *ruling) whereSecret(kind string) (spot, bool) {
	for _, name := range slices.Sorted(maps.Keys(r.x.Response.Headers)) {
		for _, value := range r.x.Response.Headers[name] {
			if value != r.x.RequestID && r.secrets.in(kind, name+": "+value) {
				return spot{said: "in a header"}, true
			}
		}
	}
	if r.a.value != nil {
		if pointer, found := r.findIn(kind, "", "", r.a.value); found {
			return spot{said: "in the body", pointer: pointer}, true
		}
	}
	return spot{said: "in the body"}, r.a.value == nil && r.secrets.in(kind, string(r.x.Response.Body))
}

// findIn looks into a decoded value. The pointer goes no further than names
// that are fit to be repeated.
func (r *ruling) findIn(kind, pointer, name string, value any) (string, bool) {
	switch v := value.(type) {
	case map[string]any:
		for _, member := range slices.Sorted(maps.Keys(v)) {
			if r.secrets.in(kind, member) {
				return pointer, true
			}
			step := pointer
			if !r.secretIn(member) && len(member) <= 64 {
				step += "/" + contract.Mask(strings.NewReplacer("~", "~0", "/", "~1").Replace(member))
			}
			if at, found := r.findIn(kind, step, member, v[member]); found {
				return at, true
			}
		}
	case []any:
		for i, element := range v {
			if at, found := r.findIn(kind, pointer+"/"+strconv.Itoa(i), name, element); found {
				return at, true
			}
		}
	case string:
		return pointer, r.tells(kind, name, v, true)
	case json.Number:
		return pointer, r.tells(kind, name, whole(v), false)
	}
	return "", false
}

// tells judges one value. A CVV2 is too short to be found inside other things:
// it counts as the whole of a string, or as a number whose name says what it
// is (INT-154).
func (r *ruling) tells(kind, name, value string, isText bool) bool {
	if r.secrets.in(kind, value) {
		return true
	}
	if kind != secretCVV2 {
		return false
	}
	_, same := r.secrets[kind][strings.TrimSpace(value)]
	return same && (isText || r.secrets.in(kind, fmt.Sprintf("%s: %s", name, value)))
}

// whole writes a number without exponent or fraction where it has none.
func whole(n json.Number) string {
	const longest = 40
	if len(n) > longest {
		return string(n)
	}
	f, _, err := big.ParseFloat(string(n), 10, 256, big.ToNearestEven)
	if err != nil || !f.IsInt() || f.MantExp(nil) > 128 {
		return string(n)
	}
	return f.Text('f', 0)
}
