package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
)

// KeySize is the length of the vault key, in bytes.
const KeySize = 32

// ErrKey says that the vault key is not the one that sealed the database.
var ErrKey = errors.New("the vault key is not the one that this database was sealed with")

// sealer protects PANs, token numbers and shared secrets. Two keys are derived
// from the vault key: one seals (AES-256-GCM), the other hashes what is looked
// up (HMAC-SHA256), so that neither use can tell anything about the other.
//
// Nonces are random and always from the operating system, whatever the vault
// was given as its source of randomness: a repeated nonce would lay bare what
// it sealed. 2^32 values may be sealed with one key; a number is sealed once,
// when its row is made, and not again at each change of the row.
type sealer struct {
	aead   cipher.AEAD
	lookup []byte
}

func newSealer(key []byte) (*sealer, error) {
	if len(key) != KeySize {
		return nil, fmt.Errorf("the vault key has %d bytes, it must have %d", len(key), KeySize)
	}
	encryption, err := hkdf.Key(sha256.New, key, nil, "vtsim vault encryption 1", KeySize)
	if err != nil {
		return nil, fmt.Errorf("deriving the encryption key: %w", err)
	}
	lookup, err := hkdf.Key(sha256.New, key, nil, "vtsim vault lookup 1", KeySize)
	if err != nil {
		return nil, fmt.Errorf("deriving the lookup key: %w", err)
	}
	block, err := aes.NewCipher(encryption)
	if err != nil {
		return nil, fmt.Errorf("preparing the encryption key: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("preparing the encryption key: %w", err)
	}
	return &sealer{aead: aead, lookup: lookup}, nil
}

// seal encrypts a value for one place: a row of a table of an issuer.
func (s *sealer) seal(value, table, issuer, row string) []byte {
	return s.aead.Seal(nil, nil, []byte(value), parts(table, issuer, row))
}

// open decrypts a value and proves that it was sealed for this place.
func (s *sealer) open(sealed []byte, table, issuer, row string) (string, error) {
	value, err := s.aead.Open(nil, nil, sealed, parts(table, issuer, row))
	if err != nil {
		return "", fmt.Errorf("unsealing %s %s: the row was tampered with or moved", table, row)
	}
	return string(value), nil
}

// hash is the keyed hash of a value of an issuer; purpose keeps the hashes of
// different columns apart.
func (s *sealer) hash(purpose, issuer, value string) []byte {
	mac := hmac.New(sha256.New, s.lookup)
	mac.Write(parts(purpose, issuer, value))
	return mac.Sum(nil)
}

// proof is stored with the database to recognise the key.
func (s *sealer) proof() []byte { return s.hash("proof", "", "") }

// parts joins texts so that no two lists of texts give the same bytes.
func parts(texts ...string) []byte {
	var joined []byte
	for _, text := range texts {
		joined = binary.AppendUvarint(joined, uint64(len(text)))
		joined = append(joined, text...)
	}
	return joined
}
