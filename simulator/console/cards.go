package console

import (
	"bytes"
	"context"
	"io"
	"strings"
	"time"

	"github.com/vtsim/vtsim/keys"
	"github.com/vtsim/vtsim/simulator/vault"
)

// cardView is a test card, the one place beside token objects where a number
// is shown in full.
type cardView struct {
	Role     string `json:"role"`
	PAN      string `json:"pan"`
	ExpMonth string `json:"expMonth"`
	ExpYear  string `json:"expYear"`
}

func (c *Console) listCards(ctx context.Context, r *request) (*reply, error) {
	issuer, err := c.issuer(ctx, "issuer", r.query["issuer"])
	if err != nil {
		return nil, err
	}
	cards, err := c.cardsOf(issuer)
	if err != nil {
		return nil, err
	}
	return &reply{body: map[string]any{"items": cards}}, nil
}

// cardsOf lists the test cards of an issuer: those of its profile, those of
// the fixtures in its ranges, and samples where there is neither.
func (c *Console) cardsOf(issuer vault.Issuer) ([]cardView, error) {
	cards, seen := []cardView{}, map[string]bool{}
	add := func(role, pan, month, year string) {
		if accountRange(issuer, pan) != "" && !seen[role+pan] {
			seen[role+pan] = true
			cards = append(cards, cardView{Role: role, PAN: pan, ExpMonth: month, ExpYear: year})
		}
	}
	for _, card := range c.Fixtures.Cards {
		add(card.Role, card.PAN, card.ExpMonth, card.ExpYear)
	}
	for _, card := range c.profileCards(issuer.Name) {
		add(card.Role, card.PAN, card.ExpMonth, card.ExpYear)
	}
	for _, digits := range issuer.AccountRanges {
		if len(cards) > 0 {
			break
		}
		samples, err := keys.SampleCards(digits, issuer.CreatedAt, issuer.CreatedAt.Add(c.validity()), noRandomness)
		if err != nil {
			return nil, err
		}
		for _, card := range samples {
			add(card.Role, card.PAN, card.ExpMonth, card.ExpYear)
		}
	}
	return cards, nil
}

// profileCards are those of the issuer's profile, as far as it is known here.
func (c *Console) profileCards(issuer string) []keys.Card {
	c.cardsMu.Lock()
	defer c.cardsMu.Unlock()
	if cards, ok := c.cards[issuer]; ok {
		return cards
	}
	return c.Cards[issuer]
}

// validity is how long sample cards are good, as for those of a new issuer.
func (c *Console) validity() time.Duration {
	const usual = 10 * 365 * 24 * time.Hour
	if c.Settings.Validity > 0 {
		return c.Settings.Validity
	}
	return usual
}

// noRandomness draws nothing: a sample card's CVV2 is not shown here.
var noRandomness io.Reader = zeros{}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return copy(p, bytes.Repeat([]byte{0}, len(p))), nil }

// accountRange is the one of the issuer's ranges that the number lies in; ""
// when it lies in none.
func accountRange(issuer vault.Issuer, pan string) string {
	for _, digits := range issuer.AccountRanges {
		if strings.HasPrefix(pan, digits) && len(pan) > len(digits) {
			return digits
		}
	}
	return ""
}
