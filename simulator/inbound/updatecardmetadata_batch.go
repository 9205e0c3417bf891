package inbound

import (
	"context"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/simulator/vault"
)

// ApplyCardMetadata carries out one row of a card metadata batch (p.241) as
// updateCardMetadata would, in the caller's transaction, and returns the
// elements of its responseDetails. The row has passed the contract. cause
// names what the notifications and tasks come from. A row that is refused has
// changed nothing, and its error is a *Refusal.
func (s *Server) ApplyCardMetadata(ctx context.Context, tx vault.Tx, issuer vault.Issuer, cause string, row map[string]any) ([]any, error) {
	op, err := s.contract.Operation("updateCardMetadata")
	if err != nil {
		return nil, err
	}
	call := &Call{ID: cause, Operation: op, Now: s.Clock.Now(), Issuer: issuer, Body: row}
	update, err := s.metadataUpdate(tx, call)
	if err != nil {
		return nil, err
	}
	return s.applyMetadata(tx, call, update)
}

// Refused is the refusal for callers that write answers of their own: the row
// of the error table, and the elements of errorResponse.details (p.30).
func (r *Refusal) Refused() (row contract.ErrorRow, details []map[string]any) {
	for _, detail := range r.Details {
		details = append(details, map[string]any{"location": detail.Location, "message": detail.Message})
	}
	return r.Row, details
}
