package certificate

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/vtsim/vtsim/keys"
)

// bits of a certifier's key, at the least.
const bits = 2048

// PEM block types.
const (
	blockPrivate     = "PRIVATE KEY"
	blockPublic      = "PUBLIC KEY"
	blockCertificate = "CERTIFICATE"
)

// NewKey makes a certifier's key: the private one as PKCS#8, the public one as
// SubjectPublicKeyInfo, both PEM.
func NewKey(ctx context.Context, source keys.KeySource) (private, public []byte, err error) {
	key, err := source.RSA(ctx, bits)
	if err != nil {
		return nil, nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, nil, fmt.Errorf("write the certifier's key: %w", err)
	}
	spki, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return nil, nil, fmt.Errorf("write the certifier's public key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: blockPrivate, Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: blockPublic, Bytes: spki}), nil
}

// PrivateKey reads a certifier's key: RSA, PKCS#8 in PEM, without a pass
// phrase.
func PrivateKey(text []byte) (*rsa.PrivateKey, error) {
	block, _ := pem.Decode(text)
	if block == nil || block.Type != blockPrivate {
		return nil, fmt.Errorf("want a private key in PEM (%s, PKCS#8, no pass phrase); vtsim report key makes one", blockPrivate)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("the private key can't be read: %w", err)
	}
	key, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return nil, errors.New("the private key is not RSA; vtsim report key makes one")
	}
	return key, longEnough(&key.PublicKey)
}

// PublicKey reads the key to verify with, in PEM: a public key, or an X.509
// certificate, of which the key alone counts.
func PublicKey(text []byte) (*rsa.PublicKey, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("want PEM with a block %s or %s", blockPublic, blockCertificate)
	}
	var parsed any
	var err error
	switch block.Type {
	case blockPublic:
		parsed, err = x509.ParsePKIXPublicKey(block.Bytes)
	case blockCertificate:
		var certificate *x509.Certificate
		if certificate, err = x509.ParseCertificate(block.Bytes); err == nil {
			parsed = certificate.PublicKey
		}
	case blockPrivate:
		return nil, fmt.Errorf("that is a private key; verify with the public one, which vtsim report key wrote beside it")
	default:
		return nil, fmt.Errorf("the PEM block is %.40q, want %s or %s", block.Type, blockPublic, blockCertificate)
	}
	if err != nil {
		return nil, fmt.Errorf("the key can't be read: %w", err)
	}
	key, ok := parsed.(*rsa.PublicKey)
	if !ok {
		return nil, errors.New("the key is not RSA")
	}
	return key, longEnough(key)
}

func longEnough(key *rsa.PublicKey) error {
	if n := key.N.BitLen(); n < bits {
		return fmt.Errorf("the key has %d bits, want %d or more", n, bits)
	}
	return nil
}
