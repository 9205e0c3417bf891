package jose

import (
	"fmt"
	"slices"
	"strings"
)

// facts is what can be shown of the specimen, from outside to inside.
func (s *specimen) facts() []Fact {
	facts := []Fact{
		{"use", string(s.use)},
		{"blob", fmt.Sprintf("%d characters, %d parts", len(s.c.Blob), strings.Count(s.c.Blob, separator)+1)},
		{"examined at", stamp(s.now)},
	}
	add := func(name, format string, a ...any) {
		facts = append(facts, Fact{name, fmt.Sprintf(format, a...)})
	}
	if s.jws != nil && s.jws.readable {
		add("JWS header", "%s", showHeader(s.jws.header))
		add("JWS payload", "%d bytes", len(s.jws.payload))
		switch {
		case len(s.jws.signature) == 0:
			add("signature", "none")
		case s.signature.fits && s.signature.way == signedWell:
			add("signature", "%d bytes, by %s", len(s.jws.signature), quote(s.signature.label))
		case s.signature.fits:
			add("signature", "%d bytes, by %s, but not made as it should be", len(s.jws.signature), quote(s.signature.label))
		default:
			add("signature", "%d bytes, by none of the known keys", len(s.jws.signature))
		}
	}
	if s.jwe == nil || !s.jwe.readable {
		return facts
	}
	add("JWE header", "%s", showHeader(s.jwe.header))
	opens := "none of the known keys opens it"
	if s.key.fits {
		opens = "opens with " + quote(s.key.label)
	}
	add("encrypted key", "%d bytes, %s", len(s.jwe.key), opens)
	add("iv", "%d bytes", len(s.jwe.iv))
	add("ciphertext", "%d bytes", len(s.jwe.ciphertext))
	add("tag", "%d bytes", len(s.jwe.tag))
	if at, form, ok := s.issued(); ok {
		add("iat", "%s (%s), %s", stamp(at), form, s.age())
	}
	return facts
}

func (s *specimen) age() string {
	at, _, _ := s.issued()
	if at.After(s.now) {
		return spell(at.Sub(s.now)) + " ahead of the clock"
	}
	return spell(s.now.Sub(at)) + " old"
}

// showHeader shows the members that are acted upon, ids shortened; of others only the names.
func showHeader(header members) string {
	var shown []string
	for _, name := range header.names {
		switch {
		case name == memberKeyID:
			id, _, isText := header.text(name)
			if !isText {
				id = kind(header.values[name])
			}
			shown = append(shown, "kid "+showID(id))
		case slices.Contains(actedUpon, name) && name != memberCritical:
			shown = append(shown, name+" "+showMember(header, name))
		default:
			shown = append(shown, quote(name)+" (not shown)")
		}
	}
	return strings.Join(shown, ", ")
}

func showMember(header members, name string) string {
	if text, _, isText := header.text(name); isText {
		return quote(text)
	}
	raw := header.values[name]
	if kind(raw) == "a number" && len(raw) <= 20 {
		return quote(string(raw))
	}
	return kind(raw)
}

// expected describes a right envelope.
func (s *specimen) expected() []Fact {
	facts := []Fact{
		{"form", fmt.Sprintf("JWE inside a JWS, both compact, base64url without padding, at most %d bytes", s.maxLength)},
		{"JWS header", fmt.Sprintf("alg %q, typ %q, cty %q, kid: the signer's key id", s.suite.Signature, s.rules.Type, s.rules.ContentType)},
		{"JWE header", fmt.Sprintf("alg %q, enc %q, typ %q, kid: the recipient's key id, iat: epoch seconds", s.suite.KeyAlgorithm, s.suite.Encryption, s.rules.Type)},
		{"signing keys", labels(s.c.Keys.Verification, func(k VerificationKey) string { return showID(k.ID) + " " + quote(k.Label) })},
		{"recipient keys", labels(s.c.Keys.Decryption, func(k DecryptionKey) string { return showID(k.ID) + " " + quote(k.Label) })},
		{"time", fmt.Sprintf("at most %s after iat, at most %s before it", spell(s.rules.TTL), spell(s.rules.FutureAllowance))},
		{"lengths", fmt.Sprintf("iv %d bytes, tag %d bytes", ivBytes, tagBytes)},
	}
	if s.parties {
		facts = append(facts, Fact{"parties", fmt.Sprintf("iss: one id, aud: at most %d ids, in the JWE header", s.maxAudience)})
	}
	return facts
}

func labels[K any](keys []K, show func(K) string) string {
	if len(keys) == 0 {
		return "none"
	}
	shown := make([]string, len(keys))
	for i, key := range keys {
		shown[i] = show(key)
	}
	return strings.Join(shown, ", ")
}
