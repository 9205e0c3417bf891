package contract

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// cardNumber finds what may be a PAN or a token number: 12 to 19 digits,
// possibly grouped by blanks or hyphens, that do not continue an identifier.
var cardNumber = regexp.MustCompile(`(?:^|[^0-9A-Za-z])([0-9](?:[ -]?[0-9]){11,18})(?:$|[^0-9A-Za-z])`)

// guid finds identifiers in the form of RFC 9562, such as X-REQUEST-ID, taskID
// and clientID: some have as many digits side by side as a card number.
var guid = regexp.MustCompile(`\b[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}\b`)

// Mask hides the middle of everything in the text that may be a PAN or a
// token number; the first six and the last four digits stay. What is part of
// a GUID is none.
func Mask(text string) string {
	if !cardNumber.MatchString(text) {
		return text
	}
	var masked strings.Builder
	at := 0
	for _, span := range guid.FindAllStringIndex(text, -1) {
		masked.WriteString(maskNumbers(text[at:span[0]]))
		masked.WriteString(text[span[0]:span[1]])
		at = span[1]
	}
	masked.WriteString(maskNumbers(text[at:]))
	return masked.String()
}

func maskNumbers(text string) string {
	for at := 0; at < len(text); {
		span := cardNumber.FindStringSubmatchIndex(text[at:])
		if span == nil {
			break
		}
		start, end := at+span[2], at+span[3]
		text = text[:start] + maskDigits(text[start:end]) + text[end:]
		at = end
	}
	return text
}

func maskDigits(number string) string {
	total := 0
	for _, r := range number {
		if r >= '0' && r <= '9' {
			total++
		}
	}
	seen := 0
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return r
		}
		seen++
		if seen > 6 && seen <= total-4 {
			return '*'
		}
		return r
	}, number)
}

// shown is how much of a text value a message repeats.
const shown = 48

// describe says what a value is, for a message. Sensitive fields give away
// only type and size.
func describe(value any, field *Field) string {
	sensitive := field != nil && field.Sensitive != ""
	switch v := value.(type) {
	case nil:
		return "null"
	case string:
		length := utf8.RuneCountInString(v)
		if sensitive || field == nil || field.Sealed {
			return fmt.Sprintf("a string of %d characters", length)
		}
		if length > shown {
			return fmt.Sprintf("a string of %d characters", length)
		}
		return strconv.Quote(Mask(v))
	case json.Number:
		if sensitive || len(v) > shown {
			return fmt.Sprintf("a number of %d characters", len(v))
		}
		return "the number " + Mask(string(v))
	case bool:
		return strconv.FormatBool(v)
	case []any:
		return fmt.Sprintf("an array of %d", len(v))
	case map[string]any:
		return fmt.Sprintf("an object of %d members", len(v))
	case float64, float32, int, int64, int32, uint64:
		if sensitive {
			return "a number"
		}
		return "the number " + Mask(fmt.Sprint(v))
	}
	return fmt.Sprintf("a %T", value)
}

// expected says what the field allows, as far as the keyword goes.
func (f *Field) expected(keyword string) string {
	switch keyword {
	case "type":
		return strings.Join(articles(f.Types), " or ")
	case "maxLength":
		return fmt.Sprintf("at most %d characters", *f.MaxLength)
	case "maxItems":
		return fmt.Sprintf("at most %d elements", *f.MaxItems)
	case "minimum":
		return "at least " + f.Minimum
	case "maximum":
		return "at most " + f.Maximum
	case "enum", "const":
		return "one of " + f.values()
	case "pattern":
		return "of the form " + f.Pattern
	}
	return keyword
}

func (f *Field) values() string {
	words := make([]string, len(f.Enum))
	for i, value := range f.Enum {
		words[i] = fmt.Sprint(value)
	}
	return strings.Join(words, ", ")
}

func articles(types []string) []string {
	named := make([]string, len(types))
	for i, t := range types {
		named[i] = "a " + t
		if strings.ContainsRune("aeiou", rune(t[0])) {
			named[i] = "an " + t
		}
	}
	return named
}

// valueAt follows a location into a decoded value.
func valueAt(value any, at []string) (any, bool) {
	for _, step := range at {
		switch v := value.(type) {
		case map[string]any:
			next, ok := v[step]
			if !ok {
				return nil, false
			}
			value = next
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(v) {
				return nil, false
			}
			value = v[i]
		default:
			return nil, false
		}
	}
	return value, true
}

// pointerOf identifies a map; maps have no address of their own to compare.
func pointerOf(m map[string]any) uintptr { return reflect.ValueOf(m).Pointer() }

// Describe gives type, size and values of the field in a few words.
func (f *Field) Describe() string {
	words := []string{strings.Join(f.Types, " or ")}
	if f.MaxLength != nil {
		words = append(words, fmt.Sprintf("≤%d characters", *f.MaxLength))
	}
	if f.MaxItems != nil {
		words = append(words, fmt.Sprintf("≤%d elements", *f.MaxItems))
	}
	if f.Minimum != "" || f.Maximum != "" {
		words = append(words, f.Minimum+"…"+f.Maximum)
	}
	if len(f.Enum) > 0 {
		words = append(words, strings.ReplaceAll(f.values(), ", ", "|"))
	}
	if f.Pattern != "" {
		words = append(words, f.Pattern)
	}
	if f.Sealed {
		words = append(words, "sealed")
	}
	return strings.Join(words, " ")
}

// MaskValue copies a decoded payload for a log or a report: members that the
// contract marks as sensitive, sealed blobs, and whatever looks like a card
// number are hidden. Field may be nil; then only the latter is.
func MaskValue(value any, field *Field) any {
	switch v := value.(type) {
	case map[string]any:
		copied := make(map[string]any, len(v))
		for name, member := range v {
			var inner *Field
			if field != nil {
				inner = field.byName[name]
			}
			copied[name] = MaskValue(member, inner)
		}
		return copied
	case []any:
		copied := make([]any, len(v))
		for i, element := range v {
			var inner *Field
			if field != nil {
				inner = field.Items
			}
			copied[i] = MaskValue(element, inner)
		}
		return copied
	case string:
		return maskText(v, field)
	case json.Number:
		if hidden := maskText(string(v), field); hidden != string(v) {
			return hidden
		}
	}
	return value
}

// maskText hides a text member.
func maskText(text string, field *Field) string {
	switch {
	case field != nil && field.Sealed:
		return fmt.Sprintf("sealed, %d characters", len(text))
	case field != nil && field.Sensitive != "" && field.Sensitive != "pan" && text != "":
		return "***"
	case field != nil && field.Sensitive == "pan" && len(text) >= 12:
		return maskDigits(text)
	}
	return Mask(text)
}
