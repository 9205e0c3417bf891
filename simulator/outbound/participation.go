package outbound

import (
	"fmt"

	"github.com/vtsim/vtsim/simulator/vault"
)

// settingParticipation is the member of an issuer's settings that says by
// operation what the issuer serves: {"participation": {"<operation>": true}}.
const settingParticipation = "participation"

// Participates tells whether the issuer serves the operation. Where nothing is
// said everything is served; where something is, what is not named is not. A
// notification of an operation that the issuer does not serve is not queued
// at all, and one that was queued before the issuer stopped is dead when its
// turn comes.
func Participates(issuer vault.Issuer, operation string) bool {
	switch table := issuer.Settings[settingParticipation].(type) {
	case map[string]any:
		serves, _ := table[operation].(bool)
		return serves
	case map[string]bool:
		return table[operation]
	}
	return true
}

// errAbsent is why a queued notification is given up.
func errAbsent(issuer vault.Issuer, operation string) error {
	return fmt.Errorf("issuer %q does not take part in %s, by the participation in its settings", issuer.Name, operation)
}
