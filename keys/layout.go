package keys

import (
	"fmt"
	"path"
	"regexp"
	"strings"
)

// Names in the data directory.
const (
	keySuffix         = ".key"
	certificateSuffix = ".crt"
	previousInfix     = ".previous-"

	configFile      = "config.yaml"
	vaultFile       = "vault.key"
	issuersDir      = "issuers"
	profileFile     = "issuer.yaml"
	credentialsFile = "credentials.yaml"

	nameAuthority  = "pki/ca"
	nameServer     = "pki/server"
	nameClient     = "pki/client"
	nameEncryption = "visa/encryption"
	nameSigning    = "visa/signing"

	whatAPIKey       = "apiKey"
	whatSharedSecret = "sharedSecret"
)

// slot is one place for a key and its certificate.
type slot struct {
	// name is the path in the data directory without the suffix.
	name string
	kind Kind
	// issuer is the name of the issuer that it belongs to; empty for Visa's.
	issuer string
}

func (s slot) keyFile() string         { return s.name + keySuffix }
func (s slot) certificateFile() string { return s.name + certificateSuffix }

// issuedByAuthority tells which certificates the dev root signs; the others
// sign themselves (p.34).
func (s slot) issuedByAuthority() bool { return s.kind == KindServer || s.kind == KindClient }

var (
	authoritySlot = slot{name: nameAuthority, kind: KindAuthority}
	visaSlots     = [...]slot{
		{name: nameServer, kind: KindServer},
		{name: nameClient, kind: KindClient},
		{name: nameEncryption, kind: KindEncryption},
		{name: nameSigning, kind: KindSigning},
	}
	issuerKinds = [...]struct {
		base string
		kind Kind
	}{{"encryption", KindEncryption}, {"signing", KindSigning}, {"client", KindClient}, {"server", KindServer}}
)

// issuerSlots are the places of one issuer.
func issuerSlots(issuer string) []slot {
	slots := make([]slot, len(issuerKinds))
	for i, k := range issuerKinds {
		slots[i] = slot{name: issuerPath(issuer, k.base), kind: k.kind, issuer: issuer}
	}
	return slots
}

func issuerPath(issuer, file string) string { return path.Join(issuersDir, issuer, file) }

// parseSlot finds the place that a user means, such as "visa/signing" or
// "issuers/demo-bank/client".
func parseSlot(what string) (slot, error) {
	for _, s := range visaSlots {
		if s.name == what {
			return s, nil
		}
	}
	if what == nameAuthority {
		return slot{}, fmt.Errorf("%s can't be changed on its own, as the TLS certificates hang on it; make a new directory with vtsim init", what)
	}
	if parts := strings.Split(what, "/"); len(parts) == 3 && parts[0] == issuersDir {
		if err := CheckName(parts[1]); err != nil {
			return slot{}, err
		}
		for _, s := range issuerSlots(parts[1]) {
			if s.name == what {
				return s, nil
			}
		}
	}
	return slot{}, fmt.Errorf("unknown key %q; known are %s, %s, %s, %s and %s/NAME/encryption, signing, client, server",
		what, nameServer, nameClient, nameEncryption, nameSigning, issuersDir)
}

var issuerName = regexp.MustCompile(`^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$`)

// CheckName reports whether an issuer may be called so: it becomes a folder,
// so lower-case letters, digits and hyphens, at most 63 characters.
func CheckName(issuer string) error {
	if !issuerName.MatchString(issuer) {
		return fmt.Errorf("issuer name %q is not usable: lower-case letters, digits and inner hyphens, 1 to 63 characters", issuer)
	}
	return nil
}
