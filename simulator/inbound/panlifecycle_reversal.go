package inbound

import (
	"slices"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
)

// reversePAN takes back the last replacement of the PAN (p.61, INT-064): the
// tokens that it moved and that are still on the other PAN come back, and
// what it overwrote is put back. What has happened to the tokens themselves
// in between, and tokens that came into being since, stay.
func (s *Server) reversePAN(tx vault.Tx, call *Call, c panChange) error {
	const rule = "panLifecycle/request#reversal-has-predecessor"
	last := len(c.pan.Updates) - 1
	if last < 0 {
		return s.broken(call, rule, string(contract.KindValue), s.panColumns().PAN, "There is no replacement of this PAN to take back")
	}
	update := c.pan.Updates[last]
	replacement, err := tx.PAN(update.NewReference)
	if err != nil {
		return err
	}
	if replacement.ReplacedBy != "" {
		return s.broken(call, rule, string(contract.KindValue), s.panColumns().PAN,
			"The PAN that replaced this one has been replaced itself since; take that back first")
	}
	back, err := s.moveBack(tx, call, c, update)
	if err != nil {
		return err
	}
	c.pan.Updates = c.pan.Updates[:last]
	c.pan.ReplacedBy, replacement.Replaced, replacement.ReplacedBy = update.Before.ReplacedBy, update.Before.NewReplaced, update.Before.NewReplacedBy
	withdrawn := replacement
	if replacement.Expiration == update.NewExpiration { // not told anew since
		replacement.Expiration = update.Before.NewExpiration
	}
	if err := s.putPANs(tx, call, c.pan, replacement); err != nil {
		return err
	}
	if err := s.auditPAN(tx, call, c, back, replacement.ReferenceID); err != nil {
		return err
	}
	return s.notifyPAN(tx, call, withdrawn, c.pan, c.action.Notifies)
}

// moveBack returns the tokens of the update to the PAN that they came from.
func (s *Server) moveBack(tx vault.Tx, call *Call, c panChange, update vault.PANUpdate) ([]token.Token, error) {
	there, err := tx.TokensOfPAN(update.NewReference, 0)
	if err != nil {
		return nil, err
	}
	there = slices.DeleteFunc(there, func(t token.Token) bool { return !slices.Contains(update.Tokens, t.ReferenceID) })
	return s.actOnTokens(tx, call, c, there, func(t token.Token, a *token.Action) {
		a.PANReferenceID, a.LastFourOfPreviousPAN = update.OldReference, update.Before.LastFour[t.ReferenceID]
	})
}
