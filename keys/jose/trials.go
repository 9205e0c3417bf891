package jose

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"strings"
)

// signatureFinding is which key and which way of signing make the signature come out.
type signatureFinding struct {
	// fits: some trial came out; the key is then named by label and id.
	fits      bool
	label, id string
	// own: the key is in the ring that should have opened the envelope.
	own bool
	way signatureWay
	// signedAs is the kid that stood in the header when it was signed, where it was changed afterwards.
	signedAs string
	// whole: the signature is as long as the key of its kid makes it.
	whole bool
}

// signatureWay is a way of signing.
type signatureWay int

const (
	// signedWell: as it should be.
	signedWell signatureWay = iota
	// signedPKCS1: RSASSA-PKCS1-v1_5, whatever the header says.
	signedPKCS1
	// signedSalt: PSS with a salt that is not as long as the hash.
	signedSalt
	// signedInput: PSS over something other than the two encoded parts.
	signedInput
	// signedKeyID: PSS over the header with another kid.
	signedKeyID
)

// signatureTrial is one way with the input it covers.
type signatureTrial struct {
	way   signatureWay
	input string
	kid   string
}

func (t signatureTrial) fits(key *rsa.PublicKey, signature []byte) bool {
	sum := sha256.Sum256([]byte(t.input))
	switch t.way {
	case signedPKCS1:
		return rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature) == nil
	case signedSalt:
		return rsa.VerifyPSS(key, crypto.SHA256, sum[:], signature, nil) == nil
	default:
		return rsa.VerifyPSS(key, crypto.SHA256, sum[:], signature, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}) == nil
	}
}

// signatureTrials lists the ways, the right one first.
func (s *specimen) signatureTrials() []signatureTrial {
	head, body := s.jws.segments[0], s.jws.segments[1]
	input := head + separator + body
	trials := []signatureTrial{{way: signedWell, input: input}, {way: signedPKCS1, input: input}, {way: signedSalt, input: input}}
	if len(s.received) == jwsParts {
		// The sender may have signed the damaged form, for instance with padding.
		received := s.received[0] + separator + s.received[1]
		trials = append(trials, signatureTrial{way: signedWell, input: received})
	}
	for _, other := range []string{
		head + separator + string(s.jws.payload), // payload not encoded
		string(s.jws.payload),                    // no header
		body,
		string(s.jws.raw) + separator + string(s.jws.payload),
	} {
		trials = append(trials, signatureTrial{way: signedInput, input: other})
	}
	for _, id := range s.knownIDs() {
		if changed, ok := withMember(s.jws, memberKeyID, id); ok {
			trials = append(trials, signatureTrial{way: signedKeyID, input: encode(changed) + separator + body, kid: id})
		}
	}
	return trials
}

// withMember is the JWS header with another text in one member, all else as it stood.
func withMember(jws *jwsForm, name, value string) ([]byte, bool) {
	old, present := jws.header.values[name]
	if !present {
		return nil, false
	}
	text := textMembers(map[string]string{name: value}).values[name]
	if bytes.Equal(old, text) {
		return nil, false
	}
	return bytes.Replace(jws.raw, old, text, 1), true
}

// knownIDs are the ids of all keys, in order and without doubles.
func (s *specimen) knownIDs() []string {
	var ids []string
	seen := map[string]bool{"": true}
	add := func(id string) {
		if !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	for _, ring := range []Keyring{s.c.Keys, s.c.Known} {
		for _, key := range ring.Verification {
			add(key.ID)
		}
		for _, key := range ring.Decryption {
			add(key.ID)
		}
	}
	return ids
}

func (s *specimen) trySignature() {
	if s.jws == nil || len(s.jws.signature) == 0 {
		return
	}
	id, _, _ := s.jws.header.text(memberKeyID)
	keys := s.verifiers(id)
	for _, key := range keys {
		s.signature.whole = s.signature.whole || key.RSA.Size() == len(s.jws.signature)
	}
	for _, trial := range s.signatureTrials() {
		for _, key := range keys {
			if key.RSA.Size() == len(s.jws.signature) && trial.fits(key.RSA, s.jws.signature) {
				s.signature.fits, s.signature.way, s.signature.signedAs = true, trial.way, trial.kid
				s.signature.label, s.signature.id, s.signature.own = key.Label, key.ID, key.own
				return
			}
		}
	}
}

type ownVerificationKey struct {
	VerificationKey
	own bool
}

// verifiers are all verification keys, those with the header's kid first.
func (s *specimen) verifiers(id string) []ownVerificationKey {
	var named, others []ownVerificationKey
	for _, ring := range []struct {
		keys []VerificationKey
		own  bool
	}{{s.c.Keys.Verification, true}, {s.c.Known.Verification, false}} {
		for _, key := range ring.keys {
			switch {
			case key.RSA == nil || key.RSA.N == nil:
			case key.ID == id && ring.own:
				named = append(named, ownVerificationKey{key, true})
			default:
				others = append(others, ownVerificationKey{key, ring.own})
			}
		}
	}
	return append(named, others...)
}

// padded is base64url with padding, as some libraries sign and authenticate it.
func padded(segment string) string {
	return segment + strings.Repeat("=", (4-len(segment)%4)%4)
}

// standard is the other alphabet of base64.
func standard(raw []byte) string { return base64.StdEncoding.EncodeToString(raw) }
