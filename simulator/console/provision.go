package console

import (
	"context"
	"errors"

	"github.com/vtsim/vtsim/keys"
	"github.com/vtsim/vtsim/simulator/calls"
	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
	"github.com/vtsim/vtsim/simulator/wallet"
)

// Cards and tokens of a call or a flow where none are named.
const (
	defaultRole      = "eligible"
	defaultTokenType = "HCE"
)

// cardRequest names a card: by its number, or by the role of a test card.
type cardRequest struct {
	PAN  string `json:"pan"`
	Card string `json:"card"`
}

// provisionRequest is what a cardholder and a wallet ask for.
type provisionRequest struct {
	Issuer string `json:"issuer"`
	cardRequest
	PANExpirationDate   token.Expiration `json:"panExpirationDate"`
	CVV2                string           `json:"cvv2"`
	Original            string           `json:"originalTokenReferenceID"`
	TokenType           string           `json:"tokenType"`
	TokenRequestorID    digits           `json:"tokenRequestorID"`
	TokenRequestorTspID string           `json:"tokenRequestorTspID"`
	PANSource           string           `json:"panSource"`
	ConsumerEntryMode   string           `json:"consumerEntryMode"`
	Locale              string           `json:"locale"`
	AutoFill            bool             `json:"autoFillIndicator"`
	DeviceInfo          map[string]any   `json:"deviceInfo"`
	RiskInfo            map[string]any   `json:"riskInfo"`
	Personalization     string           `json:"personalization"`
	Method              string           `json:"method"`
	OTP                 string           `json:"otp"`
}

// orGood is the empty value, by which the wallet knows that nothing goes wrong,
// where the request gives that its name.
func orGood(value, good string) string {
	if value == good {
		return ""
	}
	return value
}

// provisionToken plays a wallet that asks the issuer for a token. A decline is
// an answer like others.
func (c *Console) provisionToken(ctx context.Context, r *request) (*reply, error) {
	var wanted provisionRequest
	if err := r.decode(&wanted); err != nil {
		return nil, err
	}
	issuer, err := c.issuer(ctx, "issuer", wanted.Issuer)
	if err != nil {
		return nil, err
	}
	card, err := c.provisioned(ctx, issuer, &wanted)
	if err != nil {
		return nil, err
	}
	result, err := c.Calls.Wallet().Provision(ctx, wallet.Request{Issuer: issuer.Name, PAN: card.PAN, CVV2: card.CVV2,
		Expiration: token.Expiration{Month: card.ExpMonth, Year: card.ExpYear}, Original: wanted.Original, Type: wanted.TokenType,
		RequestorID: string(wanted.TokenRequestorID), TSP: wanted.TokenRequestorTspID, Source: wanted.PANSource, EntryMode: wanted.ConsumerEntryMode,
		Locale: wanted.Locale, AutoFill: wanted.AutoFill, Device: wanted.DeviceInfo, Risk: wanted.RiskInfo,
		Personalization: wallet.Personalization(orGood(wanted.Personalization, "good")), Method: wanted.Method,
		Passcode: wallet.Passcode(orGood(wanted.OTP, "right"))})
	if err != nil {
		return nil, err
	}
	return &reply{body: viewOfFlow(issuer.Name, result)}, nil
}

// provisioned is the card that the token is asked for, as the cardholder types
// it; the zero card where the token is made from another token.
func (c *Console) provisioned(ctx context.Context, issuer vault.Issuer, wanted *provisionRequest) (keys.Card, error) {
	if wanted.Original != "" {
		if wanted.cardRequest != (cardRequest{}) {
			return keys.Card{}, bad("originalTokenReferenceID", "The card of the original token is taken; leave pan and card out.")
		}
		_, err := c.Vault.FindToken(ctx, issuer.Name, wanted.Original)
		if errors.Is(err, vault.ErrNotFound) {
			return keys.Card{}, missing("originalTokenReferenceID", "The issuer has no token of this reference.")
		}
		return keys.Card{CVV2: wanted.CVV2, ExpMonth: wanted.PANExpirationDate.Month, ExpYear: wanted.PANExpirationDate.Year}, err
	}
	card, err := c.card(issuer, wanted.cardRequest)
	if err != nil {
		return card, err
	}
	if wanted.CVV2 != "" {
		card.CVV2 = wanted.CVV2
	}
	if wanted.PANExpirationDate != (token.Expiration{}) {
		card.ExpMonth, card.ExpYear = wanted.PANExpirationDate.Month, wanted.PANExpirationDate.Year
	}
	return card, nil
}

// card is the card that a request names; that of role eligible where it names
// none.
func (c *Console) card(issuer vault.Issuer, wanted cardRequest) (keys.Card, error) {
	if wanted.PAN != "" {
		if wanted.Card != "" {
			return keys.Card{}, bad("card", "Give either pan or card, not both.")
		}
		return keys.Card{PAN: wanted.PAN}, checkPAN(issuer, "pan", wanted.PAN)
	}
	if wanted.Card == "" {
		wanted.Card = defaultRole
	}
	for _, card := range c.profileCards(issuer.Name) {
		if card.Role == wanted.Card {
			return card, nil
		}
	}
	cards, err := c.cardsOf(issuer)
	for _, card := range cards {
		if card.Role == wanted.Card {
			known, _ := c.Fixtures.Card(card.PAN)
			return keys.Card{Role: card.Role, PAN: card.PAN, ExpMonth: card.ExpMonth, ExpYear: card.ExpYear, CVV2: known.CVV2}, nil
		}
	}
	if err == nil {
		err = missing("card", "The issuer has no test card of this role; GET /api/v1/cards?issuer=%s lists them.", issuer.Name)
	}
	return keys.Card{}, err
}

// callRequest is one call to an issuer, outside of a flow.
type callRequest struct {
	Issuer    string `json:"issuer"`
	Operation string `json:"operation"`
	cardRequest
	TokenReferenceID string         `json:"tokenReferenceID"`
	TokenType        string         `json:"tokenType"`
	Seed             string         `json:"seed"`
	With             map[string]any `json:"with"`
	Corrupt          []string       `json:"corrupt"`
}

// callMade is the call as the journal has it.
type callMade struct {
	Traffic trafficView `json:"traffic"`
	Broken  any         `json:"broken"`
}

// callIssuer makes one call of any operation and answers with its row of the
// journal; whatever the issuer answers, this is a success.
func (c *Console) callIssuer(ctx context.Context, r *request) (*reply, error) {
	var wanted callRequest
	if err := r.decode(&wanted); err != nil {
		return nil, err
	}
	issuer, err := c.issuer(ctx, "issuer", wanted.Issuer)
	if err != nil {
		return nil, err
	}
	single := calls.Single{Issuer: issuer, Operation: wanted.Operation, TokenReferenceID: wanted.TokenReferenceID, TokenType: wanted.TokenType,
		Seed: wanted.Seed, With: wanted.With, Corrupt: wanted.Corrupt}
	if single.TokenType == "" {
		single.TokenType = defaultTokenType
	}
	if wanted.TokenReferenceID == "" {
		single.Card, err = c.card(issuer, wanted.cardRequest)
	} else if wanted.cardRequest != (cardRequest{}) || wanted.TokenType != "" {
		err = bad("tokenReferenceID", "The token of the vault has its card and type; leave pan, card and tokenType out.")
	}
	if err != nil {
		return nil, err
	}
	prepared, row, err := c.Calls.Make(ctx, single)
	if err != nil {
		return nil, err
	}
	return &reply{body: callMade{viewOfTraffic(row), violations(prepared.Broken)}}, nil
}
