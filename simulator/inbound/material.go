package inbound

import (
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/vtsim/vtsim/keys/jose"
	"github.com/vtsim/vtsim/keys/xpay"
	"github.com/vtsim/vtsim/simulator/vault"
)

// issuerKeys is what the stages need of an issuer's credentials, parsed once.
type issuerKeys struct {
	from    credentials
	secret  xpay.Secret
	ring    jose.Keyring
	encrypt jose.EncryptionKey
	client  [sha256.Size]byte // of the client certificate's public key
}

// credentials are what issuerKeys were parsed from, and tell when they are no
// longer right.
type credentials struct {
	apiKey, sharedSecret, signingKeyID, encryption, signing, client string
}

// knownIssuers bounds how many issuers' keys are kept parsed; a run that
// makes and drops issuers all day must not grow.
const knownIssuers = 1024

// keysOf parses the issuer's certificates, once per change of the issuer.
func (s *Server) keysOf(issuer vault.Issuer) (*issuerKeys, error) {
	from := credentials{issuer.APIKey, issuer.SharedSecret, issuer.SigningKeyID, issuer.EncryptionCertificate, issuer.SigningCertificate, issuer.ClientCertificate}
	s.mu.Lock()
	parsed := s.material[issuer.Name]
	s.mu.Unlock()
	if parsed != nil && parsed.from == from {
		return parsed, nil
	}
	parsed, err := s.parseKeys(issuer)
	if err != nil {
		return nil, err
	}
	parsed.from = from
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.material) >= knownIssuers {
		clear(s.material)
	}
	s.material[issuer.Name] = parsed
	return parsed, nil
}

func (s *Server) parseKeys(issuer vault.Issuer) (*issuerKeys, error) {
	encryption, err := publicKey(issuer.EncryptionCertificate)
	if err != nil {
		return nil, fmt.Errorf("encryption certificate: %w", err)
	}
	signing, err := publicKey(issuer.SigningCertificate)
	if err != nil {
		return nil, fmt.Errorf("signing certificate: %w", err)
	}
	client, err := certificate(issuer.ClientCertificate)
	if err != nil {
		return nil, fmt.Errorf("client certificate: %w", err)
	}
	label := "issuer " + issuer.Name
	return &issuerKeys{secret: xpay.NewSecret(label, []byte(issuer.SharedSecret)),
		ring: jose.Keyring{
			Decryption:   []jose.DecryptionKey{{ID: issuer.APIKey, Label: "Visa encryption key", RSA: s.VisaEncryption.Key}},
			Verification: []jose.VerificationKey{{ID: issuer.SigningKeyID, Label: label + " signing key", RSA: signing}}},
		encrypt: jose.EncryptionKey{ID: issuer.APIKey, RSA: encryption},
		client:  sha256.Sum256(client.RawSubjectPublicKeyInfo)}, nil
}

func certificate(text string) (*x509.Certificate, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errors.New("is not PEM")
	}
	return x509.ParseCertificate(block.Bytes)
}

func publicKey(text string) (*rsa.PublicKey, error) {
	parsed, err := certificate(text)
	if err != nil {
		return nil, err
	}
	key, ok := parsed.PublicKey.(*rsa.PublicKey)
	if !ok {
		return nil, fmt.Errorf("has a %T, want RSA", parsed.PublicKey)
	}
	return key, nil
}
