package calls

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"time"

	fixturekeys "github.com/vtsim/vtsim/fixtures/keys"
)

// strangerKey is one of the throw-away keys: everybody has it, and nobody may
// trust it.
const strangerKey = "20.key"

// stranger is what somebody shows whom no issuer knows: a key for envelopes
// and a client certificate that he signed himself.
func stranger(now time.Time) (*rsa.PrivateKey, *tls.Certificate, error) {
	content, err := fs.ReadFile(fixturekeys.Spare(), strangerKey)
	if err != nil {
		return nil, nil, fmt.Errorf("the stranger's key: %w", err)
	}
	block, _ := pem.Decode(content)
	if block == nil {
		return nil, nil, errors.New("the stranger's key is not PEM")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, nil, fmt.Errorf("the stranger's key: %w", err)
	}
	key, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return nil, nil, fmt.Errorf("the stranger's key is a %T, want RSA", parsed)
	}
	certificate, err := strangerCertificate(now)
	return key, certificate, err
}

func strangerCertificate(now time.Time) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "vtsim stranger"}, NotBefore: now.Add(-time.Hour),
		NotAfter: now.AddDate(0, 0, 1), KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("the stranger's certificate: %w", err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}
