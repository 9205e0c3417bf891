package inbound

import (
	"context"
	"encoding/json"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/simulator/vault"
)

// retrieveNHPPParticipants lists where the card can be pushed to (p.95-101).
// Every card of the calling issuer can go to every profile. Nothing is kept
// of the call, so the card needs no row in the vault.
func (s *Server) retrieveNHPPParticipants(_ context.Context, _ vault.Tx, call *Call) (*Answer, error) {
	var payload struct {
		CardholderInfo struct {
			PrimaryAccountNumber string `json:"primaryAccountNumber"`
		} `json:"cardholderInfo"`
	}
	if err := Decode(call.Sealed, &payload); err != nil {
		return nil, err
	}
	if !s.knownCard(call, payload.CardholderInfo.PrimaryAccountNumber) {
		return nil, s.broken(call, "retrieveNHPPParticipants/request#pan-known", string(contract.KindValue),
			"cardholderInfo/primaryAccountNumber", "The PAN is not a card of this issuer")
	}
	profiles, err := asList(s.Fixtures.NHPPProfiles)
	if err != nil {
		return nil, err
	}
	return &Answer{Body: map[string]any{"nhppProfiles": profiles}}, nil
}

// asList is the value as decoded JSON has it, the form in which the journal
// masks an answer.
func asList(value any) ([]any, error) {
	content, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	list := []any{}
	return list, json.Unmarshal(content, &list)
}
