package jose

import (
	"encoding/base64"
	"fmt"
	"slices"
)

// damageEntries are what happens to blobs on the way.
func damageEntries() []entry {
	notBase64URL := []cause{{LayerJWSStructure, ReasonNotBase64URL}, {LayerJWEStructure, ReasonNotBase64URL}}
	undone := func(id MistakeID) func(*specimen) (string, bool) {
		return func(s *specimen) (string, bool) { return "", s.undone[id] }
	}
	return []entry{
		{MistakeEmpty, "Nothing arrived", "Put the blob into the body.", "{pages}",
			[]cause{{LayerSize, ReasonEmpty}},
			func(s *specimen) (string, bool) { return "", s.c.Blob == "" }},
		{MistakeTooLong, "More arrived than is allowed", "Send a smaller payload: at most {max} bytes as a blob.", "{pages}",
			[]cause{{LayerSize, ReasonTooLong}},
			func(s *specimen) (string, bool) {
				return fmt.Sprintf("%d bytes", len(s.c.Blob)), len(s.c.Blob) > s.maxLength
			}},
		{MistakeJSONQuoted, "The blob has quotation marks around it", "Write it into the body once: it is JSON text there, not inside it.", "{pages}",
			notBase64URL, undone(MistakeJSONQuoted)},
		{MistakeBodyInsteadOfBlob, "The whole body instead of the blob in it", "Hand over the value of encryptedData alone.", "{pages}",
			[]cause{{LayerJWSStructure, ReasonJSONSerialisation}, {LayerJWEStructure, ReasonNotEncrypted}}, undone(MistakeBodyInsteadOfBlob)},
		{MistakeJSONSerialisation, "JSON serialisation instead of compact", "Use compact serialisation for JWE and JWS.", "{pages}",
			[]cause{{LayerJWSStructure, ReasonJSONSerialisation}, {LayerJWEStructure, ReasonJSONSerialisation}}, undone(MistakeJSONSerialisation)},
		{MistakeLineBreaks, "Line breaks or blanks in the blob", "Send one line; switch off line breaking in the base64 encoder.", "{pages}",
			notBase64URL, undone(MistakeLineBreaks)},
		{MistakeURLEncoded, "The blob is URL-encoded", "Send it as it is: it has no characters that need encoding.", "{pages}",
			[]cause{{LayerJWSStructure, ReasonNotBase64URL}, {LayerJWEStructure, ReasonNotEncrypted}}, undone(MistakeURLEncoded)},
		{MistakeEncodedTwice, "base64 over base64url", "The compact form is the blob; don't encode it again.", "{pages}",
			[]cause{{LayerJWSStructure, ReasonPartCount}, {LayerJWSStructure, ReasonNotBase64URL}, {LayerJWEStructure, ReasonNotEncrypted}},
			undone(MistakeEncodedTwice)},
		{MistakeStandardBase64, "Standard base64 instead of base64url", "Use the alphabet with '-' and '_'.", "{pages}", notBase64URL, undone(MistakeStandardBase64)},
		{MistakePadding, "Padding in the parts", "Encode as base64url without padding, neither '=' nor '.'.", "{pages}",
			append([]cause{{LayerJWSStructure, ReasonPartCount}, {LayerJWEStructure, ReasonPartCount}}, notBase64URL...), undone(MistakePadding)},
		{MistakeLooseBits, "A part ends in bits that encode nothing", "Encode with zero bits at the end, as every encoder does; check what changes the last character.", "{pages}",
			notBase64URL, func(s *specimen) (string, bool) { return "", s.hasLooseBits() }},
		{MistakePayloadNotEncoded, "The JWE stands in the JWS unencoded", "base64url-encode the whole JWE as the JWS payload.", "{jwsPage}",
			[]cause{{LayerJWSStructure, ReasonPartCount}}, undone(MistakePayloadNotEncoded)},
		{MistakeTruncated, "The end of the blob is missing", "Look for a column, buffer or log line that is shorter than the blob.", "{pages}",
			[]cause{{LayerJWSStructure, ReasonPartCount}, {LayerJWSStructure, ReasonNotBase64URL}, {LayerJWSSignature, ReasonSignature}, {LayerJWEStructure, ReasonPartCount}, {LayerJWEStructure, ReasonNotBase64URL}},
			lookTruncated},
	}
}

// orderEntries are wrong outer forms.
func orderEntries() []entry {
	return []entry{
		{MistakeSignedThenEncrypted, "Signed first, then encrypted", "Swap the order: make the JWE, then sign it as the payload of a JWS.", "{jwsPage}",
			[]cause{{LayerJWSStructure, ReasonSignedThenEncrypted}, {LayerJWSStructure, ReasonNotSigned}}, lookSwapped},
		{MistakeJWENotSigned, "The JWE is not signed", "Sign it: the whole JWE is the payload of a JWS.", "{jwsPage}",
			[]cause{{LayerJWSStructure, ReasonNotSigned}},
			func(s *specimen) (string, bool) {
				_, swapped := lookSwapped(s)
				return "", s.bare && s.jwe.readable && !swapped
			}},
		{MistakeJWSWithoutJWE, "Signed, but not encrypted", "Encrypt the payload as a JWE, then sign that.", "{jwsPage}",
			[]cause{{LayerJWEStructure, ReasonNotEncrypted}},
			func(s *specimen) (string, bool) {
				if s.jws == nil || !s.jws.readable || !s.clear {
					return "", false
				}
				return fmt.Sprintf("the JWS payload is %d bytes that are no JWE; they are not shown", len(s.jws.payload)), true
			}},
		{MistakeNotAnEnvelope, "This is no envelope", "Send a JWE inside a JWS, both in compact serialisation.", "{pages}",
			[]cause{{LayerJWSStructure, ReasonPartCount}, {LayerJWSStructure, ReasonNotBase64URL}, {LayerJWSStructure, ReasonJSONSerialisation}, {LayerJWSHeader, ReasonHeaderMalformed}},
			func(s *specimen) (string, bool) {
				_, cut := lookTruncated(s)
				_, malformed := lookMalformed(s)
				known := cut || malformed || s.jws != nil && s.jws.readable || s.jwe != nil && s.jwe.readable
				return "", s.c.Blob != "" && len(s.parts) > 0 && !known
			}},
	}
}

// hasLooseBits reports parts that only a lenient decoder reads.
func (s *specimen) hasLooseBits() bool {
	if _, cut := lookTruncated(s); cut {
		return false
	}
	parts := s.parts
	if s.jwe != nil && !s.bare {
		parts = append(slices.Clone(parts), s.jwe.segments...)
	}
	return slices.ContainsFunc(parts, func(part string) bool {
		_, err := strict.DecodeString(part)
		_, lenient := base64.RawURLEncoding.DecodeString(part)
		return err != nil && lenient == nil
	})
}

func lookTruncated(s *specimen) (string, bool) {
	switch {
	case len(s.parts) == 1 && looksJSON(string(decodeLeniently(s.parts[0]))):
		return fmt.Sprintf("the blob ends after %d characters, in the first header", len(s.c.Blob)), true
	case s.jws == nil || !s.jws.readable || s.undone[MistakePayloadNotEncoded]:
		return "", false
	case len(s.jws.segments) == jwsParts-1:
		return fmt.Sprintf("the blob ends after %d characters, in the JWS payload", len(s.c.Blob)), true
	}
	if s.jwe != nil {
		last := s.jwe.segments[len(s.jwe.segments)-1]
		switch {
		case len(s.jwe.segments) < jweParts:
			return "the JWE inside the JWS ends before its tag", true
		case len(last)%4 == 1: // no encoder makes such a length
			return "the JWE inside the JWS ends within its tag", true
		}
	}
	id, _, _ := s.jws.header.text(memberKeyID)
	for _, key := range s.verifiers(id) {
		if len(s.jws.signature) > 0 && len(s.jws.signature) < key.RSA.Size() && !s.signature.whole {
			return fmt.Sprintf("the signature has %d bytes where the key makes %d", len(s.jws.signature), key.RSA.Size()), true
		}
	}
	return "", false
}

func lookSwapped(s *specimen) (string, bool) {
	switch {
	case !s.bare || !s.jwe.readable:
		return "", false
	case s.text.holdsJWS:
		return fmt.Sprintf("the key %s opens the JWE, and a JWS is inside", quote(s.key.label)), true
	case saysSigned(s.jwe.segments[0]):
		return "cty of the JWE header says so", true
	}
	return "", false
}
