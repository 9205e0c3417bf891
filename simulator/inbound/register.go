package inbound

import (
	"encoding/pem"
	"time"

	"github.com/vtsim/vtsim/keys"
	"github.com/vtsim/vtsim/simulator/vault"
)

// Registered is the vault's row of an issuer whose keys and credentials were
// read or made: what identify, authenticate and the envelope need of it.
func Registered(issuer *keys.Issuer, at time.Time) vault.Issuer {
	text := func(pair keys.KeyPair) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pair.Certificate.Raw}))
	}
	return vault.Issuer{Name: issuer.Name, Endpoint: issuer.Profile.Endpoint, AccountRanges: issuer.Profile.AccountRanges,
		APIKey: issuer.Credentials.APIKey, ClientID: issuer.Credentials.ClientID, SigningKeyID: issuer.Credentials.SigningKeyID,
		SharedSecret: issuer.Credentials.SharedSecret, EncryptionCertificate: text(issuer.Encryption),
		SigningCertificate: text(issuer.Signing), ClientCertificate: text(issuer.Client), CreatedAt: at, Settings: settingsOf(issuer.Profile)}
}

// settingsOf are the settings that an issuer.yaml decides about, in the form
// that the vault gives them back in; nil where it says nothing.
func settingsOf(profile *keys.Profile) map[string]any {
	if profile.Participation == nil {
		return nil
	}
	table := make(map[string]any, len(profile.Participation))
	for operation, serves := range profile.Participation {
		table[operation] = serves
	}
	return map[string]any{vault.SettingParticipation: table}
}
