package xpay

import (
	"fmt"
	"slices"
	"strings"
)

// CanonicalPath is the path as the digest covers it: the wire's characters without the slashes at both ends, the product
// prefix kept (p.27, INT-001).
func CanonicalPath(path string) string { return strings.Trim(path, "/") }

// CanonicalQuery is the query string as the digest covers it (p.27, INT-002): names and values decoded from the wire, encoded
// per RFC 3986 with upper-case hexadecimal, sorted by encoded name and then by encoded value in byte order, a '=' in
// every parameter, '&' between them, no question mark.
//
// A '+' on the wire is a space, as servers read it. Empty parameters ("a=1&&b=2") vanish. The error is an *Error with
// ReasonQueryMalformed for a percent sign that two hexadecimal digits don't follow.
func CanonicalQuery(raw string) (string, error) {
	parameters, broken := parseQuery(raw)
	if broken >= 0 {
		return "", refuse(ReasonQueryMalformed, fmt.Sprintf("query string: the percent sign at byte %d is not followed by two hexadecimal digits: encode it as %%25", broken))
	}
	return queryForm{}.render(parameters), nil
}

// parameter is one parameter of a query string.
type parameter struct {
	name, value       string // decoded
	rawName, rawValue string // as sent
}

// parseQuery never gives up: it keeps a broken escape as the characters it is made of, and says where the first one stands (-1: nowhere).
func parseQuery(raw string) (parameters []parameter, broken int) {
	broken = -1
	offset := 0
	for field := range strings.SplitSeq(raw, "&") {
		if field != "" {
			rawName, rawValue, _ := strings.Cut(field, "=")
			name, badName := decode(rawName)
			value, badValue := decode(rawValue)
			switch {
			case broken >= 0:
			case badName >= 0:
				broken = offset + badName
			case badValue >= 0:
				broken = offset + len(rawName) + 1 + badValue
			}
			parameters = append(parameters, parameter{name: name, value: value, rawName: rawName, rawValue: rawValue})
		}
		offset += len(field) + 1
	}
	return parameters, broken
}

func decode(text string) (decoded string, broken int) {
	broken = -1
	if !strings.ContainsAny(text, "%+") {
		return text, broken
	}
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '+':
			out = append(out, ' ')
		case text[i] != '%':
			out = append(out, text[i])
		case i+2 < len(text) && nibble(text[i+1]) >= 0 && nibble(text[i+2]) >= 0:
			out = append(out, byte(nibble(text[i+1])<<4|nibble(text[i+2])))
			i += 2
		default:
			if broken < 0 {
				broken = i
			}
			out = append(out, '%')
		}
	}
	return string(out), broken
}

func nibble(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

const (
	upperHex = "0123456789ABCDEF"
	lowerHex = "0123456789abcdef"
	// unreservedMarks are the characters besides letters and digits that RFC 3986 section 2.3 leaves unencoded.
	unreservedMarks = "-._~"
)

// encode percent-encodes every byte that is neither a letter, a digit nor one of marks.
func encode(text, marks, hexDigits string) string {
	var out strings.Builder
	out.Grow(len(text))
	for i := range len(text) {
		c := text[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte(marks, c) >= 0 {
			out.WriteByte(c)
			continue
		}
		out.WriteByte('%')
		out.WriteByte(hexDigits[c>>4])
		out.WriteByte(hexDigits[c&15])
	}
	return out.String()
}

// field is one parameter on its way into a string: written, and with what it is sorted by.
type field struct {
	name, value string // as written
	parameter
}

func byNameThenValue(a, b field) int {
	if order := strings.Compare(a.name, b.name); order != 0 {
		return order
	}
	return strings.Compare(a.value, b.value)
}

func sortFields(fields []field, compare func(a, b field) int) {
	if compare != nil {
		slices.SortStableFunc(fields, compare)
	}
}
