package jose

import "fmt"

// badSignature is the refusal that all of these explain.
var badSignature = cause{LayerJWSSignature, ReasonSignature}

// signatureEntries are signing keys and signatures.
func signatureEntries() []entry {
	signature := []cause{badSignature}
	return []entry{
		{MistakeWeakKey, "An RSA key that is too small", "Make a key of at least {bits} bits and exchange certificates again.", "{jwePage}",
			[]cause{{LayerJWSSignature, ReasonWeakKey}, {LayerJWEKey, ReasonWeakKey}}, lookWeakKey},
		{MistakeWrongSigningKey, "Signed with another key than kid says", "Sign with the key that kid names, or name the key that signs; check environment and rotation.", "{jwsPage}",
			signature,
			func(s *specimen) (string, bool) {
				if !s.signature.fits || s.signature.way == signedKeyID {
					return "", false
				}
				id, _, _ := s.jws.header.text(memberKeyID)
				named, _ := s.c.Keys.verificationKeys(id, false)
				return fmt.Sprintf("kid is %s; the key that fits is %s", showID(id), quote(s.signature.label)),
					len(named) > 0 && (id != s.signature.id || !s.signature.own)
			}},
		{MistakeSalt, "A PSS salt of the wrong length", "Set the salt length to 32 bytes, the length of SHA-256: PSSParameterSpec, RSA_PSS_SALTLEN_DIGEST or the like.", "{jwsPage}", signature,
			func(s *specimen) (string, bool) {
				return "the key " + quote(s.signature.label) + " fits with a salt of another length", s.signature.fits && s.signature.way == signedSalt
			}},
		{MistakeSigningInput, "The signature covers the wrong text", "Sign the two encoded parts with the dot between them, as ASCII.", "{jwsPage}", signature,
			func(s *specimen) (string, bool) {
				return "the key " + quote(s.signature.label) + " fits over parts that are not encoded, or without the header", s.signature.fits && s.signature.way == signedInput
			}},
		{MistakeJWSHeaderAltered, "kid of the JWS header was changed after signing", "Set kid before signing: the signature covers the header.", "{jwsPage}",
			append([]cause{{LayerJWSHeader, ReasonKeyIDUnknown}}, signature...),
			func(s *specimen) (string, bool) {
				return "signed by " + quote(s.signature.label) + " with the kid " + showID(s.signature.signedAs), s.signature.fits && s.signature.way == signedKeyID
			}},
		{MistakeSigningKeyUnknown, "The signature is not of any known key", "Exchange the current signing certificate; if it is the right one, the header or the signature was changed on the way.", "{jwsPage}", signature,
			func(s *specimen) (string, bool) {
				if s.signature.fits || !s.signature.whole {
					return "", false
				}
				// A damaged JWE is a reason of its own; here it is whole, or cannot be judged.
				damaged := s.text.way >= textHeaderProven || s.jwe != nil && !s.key.fits && s.key.tried > 0
				return fmt.Sprintf("tried %d keys", len(s.c.Keys.Verification)+len(s.c.Known.Verification)), !damaged
			}},
	}
}

func lookWeakKey(s *specimen) (string, bool) {
	return s.anyHeader(func(h headerCheck) (string, bool) {
		id, _, _ := h.text(memberKeyID)
		if h.layer == LayerJWSHeader {
			for _, key := range s.c.Keys.Verification {
				if bits, small := s.rules.tooSmall(key.RSA); small && bits > 0 && key.ID == id {
					return fmt.Sprintf("%s has %d bits", quote(key.Label), bits), true
				}
			}
			return "", false
		}
		for _, key := range s.c.Keys.Decryption {
			if s.hub || !key.usable(false) || key.ID != id {
				continue
			}
			if bits, small := s.rules.tooSmall(&key.RSA.PublicKey); small {
				return fmt.Sprintf("%s has %d bits", quote(key.Label), bits), true
			}
		}
		return "", false
	})
}
