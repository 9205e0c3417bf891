package jose

import "fmt"

// keyEntries are recipients' keys and wrapped content keys.
func keyEntries() []entry {
	key := cause{LayerJWEKey, ReasonKey}
	keyLength := cause{LayerJWEKey, ReasonKeyLength}
	return []entry{
		{MistakeOAEPMask, "RSA-OAEP with SHA-256, but MGF1 with SHA-1", "Name both hashes: in Java, new OAEPParameterSpec(\"SHA-256\", \"MGF1\", MGF1ParameterSpec.SHA256, PSource.PSpecified.DEFAULT).", "{jwePage}",
			[]cause{key},
			func(s *specimen) (string, bool) { return "", s.key.fits && s.key.way == wrappedMaskSHA1 }},
		{MistakeSecretNotHashed, "The wrap key is not the SHA-256 of the shared secret", "Take the 32 bytes of the SHA-256 over the secret's characters, without decoding or cutting them.", "{jwePage}",
			[]cause{key},
			func(s *specimen) (string, bool) {
				return "the secret " + quote(s.key.label) + " opens it, used in another way", s.key.fits && s.key.way == wrappedUnhashed
			}},
		{MistakeKeyWrap, "The wrapped key lacks its iv or tag", "{alg} puts iv (96 bits) and tag (128 bits) of the wrapped key into the JWE header.", "{jwePage}",
			[]cause{{LayerJWEHeader, ReasonKeyWrap}},
			func(s *specimen) (string, bool) {
				if !s.hub || s.jwe == nil || !s.jwe.readable {
					return "", false
				}
				iv, tag := decodeMember(s.jwe.header.values[memberWrapIV]), decodeMember(s.jwe.header.values[memberWrapTag])
				return fmt.Sprintf("iv has %d bits, tag %d", 8*len(iv), 8*len(tag)), len(iv) != ivBytes || len(tag) != tagBytes
			}},
		{MistakeWrongRecipient, "Encrypted for another key than kid says", "Encrypt for the receiver's certificate of this environment, and name that key.", "{jwePage}",
			[]cause{key, keyLength},
			func(s *specimen) (string, bool) {
				if !s.key.fits || !s.jwe.readable {
					return "", false
				}
				id, _, _ := s.jwe.header.text(memberKeyID)
				named, _ := s.c.Keys.decryptionKeys(id, s.hub, false)
				return fmt.Sprintf("kid is %s; the key that fits is %s", showID(id), quote(s.key.label)),
					len(named) > 0 && (id != s.key.id || !s.key.own)
			}},
		{MistakeContentKeySize, "The content key has the wrong size", "Make a random content key of 256 bits, and wrap its bytes, not their text.", "{jwePage}",
			[]cause{key},
			func(s *specimen) (string, bool) {
				return fmt.Sprintf("%d bits", 8*len(s.key.content)), s.key.fits && len(s.key.content) != contentKeyBytes
			}},
		{MistakeKeyAltered, "The encrypted key was changed after signing", "Nothing may change the blob on its way; if nothing does, neither signing key nor recipient's key is known here.", "{jwePage}",
			[]cause{badSignature},
			func(s *specimen) (string, bool) {
				tried := s.jwe != nil && s.jwe.readable && s.key.tried > 0 && s.signature.whole
				return fmt.Sprintf("no key of %d opens it, and the signature does not fit", s.key.tried), tried && !s.key.fits && !s.signature.fits
			}},
		{MistakeRecipientUnknown, "Encrypted for a key that is not known here", "Encrypt for the receiver's current certificate; if it was, the encrypted key was damaged before signing.", "{jwePage}",
			[]cause{key, keyLength},
			func(s *specimen) (string, bool) {
				if s.jwe == nil || !s.jwe.readable || s.key.fits || !s.signature.fits || s.key.tried == 0 {
					return "", false
				}
				alg, _ := s.keyAlgorithm()
				detail := fmt.Sprintf("no key of %d opens it", s.key.tried)
				if !s.key.whole {
					detail = fmt.Sprintf("it has %d bytes, which no key of %d makes", len(s.jwe.key), s.key.tried)
				}
				return detail, alg == s.suite.KeyAlgorithm
			}},
	}
}

// textEntries are vector, ciphertext, tag and additional data. Where the blob was changed after signing, the signature is
// refused first, and these say what was changed.
func textEntries() []entry {
	changed := []cause{{LayerJWETag, ReasonTag}, badSignature}
	way := func(ways ...textWay) func(*specimen) (string, bool) {
		return func(s *specimen) (string, bool) {
			for _, w := range ways {
				if s.text.way == w {
					return s.whenChanged(), true
				}
			}
			return "", false
		}
	}
	return []entry{
		{MistakeIVLength, "An initialisation vector of the wrong length", "Use a random vector of 96 bits.", "{jwePage}",
			[]cause{{LayerJWEStructure, ReasonIVLength}},
			func(s *specimen) (string, bool) {
				if s.jwe == nil || !s.jwe.readable {
					return "", false
				}
				return fmt.Sprintf("%d bits", 8*len(s.jwe.iv)), len(s.jwe.iv) != ivBytes
			}},
		{MistakeTagInside, "The tag was left at the end of the ciphertext", "Cut the last 16 bytes off the cipher's output: they are the tag.", "{jwePage}",
			[]cause{{LayerJWEStructure, ReasonTagLength}, {LayerJWETag, ReasonTag}}, way(textTagInside)},
		{MistakeTag256, "A tag of 256 bits", "Use the tag of 128 bits that AES-GCM gives; one remark in the specification speaks of 256.", "{jwePage}",
			[]cause{{LayerJWEStructure, ReasonTagLength}},
			func(s *specimen) (string, bool) {
				return "", s.jwe != nil && s.jwe.readable && len(s.jwe.tag) == 2*tagBytes && s.text.way != textTagInside
			}},
		{MistakeTagLength, "A tag of the wrong length", "Use a tag of 128 bits.", "{jwePage}",
			[]cause{{LayerJWEStructure, ReasonTagLength}},
			func(s *specimen) (string, bool) {
				if s.jwe == nil || !s.jwe.readable || s.text.way == textTagInside {
					return "", false
				}
				length := len(s.jwe.tag)
				return fmt.Sprintf("%d bits", 8*length), len(s.jwe.segments) == jweParts && length != tagBytes && length != 2*tagBytes
			}},
		{MistakeAADForm, "The additional data is not the encoded header", "Give the cipher the header as it is sent, base64url, as additional data.", "{jwePage}",
			[]cause{{LayerJWETag, ReasonTag}}, way(textAADForm)},
		{MistakeHeaderAltered, "The JWE header was changed after sealing", "Set all header members before encrypting: the tag covers the header.", "{jwePage}",
			append([]cause{{LayerJWEHeader, ReasonKeyIDUnknown}}, changed...),
			func(s *specimen) (string, bool) {
				if s.text.way == textHeaderProven {
					return s.text.sealedAs + " was another when the tag was made; " + s.whenChanged(), true
				}
				return "the text is whole, the tag belongs to another header (or to a text that differs in few places); " + s.whenChanged(), s.text.way == textHeaderAltered
			}},
		{MistakeTagAltered, "The tag was changed", "Nothing may change the blob on its way.", "{jwePage}", changed, way(textTagAltered)},
		{MistakeCiphertextAltered, "The ciphertext was changed", "Nothing may change the blob on its way.", "{jwePage}", changed, way(textAltered)},
		{MistakeIVAltered, "The initialisation vector is not the one that was used", "Send the vector that was given to the cipher.", "{jwePage}", changed, way(textSpoilt)},
	}
}

// whenChanged says on which side of the signature something was changed.
func (s *specimen) whenChanged() string {
	switch {
	case s.jws == nil:
		return ""
	case s.signature.fits:
		return "before signing: the signature fits"
	}
	return "after signing: the signature does not fit"
}
