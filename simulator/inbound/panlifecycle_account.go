package inbound

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/vtsim/vtsim/fixtures"
	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
)

// panCard is a card of the decrypted payload (p.65).
type panCard struct {
	Number     string           `json:"primaryAccountNumber"`
	Expiration token.Expiration `json:"expirationDate"`
}

// readCards decodes the cards of the payload that was judged.
func (c *panChange) readCards() error {
	var payload struct {
		Current     panCard `json:"cardholderInfo"`
		Replacement panCard `json:"replaceCardholderInfo"`
	}
	if err := Decode(c.request.Payload, &payload); err != nil {
		return err
	}
	c.current, c.replacement = payload.Current, payload.Replacement
	return nil
}

// accountRange is the one of the issuer's ranges, nine digits each, that the
// number lies in; "" when it lies in none.
func accountRange(issuer vault.Issuer, number string) string {
	for _, digits := range issuer.AccountRanges {
		if strings.HasPrefix(number, digits) && len(number) > len(digits) {
			return digits
		}
	}
	return ""
}

// knownCard tells whether the number is a card of the calling issuer: one of
// its ranges has it and its check digit is right, whether or not the vault
// has met it.
func (s *Server) knownCard(call *Call, number string) bool {
	return accountRange(call.Issuer, number) != "" && fixtures.Luhn(number)
}

// account finds a known card in the vault, or puts it there: with the
// expiration date of the published test card of that number, else with the
// one given. A row that has no date yet takes the one given too.
func (s *Server) account(tx vault.Tx, call *Call, number string, expiration token.Expiration) (vault.PAN, error) {
	pan, err := tx.PANByNumber(number)
	switch {
	case err == nil && pan.Expiration != token.Expiration{}:
		return pan, nil
	case err == nil:
	case errors.Is(err, vault.ErrNotFound):
		if pan, err = s.newAccount(tx, call, number); err != nil {
			return vault.PAN{}, err
		}
	default:
		return vault.PAN{}, err
	}
	if pan.Expiration == (token.Expiration{}) {
		pan.Expiration = expiration
	}
	return pan, tx.PutPAN(pan)
}

// newAccount is a PAN that the vault has not met, with a reference of its own.
func (s *Server) newAccount(tx vault.Tx, call *Call, number string) (vault.PAN, error) {
	pan := vault.PAN{Number: number, CreatedAt: call.Now, UpdatedAt: call.Now}
	if card, published := s.Fixtures.Card(number); published {
		pan.Expiration = token.Expiration{Month: card.ExpMonth, Year: card.ExpYear}
	}
	const attempts = 8 // a seeded source may repeat what it gave before a restart
	for range attempts {
		reference, err := fixtures.NewPANReferenceID(s.Rand)
		if err != nil {
			return vault.PAN{}, err
		}
		if _, err := tx.PAN(reference); errors.Is(err, vault.ErrNotFound) {
			pan.ReferenceID = reference
			return pan, nil
		} else if err != nil {
			return vault.PAN{}, err
		}
	}
	return vault.PAN{}, fmt.Errorf("%d PAN references that were drawn are all taken; the source of randomness repeats itself", attempts)
}

// sameMonth compares dates whose months may have a leading zero (p.65).
func sameMonth(a, b token.Expiration) bool {
	left, err := strconv.Atoi(a.Month)
	right, other := strconv.Atoi(b.Month)
	return err == nil && other == nil && left == right && a.Year == b.Year
}

// panLastFour are the last digits by which a PAN may be named.
func panLastFour(number string) string { return number[max(0, len(number)-4):] }
