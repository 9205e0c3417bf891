package jose

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"
	"time"
)

// specimen is a blob on the doctor's table: damage undone as far as it goes, taken apart leniently, tried with every key.
// Nothing in it is an error; what could not be found stays empty.
type specimen struct {
	profile
	rules   Rules
	c       Case
	now     time.Time
	refused *Refused
	opened  *Opened

	// undone is the damage on the way that was undone before the parts were read.
	undone map[MistakeID]bool
	// received are the parts before, parts those after damage was undone.
	received, parts []string
	jws             *jwsForm
	jwe             *jweForm
	// bare: a JWE without a JWS around it. clear: a JWS around something that is no JWE.
	bare, clear bool

	signature signatureFinding
	key       keyFinding
	text      textFinding
}

// jwsForm is the outer form taken apart.
type jwsForm struct {
	segments           []string
	raw                []byte
	header             members
	readable           bool
	payload, signature []byte
}

// jweForm is the inner form taken apart.
type jweForm struct {
	segments                 []string
	raw                      []byte
	header                   members
	readable                 bool
	key, iv, ciphertext, tag []byte
}

func (e *Envelope) specimen(p profile, c Case, now time.Time) *specimen {
	s := &specimen{profile: p, rules: e.rules, c: c, now: now, undone: map[MistakeID]bool{}}
	s.opened, s.refused = e.open(c.Use, c.Blob, c.Keys, now)
	// A blob far past every limit is not looked into.
	if len(c.Blob) > examinable*p.maxLength {
		return s
	}
	s.received = strings.Split(c.Blob, separator)
	s.parts = strings.Split(s.undo(c.Blob), separator)
	switch len(s.parts) {
	case jwsParts, jwsParts - 1:
		s.readJWS(s.parts)
	case jwsParts - 1 + jweParts:
		// header, the JWE's five parts, signature: the payload was not encoded.
		last := len(s.parts) - 1
		inner := strings.Join(s.parts[1:last], separator)
		s.readJWS([]string{s.parts[0], encode([]byte(inner)), s.parts[last]})
		s.undone[MistakePayloadNotEncoded] = s.jws.readable && s.jwe != nil && s.jwe.readable
	case jweParts, jweParts - 1:
		s.bare = true
		s.readJWE(s.parts)
	}
	s.trySignature()
	s.tryKey()
	s.tryText()
	return s
}

// examinable is how many times the allowed length the doctor still reads.
const examinable = 4

func (s *specimen) readJWS(parts []string) {
	raw, payload := decodeLeniently(parts[0]), decodeLeniently(parts[1])
	header, err := parseMembers(raw)
	s.jws = &jwsForm{segments: parts, raw: raw, header: header, readable: err == nil, payload: payload}
	if len(parts) == jwsParts {
		s.jws.signature = decodeLeniently(parts[2])
	}
	inner := string(payload)
	if looksJSON(inner) && jsonForm(inner) == formOther {
		s.clear = true
		return
	}
	segments := strings.Split(s.undo(inner), separator)
	if len(segments) != jweParts && len(segments) != jweParts-1 {
		s.clear = len(parts) == jwsParts
		return
	}
	s.readJWE(segments)
}

func (s *specimen) readJWE(parts []string) {
	raw := decodeLeniently(parts[0])
	header, err := parseMembers(raw)
	s.jwe = &jweForm{segments: parts, raw: raw, header: header, readable: err == nil,
		key: decodeLeniently(parts[1]), iv: decodeLeniently(parts[2]), ciphertext: decodeLeniently(parts[3])}
	if len(parts) == jweParts {
		s.jwe.tag = decodeLeniently(parts[4])
	}
}

// decodeLeniently gives what can be decoded, even where the end was cut.
func decodeLeniently(segment string) []byte {
	if len(segment)%4 == 1 {
		segment = segment[:len(segment)-1]
	}
	decoded, err := base64.RawURLEncoding.DecodeString(segment)
	if err != nil {
		return nil
	}
	return decoded
}

func encode(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }

// damage is one thing that happens to blobs on the way, and how to undo it. ok is false where it did not happen.
type damage struct {
	id   MistakeID
	undo func(text string) (mended string, ok bool)
}

// damages are tried again and again until none applies.
var damages = []damage{
	{MistakeJSONQuoted, undoQuotes},
	{MistakeBodyInsteadOfBlob, undoBody},
	{MistakeJSONSerialisation, undoJSONForm},
	{MistakeLineBreaks, undoBlanks},
	{MistakeURLEncoded, undoPercent},
	{MistakeEncodedTwice, undoSecondEncoding},
	{MistakeStandardBase64, undoStandardAlphabet},
	{MistakePadding, undoPadding},
}

// undo mends a text and notes what it mended. Each damage may lie in several layers; the bound is only a safeguard.
func (s *specimen) undo(text string) string {
	const rounds = 8
	for range rounds {
		before := text
		for _, d := range damages {
			if mended, ok := d.undo(text); ok {
				text = mended
				s.undone[d.id] = true
			}
		}
		if text == before {
			break
		}
	}
	return text
}

func undoQuotes(text string) (string, bool) {
	trimmed := strings.TrimSpace(text)
	if len(trimmed) < 2 || trimmed[0] != '"' || trimmed[len(trimmed)-1] != '"' {
		return text, false
	}
	var inner string
	if json.Unmarshal([]byte(trimmed), &inner) != nil {
		return trimmed[1 : len(trimmed)-1], true
	}
	return inner, true
}

func undoBlanks(text string) (string, bool) {
	if looksJSON(text) {
		return text, false
	}
	mended := strings.NewReplacer(`\r`, "", `\n`, "", "\r", "", "\n", "", " ", "", "\t", "").Replace(text)
	return mended, mended != text
}

func undoPercent(text string) (string, bool) {
	if looksJSON(text) || !strings.Contains(text, "%") {
		return text, false
	}
	mended, err := url.PathUnescape(text)
	return mended, err == nil && mended != text
}

func undoStandardAlphabet(text string) (string, bool) {
	if looksJSON(text) || !strings.ContainsAny(text, "+/") {
		return text, false
	}
	return strings.NewReplacer("+", "-", "/", "_").Replace(text), true
}

// undoPadding takes '=' away, and '.' where p.32 misled the sender to pad with it.
func undoPadding(text string) (string, bool) {
	if looksJSON(text) {
		return text, false
	}
	if mended := strings.ReplaceAll(text, "=", ""); mended != text {
		return mended, true
	}
	parts := strings.Split(text, separator)
	filled := parts[:0:0]
	for _, part := range parts {
		if part != "" {
			filled = append(filled, part)
		}
	}
	if len(filled) == len(parts) || len(filled) != jwsParts && len(filled) != jweParts {
		return text, false
	}
	return strings.Join(filled, separator), true
}

// undoSecondEncoding decodes a blob without dots that is base64 of one with dots.
func undoSecondEncoding(text string) (string, bool) {
	if text == "" || strings.Contains(text, separator) {
		return text, false
	}
	plain := strings.TrimRight(strings.NewReplacer("+", "-", "/", "_").Replace(text), "=")
	decoded, err := base64.RawURLEncoding.DecodeString(plain)
	if err != nil || strings.Count(string(decoded), separator) < jwsParts-1 || foreign(strings.TrimRight(string(decoded), "=")) >= 0 {
		return text, false
	}
	return string(decoded), true
}
