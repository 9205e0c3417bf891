package inbound

import (
	"fmt"
	"time"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
)

// replacementWait is the least time between deleting the tokens of a PAN and
// replacing it (p.62, INT-065).
const replacementWait = time.Minute

// replacePAN puts another PAN in the place of one and moves its tokens over,
// as far as the matrix permits: deactivated ones stay (p.62, p.89, INT-052).
// The replaced PAN remembers all of it, so that it can be taken back.
func (s *Server) replacePAN(tx vault.Tx, call *Call, c panChange) error {
	tokens, err := tx.TokensOfPAN(c.pan.ReferenceID, 0)
	if err != nil {
		return err
	}
	if err := s.checkReplacementWait(call, tokens); err != nil {
		return err
	}
	replacement, before, err := s.takeReplacement(tx, call, c)
	if err != nil {
		return err
	}
	moved, err := s.actOnTokens(tx, call, c, tokens, func(t token.Token, a *token.Action) {
		a.PANReferenceID, a.LastFourOfPreviousPAN = replacement.ReferenceID, panLastFour(c.pan.Number)
		if t.LastFourOfPreviousPAN != "" {
			before.LastFour[t.ReferenceID] = t.LastFourOfPreviousPAN
		}
	})
	if err != nil {
		return err
	}
	before.ReplacedBy, before.NewReplaced, before.NewReplacedBy = c.pan.ReplacedBy, replacement.Replaced, replacement.ReplacedBy
	c.pan.Updates = append(c.pan.Updates, vault.PANUpdate{At: call.Now, OldReference: c.pan.ReferenceID, NewReference: replacement.ReferenceID,
		OldExpiration: c.pan.Expiration, NewExpiration: replacement.Expiration, Tokens: references(moved), Before: before})
	c.pan.ReplacedBy, replacement.Replaced, replacement.ReplacedBy = replacement.ReferenceID, c.pan.ReferenceID, ""
	if err := s.putPANs(tx, call, c.pan, replacement); err != nil {
		return err
	}
	if err := s.auditPAN(tx, call, c, moved, replacement.ReferenceID); err != nil {
		return err
	}
	return s.notifyPAN(tx, call, c.pan, replacement, c.action.Notifies)
}

// checkReplacementWait warns of tokens that were deleted too short a time
// ago, or refuses the call where the deployment chose so (INT-065).
func (s *Server) checkReplacementWait(call *Call, tokens []token.Token) error {
	const rule = "panLifecycle/request#replacement-wait"
	for _, t := range tokens {
		if t.DeactivatedAt.IsZero() || call.Now.Sub(t.DeactivatedAt) >= replacementWait {
			continue
		}
		reason := fmt.Sprintf("Tokens of this PAN were deleted less than %s ago, wait for the rest of it before replacing the PAN", replacementWait)
		if s.Knobs["replacementWait"] {
			return s.broken(call, rule, contract.TriggerReplacementPAN, s.panColumns().PAN, reason)
		}
		known, err := s.contract.Rule(rule)
		if err != nil {
			return err
		}
		call.Warn(known.ID, known.Page, reason)
		return nil
	}
	return nil
}

// takeReplacement checks the replacement PAN of the payload and gives its row
// in the vault, made where there was none, with the expiration date that the
// issuer names. The second result is what the row had before, for a reversal.
func (s *Server) takeReplacement(tx vault.Tx, call *Call, c panChange) (vault.PAN, vault.PANBefore, error) {
	before := vault.PANBefore{LastFour: map[string]string{}}
	if err := s.checkReplacement(call, c); err != nil {
		return vault.PAN{}, before, err
	}
	pan, err := s.account(tx, call, c.replacement.Number, c.replacement.Expiration)
	if err != nil {
		return vault.PAN{}, before, err
	}
	tokens, err := tx.TokensOfPAN(pan.ReferenceID, 0)
	if err != nil {
		return vault.PAN{}, before, err
	}
	for _, t := range tokens {
		// A token that has itself been deleted is none any more (p.62).
		if s.machine.Allowed(t, token.ReplacePAN, token.Issuer) == nil {
			return vault.PAN{}, before, s.broken(call, "panLifecycle/request#replacement-without-tokens", contract.TriggerReplacementPAN,
				s.panColumns().NewPAN, "The replacement PAN has tokens already")
		}
	}
	before.NewExpiration = pan.Expiration
	pan.Expiration = c.replacement.Expiration
	return pan, before, nil
}

// checkReplacement holds the two PANs against each other (p.64). That a PAN
// lies in nobody's range or in that of somebody else looks the same.
func (s *Server) checkReplacement(call *Call, c panChange) error {
	rule, reason := "", ""
	switch old, replacement := c.current.Number, c.replacement.Number; {
	case old == replacement:
		rule, reason = "panLifecycle/request#pan-differs", "The replacement PAN is the current one; to change its expiration date only, use the operationReasonCode for that"
	case accountRange(call.Issuer, old) != accountRange(call.Issuer, replacement):
		rule, reason = "panLifecycle/request#same-account-range", "The replacement PAN does not lie in the account range of the current one"
	case !s.knownCard(call, replacement):
		rule, reason = "panLifecycle/request#pan-known", "The check digit of the replacement PAN is wrong"
	default:
		return nil
	}
	return s.broken(call, rule, contract.TriggerReplacementPAN, s.panColumns().NewPAN, reason)
}

// putPANs stores rows that the call changed.
func (s *Server) putPANs(tx vault.Tx, call *Call, pans ...vault.PAN) error {
	for _, pan := range pans {
		pan.UpdatedAt = call.Now
		if err := tx.PutPAN(pan); err != nil {
			return err
		}
	}
	return nil
}
