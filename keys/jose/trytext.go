package jose

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// textFinding is what became of the ciphertext once its key was found. The plaintext itself is looked at and let go.
type textFinding struct {
	way textWay
	// sealedAs describes the header as it was when the tag was made, where a changed one was found.
	sealedAs string
	// holdsJWS: the plaintext is a JWS in compact serialisation.
	holdsJWS bool
}

// textWay is how the text was encrypted, or what was done to it since.
type textWay int

const (
	// textUnknown: no content key, or a cipher that is not tried.
	textUnknown textWay = iota
	// textWell: as it should be.
	textWell
	// textIVLength: with an initialisation vector of another length.
	textIVLength
	// textTagInside: the tag is the end of the ciphertext.
	textTagInside
	// textTagCut: the tag was cut.
	textTagCut
	// textTagLong: something follows the tag.
	textTagLong
	// textAADForm: the additional data was something other than the encoded header.
	textAADForm
	// textHeaderProven: the header was changed after sealing, and the original was found.
	textHeaderProven
	// textTagAltered: ciphertext and header are whole, some bytes of the tag are not.
	textTagAltered
	// textHeaderAltered: the plaintext is whole, the tag is another's: the header was changed.
	textHeaderAltered
	// textAltered: parts of the plaintext are spoilt.
	textAltered
	// textSpoilt: all of the plaintext is: the vector was changed.
	textSpoilt
)

func (s *specimen) tryText() {
	if s.jwe == nil || !s.key.fits {
		return
	}
	block, err := aes.NewCipher(s.key.content)
	enc, _, _ := s.jwe.header.text(memberEncryption)
	if err != nil || strings.Contains(enc, "CBC") {
		return
	}
	if plain, ok := s.tryShapes(block); ok {
		s.text.holdsJWS = isCompactJWS(plain)
		return
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil || len(s.jwe.iv) != gcm.NonceSize() {
		return
	}
	if plain, ok := s.tryAdditionalData(gcm); ok {
		s.text.holdsJWS = isCompactJWS(plain)
		return
	}
	s.judgePlain(block, gcm)
}

// tryShapes tries vectors and tags of other lengths.
func (s *specimen) tryShapes(block cipher.Block) ([]byte, bool) {
	j, aad := s.jwe, []byte(s.jwe.segments[0])
	if len(j.iv) == 0 {
		return nil, false
	}
	gcm, err := cipher.NewGCMWithNonceSize(block, len(j.iv))
	if err != nil {
		return nil, false
	}
	join := func(tag []byte) []byte { return append(append([]byte{}, j.ciphertext...), tag...) }
	open := func(way textWay, sealed []byte) ([]byte, bool) {
		plain, err := gcm.Open(nil, j.iv, sealed, aad)
		if err == nil {
			s.text.way = way
		}
		return plain, err == nil
	}
	if plain, ok := open(textWell, join(j.tag)); ok && len(j.tag) == tagBytes {
		if len(j.iv) != ivBytes {
			s.text.way = textIVLength
		}
		return plain, true
	}
	s.text.way = textUnknown
	if plain, ok := open(textTagInside, j.ciphertext); ok {
		return plain, true
	}
	if len(j.tag) > tagBytes {
		return open(textTagLong, join(j.tag[:tagBytes]))
	}
	if len(j.tag) >= 12 && len(j.tag) < tagBytes && len(j.iv) == ivBytes {
		if short, err := cipher.NewGCMWithTagSize(block, len(j.tag)); err == nil {
			gcm = short
			return open(textTagCut, join(j.tag))
		}
	}
	return nil, false
}

// tryAdditionalData tries other forms of the header, and other headers.
func (s *specimen) tryAdditionalData(gcm cipher.AEAD) ([]byte, bool) {
	j := s.jwe
	sealed := append(append([]byte{}, j.ciphertext...), j.tag...)
	for _, aad := range []string{"", string(j.raw), padded(j.segments[0]), standard(j.raw), strings.TrimRight(standard(j.raw), "=")} {
		if plain, err := gcm.Open(nil, j.iv, sealed, []byte(aad)); err == nil {
			s.text.way = textAADForm
			return plain, true
		}
	}
	for _, change := range s.headerChanges() {
		old, present := j.header.values[change.name]
		text := textMembers(map[string]string{change.name: change.value}).values[change.name]
		if !present || bytes.Equal(old, text) {
			continue
		}
		aad := encode(bytes.Replace(j.raw, old, text, 1))
		if plain, err := gcm.Open(nil, j.iv, sealed, []byte(aad)); err == nil {
			s.text.way, s.text.sealedAs = textHeaderProven, change.name
			return plain, true
		}
	}
	return nil, false
}

type memberChange struct{ name, value string }

// headerChanges are the likely originals of a header that was changed after sealing.
func (s *specimen) headerChanges() []memberChange {
	changes := []memberChange{
		{memberAlgorithm, s.suite.KeyAlgorithm}, {memberAlgorithm, "RSA-OAEP"}, {memberAlgorithm, "RSA1_5"},
		{memberEncryption, s.suite.Encryption}, {memberEncryption, "A128GCM"},
		{memberType, s.rules.Type}, {memberType, "JWE"}, {memberType, "JWT"},
	}
	for _, id := range s.knownIDs() {
		changes = append(changes, memberChange{memberKeyID, id})
	}
	return changes
}

// judgePlain decrypts without the tag and judges what was changed by what is still readable.
func (s *specimen) judgePlain(block cipher.Block, gcm cipher.AEAD) {
	j := s.jwe
	counter := append(append([]byte{}, j.iv...), 0, 0, 0, 2)
	plain := make([]byte, len(j.ciphertext))
	cipher.NewCTR(block, counter).XORKeyStream(plain, j.ciphertext)
	sealed := gcm.Seal(nil, j.iv, plain, []byte(j.segments[0]))
	tag := sealed[len(sealed)-tagBytes:]
	switch {
	case nearly(tag, j.tag):
		s.text.way = textTagAltered
	case len(plain) > 0 && readable(plain) == 1 && (json.Valid(plain) || isCompactJWS(plain)):
		s.text.way = textHeaderAltered
	case readable(plain) >= 0.6:
		s.text.way = textAltered
	default:
		s.text.way = textSpoilt
	}
	s.text.holdsJWS = isCompactJWS(plain)
}

// nearly reports whether two tags are the same but for a few bytes; two made over different data share hardly any.
func nearly(a, b []byte) bool {
	if len(a) != len(b) {
		return false
	}
	same := 0
	for i := range a {
		if a[i] == b[i] {
			same++
		}
	}
	return same >= len(a)/2
}

// readable is the share of characters that a text would have; random bytes come to about 0.4.
func readable(plain []byte) float64 {
	good, total := 0, 0
	for rest := plain; len(rest) > 0; total++ {
		r, size := utf8.DecodeRune(rest)
		if r != utf8.RuneError && (r >= ' ' && r != 0x7f || r == '\n' || r == '\r' || r == '\t') {
			good++
		}
		rest = rest[size:]
	}
	if total == 0 {
		return 1
	}
	return float64(good) / float64(total)
}

// isCompactJWS reports whether a text is a JWS: three parts of base64url, the first a header with alg.
func isCompactJWS(text []byte) bool {
	parts := strings.Split(strings.TrimSpace(string(text)), separator)
	if len(parts) != jwsParts || foreign(strings.Join(parts, separator)) >= 0 {
		return false
	}
	header, err := parseMembers(decodeLeniently(parts[0]))
	return err == nil && header.has(memberAlgorithm)
}
