package xpay

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// bodyLayout is how JSON was laid out when it was signed. The zero value is the rule: as sent.
type bodyLayout int

const (
	layoutAsSent bodyLayout = iota
	layoutCompact
	layoutTwo
	layoutFour
	layoutTab
	layoutSpaced
	layoutReordered
	layoutLineFeeds
	layoutCarriageReturns
)

// bodyEscape is which characters were escaped, or in which charset they were, when the body was signed. The zero value is the rule.
type bodyEscape int

const (
	escapeAsSent bodyEscape = iota
	escapeHTML
	escapeSlashes
	escapeNonASCII
	unescaped
	charsetLatin1
)

// bodyTail is what became of the body's ends. The zero value is the rule.
type bodyTail int

const (
	tailAsSent bodyTail = iota
	tailTrimmed
	tailLineFeed
	tailCarriageReturn
)

// bodyForm is a way to write the body into the signed string. The zero value is the rule: every byte as sent.
type bodyForm struct {
	layout   bodyLayout
	escape   bodyEscape
	tail     bodyTail
	omitted  bool
	invented string
}

// apply gives the body as this form signs it; what cannot be done with a body leaves it as it is.
func (f bodyForm) apply(body []byte) []byte {
	if f.invented != "" {
		return []byte(f.invented)
	}
	if f.omitted {
		return nil
	}
	body = f.escape.apply(f.layout.apply(body))
	switch f.tail {
	case tailTrimmed:
		return bytes.TrimSpace(body)
	case tailLineFeed:
		return append(bytes.Clone(body), '\n')
	case tailCarriageReturn:
		return append(bytes.Clone(body), '\r', '\n')
	}
	return body
}

func (l bodyLayout) apply(body []byte) []byte {
	var out bytes.Buffer
	var err error
	switch l {
	case layoutCompact:
		err = json.Compact(&out, body)
	case layoutTwo:
		err = json.Indent(&out, body, "", "  ")
	case layoutFour:
		err = json.Indent(&out, body, "", "    ")
	case layoutTab:
		err = json.Indent(&out, body, "", "\t")
	case layoutSpaced:
		err = spaced(&out, body)
	case layoutReordered:
		err = reordered(&out, body)
	case layoutLineFeeds:
		out.Write(bytes.ReplaceAll(body, []byte("\r\n"), []byte("\n")))
	case layoutCarriageReturns:
		out.Write(bytes.ReplaceAll(bytes.ReplaceAll(body, []byte("\r\n"), []byte("\n")), []byte("\n"), []byte("\r\n")))
	default:
		return body
	}
	if err != nil {
		return body
	}
	return bytes.TrimRight(out.Bytes(), l.droppedTail())
}

// droppedTail is what a layout leaves no trace of at the end: re-serialised JSON ends with its last bracket.
func (l bodyLayout) droppedTail() string {
	if l == layoutLineFeeds || l == layoutCarriageReturns {
		return ""
	}
	return " \t\r\n"
}

// spaced writes ", " and ": " and no line ends.
func spaced(out *bytes.Buffer, body []byte) error {
	var compact bytes.Buffer
	if err := json.Compact(&compact, body); err != nil {
		return err
	}
	inString, escaped := false, false
	for _, c := range compact.Bytes() {
		out.WriteByte(c)
		switch {
		case escaped:
			escaped = false
		case inString && c == '\\':
			escaped = true
		case c == '"':
			inString = !inString
		case !inString && (c == ',' || c == ':'):
			out.WriteByte(' ')
		}
	}
	return nil
}

// reordered writes compact JSON with sorted member names and numbers as they were.
func reordered(out *bytes.Buffer, body []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return fmt.Errorf("body is not JSON: %w", err)
	}
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}

func (e bodyEscape) apply(body []byte) []byte {
	switch e {
	case escapeHTML:
		var out bytes.Buffer
		json.HTMLEscape(&out, body)
		return out.Bytes()
	case escapeSlashes:
		return bytes.ReplaceAll(bytes.ReplaceAll(body, []byte(`\/`), []byte(`/`)), []byte(`/`), []byte(`\/`))
	case escapeNonASCII:
		return nonASCIIEscaped(body)
	case unescaped:
		return withoutEscapes(body)
	case charsetLatin1:
		return latin1(body)
	default:
		return body
	}
}

func nonASCIIEscaped(body []byte) []byte {
	if !utf8.Valid(body) {
		return body
	}
	out := make([]byte, 0, len(body))
	for _, r := range string(body) {
		switch {
		case r < utf8.RuneSelf:
			out = append(out, byte(r))
		case r > 0xFFFF:
			high, low := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
	}
	return out
}

// withoutEscapes turns escaped slashes, the characters that HTML-safe writers escape, and non-ASCII characters back.
func withoutEscapes(body []byte) []byte {
	out := make([]byte, 0, len(body))
	for i := 0; i < len(body); i++ {
		rest := body[i:]
		switch {
		case rest[0] != '\\' || len(rest) < 2:
			out = append(out, rest[0])
		case rest[1] == '/':
			out = append(out, '/')
			i++
		case rest[1] == 'u':
			character, length := unicodeEscape(rest)
			if length == 0 || character < ' ' || strings.ContainsRune(`"\`, character) {
				out = append(out, rest[0], rest[1])
				i++
				continue
			}
			out = utf8.AppendRune(out, character)
			i += length - 1
		default:
			out = append(out, rest[0], rest[1])
			i++
		}
	}
	return out
}

// unicodeEscape reads one \u escape, or a pair of surrogates; a length of 0 means that there is none.
func unicodeEscape(text []byte) (character rune, length int) {
	first, ok := fourHex(text)
	if !ok {
		return 0, 0
	}
	if !utf16.IsSurrogate(first) {
		return first, 6
	}
	second, ok := fourHex(text[6:])
	if pair := utf16.DecodeRune(first, second); ok && pair != utf8.RuneError {
		return pair, 12
	}
	return 0, 0
}

func fourHex(text []byte) (value rune, ok bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	for _, c := range text[2:6] {
		digit := nibble(c)
		if digit < 0 {
			return 0, false
		}
		value = value<<4 | rune(digit)
	}
	return value, true
}

func latin1(body []byte) []byte {
	if !utf8.Valid(body) {
		return body
	}
	out := make([]byte, 0, len(body))
	for _, r := range string(body) {
		switch {
		case r > 0xFFFF:
			out = append(out, '?', '?')
		case r > 0xFF:
			out = append(out, '?')
		default:
			out = append(out, byte(r))
		}
	}
	return out
}
