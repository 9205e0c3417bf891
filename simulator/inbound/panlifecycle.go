package inbound

import (
	"context"
	"errors"
	"fmt"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
)

// panLifecycleRequest is the body of PAN Lifecycle (p.63-64) with its
// decrypted payload.
type panLifecycleRequest struct {
	// OperatorID is who acts for the issuer; may be empty.
	OperatorID string `json:"operatorID"`
	// OperationType and OperationReasonCode select the operation (p.61).
	OperationType       string `json:"operationType"`
	OperationReason     string `json:"operationReason"`
	OperationReasonCode string `json:"operationReasonCode"`
	// UpdateReferenceID tracks an account level update, and is there for one.
	UpdateReferenceID string `json:"updateReferenceID"`
	// Payload is the decrypted payload as it was judged: without the members
	// that do not apply to the operation (INT-062). Members whose faults a
	// reject code reports later may still be wrong in it (INT-132).
	Payload map[string]any `json:"-"`
}

// panLifecycle replaces a PAN or takes the replacement back, changes its
// expiration date, closes it, or notes an advice about it (p.60-72). Account
// level updates are accountLevel's business, their PAN included.
func (s *Server) panLifecycle(_ context.Context, tx vault.Tx, call *Call) (*Answer, error) {
	request := panLifecycleRequest{Payload: s.relevant(call)}
	if err := Decode(s.defaulted(call), &request); err != nil {
		return nil, err
	}
	rows := s.panLifecycleRows(call)
	if len(rows) == 0 {
		return nil, fmt.Errorf("operationType %s with operationReasonCode %s passed the contract but has no row in its operations table",
			request.OperationType, request.OperationReasonCode)
	}
	if rows[0].AccountLevelInfo == contract.NeedRequired {
		return &Answer{}, s.accountLevel(tx, call, request)
	}
	return &Answer{}, s.changePAN(tx, call, rows[0], request)
}

// panChange is one operation upon a PAN.
type panChange struct {
	row     contract.PANLifecycleRow
	request panLifecycleRequest
	// action is what the matrix calls it, with no name for an advice, which
	// the matrix does not know.
	action contract.LifecycleAction
	// pan is the PAN as the vault has it, current and replacement the cards
	// of the payload, empty where they do not apply.
	pan                  vault.PAN
	current, replacement panCard
}

// changePAN carries out an operation upon a PAN.
func (s *Server) changePAN(tx vault.Tx, call *Call, row contract.PANLifecycleRow, request panLifecycleRequest) error {
	c := panChange{row: row, request: request}
	if err := c.readCards(); err != nil {
		return err
	}
	if !s.knownCard(call, c.current.Number) {
		return s.broken(call, "panLifecycle/request#pan-known", contract.TriggerInvalidPAN, s.panColumns().PAN, "The PAN is not a card of this issuer")
	}
	var err error
	if c.pan, err = s.account(tx, call, c.current.Number, c.current.Expiration); err != nil {
		return err
	}
	s.compareExpiration(call, c)
	var matrix bool
	c.action, matrix = s.contract.Tables.Lifecycle.ActionOf(call.Operation.ID,
		map[string]string{"operationType": request.OperationType, "operationReasonCode": request.OperationReasonCode})
	switch {
	case !matrix:
		return s.advisePAN(tx, call, c)
	case c.action.Name == token.Deactivate:
		return s.closePAN(tx, call, c)
	case c.action.Name == token.UpdateExpirationDate:
		return s.updatePANExpiration(tx, call, c)
	case row.PANs == contract.PANsUnrelated:
		return s.reversePAN(tx, call, c)
	}
	return s.replacePAN(tx, call, c)
}

// compareExpiration warns when the issuer takes the card for one that expires
// at another time than the vault has it. No error of the table speaks of it,
// so the call goes on.
func (s *Server) compareExpiration(call *Call, c panChange) {
	if c.row.ExpirationDate == contract.NeedRequired && !sameMonth(c.pan.Expiration, c.current.Expiration) {
		call.Warn("panLifecycle/request#current-expiration-date", c.row.Page,
			"the current expiration date is not the one that the simulator has of this PAN; it is accepted all the same")
	}
}

// actOnTokens performs the operation's action on each token and returns those
// that it changed. The matrix may leave a token out without failing the call
// (INT-052, INT-063).
func (s *Server) actOnTokens(tx vault.Tx, call *Call, c panChange, tokens []token.Token, complete func(token.Token, *token.Action)) ([]token.Token, error) {
	var changed []token.Token
	for i := len(tokens) - 1; i >= 0; i-- { // oldest change first, so that their order stays
		action := token.Action{Name: c.action.Name, By: token.Issuer, At: call.Now, OperatorID: c.request.OperatorID}
		complete(tokens[i], &action)
		moved, err := s.machine.Apply(tokens[i], action)
		if isRefusal(err) && c.action.OnRefusal == contract.SkipToken {
			continue
		}
		if err != nil {
			return nil, s.refusedAction(call, err)
		}
		if moved, err = tx.PutToken(moved); err != nil {
			return nil, err
		}
		changed = append(changed, moved)
	}
	return changed, nil
}

// auditPAN keeps why and by whom a PAN was changed, and what it did.
func (s *Server) auditPAN(tx vault.Tx, call *Call, c panChange, tokens []token.Token, replacement string) error {
	entry := map[string]any{"operation": c.row.Name, "operationType": c.request.OperationType, "operationReasonCode": c.request.OperationReasonCode,
		"operationReason": contract.Mask(c.request.OperationReason), "operatorID": contract.Mask(c.request.OperatorID), "requestID": call.RequestID}
	if replacement != "" {
		entry["replacement"] = replacement
	}
	if len(tokens) > 0 {
		entry["tokens"] = references(tokens)
	}
	return tx.PutRecord(vault.Record{Kind: "audit", Key: c.pan.ReferenceID + "/" + call.ID, Content: entry, UpdatedAt: call.Now})
}

func references(tokens []token.Token) []string {
	list := make([]string, len(tokens))
	for i, t := range tokens {
		list[i] = t.ReferenceID
	}
	return list
}

// isRefusal tells whether the matrix refused.
func isRefusal(err error) bool {
	var refusal *token.Refusal
	return errors.As(err, &refusal)
}

// broken refuses the call because of a named rule that no payload shows by
// itself. location is a path inside the sealed payload, reason a sentence
// without its full stop.
func (s *Server) broken(call *Call, rule, trigger, location, reason string) error {
	known, err := s.contract.Rule(rule)
	if err != nil {
		return err
	}
	refusal := s.RefuseAt(call, trigger, sealedMember+"/"+location, "%s (p.%d).", reason, known.Page)
	refusal.Violations = []contract.Violation{{Rule: known.ID, Level: known.Level, Kind: contract.KindValue, Page: known.Page,
		Location: "/" + location, Message: refusal.Message, Interpretation: known.Interpretation}}
	return refusal
}
