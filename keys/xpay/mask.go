package xpay

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

const (
	// shortestSecret is the length from which on a secret is masked wherever it turns up; shorter ones are everywhere by chance.
	shortestSecret = 4
	// A card number has 13 to 19 digits; the first six and the last four may be shown.
	shortestPAN, longestPAN = 13, 19
	shownFirst, shownLast   = 6, 4
	// shownMembers bounds the list of a body's members.
	shownMembers = 16
)

// masker hides what must not be shown: secrets in every writing, and card numbers outside a body that the caller vouches for.
type masker struct {
	secrets    []string
	bodyIsSafe bool
}

func newMasker(c Case) masker {
	m := masker{bodyIsSafe: c.BodyIsSafe}
	for _, secret := range append(slices.Clone(c.Secrets), c.Others...) {
		for _, key := range []string{secret.key, strings.TrimSpace(secret.key)} {
			if len(key) < shortestSecret {
				continue
			}
			raw := []byte(key)
			m.secrets = append(m.secrets, key, encode(key, unreservedMarks, upperHex), encode(key, unreservedMarks, lowerHex),
				hex.EncodeToString(raw), strings.ToUpper(hex.EncodeToString(raw)),
				base64.RawStdEncoding.EncodeToString(raw), base64.RawURLEncoding.EncodeToString(raw))
		}
	}
	// The longest first, so that a secret within another leaves no remains of the longer one.
	slices.SortFunc(m.secrets, func(a, b string) int { return len(b) - len(a) })
	return m
}

func (m masker) hideSecrets(text string) string {
	for _, secret := range m.secrets {
		text = strings.ReplaceAll(text, secret, "<secret>")
	}
	return text
}

// line masks text from outside a body.
func (m masker) line(text string) string { return hidePANs(m.hideSecrets(text)) }

// body shows a body: whole if the caller vouches for it, else by its length, hash and structure.
func (m masker) body(body []byte) string {
	switch {
	case len(body) == 0:
		return ""
	case m.bodyIsSafe:
		return m.hideSecrets(string(body))
	}
	return fmt.Sprintf("<body: %d bytes, SHA-256 %x, %s>", len(body), sha256.Sum256(body), structure(body))
}

// message shows the string that a recipe signs.
func (m masker) message(k *kitchen, r recipe) string {
	var shown []string
	for i := range len(r.order) {
		p := part(r.order[i])
		text := string(k.appendPart(nil, r, p))
		switch p {
		case partBody:
			text = m.body(k.body(r.body))
		case partTimestamp:
			// Thirteen digits of milliseconds are no card number.
			text = m.hideSecrets(text)
		default:
			text = m.line(text)
		}
		if text != "" || !r.skipEmpty {
			shown = append(shown, text)
		}
	}
	return strings.Join(shown, r.separator)
}

// structure tells what a body is made of without any of its values: the names of members only if they are plain words.
func structure(body []byte) string {
	var members map[string]json.RawMessage
	var elements []json.RawMessage
	switch {
	case json.Unmarshal(body, &members) == nil && members != nil:
	case json.Unmarshal(body, &elements) == nil && elements != nil:
		return fmt.Sprintf("JSON array of %d", len(elements))
	case json.Valid(body):
		return "JSON value"
	default:
		return "not JSON"
	}
	var names []string
	hidden := 0
	for name, value := range members {
		if !plainWord(name) {
			hidden++
			continue
		}
		names = append(names, name+" "+kind(value))
	}
	slices.Sort(names)
	if more := len(names) - shownMembers; more > 0 {
		names, hidden = names[:shownMembers], hidden+more
	}
	if hidden > 0 {
		names = append(names, fmt.Sprintf("%d more", hidden))
	}
	return "JSON object {" + strings.Join(names, ", ") + "}"
}

func plainWord(name string) bool {
	return name != "" && len(name) <= 40 && !strings.ContainsFunc(name, func(c rune) bool {
		return c > unicode.MaxASCII || !unicode.IsLetter(c) && c != '_'
	})
}

func kind(value json.RawMessage) string {
	switch trimmed := bytes.TrimSpace(value); {
	case len(trimmed) == 0:
		return "nothing"
	case trimmed[0] == '{':
		return "object"
	case trimmed[0] == '[':
		return "array"
	case trimmed[0] == '"':
		return "string"
	case trimmed[0] == 't' || trimmed[0] == 'f':
		return "boolean"
	case trimmed[0] == 'n':
		return "null"
	}
	return "number"
}

// hidePANs masks the middle of every run of digits that can be a card number.
func hidePANs(text string) string {
	var out strings.Builder
	for i := 0; i < len(text); {
		end := i
		for end < len(text) && text[end] >= '0' && text[end] <= '9' {
			end++
		}
		run := text[i:end]
		switch {
		case run == "":
			out.WriteByte(text[i])
			end = i + 1
		case len(run) >= shortestPAN && len(run) <= longestPAN && luhn(run):
			out.WriteString(run[:shownFirst] + strings.Repeat("*", len(run)-shownFirst-shownLast) + run[len(run)-shownLast:])
		default:
			out.WriteString(run)
		}
		i = end
	}
	return out.String()
}

func luhn(digits string) bool {
	sum := 0
	for i := range len(digits) {
		digit := int(digits[len(digits)-1-i] - '0')
		if i%2 == 1 {
			digit *= 2
		}
		sum += digit/10 + digit%10
	}
	return sum%10 == 0
}

// printable makes text safe for a terminal and a log line: control and unprintable characters become escapes.
func printable(text string) string {
	var out strings.Builder
	for _, c := range text {
		switch {
		case c == '\n':
			out.WriteString(`\n`)
		case c == '\r':
			out.WriteString(`\r`)
		case c == '\t':
			out.WriteString(`\t`)
		case c == unicode.ReplacementChar || !unicode.IsPrint(c):
			fmt.Fprintf(&out, `\x{%X}`, c)
		default:
			out.WriteRune(c)
		}
	}
	return out.String()
}
