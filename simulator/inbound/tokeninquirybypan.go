package inbound

import (
	"context"
	"errors"
	"strconv"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
)

// tokenInquiryByPAN lists the tokens of a PAN, named by its reference or
// sealed (p.84-88): as many of the last changed as the answer may hold
// (INT-056), deactivated ones too (INT-059).
func (s *Server) tokenInquiryByPAN(_ context.Context, tx vault.Tx, call *Call) (*Answer, error) {
	asked := inquiredPAN(call)
	pan, err := asked.find(tx)
	if errors.Is(err, vault.ErrNotFound) {
		return s.noTokens(call, asked, s.knownCard(call, asked.number))
	}
	if err != nil {
		return nil, err
	}
	field, most := call.Operation.Field(contract.Response).Member(tokenDetails), 0
	if field.MaxItems != nil {
		most = *field.MaxItems
	}
	tokens, err := tx.TokensOfPAN(pan.ReferenceID, most)
	if err != nil {
		return nil, err
	}
	if len(tokens) == 0 {
		return s.noTokens(call, asked, true)
	}
	list := make([]any, len(tokens))
	for i, t := range tokens {
		list[i] = detailsOf(t, pan)
	}
	return &Answer{Body: map[string]any{tokenDetails: list}}, nil
}

// tokenDetails is the one member of the answer (p.85).
const tokenDetails = "tokenDetails"

// panSelector is how a request names the PAN: one of the two is set, as the
// contract saw to (p.85), and location tells which.
type panSelector struct{ reference, number, location string }

func inquiredPAN(call *Call) panSelector {
	const reference, structure, number = "panReferenceID", "cardholderInfo", "primaryAccountNumber"
	if given := text(call.Body[reference]); given != "" {
		return panSelector{reference: given, location: reference}
	}
	cardholder, _ := call.Sealed[structure].(map[string]any)
	return panSelector{number: text(cardholder[number]), location: sealedMember + "/" + structure + "/" + number}
}

func (p panSelector) find(tx vault.Tx) (vault.PAN, error) {
	if p.reference != "" {
		return tx.PAN(p.reference)
	}
	return tx.PANByNumber(p.number)
}

// noTokens answers for a PAN that has no tokens. A card of the issuer that
// never had one looks like a number of nobody, unless the deployment chose
// the empty list for it (INT-160, INT-167).
func (s *Server) noTokens(call *Call, asked panSelector, known bool) (*Answer, error) {
	if known && s.Knobs[knobEmptyTokenDetails] {
		return &Answer{Body: map[string]any{tokenDetails: []any{}}}, nil
	}
	return nil, s.refuseRule(call, contract.TriggerTokenNotFound, "tokenInquiryByPAN/request#token-known", asked.location, "There is no token of this PAN")
}

// detailsOf is a token as the list shows it (p.85-86); what it does not have
// is left out.
func detailsOf(t token.Token, pan vault.PAN) map[string]any {
	details := map[string]any{"tokenRequestorID": asNumber(t.RequestorID), "tokenReferenceID": t.ReferenceID, "panReferenceID": t.PANReferenceID,
		"tokenType": t.Type, "tokenStatus": t.Status, "lastFourOfPAN": panLastFour(pan.Number)}
	present(details, map[string]string{
		"entityOfLastAction":            string(t.EntityOfLastAction),
		"walletAccountEmailAddressHash": t.WalletAccountEmailAddressHash,
		"clientWalletAccountID":         t.ClientWalletAccountID,
		"panSource":                     t.PANSource,
	})
	if t.AutoFill != nil {
		details["autoFillIndicator"] = *t.AutoFill
	}
	return details
}

// asNumber is an identifier of digits as the samples print it (p.88, INT-042).
func asNumber(id string) any {
	if number, err := strconv.ParseInt(id, 10, 64); err == nil {
		return number
	}
	return id
}
