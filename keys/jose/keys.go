package jose

import (
	"crypto/rsa"
	"crypto/sha256"
	"fmt"
)

// Secret is the shared secret of the card enrolment hub. It cannot be printed, logged or marshalled.
type Secret struct{ key string }

// NewSecret takes the secret's characters as they were issued.
func NewSecret(secret []byte) Secret { return Secret{key: string(secret)} }

// Format writes a mask, whatever the verb.
func (s Secret) Format(state fmt.State, _ rune) {
	fmt.Fprint(state, "secret (masked)") //nolint:errcheck // fmt.State keeps its own errors
}

// MarshalText gives the same mask to JSON, YAML and structured logs.
func (s Secret) MarshalText() ([]byte, error) { return []byte("secret (masked)"), nil }

// wrapKey is the key that wraps content keys for the hub: the SHA-256 of the secret (INT-027).
func (s Secret) wrapKey() []byte {
	sum := sha256.Sum256([]byte(s.key))
	return sum[:]
}

// EncryptionKey is whom to seal for: RSA for the API, Secret for the hub.
type EncryptionKey struct {
	// ID becomes the kid of the JWE header: the issuer's API key (p.40, INT-025).
	ID     string
	RSA    *rsa.PublicKey
	Secret Secret
}

// SigningKey is who signs.
type SigningKey struct {
	// ID becomes the kid of the JWS header (p.43).
	ID  string
	RSA *rsa.PrivateKey
}

// DecryptionKey is a key of our own with the kid by which senders name it. One key that is known by several ids, and
// several keys under one id (while an old one is being replaced), stand in a ring as several entries.
type DecryptionKey struct {
	ID string
	// Label is how people know the key ("Visa encryption key, sandbox"); it appears in results and diagnoses.
	Label  string
	RSA    *rsa.PrivateKey
	Secret Secret
}

// VerificationKey is a signer's public key with the kid by which he names it.
type VerificationKey struct {
	ID    string
	Label string
	RSA   *rsa.PublicKey
}

// Keyring holds the keys that may open one party's envelopes. The first of each kind is the default that
// Rules.UnknownKeyIDFallsBack falls back to.
type Keyring struct {
	Decryption   []DecryptionKey
	Verification []VerificationKey
}

// usable reports whether the key is of the kind that the use needs.
func (k DecryptionKey) usable(hub bool) bool {
	if hub {
		return k.Secret.key != ""
	}
	return k.RSA != nil && k.RSA.N != nil
}

// decryptionKeys are the keys with this id, and whether they are only the default.
func (k Keyring) decryptionKeys(id string, hub, fallBack bool) (found []DecryptionKey, fellBack bool) {
	var first []DecryptionKey
	for _, key := range k.Decryption {
		switch {
		case !key.usable(hub):
		case key.ID == id:
			found = append(found, key)
		case first == nil:
			first = []DecryptionKey{key}
		}
	}
	if len(found) == 0 && fallBack {
		return first, len(first) > 0
	}
	return found, false
}

// verificationKeys are the keys with this id, and whether they are only the default.
func (k Keyring) verificationKeys(id string, fallBack bool) (found []VerificationKey, fellBack bool) {
	var first []VerificationKey
	for _, key := range k.Verification {
		switch {
		case key.RSA == nil || key.RSA.N == nil:
		case key.ID == id:
			found = append(found, key)
		case first == nil:
			first = []VerificationKey{key}
		}
	}
	if len(found) == 0 && fallBack {
		return first, len(first) > 0
	}
	return found, false
}

// tooSmall says how small an RSA key is, if it is too small (p.40).
func (r Rules) tooSmall(key *rsa.PublicKey) (bits int, small bool) {
	if key == nil || key.N == nil {
		return 0, true
	}
	return key.N.BitLen(), key.N.BitLen() < r.RSABits
}

// weakKey refuses the key that a kid chose.
func (r Rules) weakKey(layer Layer, what string, bits int) *Refused {
	return refuse(layer, ReasonWeakKey, "the RSA key %s has %d bits where at least %d are due: make a new one and exchange certificates again",
		what, bits, r.RSABits).citing(page(r.API.JWEPage))
}
