package outbound

import (
	"fmt"

	"github.com/vtsim/vtsim/simulator/vault"
)

// errAbsent is why a queued notification is given up.
func errAbsent(issuer vault.Issuer, operation string) error {
	return fmt.Errorf("issuer %q does not take part in %s, by the participation in its settings", issuer.Name, operation)
}
