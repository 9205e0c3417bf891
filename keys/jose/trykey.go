package jose

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
)

// keyFinding is which key and which way of wrapping open the encrypted key.
type keyFinding struct {
	fits      bool
	label, id string
	own       bool
	way       keyWay
	// content is the content encryption key; it is used and never shown.
	content []byte
	// whole: the encrypted key is as long as some key of the ring makes it. tried counts the keys.
	whole bool
	tried int
}

// keyWay is a way of wrapping the content key.
type keyWay int

const (
	// wrappedWell: RSA-OAEP with SHA-256 twice, or GCM with the hash of the secret.
	wrappedWell keyWay = iota
	// wrappedSHA1: RSA-OAEP with SHA-1 twice.
	wrappedSHA1
	// wrappedMaskSHA1: RSA-OAEP with SHA-256 and a mask by SHA-1, Java's default.
	wrappedMaskSHA1
	// wrappedPKCS1: RSAES-PKCS1-v1_5.
	wrappedPKCS1
	// wrappedUnhashed: GCM with the secret itself, decoded, cut, filled or hashed in another way.
	wrappedUnhashed
)

// rsaWays are tried in this order with every key.
var rsaWays = []struct {
	way  keyWay
	open func(key *rsa.PrivateKey, encrypted []byte) []byte
}{
	{wrappedWell, unwrapOAEP},
	{wrappedSHA1, func(key *rsa.PrivateKey, encrypted []byte) []byte {
		return unwrapOAEPWith(key, encrypted, crypto.SHA1, crypto.SHA1)
	}},
	{wrappedMaskSHA1, func(key *rsa.PrivateKey, encrypted []byte) []byte {
		return unwrapOAEPWith(key, encrypted, crypto.SHA256, crypto.SHA1)
	}},
	{wrappedPKCS1, unwrapPKCS1},
}

// unwrapPKCS1 opens what RSA1_5 wrapped. Its answer is never given to the sender, so it is no oracle.
func unwrapPKCS1(key *rsa.PrivateKey, encrypted []byte) []byte {
	//lint:ignore SA1019 the doctor must know what it looks like
	contentKey, err := rsa.DecryptPKCS1v15(rand.Reader, key, encrypted)
	if err != nil {
		return nil
	}
	switch len(contentKey) {
	case 16, 24, 32, 48, 64: // what AES-GCM and AES-CBC with HMAC use
		return contentKey
	}
	return nil
}

// secretWays are the keys that people make of a shared secret, the right one first.
func secretWays(secret Secret) []struct {
	way keyWay
	key []byte
} {
	type wayKey = struct {
		way keyWay
		key []byte
	}
	raw := []byte(secret.key)
	sum := sha256.Sum256(raw)
	ways := []wayKey{{wrappedWell, secret.wrapKey()}}
	// The secret cut or filled with zeros, the hash as text and cut, the secret decoded.
	fitted := make([]byte, contentKeyBytes)
	copy(fitted, raw)
	ways = append(ways, wayKey{wrappedUnhashed, fitted}, wayKey{wrappedUnhashed, []byte(hex.EncodeToString(sum[:]))[:contentKeyBytes]})
	if decoded, err := hex.DecodeString(secret.key); err == nil {
		ways = append(ways, wayKey{wrappedUnhashed, decoded})
		again := sha256.Sum256(decoded)
		ways = append(ways, wayKey{wrappedUnhashed, again[:]})
	}
	for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.RawURLEncoding} {
		if decoded, err := encoding.DecodeString(secret.key); err == nil {
			ways = append(ways, wayKey{wrappedUnhashed, decoded})
			again := sha256.Sum256(decoded)
			ways = append(ways, wayKey{wrappedUnhashed, again[:]})
		}
	}
	return ways
}

type ownDecryptionKey struct {
	DecryptionKey
	own bool
}

// openers are all decryption keys, those with the header's kid first.
func (s *specimen) openers(id string) []ownDecryptionKey {
	var named, others []ownDecryptionKey
	for _, ring := range []struct {
		keys []DecryptionKey
		own  bool
	}{{s.c.Keys.Decryption, true}, {s.c.Known.Decryption, false}} {
		for _, key := range ring.keys {
			if key.ID == id && ring.own {
				named = append(named, ownDecryptionKey{key, true})
			} else {
				others = append(others, ownDecryptionKey{key, ring.own})
			}
		}
	}
	return append(named, others...)
}

func (s *specimen) tryKey() {
	if s.jwe == nil {
		return
	}
	id, _, _ := s.jwe.header.text(memberKeyID)
	keys := s.openers(id)
	s.tryRSA(keys)
	s.trySecrets(keys)
}

func (s *specimen) found(key ownDecryptionKey, way keyWay, content []byte) {
	s.key.fits, s.key.way, s.key.content = true, way, content
	s.key.label, s.key.id, s.key.own = key.Label, key.ID, key.own
}

func (s *specimen) tryRSA(keys []ownDecryptionKey) {
	for _, way := range rsaWays {
		for _, key := range keys {
			if key.RSA == nil || key.RSA.N == nil {
				continue
			}
			if way.way == wrappedWell {
				s.key.tried++
			}
			if key.RSA.Size() != len(s.jwe.key) {
				continue
			}
			s.key.whole = true
			if content := way.open(key.RSA, s.jwe.key); content != nil {
				s.found(key, way.way, content)
				return
			}
		}
	}
}

func (s *specimen) trySecrets(keys []ownDecryptionKey) {
	if s.key.fits || len(s.jwe.key) > 2*contentKeyBytes {
		return
	}
	for _, key := range keys {
		if key.Secret.key == "" {
			continue
		}
		s.key.tried++
		s.key.whole = s.key.whole || len(s.jwe.key) == contentKeyBytes
		for _, way := range secretWays(key.Secret) {
			if content := unwrapGCM(way.key, s.jwe.key, s.jwe.header); content != nil {
				s.found(key, way.way, content)
				return
			}
		}
	}
}
