package console

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/vtsim/vtsim/fixtures"
	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
)

// tokenView is a token as the console shows it, its number in full.
type tokenView struct {
	Issuer              string           `json:"issuer"`
	TokenReferenceID    string           `json:"tokenReferenceID"`
	TokenRequestorID    string           `json:"tokenRequestorID"`
	PANReferenceID      string           `json:"panReferenceID"`
	Token               string           `json:"token"`
	TokenType           string           `json:"tokenType"`
	TokenStatus         token.Status     `json:"tokenStatus"`
	EntityOfLastAction  token.Entity     `json:"entityOfLastAction"`
	TokenExpirationDate token.Expiration `json:"tokenExpirationDate"`
	PANExpirationDate   token.Expiration `json:"panExpirationDate"`
	LastFourOfPAN       string           `json:"lastFourOfPAN"`
}

func viewOfToken(t token.Token, pan vault.PAN) tokenView {
	return tokenView{Issuer: t.Issuer, TokenReferenceID: t.ReferenceID, TokenRequestorID: t.RequestorID, PANReferenceID: t.PANReferenceID,
		Token: t.Number, TokenType: t.Type, TokenStatus: t.Status, EntityOfLastAction: t.EntityOfLastAction,
		TokenExpirationDate: t.Expiration, PANExpirationDate: pan.Expiration, LastFourOfPAN: pan.Number[max(0, len(pan.Number)-4):]}
}

// shownToken is the token with the PAN that it stands for.
func shownToken(tx vault.Tx, t token.Token) (tokenView, error) {
	pan, err := tx.PAN(t.PANReferenceID)
	return viewOfToken(t, pan), err
}

func (c *Console) getToken(ctx context.Context, r *request) (*reply, error) {
	found, err := c.token(ctx, r)
	if err != nil {
		return nil, err
	}
	var view tokenView
	err = c.Vault.View(ctx, found.Issuer, func(tx vault.Tx) error {
		if found, err = tx.TokenByReference(found.ReferenceID); err != nil {
			return err
		}
		view, err = shownToken(tx, found)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &reply{body: view}, nil
}

// token finds the token that the path names, of any issuer unless the query
// names one.
func (c *Console) token(ctx context.Context, r *request) (token.Token, error) {
	found, err := c.Vault.FindToken(ctx, r.query["issuer"], r.path("tokenReferenceID"))
	if errors.Is(err, vault.ErrNotFound) {
		return found, missing("tokenReferenceID", "There is no token of this reference.")
	}
	return found, err
}

func (c *Console) listTokens(ctx context.Context, r *request) (*reply, error) {
	issuer, err := c.issuer(ctx, "issuer", r.query["issuer"])
	if err != nil {
		return nil, err
	}
	if pan, given := r.query["pan"]; given {
		if err := checkPAN(issuer, "pan", pan); err != nil {
			return nil, err
		}
	}
	answer := page{}
	err = c.Vault.View(ctx, issuer.Name, func(tx vault.Tx) error {
		found, err := tokensOf(tx, r)
		if err != nil {
			return err
		}
		if len(found) > r.limit() {
			found = found[:r.limit()]
			answer.Next = found[len(found)-1].ReferenceID
		}
		views := make([]tokenView, len(found))
		for i, t := range found {
			if views[i], err = shownToken(tx, t); err != nil {
				return err
			}
		}
		answer.Items = views
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &reply{body: answer}, nil
}

// tokensOf are the tokens that come next, by reference, one more than wanted
// if there is one.
func tokensOf(tx vault.Tx, r *request) ([]token.Token, error) {
	after := r.query["after"]
	if r.query["pan"] == "" {
		return tx.Tokens(after, r.limit()+1)
	}
	pan, err := tx.PANByNumber(r.query["pan"])
	if errors.Is(err, vault.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	found, err := tx.TokensOfPAN(pan.ReferenceID, 0)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(found, func(a, b token.Token) int { return cmp.Compare(a.ReferenceID, b.ReferenceID) })
	return slices.DeleteFunc(found, func(t token.Token) bool { return t.ReferenceID <= after }), nil
}

// checkPAN refuses a number that is no card of the issuer. It never repeats
// the number.
func checkPAN(issuer vault.Issuer, field, pan string) error {
	switch {
	case !fixtures.Luhn(pan):
		return bad(field, "The last digit of this PAN does not fit the others (Luhn check).")
	case accountRange(issuer, pan) == "":
		return bad(field, "This PAN lies in none of the issuer's account ranges; GET /api/v1/issuers/%s lists them.", issuer.Name)
	}
	return nil
}
