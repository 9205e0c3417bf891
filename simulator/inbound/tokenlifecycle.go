package inbound

import (
	"context"
	"errors"
	"fmt"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
)

// lifecycleRequest is the body of Token Lifecycle (p.90-91).
type lifecycleRequest struct {
	OperatorID      string         `json:"operatorID"`
	OperationType   string         `json:"operationType"`
	OperationReason string         `json:"operationReason"`
	ActivationCode  string         `json:"activationCode"`
	DeviceInfo      map[string]any `json:"deviceInfo"`
}

// tokenLifecycle activates, resumes, suspends or deletes a token, decides a
// device binding, or reports a step-up (p.88-95).
func (s *Server) tokenLifecycle(ctx context.Context, tx vault.Tx, call *Call) (*Answer, error) {
	var request lifecycleRequest
	if err := Decode(call.Body, &request); err != nil {
		return nil, err
	}
	found, err := s.findToken(tx, call)
	if err != nil {
		return nil, err
	}
	table := &s.contract.Tables.Lifecycle
	if action, ok := table.ActionOf(call.Operation.ID, map[string]string{"operationType": request.OperationType}); ok {
		return s.moveToken(tx, call, found, action, request)
	}
	other, ok := table.Other(request.OperationType)
	if !ok {
		return nil, fmt.Errorf("operationType %s is in the contract's enumeration but not in its lifecycle table", request.OperationType)
	}
	return s.otherOperation(tx, call, found, other, request)
}

// findToken loads the token named in the path. One of another issuer is not
// there (INT-058).
func (s *Server) findToken(tx vault.Tx, call *Call) (token.Token, error) {
	found, err := tx.Token(call.Parameter("tokenRequestorID"), call.Parameter("tokenReferenceID"))
	if errors.Is(err, vault.ErrNotFound) {
		return token.Token{}, s.refuseRule(call, contract.TriggerTokenNotFound, call.Operation.ID+"/request#token-known", "tokenReferenceID",
			"There is no such token of this issuer and token requestor")
	}
	return found, err
}

// moveToken applies an action of the matrix and notifies.
func (s *Server) moveToken(tx vault.Tx, call *Call, t token.Token, action contract.LifecycleAction, request lifecycleRequest) (*Answer, error) {
	moved, err := s.machine.Apply(t, token.Action{Name: action.Name, By: token.Issuer, At: call.Now, OperatorID: request.OperatorID})
	if err != nil {
		return nil, s.refusedAction(call, err)
	}
	// Who performed the last status update may have said no name (p.75).
	moved.OperatorID = request.OperatorID
	if moved, err = tx.PutToken(moved); err != nil {
		return nil, err
	}
	if err := s.audit(tx, call, moved, request); err != nil {
		return nil, err
	}
	return &Answer{}, s.notifyToken(tx, call, moved, action.Notifies)
}

// refusedAction turns the machine's refusal into the call's.
func (s *Server) refusedAction(call *Call, err error) error {
	var refusal *token.Refusal
	if !errors.As(err, &refusal) {
		return err
	}
	rule := "#action-allowed-in-state"
	if refusal.Interpretation == s.contract.Tables.Lifecycle.Actors.Interpretation {
		rule = "#resume-by-suspender"
	}
	return s.RefuseAt(call, refusal.Trigger, "operationType", "%s", refusal.Error()).breaking(s.contract, call.Operation.ID+"/request"+rule)
}

// audit keeps why and by whom a token was changed, the activation code
// included (p.91).
func (s *Server) audit(tx vault.Tx, call *Call, t token.Token, request lifecycleRequest) error {
	entry := map[string]any{"operationType": request.OperationType, "operationReason": contract.Mask(request.OperationReason),
		"operatorID": contract.Mask(request.OperatorID), "tokenStatus": t.Status, "requestID": contract.Mask(call.RequestID)}
	if request.ActivationCode != "" {
		entry["activationCode"] = contract.Mask(request.ActivationCode)
	}
	return tx.PutRecord(vault.Record{Kind: "audit", Key: t.ReferenceID + "/" + call.ID, Content: entry, UpdatedAt: call.Now})
}

// notifyToken queues what the contract says must be told about the token.
func (s *Server) notifyToken(tx vault.Tx, call *Call, t token.Token, effects []contract.NotifiedEffect) error {
	return s.notifyDevice(tx, call, t, effects, nil)
}

// notifyDevice is notifyToken with the device that it is about, as members of
// the contract's structure; nil when it is about none.
func (s *Server) notifyDevice(tx vault.Tx, call *Call, t token.Token, effects []contract.NotifiedEffect, device map[string]any) error {
	for _, effect := range effects {
		facts := map[string]any{}
		for name, value := range effect.Members {
			facts[name] = value
		}
		if device != nil {
			facts["deviceInfo"] = device
		}
		if err := s.enqueue(tx, call, vault.Notification{Operation: effect.Operation, TokenID: t.ReferenceID, PANID: t.PANReferenceID, Facts: facts}); err != nil {
			return err
		}
	}
	return nil
}
