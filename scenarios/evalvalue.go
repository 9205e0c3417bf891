package scenarios

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/vtsim/vtsim/conformance/contract"
)

// equal compares decoded JSON. Numbers are equal by value, however they are
// written and whatever Go type they have; null, "" and no member are one.
func equal(want, got any) bool {
	if absent(want) || absent(got) {
		return absent(want) && absent(got)
	}
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			return false
		}
		for name := range w {
			if !equal(w[name], g[name]) {
				return false
			}
		}
		for name := range g {
			if _, known := w[name]; !known && !absent(g[name]) {
				return false
			}
		}
		return true
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(w) {
			return false
		}
		for i := range w {
			if !equal(w[i], g[i]) {
				return false
			}
		}
		return true
	case string, bool:
		return want == got
	}
	a, one := number(want)
	b, other := number(got)
	return one && other && a == b
}

// decimal is a number without the ways to write it: digits times ten to the
// exponent, the digits neither beginning nor ending with 0.
type decimal struct {
	negative bool
	digits   string
	exponent int64
}

// number reads a number of JSON or of Go, of any size: it costs no more than
// its text is long.
func number(value any) (decimal, bool) {
	var text string
	switch v := value.(type) {
	case json.Number:
		text = string(v)
	case int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64:
		text = fmt.Sprint(v)
	case float32:
		text = strconv.FormatFloat(float64(v), 'g', -1, 32)
	case float64:
		text = strconv.FormatFloat(v, 'g', -1, 64)
	default:
		return decimal{}, false
	}
	return parseDecimal(text)
}

func parseDecimal(text string) (decimal, bool) {
	var d decimal
	text, d.negative = strings.CutPrefix(strings.TrimPrefix(text, "+"), "-")
	mantissa, exponent, scientific := strings.Cut(strings.ToLower(text), "e")
	if scientific {
		var err error
		if d.exponent, err = strconv.ParseInt(exponent, 10, 32); err != nil {
			return decimal{}, false // no number that anybody means
		}
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	d.digits, d.exponent = whole+fraction, d.exponent-int64(len(fraction))
	if d.digits == "" || strings.Trim(d.digits, "0123456789") != "" {
		return decimal{}, false
	}
	d.digits = strings.TrimLeft(d.digits, "0")
	short := strings.TrimRight(d.digits, "0")
	d.exponent += int64(len(d.digits) - len(short))
	if d.digits = short; short == "" {
		return decimal{}, true // 0, -0 and 0e5
	}
	return d, true
}

// textOf is what a regular expression is held against.
func textOf(value any) (string, bool) {
	switch v := value.(type) {
	case string:
		return v, true
	case bool:
		return strconv.FormatBool(v), true
	case nil, map[string]any, []any:
		return "", false
	}
	return fmt.Sprint(value), true
}

// shownValue writes a value for people: what the contract calls sensitive is
// hidden, and what it does not know has only its kind.
func shownValue(value any, field *contract.Field) string {
	if field == nil {
		const unknown = "value"
		wrapped, _ := contract.Shown(map[string]any{unknown: value}, nil).(map[string]any)
		return fmt.Sprint(wrapped[unknown])
	}
	return written(contract.Shown(value, field))
}

// shownOpenly writes a value whose members the contract need not know, such as
// that of an error answer; numbers that may be a card's are hidden.
func shownOpenly(value any) string { return written(contract.MaskValue(value, nil)) }

func written(value any) string {
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return fmt.Sprintf("a %T", value)
	}
	return contract.Shorten(strings.TrimSpace(text.String()))
}

// pointed follows a JSON Pointer (RFC 6901) into a decoded value.
func pointed(value any, pointer string) (any, bool) {
	if pointer == "" {
		return value, true
	}
	if !strings.HasPrefix(pointer, "/") {
		return nil, false
	}
	for _, step := range strings.Split(pointer[1:], "/") {
		step = strings.NewReplacer("~1", "/", "~0", "~").Replace(step)
		switch v := value.(type) {
		case map[string]any:
			inner, ok := v[step]
			if !ok {
				return nil, false
			}
			value = inner
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(v) || strconv.Itoa(i) != step {
				return nil, false
			}
			value = v[i]
		default:
			return nil, false
		}
	}
	return value, true
}
