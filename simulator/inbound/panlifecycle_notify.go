package inbound

import (
	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
)

// eventPANUpdated is the eventType of everything but an account level update
// (p.175).
const eventPANUpdated = "PAN_UPDATED"

// notifyPAN queues what the contract says must be told about a change of a
// PAN or of its date (p.175-176), once for the PAN and whether or not it has
// tokens. The facts hold the two cards under the names of the payload's
// structures, each by reference:
//
//	{"messageReasonCode": "…",
//	 "cardholderInfo": {"panReferenceID": "V-…", "expirationDate": {"month": "…", "year": "…"}},
//	 "replaceCardholderInfo": {…}}
//
// PANID is the PAN that counts from now on.
func (s *Server) notifyPAN(tx vault.Tx, call *Call, from, to vault.PAN, effects []contract.NotifiedEffect) error {
	for _, effect := range effects {
		facts := map[string]any{"cardholderInfo": cardFact(from), "replaceCardholderInfo": cardFact(to)}
		for name, value := range effect.Members {
			facts[name] = value
		}
		if err := s.enqueue(tx, call, vault.Notification{Operation: effect.Operation, EventType: eventPANUpdated, PANID: to.ReferenceID, Facts: facts}); err != nil {
			return err
		}
	}
	return nil
}

// cardFact is a card by its PAN reference, with the date that it has now.
func cardFact(pan vault.PAN) map[string]any {
	fact := map[string]any{"panReferenceID": pan.ReferenceID}
	if pan.Expiration != (token.Expiration{}) {
		fact["expirationDate"] = map[string]any{"month": pan.Expiration.Month, "year": pan.Expiration.Year}
	}
	return fact
}
