package inbound

import (
	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
)

// updatePANExpiration gives the PAN another expiration date and acts on its
// tokens in whatever state, deactivated ones too (p.64, p.89). The tokens'
// own expiration dates are not the issuer's to set.
func (s *Server) updatePANExpiration(tx vault.Tx, call *Call, c panChange) error {
	if c.current.Number != c.replacement.Number {
		return s.broken(call, "panLifecycle/request#pan-stays", contract.TriggerReplacementPAN, s.panColumns().NewPAN,
			"The replacement PAN is another one than the current PAN, while only the expiration date is to change")
	}
	tokens, err := tx.TokensOfPAN(c.pan.ReferenceID, 0)
	if err != nil {
		return err
	}
	changed, err := s.actOnTokens(tx, call, c, tokens, func(token.Token, *token.Action) {})
	if err != nil {
		return err
	}
	before := c.pan
	c.pan.Expiration = c.replacement.Expiration
	if err := s.putPANs(tx, call, c.pan); err != nil {
		return err
	}
	if err := s.auditPAN(tx, call, c, changed, ""); err != nil {
		return err
	}
	return s.notifyPAN(tx, call, before, c.pan, c.action.Notifies)
}
