package inbound

import (
	"maps"
	"time"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
)

// closePAN closes the account: every token of it that still can be is
// deactivated, and each is told of (p.61, INT-063). Closing again changes
// nothing.
func (s *Server) closePAN(tx vault.Tx, call *Call, c panChange) error {
	tokens, err := tx.TokensOfPAN(c.pan.ReferenceID, 0)
	if err != nil {
		return err
	}
	ended, err := s.actOnTokens(tx, call, c, tokens, func(token.Token, *token.Action) {})
	if err != nil {
		return err
	}
	if c.pan.ClosedAt.IsZero() {
		c.pan.ClosedAt = call.Now
	}
	if err := s.putPANs(tx, call, c.pan); err != nil {
		return err
	}
	if err := s.auditPAN(tx, call, c, ended, ""); err != nil {
		return err
	}
	for _, t := range ended {
		if err := s.notifyToken(tx, call, t, c.action.Notifies); err != nil {
			return err
		}
	}
	return nil
}

// advisePAN notes what merchants are to be advised of through Visa Account
// Updater (p.61, p.64): it concerns neither tokens nor any notification. A
// portfolio conversion names the PAN that takes over, under the same rules as
// a replacement.
func (s *Server) advisePAN(tx vault.Tx, call *Call, c panChange) error {
	replacement := ""
	if c.row.PANs == contract.PANsDifferent {
		pan, _, err := s.takeReplacement(tx, call, c)
		if err != nil {
			return err
		}
		if err := s.putPANs(tx, call, pan); err != nil {
			return err
		}
		replacement = pan.ReferenceID
	}
	c.pan.Advice = maps.Clone(c.pan.Advice)
	if c.pan.Advice == nil {
		c.pan.Advice = map[string]time.Time{}
	}
	c.pan.Advice[c.request.OperationReasonCode] = call.Now
	if err := s.putPANs(tx, call, c.pan); err != nil {
		return err
	}
	return s.auditPAN(tx, call, c, nil, replacement)
}
