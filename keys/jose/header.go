package jose

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
	"unicode/utf8"
)

// The names of the header members that are acted upon (pp.40-44, p.224).
const (
	memberAlgorithm   = "alg"
	memberEncryption  = "enc"
	memberType        = "typ"
	memberContentType = "cty"
	memberKeyID       = "kid"
	memberIssuedAt    = "iat"
	memberExpires     = "exp"
	memberIssuer      = "iss"
	memberAudience    = "aud"
	memberCompression = "zip"
	memberCritical    = "crit"
	memberB64         = "b64"
	memberWrapIV      = "iv"
	memberWrapTag     = "tag"
)

// actedUpon are the members above; the others of a header are ignored, as RFC 7515 section 4 wants it.
var actedUpon = []string{memberAlgorithm, memberEncryption, memberType, memberContentType, memberKeyID, memberIssuedAt, memberExpires,
	memberIssuer, memberAudience, memberCompression, memberCritical, memberB64, memberWrapIV, memberWrapTag}

// keyCarriers are the members by which a sender offers a key of his own (RFC 7515 section 4.1). They are never used.
var keyCarriers = []string{"jku", "jwk", "x5u", "x5c", "x5t", "x5t#S256"}

// Header is what an accepted header says.
type Header struct {
	Algorithm string
	// Encryption is empty in a JWS header.
	Encryption        string
	Type, ContentType string
	KeyID             string
	// IssuedAt is zero where the header has no iat, IssuedAtForm how it was written.
	IssuedAt     time.Time
	IssuedAtForm TimeForm
	// Expires is exp as it was sent, zero without one; what counts is Opened.Until.
	Expires     time.Time
	ExpiresForm TimeForm
	Issuer      string
	Audience    []string
	// Ignored are the names of the members that were not acted upon, in the header's order.
	Ignored []string
}

// members is a header taken apart: each member's JSON text, the names in order, and those that came twice.
type members struct {
	values     map[string]json.RawMessage
	names      []string
	duplicates []string
}

var errNotObject = errors.New("it is not a JSON object")

// parseMembers reads a header. The last of two equal names wins; whoever cares looks at duplicates.
func parseMembers(raw []byte) (members, error) {
	m := members{values: map[string]json.RawMessage{}}
	if !utf8.Valid(raw) {
		return m, errors.New("it is not UTF-8")
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	if open, err := decoder.Token(); err != nil || open != json.Delim('{') {
		return m, errNotObject
	}
	for decoder.More() {
		token, err := decoder.Token()
		name, isName := token.(string)
		if err != nil || !isName {
			return m, errNotObject
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return m, errNotObject
		}
		if _, known := m.values[name]; known {
			m.duplicates = append(m.duplicates, name)
		} else {
			m.names = append(m.names, name)
		}
		m.values[name] = value
	}
	if _, err := decoder.Token(); err != nil {
		return m, errNotObject
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return m, errors.New("something follows the JSON object")
	}
	return m, nil
}

// textMembers is a header whose members are all strings.
func textMembers(texts map[string]string) members {
	m := members{values: map[string]json.RawMessage{}}
	for name, text := range texts {
		// A string always encodes.
		m.values[name], _ = json.Marshal(text)
	}
	return m
}

func (m members) has(name string) bool {
	_, present := m.values[name]
	return present
}

// text is a member that must be a string; isText is false when it is there but is none.
func (m members) text(name string) (value string, present, isText bool) {
	raw, present := m.values[name]
	if !present {
		return "", false, false
	}
	var pointer *string
	if err := json.Unmarshal(raw, &pointer); err != nil || pointer == nil {
		return "", true, false
	}
	return *pointer, true, true
}

// kind names the JSON type of a value, for messages that must not repeat it.
func kind(raw json.RawMessage) string {
	if len(raw) == 0 {
		return "nothing"
	}
	switch raw[0] {
	case '"':
		return "a string"
	case '{':
		return "an object"
	case '[':
		return "an array"
	case 't', 'f':
		return "a boolean"
	case 'n':
		return "null"
	}
	return "a number"
}

// headerCheck reads one of the two headers into facts.
type headerCheck struct {
	members
	rules Rules
	what  string // "JWS header"
	layer Layer
	cite  string
}

func (h headerCheck) refuse(reason Reason, format string, a ...any) *Refused {
	return refuse(h.layer, reason, h.what+": "+format, a...).citing(h.cite)
}

// parse applies what holds for both headers: one JSON object, no name twice, no crit, no zip.
func (h *headerCheck) parse(raw []byte) *Refused {
	parsed, err := parseMembers(raw)
	if err != nil {
		return h.refuse(ReasonHeaderMalformed, "%v", err)
	}
	h.members = parsed
	switch {
	case len(parsed.duplicates) > 0:
		return h.refuse(ReasonHeaderDuplicate, "%s stands twice: send each member once", quote(parsed.duplicates[0]))
	case h.has(memberCritical):
		return h.refuse(ReasonCritical, "%s demands extensions, and none is known here: leave it out", memberCritical)
	case h.has(memberCompression):
		return h.refuse(ReasonCompressed, "%s says that the payload is compressed: send it uncompressed and leave %s out", memberCompression, memberCompression)
	}
	return nil
}

// exactly demands one value of a member, which may be missing where required is false.
func (h headerCheck) exactly(name, want string, required bool, reason Reason) *Refused {
	value, present, isText := h.text(name)
	switch {
	case !present && required:
		return h.refuse(reason, "%s is missing where %q is due", name, want)
	case present && !isText:
		return h.refuse(reason, "%s is %s where the string %q is due", name, kind(h.values[name]), want)
	case present && value != want:
		return h.refuse(reason, "%s is %s where %q is due", name, quote(value), want)
	}
	return nil
}

// keyID reads kid (p.40, p.43).
func (h headerCheck) keyID() (string, *Refused) {
	value, present, isText := h.text(memberKeyID)
	switch {
	case !present:
		return "", h.refuse(ReasonKeyIDMissing, "%s is missing: name the key", memberKeyID)
	case !isText:
		return "", h.refuse(ReasonKeyIDMalformed, "%s is %s where a string is due", memberKeyID, kind(h.values[memberKeyID]))
	case value == "":
		return "", h.refuse(ReasonKeyIDMalformed, "%s is empty: name the key", memberKeyID)
	case utf8.RuneCountInString(value) > h.rules.KeyID.MaxLength:
		return "", h.refuse(ReasonKeyIDMalformed, "%s has %d characters where at most %d are allowed", memberKeyID,
			utf8.RuneCountInString(value), h.rules.KeyID.MaxLength).citing(page(h.rules.KeyID.Page))
	}
	return value, nil
}

// unknownKeyID explains a kid that no key has. The known ids stay out: they may be API keys.
func (h headerCheck) unknownKeyID(id string, known int) *Refused {
	return h.refuse(ReasonKeyIDUnknown, "%s %s names none of the %d keys known for this party: compare it with the id that was exchanged",
		memberKeyID, showID(id), known)
}

// facts are the members that are only passed on, and the warnings about those that are not trusted.
func (h headerCheck) facts() (Header, []Warning) {
	facts := Header{}
	facts.Algorithm, _, _ = h.text(memberAlgorithm)
	facts.Encryption, _, _ = h.text(memberEncryption)
	facts.Type, _, _ = h.text(memberType)
	facts.ContentType, _, _ = h.text(memberContentType)
	facts.KeyID, _, _ = h.text(memberKeyID)
	var warnings []Warning
	for _, name := range h.names {
		if slices.Contains(actedUpon, name) {
			continue
		}
		facts.Ignored = append(facts.Ignored, name)
		if slices.Contains(keyCarriers, name) {
			warnings = append(warnings, Warning{WarningKeyInHeader, fmt.Sprintf("%s: %s offers a key or certificate; it was not used, kid alone chooses the key", h.what, name)})
		}
	}
	return facts, warnings
}
