package inbound

import (
	"slices"
	"strconv"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
)

// What an operation outside the matrix may need (contract table).
const (
	needsBinding = "device-binding"
	needsStepUp  = "pending-step-up"
)

// Values of deviceBindingStatus and of a verification's status that the
// simulator itself sets (p.79-80), and the results that tell the operations
// of the lifecycle table apart (p.205).
const (
	bindingApproved     = "APPROVED"
	verificationPending = "PENDING"
	verificationDone    = "DONE" // never shown: only pending ones are listed

	resultBindingRemoved = "DEVICE_BINDING_REMOVED"
	resultListed         = "TRUSTED_LISTING_ADDED"
)

// otherOperation carries out an operationType that leaves the token's state
// alone (INT-053, INT-054, INT-055, INT-144). It is no status update, so the
// operator of the last one stays (p.75).
func (s *Server) otherOperation(tx vault.Tx, call *Call, t token.Token, other contract.OtherOperation, request lifecycleRequest) (*Answer, error) {
	if !slices.Contains(other.States, string(t.Status)) {
		return nil, s.refuseRule(call, other.Refusal, "tokenLifecycle/request#active-token-needed", "operationType",
			"%s is not permitted while the token is %s", other.OperationType, t.Status)
	}
	var err error
	var device map[string]any
	switch other.Needs {
	case needsBinding:
		device, err = s.decideBinding(tx, call, t, other, request)
	case needsStepUp:
		err = s.reportStepUp(tx, call, t, other)
	default:
		t.Listed = tells(other, resultListed)
	}
	if err != nil {
		return nil, err
	}
	t.EntityOfLastAction = token.Issuer
	if t, err = tx.PutToken(t); err != nil {
		return nil, err
	}
	if err := s.audit(tx, call, t, request); err != nil {
		return nil, err
	}
	return &Answer{}, s.notifyDevice(tx, call, t, other.Notifies, device)
}

// decideBinding approves or removes the binding of index and device, and
// returns the device as the notification is to name it.
func (s *Server) decideBinding(tx vault.Tx, call *Call, t token.Token, other contract.OtherOperation, request lifecycleRequest) (map[string]any, error) {
	bindings, err := tx.Bindings(t.ReferenceID)
	if err != nil {
		return nil, err
	}
	index, device := number(request.DeviceInfo["deviceIndex"]), text(request.DeviceInfo["deviceID"])
	at := slices.IndexFunc(bindings, func(b vault.Binding) bool { return b.Index == index && b.DeviceID == device })
	if at < 0 {
		return nil, s.refuseRule(call, other.NeedsRefusal, "tokenLifecycle/request#device-binding-known", "deviceInfo",
			"The token has no binding of this deviceIndex and deviceID")
	}
	named := map[string]any{"deviceID": device, "deviceIndex": index}
	if tells(other, resultBindingRemoved) {
		return named, tx.DropBinding(t.ReferenceID, index)
	}
	binding := bindings[at]
	binding.Status, binding.UpdatedAt = bindingApproved, call.Now
	return named, tx.PutBinding(binding)
}

// tells reports whether the result is told about the operation.
func tells(other contract.OtherOperation, result string) bool {
	return slices.ContainsFunc(other.Notifies, func(effect contract.NotifiedEffect) bool {
		for _, value := range effect.Members {
			if value == result {
				return true
			}
		}
		return false
	})
}

// reportStepUp ends the pending verifications of the token.
func (s *Server) reportStepUp(tx vault.Tx, call *Call, t token.Token, other contract.OtherOperation) error {
	list, err := tx.Verifications(t.ReferenceID)
	if err != nil {
		return err
	}
	ended := false
	for _, verification := range list {
		if verification.Status != verificationPending {
			continue
		}
		verification.Status, verification.Result = verificationDone, other.OperationType
		if err := tx.PutVerification(verification); err != nil {
			return err
		}
		ended = true
	}
	if !ended {
		return s.refuseRule(call, other.NeedsRefusal, "tokenLifecycle/request#step-up-pending", "operationType",
			"The token has no cardholder step-up that is pending")
	}
	return nil
}

// number and text read a decoded member that may be absent.
func number(value any) int {
	switch v := value.(type) {
	case float64:
		return int(v)
	case interface{ String() string }:
		n, _ := strconv.Atoi(v.String())
		return n
	}
	return 0
}

func text(value any) string {
	s, _ := value.(string)
	return s
}
