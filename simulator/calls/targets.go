package calls

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"sync"

	"github.com/vtsim/vtsim/keys"
	"github.com/vtsim/vtsim/keys/jose"
	"github.com/vtsim/vtsim/keys/xpay"
	"github.com/vtsim/vtsim/simulator/outbound"
	"github.com/vtsim/vtsim/simulator/vault"
)

// ErrTarget says that an issuer cannot be called as it is configured.
var ErrTarget = errors.New("the issuer cannot be called")

// Targets find how the issuers of one data directory are called. An issuer
// with an issuer.yaml is called with the files that it names; one that the
// console made is known by what the vault has of it, is shown Visa's client
// certificate, and has a certificate of the directory's authority. The
// endpoint is always the vault's: the console may have moved it.
type Targets struct {
	directory *keys.Directory
	settings  keys.Settings

	mu    sync.Mutex
	known map[string]outbound.Target // of issuers with a profile, read once
}

// NewTargets makes targets of the directory; files are read when an issuer is
// called first.
func NewTargets(directory *keys.Directory, settings keys.Settings) *Targets {
	return &Targets{directory: directory, settings: settings, known: map[string]outbound.Target{}}
}

// Of is the target of an issuer of the vault.
func (t *Targets) Of(issuer vault.Issuer) (outbound.Target, error) {
	target, err := t.target(issuer)
	if err != nil {
		return outbound.Target{}, fmt.Errorf("%w: %w", ErrTarget, err)
	}
	target.Endpoint = issuer.Endpoint
	return target, nil
}

func (t *Targets) target(issuer vault.Issuer) (outbound.Target, error) {
	profiled, ok := t.directory.Issuers[issuer.Name]
	if !ok {
		return t.registered(issuer)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if target, ok := t.known[issuer.Name]; ok {
		return target, nil
	}
	connection, err := profiled.Profile.Connect(t.settings)
	if err != nil {
		return outbound.Target{}, err
	}
	t.known[issuer.Name] = Connected(profiled, connection)
	return t.known[issuer.Name], nil
}

// Connected is the target of an issuer whose files were read.
func Connected(issuer *keys.Issuer, connection *keys.Connection) outbound.Target {
	target := outbound.Target{Issuer: issuer.Name, Endpoint: issuer.Profile.Endpoint, Roots: connection.RootCAs, ServerName: connection.ServerName, Client: connection.Certificate,
		Encrypt: jose.EncryptionKey{ID: connection.Credentials.APIKey, RSA: connection.IssuerEncryption.Public()}}
	if issuer.Profile.SendXPayToken {
		secret := xpay.NewSecret("issuer "+issuer.Name, []byte(connection.Credentials.SharedSecret))
		target.PayToken, target.APIKey = &secret, connection.Credentials.APIKey
	}
	return target
}

// registered is the target of an issuer that only the vault knows.
func (t *Targets) registered(issuer vault.Issuer) (outbound.Target, error) {
	block, _ := pem.Decode([]byte(issuer.EncryptionCertificate))
	if block == nil {
		return outbound.Target{}, errors.New("its encryption certificate is not PEM")
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return outbound.Target{}, fmt.Errorf("its encryption certificate: %w", err)
	}
	key, ok := certificate.PublicKey.(*rsa.PublicKey)
	if !ok {
		return outbound.Target{}, fmt.Errorf("its encryption certificate has a %T, want RSA", certificate.PublicKey)
	}
	return outbound.Target{Issuer: issuer.Name, Roots: t.directory.CA.Pool(), Client: &t.directory.Client, Encrypt: jose.EncryptionKey{ID: issuer.APIKey, RSA: key}}, nil
}
