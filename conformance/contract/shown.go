package contract

import (
	"fmt"
	"strings"
)

// Shown copies a decoded payload for a log or a report, as MaskValue does, and
// gives only the kind of what the contract does not know: a member that nobody
// described is tolerated, but may hold anything.
func Shown(value any, field *Field) any { return MaskValue(described(value, field), field) }

func described(value any, field *Field) any {
	switch v := value.(type) {
	case map[string]any:
		copied := make(map[string]any, len(v))
		for name, member := range v {
			var inner *Field
			if field != nil {
				inner = field.Member(name)
			}
			if inner == nil {
				copied[Shorten(Mask(name))] = "not in the contract: " + kindOfValue(member)
				continue
			}
			copied[name] = described(member, inner)
		}
		return copied
	case []any:
		if field == nil || field.Items == nil {
			return kindOfValue(value)
		}
		copied := make([]any, len(v))
		for i, element := range v {
			copied[i] = described(element, field.Items)
		}
		return copied
	}
	return value
}

// kindOfValue says of a value only what it is.
func kindOfValue(value any) string {
	switch v := value.(type) {
	case nil:
		return "null"
	case string:
		return fmt.Sprintf("a string of %d characters", len([]rune(v)))
	case bool:
		return "a boolean"
	case []any:
		return fmt.Sprintf("an array of %d", len(v))
	case map[string]any:
		return fmt.Sprintf("an object of %d members", len(v))
	}
	return "a number"
}

// longestShown is how much of a text that came from outside is shown, in
// bytes.
const longestShown = 512

// Shorten cuts a text that came from outside to a length fit for a log.
func Shorten(text string) string {
	if len(text) <= longestShown {
		return text
	}
	return strings.ToValidUTF8(text[:longestShown], "") + "…"
}
