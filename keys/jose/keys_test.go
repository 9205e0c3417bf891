package jose_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"

	"github.com/vtsim/vtsim/keys/jose"
)

// keyFile holds the throw-away keys of the vectors. They are published: nothing real may ever use them.
type keyFile struct {
	Warning string    `json:"warning"`
	Keys    []testKey `json:"keys"`
}

type testKey struct {
	Name   string `json:"name"`
	Label  string `json:"label"`
	PEM    string `json:"pem,omitempty"`
	Secret string `json:"secret,omitempty"`
	rsa    *rsa.PrivateKey
}

// cast is who plays which part in the vectors, with the size of his RSA key; 0: a shared secret.
var cast = []struct {
	name, label string
	bits        int
}{
	{"visa-encryption", "Visa encryption key, sandbox", 2048},
	{"visa-encryption-production", "Visa encryption key, production", 2048},
	{"visa-encryption-next", "Visa encryption key, sandbox, next", 2048},
	{"visa-encryption-3072", "Visa encryption key, sandbox, 3072 bits", 3072},
	{"issuer-signing", "issuer's signing key", 2048},
	{"issuer-signing-old", "issuer's signing key until last year", 2048},
	{"other-issuer-signing", "signing key of another issuer", 2048},
	{"unknown-encryption", "an encryption key that the receiver does not know", 2048},
	{"unknown-signing", "a signing key that the receiver does not know", 2048},
	{"weak", "a key of 1024 bits", 1024},
	{"hub-secret", "issuer's shared secret at the hub", 0},
	{"other-hub-secret", "another issuer's shared secret at the hub", 0},
}

type testKeys map[string]testKey

// readKeys reads the committed keys; with -update it makes those that are missing and keeps the others.
func readKeys() (testKeys, error) {
	keys := testKeys{}
	var file keyFile
	text, err := os.ReadFile(keysFile)
	switch {
	case err == nil:
		if err := json.Unmarshal(text, &file); err != nil {
			return nil, err
		}
	case !os.IsNotExist(err) || !*update:
		return nil, err
	}
	for _, key := range file.Keys {
		if key.PEM != "" {
			block, _ := pem.Decode([]byte(key.PEM))
			if block == nil {
				return nil, fmt.Errorf("key %s: no PEM block", key.Name)
			}
			parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
			if err != nil {
				return nil, fmt.Errorf("key %s: %w", key.Name, err)
			}
			key.rsa = parsed.(*rsa.PrivateKey)
		}
		keys[key.Name] = key
	}
	if *update {
		return keys, completeKeys(keys)
	}
	return keys, nil
}

func completeKeys(keys testKeys) error {
	file := keyFile{Warning: "Test-only keys, published with the vectors. Never use them for anything else."}
	for _, part := range cast {
		key, known := keys[part.name]
		if !known {
			made, err := makeKey(part.bits)
			if err != nil {
				return err
			}
			key = made
		}
		key.Name, key.Label = part.name, part.label
		keys[part.name] = key
		file.Keys = append(file.Keys, key)
	}
	text, err := json.MarshalIndent(file, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(keysFile, append(text, '\n'), 0o644)
}

func makeKey(bits int) (testKey, error) {
	if bits == 0 {
		return testKey{Secret: "test-only-" + rand.Text()}, nil
	}
	private, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		return testKey{}, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return testKey{}, err
	}
	block := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	return testKey{PEM: string(block), rsa: private}, nil
}

// keyRef names a key of the file and the kid by which the receiver knows it.
type keyRef struct {
	ID  string `json:"id"`
	Key string `json:"key"`
}

// ring is a key ring by names.
type ring struct {
	Decryption   []keyRef `json:"decryption"`
	Verification []keyRef `json:"verification"`
}

func (k testKeys) ring(r ring) jose.Keyring {
	var made jose.Keyring
	for _, ref := range r.Decryption {
		key := k[ref.Key]
		made.Decryption = append(made.Decryption, jose.DecryptionKey{ID: ref.ID, Label: key.Label, RSA: key.rsa, Secret: jose.NewSecret([]byte(key.Secret))})
	}
	for _, ref := range r.Verification {
		key := k[ref.Key]
		made.Verification = append(made.Verification, jose.VerificationKey{ID: ref.ID, Label: key.Label, RSA: &key.rsa.PublicKey})
	}
	return made
}
