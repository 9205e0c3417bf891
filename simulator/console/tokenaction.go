package console

import (
	"context"
	"time"

	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
)

// tokenAction is an action of the lifecycle matrix upon a token.
type tokenAction struct {
	Action            string           `json:"action"`
	By                token.Entity     `json:"by"`
	OperatorID        string           `json:"operatorID"`
	PAN               string           `json:"pan"`
	PANExpirationDate token.Expiration `json:"panExpirationDate"`
	Notify            bool             `json:"notify"`
}

// check refuses what an action lacks or cannot use.
func (a *tokenAction) check() error {
	replaces, dates := a.Action == token.ReplacePAN, a.Action == token.UpdateExpirationDate
	switch {
	case replaces && a.PAN == "":
		return bad("pan", "%s needs the new PAN in pan.", a.Action)
	case !replaces && a.PAN != "":
		return bad("pan", "Only %s takes a pan.", token.ReplacePAN)
	case dates && a.PANExpirationDate == token.Expiration{}:
		return bad("panExpirationDate", "%s needs the new date in panExpirationDate.", a.Action)
	case !dates && !replaces && a.PANExpirationDate != token.Expiration{}:
		return bad("panExpirationDate", "Only %s and %s take a panExpirationDate.", token.UpdateExpirationDate, token.ReplacePAN)
	}
	return nil
}

// actOnToken takes the action; the matrix may refuse it (p.89).
func (c *Console) actOnToken(ctx context.Context, r *request) (*reply, error) {
	var wanted tokenAction
	if err := r.decode(&wanted); err != nil {
		return nil, err
	}
	if err := wanted.check(); err != nil {
		return nil, err
	}
	found, err := c.token(ctx, r)
	if err != nil {
		return nil, err
	}
	issuer, err := c.issuer(ctx, "issuer", found.Issuer)
	if err != nil {
		return nil, err
	}
	if wanted.PAN != "" {
		if err := checkPAN(issuer, "pan", wanted.PAN); err != nil {
			return nil, err
		}
	}
	var view tokenView
	err = c.Vault.Update(ctx, issuer.Name, func(tx vault.Tx) error {
		view, err = c.act(tx, issuer, found.ReferenceID, wanted)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &reply{body: view}, nil
}

func (c *Console) act(tx vault.Tx, issuer vault.Issuer, referenceID string, wanted tokenAction) (tokenView, error) {
	now := c.Clock.Now()
	before, err := tx.TokenByReference(referenceID)
	if err != nil {
		return tokenView{}, err
	}
	action := token.Action{Name: wanted.Action, By: wanted.By, At: now, OperatorID: wanted.OperatorID}
	pan, err := c.panOfAction(tx, issuer, before, wanted, now)
	if err != nil {
		return tokenView{}, err
	}
	if pan.ReferenceID != before.PANReferenceID {
		replaced, err := tx.PAN(before.PANReferenceID)
		if err != nil {
			return tokenView{}, err
		}
		action.PANReferenceID, action.LastFourOfPreviousPAN = pan.ReferenceID, replaced.Number[max(0, len(replaced.Number)-4):]
	}
	after, err := c.machine.Apply(before, action)
	if err != nil {
		return tokenView{}, err // a refusal undoes what was done to the PAN
	}
	if after, err = tx.PutToken(after); err != nil {
		return tokenView{}, err
	}
	if wanted.Notify {
		if err := c.tellOfAction(tx, issuer, after, wanted.Action); err != nil {
			return tokenView{}, err
		}
	}
	return viewOfToken(after, pan), nil
}

// panOfAction is the PAN that the token has after the action, changed if the
// action changes it.
func (c *Console) panOfAction(tx vault.Tx, issuer vault.Issuer, t token.Token, wanted tokenAction, now time.Time) (vault.PAN, error) {
	m := &making{Console: c, issuer: issuer, now: now}
	if wanted.PAN != "" {
		return m.pan(tx, wanted.PAN, wanted.PANExpirationDate)
	}
	pan, err := tx.PAN(t.PANReferenceID)
	if err != nil || wanted.PANExpirationDate == (token.Expiration{}) {
		return pan, err
	}
	pan.Expiration, pan.UpdatedAt = wanted.PANExpirationDate, now
	return pan, tx.PutPAN(pan)
}

// tellOfAction queues what the contract says must be told about the action.
func (c *Console) tellOfAction(tx vault.Tx, issuer vault.Issuer, t token.Token, name string) error {
	action, _ := c.Contract.Tables.Lifecycle.Action(name)
	for _, effect := range action.Notifies {
		op, err := c.Contract.Operation(effect.Operation)
		if err != nil {
			return err
		}
		facts := map[string]any{}
		for member, value := range effect.Members {
			facts[member] = value
		}
		if err := c.enqueue(tx, issuer, t, op, facts); err != nil {
			return err
		}
	}
	return nil
}
