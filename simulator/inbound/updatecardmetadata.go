package inbound

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
)

// What becomes of the update of one token (p.108).
const (
	metadataPending    = "PENDING"
	metadataFailure    = "FAILURE"
	metadataNotAllowed = "NOT_ALLOWED"
)

// What the notification of a delivered update says (p.139).
const metadataDelivered = "SUCCESS"

const (
	// metadataNever is the state in which a token takes no metadata (p.107).
	metadataNever token.Status = "DEACTIVATED"
	// metadataReporting are the tokens whose wallets report how an update
	// ended on the device (p.137).
	metadataReporting = "SECURE_ELEMENT"
)

// updateCardMetadata stores the metadata of a card, of one token or of all
// tokens of a PAN, and queues its delivery to the wallets (p.101-110).
func (s *Server) updateCardMetadata(_ context.Context, tx vault.Tx, call *Call) (*Answer, error) {
	update, err := s.metadataUpdate(tx, call)
	if err != nil {
		return nil, err
	}
	details, err := s.applyMetadata(tx, call, update)
	if err != nil {
		return nil, err
	}
	return &Answer{Body: map[string]any{"responseDetails": details}}, nil
}

// applyMetadata finds the tokens by the selector, of which the contract let
// exactly one pass (p.103), and returns the elements of responseDetails.
// Tokens that are not there are reported in them and not by refusing the call
// (INT-014, INT-080); so is a sealed PAN that is no card of the issuer, as
// invalid data, for which the table prints 200 too (p.108).
func (s *Server) applyMetadata(tx vault.Tx, call *Call, update metadataUpdate) ([]any, error) {
	if reference := text(call.Body["tokenReferenceID"]); reference != "" {
		requestor := requestorID(call.Body["tokenRequestorID"])
		found, err := tx.Token(requestor, reference)
		if errors.Is(err, vault.ErrNotFound) {
			return s.metadataFailed(call, contract.TriggerTokenNotFound,
				map[string]any{"tokenRequestorID": emittedRequestorID(requestor), "tokenReferenceID": reference})
		}
		if err != nil {
			return nil, err
		}
		return s.updateTokens(tx, call, update, []token.Token{found}, "")
	}
	if reference := text(call.Body["panReferenceID"]); reference != "" {
		pan, err := tx.PAN(reference)
		return s.updatePANMetadata(tx, call, update, pan, err, map[string]any{"panReferenceID": reference})
	}
	var payload struct {
		Card struct {
			Number string `json:"primaryAccountNumber"`
		} `json:"cardholderInfo"`
	}
	if err := Decode(call.Sealed, &payload); err != nil {
		return nil, err
	}
	if !s.knownCard(call, payload.Card.Number) {
		return s.metadataFailed(call, string(contract.KindValue), map[string]any{})
	}
	pan, err := tx.PANByNumber(payload.Card.Number)
	return s.updatePANMetadata(tx, call, update, pan, err, map[string]any{})
}

// updatePANMetadata updates all tokens of a PAN that was looked up; named is
// what the caller called it. Without any token nothing is kept: the answer is
// the one of a PAN that the vault does not have.
func (s *Server) updatePANMetadata(tx vault.Tx, call *Call, update metadataUpdate, pan vault.PAN, err error, named map[string]any) ([]any, error) {
	if errors.Is(err, vault.ErrNotFound) {
		return s.metadataFailed(call, contract.TriggerTokenNotFound, named)
	}
	if err != nil {
		return nil, err
	}
	tokens, err := tx.TokensOfPAN(pan.ReferenceID, 0)
	if err != nil {
		return nil, err
	}
	if len(tokens) == 0 {
		return s.metadataFailed(call, contract.TriggerTokenNotFound, named)
	}
	return s.updateTokens(tx, call, update, tokens, pan.ReferenceID)
}

// metadataFailed is the answer about what was named and has no tokens: one
// element of responseDetails with the code that the table prints with 200.
func (s *Server) metadataFailed(call *Call, trigger string, named map[string]any) ([]any, error) {
	row, ok := s.contract.PartialErrorOn(call.Operation.ID, trigger)
	if !ok {
		return nil, fmt.Errorf("%s reports no %s inside a successful answer", call.Operation.ID, trigger)
	}
	named["statusCode"], named["errorCode"] = metadataFailure, row.Code
	return []any{named}, nil
}

// updateTokens updates the tokens, last changed first, and keeps the metadata:
// for the PAN, when it was named, else for the one token.
func (s *Server) updateTokens(tx vault.Tx, call *Call, update metadataUpdate, tokens []token.Token, pan string) ([]any, error) {
	details, taken := make([]any, 0, len(tokens)), 0
	for _, t := range slices.Backward(tokens) { // oldest change first, so that their order stays
		detail := map[string]any{"tokenRequestorID": emittedRequestorID(t.RequestorID), "tokenReferenceID": t.ReferenceID, "panReferenceID": t.PANReferenceID}
		details = append(details, detail)
		if t.Status == metadataNever {
			row, ok := s.contract.PartialErrorOn(call.Operation.ID, contract.TriggerTokenState)
			if !ok {
				return nil, fmt.Errorf("%s reports no state of a token inside a successful answer", call.Operation.ID)
			}
			detail["statusCode"], detail["errorCode"] = metadataNotAllowed, row.Code // INT-151
			continue
		}
		taken++
		task, err := s.metadataTask(tx, call, update, t)
		if err != nil {
			return nil, err
		}
		detail["statusCode"], detail["taskID"] = metadataPending, task
		if err := s.keepTokenMetadata(tx, call, update, t, pan); err != nil {
			return nil, err
		}
	}
	slices.Reverse(details)
	if pan == "" || taken == 0 {
		return details, nil
	}
	return details, tx.PutRecord(update.record(call, pan))
}

// keepTokenMetadata keeps what belongs to the token itself: the metadata where
// it alone was named, nothing where the PAN was, since what is set for the
// PAN replaces what was set for its tokens.
func (s *Server) keepTokenMetadata(tx vault.Tx, call *Call, update metadataUpdate, t token.Token, pan string) error {
	if update.profileID != "" && t.CardMetadataProfileID != update.profileID {
		t.CardMetadataProfileID = update.profileID // shown by tokenInquiry (p.76)
		if _, err := tx.PutToken(t); err != nil {
			return err
		}
	}
	if pan == "" {
		return tx.PutRecord(update.record(call, t.ReferenceID))
	}
	if err := tx.DropRecord(kindCardMetadata, t.ReferenceID); !errors.Is(err, vault.ErrNotFound) {
		return err
	}
	return nil
}

// metadataTask makes the task of delivering an update to one token, and
// queues the notification of its outcome where there will be one (p.137). It
// returns the task's identifier, a GUID with hyphens (p.107).
func (s *Server) metadataTask(tx vault.Tx, call *Call, update metadataUpdate, t token.Token) (string, error) {
	id, err := s.uuid()
	if err != nil {
		return "", err
	}
	task := map[string]any{"operation": call.Operation.ID, "tokenRequestorID": t.RequestorID, "tokenReferenceID": t.ReferenceID,
		"panReferenceID": t.PANReferenceID, "statusCode": metadataPending, "cause": call.ID}
	if update.operatorID != "" {
		task["operatorID"] = update.operatorID
	}
	if err := tx.AddRecord(vault.Record{Kind: kindTask, Key: id, Content: task, UpdatedAt: call.Now}); err != nil {
		return "", err
	}
	if t.Type != metadataReporting {
		return id, nil
	}
	facts, err := s.metadataOutcome(call)
	if err != nil {
		return "", err
	}
	facts["taskID"] = id
	return id, s.enqueue(tx, call, vault.Notification{Operation: metadataStatus, TokenID: t.ReferenceID, PANID: t.PANReferenceID, Facts: facts})
}

// metadataStatus is the operation that tells how an update ended on the device
// (p.137).
const metadataStatus = "cardMetadataUpdateNotification"

// metadataOutcome is what the device makes of an update: it is delivered, or
// fails with the errorCode that the issuer's setting names (p.139).
func (s *Server) metadataOutcome(call *Call) (map[string]any, error) {
	code := outcomeOf(call.Issuer, metadataStatus)
	if code == "" {
		return map[string]any{"statusCode": metadataDelivered}, nil
	}
	return map[string]any{"statusCode": metadataFailure, "errorCode": code}, s.listedOutcome(metadataStatus, "errorCode", code)
}
