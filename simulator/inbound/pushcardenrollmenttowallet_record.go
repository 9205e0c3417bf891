package inbound

import (
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/fixtures"
	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
)

// Kinds of vault records. A push has one record for each wallet and card,
// under clientID/pushData/number of the card, so that a wallet finds its cards
// by what its app was opened with; and one under the hash of its issuerTraceID.
const (
	recordPush      = "push"
	recordPushTrace = "push-trace"
)

// keptCard is a card of the push as records hold it.
type keptCard struct {
	// position in enrollments, from 0.
	position int
	visa     bool
	// members of the enrollment without what no record may hold.
	members map[string]any
	// panReferenceID of a Visa card.
	panReferenceID string
}

// keptCards are the cards of the push; a Visa card gets its row in the vault
// where it had none.
func (s *Server) keptCards(tx vault.Tx, call *Call, p push) ([]keptCard, error) {
	cards := make([]keptCard, len(p.enrollments))
	for i, card := range p.enrollments {
		kept, _ := s.keep(call, pushField(call, "enrollments").Items, map[string]any(card)).(map[string]any)
		cards[i] = keptCard{position: i, visa: card.isVisa(), members: kept}
		if !card.isVisa() {
			continue
		}
		var expiration token.Expiration
		if date, ok := card.instrument()["expirationDate"].(map[string]any); ok {
			expiration = token.Expiration{Month: text(date["month"]), Year: text(date["year"])}
		}
		pan, err := s.account(tx, call, card.number(), expiration)
		if err != nil {
			return nil, err
		}
		cards[i].panReferenceID = pan.ReferenceID
	}
	return cards, nil
}

// enrol records one card for one wallet:
//
//	{"pushData": "…", "clientID": "…", "tokenRequestorID": "…", "requestID": "…", "cause": "…",
//	 "route": "ASYNC", "uriType": "IOS", "panReferenceID": "V-…",
//	 "enrollment": {"tsp": "V", "paymentInstrument": {…}},
//	 "provider": {…, "passcode": {"type": "…", "valueHash": "…"}},
//	 "status": {…}, "statusCode": "…"}
//
// with neither PAN nor passcode in clear; another provider's card has none of
// panReferenceID, status and statusCode. status are the facts of the
// notification but for its statusCode, which the record has once it is queued;
// until then the push waits for its wallet. The issuer is told about Visa cards only: what another
// provider makes of its card Visa does not hear.
func (s *Server) enrol(tx vault.Tx, call *Call, p push, wallet fixtures.NHPPProfile, card keptCard, provider map[string]any) error {
	content := map[string]any{"pushData": p.reference, "clientID": wallet.ClientID, "tokenRequestorID": wallet.TokenRequestorID,
		"requestID": call.RequestID, "cause": call.ID, "route": routeAsync, "enrollment": card.members, "provider": provider}
	for _, name := range []string{"route", "uriType"} {
		if given(call.Body[name]) {
			content[name] = call.Body[name]
		}
	}
	key := fmt.Sprintf("%s/%s/%02d", wallet.ClientID, p.reference, card.position)
	outcome, waits, err := s.pushOutcome(call)
	if err != nil {
		return err
	}
	if card.visa {
		content["panReferenceID"] = card.panReferenceID
		if content["status"], err = s.pushFacts(wallet, provider, key); err != nil {
			return err
		}
		if !waits {
			content["statusCode"] = outcome
		}
	}
	if err := tx.AddRecord(vault.Record{Kind: recordPush, Key: key, Content: content, UpdatedAt: call.Now}); err != nil {
		return err
	}
	if !card.visa || waits {
		return nil
	}
	return s.notifyPush(tx, call, card, content)
}

// outcomeWallet is the outcome of a push that waits for its wallet.
const outcomeWallet = "wallet"

// pushOutcome is what becomes of pushes by the issuer's setting: success at
// once where it says nothing, any other statusCode (p.237), or whatever the
// wallet that is played makes of it.
func (s *Server) pushOutcome(call *Call) (statusCode string, waits bool, err error) {
	outcome := outcomeOf(call.Issuer, pushStatus)
	switch outcome {
	case "":
		return pushSucceeded, false, nil
	case outcomeWallet:
		return "", true, nil
	}
	return outcome, false, s.listedOutcome(pushStatus, "statusCode", outcome, outcomeWallet)
}

// pushFacts are the facts of the notification but for its statusCode
// (p.235-239):
//
//	{"tokenRequestorID": "…", "clientID": "…", "issuerTraceID": "…",
//	 "push": key of the record, "clientInformation": {…}}
//
// with the client information flat, as the payload has it (INT-094).
func (s *Server) pushFacts(wallet fixtures.NHPPProfile, provider map[string]any, key string) (map[string]any, error) {
	status, err := s.contract.Operation(pushStatus)
	if err != nil {
		return nil, err
	}
	facts := map[string]any{"tokenRequestorID": wallet.TokenRequestorID, "clientID": wallet.ClientID,
		"push": key, "clientInformation": clientInformation(status, provider)}
	if id, ok := provider["issuerTraceID"]; ok {
		facts["issuerTraceID"] = id
	}
	return facts, nil
}

// notifyPush queues how the push of one card to one wallet ended (p.235-239):
// the facts of its record, with the statusCode.
func (s *Server) notifyPush(tx vault.Tx, call *Call, card keptCard, content map[string]any) error {
	status, err := s.contract.Operation(pushStatus)
	if err != nil {
		return err
	}
	facts := map[string]any{"statusCode": content["statusCode"]}
	known, _ := content["status"].(map[string]any)
	maps.Copy(facts, known)
	notification := vault.Notification{Operation: status.ID, PANID: card.panReferenceID, Facts: facts}
	if events := status.FixedQuery["eventType"]; len(events) > 0 {
		notification.EventType = events[0]
	}
	return s.enqueue(tx, call, notification)
}

// clientInformation is what the wallet provider keeps about the customer: the
// issuer's client information and, where that lacks a member, the provider's
// of the same name.
func clientInformation(status *contract.Operation, provider map[string]any) map[string]any {
	issuers, _ := provider["issuerClientInformation"].(map[string]any)
	flat := map[string]any{}
	for _, field := range status.Field(contract.SealedRequest).Fields {
		for _, members := range []map[string]any{provider, issuers} {
			if value, ok := members[field.Name]; ok {
				flat[field.Name] = value
			}
		}
	}
	return flat
}

// keptProvider is what may be kept of the provider's members. The passcode is
// kept as a keyed hash, for the time when the wallet enrols the PAN; what the
// issuer sent as passCodeConversationID is ignored (p.219-220).
func (s *Server) keptProvider(tx vault.Tx, call *Call, p push) map[string]any {
	kept, _ := s.keep(call, pushField(call, "provider"), p.provider).(map[string]any)
	if passcode, ok := kept["passcode"].(map[string]any); ok {
		delete(passcode, "passCodeConversationID")
		sent, _ := p.provider["passcode"].(map[string]any)
		if value := text(sent["value"]); value != "" {
			passcode["valueHash"] = hex.EncodeToString(tx.Hash(value))
		}
	}
	return kept
}

func pushField(call *Call, name string) *contract.Field {
	return call.Operation.Field(contract.SealedRequest).Member(name)
}

// secrets are the contract's words for what no record may hold.
var secrets = [...]string{"pan", "cvv2", "otp", "secret"}

// keep copies what a record may hold: members that the contract knows, that
// are there, that are no secret, and whose text has no card number of the
// issuer in it.
func (s *Server) keep(call *Call, field *contract.Field, value any) any {
	switch v := value.(type) {
	case map[string]any:
		kept := map[string]any{}
		for name, member := range v {
			known := field.Member(name)
			if known == nil || !given(member) || slices.Contains(secrets[:], known.Sensitive) {
				continue
			}
			if copied := s.keep(call, known, member); copied != nil {
				kept[name] = copied
			}
		}
		return kept
	case string:
		if s.holdsCard(call, v) {
			call.Warn("pushCardEnrollmentToWallet/request#card-number-left-out", field.Page,
				field.Name+" has a card number in it; the simulator keeps no such text, so it is missing in what follows")
			return nil
		}
	}
	return value
}

// holdsCard tells whether a card number of the issuer stands in the text, with
// blanks or hyphens between its digits or without.
func (s *Server) holdsCard(call *Call, text string) bool {
	digits := make([]byte, 0, len(text))
	for i := range len(text) + 1 {
		switch {
		case i < len(text) && text[i] >= '0' && text[i] <= '9':
			digits = append(digits, text[i])
		case i < len(text) && (text[i] == ' ' || text[i] == '-'):
		default:
			if s.cardWithin(call, string(digits)) {
				return true
			}
			digits = digits[:0]
		}
	}
	return false
}

// leastPANDigits keeps short numbers that happen to begin like a card's from
// being taken for one.
const leastPANDigits = 13

func (s *Server) cardWithin(call *Call, digits string) bool {
	for first := range digits {
		for end := first + leastPANDigits; end <= len(digits); end++ {
			if s.knownCard(call, digits[first:end]) {
				return true
			}
		}
	}
	return false
}
