package jose

import (
	"encoding/base64"
	"fmt"
	"strings"
)

const (
	jwsParts = 3
	jweParts = 5
	// ivBytes and tagBytes are what AES-GCM has in JOSE (RFC 7518 section 5.3; p.40, INT-022).
	ivBytes  = 12
	tagBytes = 16
	// contentKeyBytes is the size of an AES-256 key.
	contentKeyBytes = 32
	separator       = "."
)

// foreign finds the first character that base64url in compact serialisation does not have; -1: none. Go's decoder skips
// line breaks, and p.32 speaks of a padding character, so both are caught here (INT-007).
func foreign(text string) int {
	for i := range len(text) {
		c := text[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.' {
			continue
		}
		return i
	}
	return -1
}

// foreignText explains a foreign character.
func foreignText(text string, at int) string {
	switch c := text[at]; c {
	case '=':
		return fmt.Sprintf("character %d is the padding '=': encode as base64url without padding", at+1)
	case '+', '/':
		return fmt.Sprintf("character %d is %q, which is standard base64: encode as base64url", at+1, c)
	case '\r', '\n':
		return fmt.Sprintf("character %d is a line break: send one line", at+1)
	case ' ', '\t':
		return fmt.Sprintf("character %d is a blank: send the blob without blanks", at+1)
	case '"', '\\':
		return fmt.Sprintf("character %d is %q, as if the blob were JSON text inside JSON text: encode it into the body once", at+1, c)
	case '%':
		return fmt.Sprintf("character %d is '%%', as if the blob were URL-encoded: send it as it is", at+1)
	}
	return fmt.Sprintf("character %d is none of base64url's: encode as base64url without padding", at+1)
}

var strict = base64.RawURLEncoding.Strict()

// decodeParts takes compact serialisation apart; names says what the parts are called.
func decodeParts(layer Layer, parts []string, names []string) ([][]byte, *Refused) {
	decoded := make([][]byte, len(parts))
	for i, part := range parts {
		raw, err := strict.DecodeString(part)
		if err != nil {
			return nil, refuse(layer, ReasonNotBase64URL, "the %s (part %d) is cut short or not base64url: its %d characters end in bits that encode nothing",
				names[i], i+1, len(part))
		}
		decoded[i] = raw
	}
	return decoded, nil
}

// looksJSON reports whether the text is a JSON object rather than compact serialisation.
func looksJSON(text string) bool {
	return strings.HasPrefix(strings.TrimLeft(text, " \t\r\n"), "{")
}
