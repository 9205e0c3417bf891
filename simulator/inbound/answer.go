package inbound

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"github.com/vtsim/vtsim/conformance/contract"
)

// finish writes the answer, the one place that does, and the journal row of a
// call whose transaction did not write it.
func (s *Server) finish(w http.ResponseWriter, call *Call, answer *Answer, err error) {
	if err == nil {
		s.write(w, call, http.StatusOK, answer.Body)
		return
	}
	ctx := call.request.Context()
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		call.traffic.Diagnosis = "the caller went away before it was answered"
		err = errDropped
	}
	if errors.Is(err, errDropped) {
		s.record(call, outcome{})
		panic(http.ErrAbortHandler) // net/http cuts the connection
	}
	refusal := s.asRefusal(call, err)
	s.logRefusal(call, refusal)
	call.traffic.Diagnosis = contract.Mask(refusal.Diagnosis)
	call.traffic.Violations = append(call.traffic.Violations, asViolations(refusal.Violations)...)
	body := refusal.body()
	s.record(call, outcome{status: refusal.Row.HTTP, refusal: body})
	s.write(w, call, refusal.Row.HTTP, body)
}

// record writes the journal row, unless the transaction wrote one that says
// the same. Where it wrote another, because the answer failed after the
// commit, a second row tells what the caller saw and names the first as its
// cause. A row that can't be written does not keep the caller waiting.
func (s *Server) record(call *Call, seen outcome) {
	row := s.row(call, seen)
	if call.recorded != nil {
		if call.recorded.status == seen.status {
			return
		}
		row.ID, row.Cause = s.Vault.NewID(), call.ID
	}
	if err := s.Vault.Journal(context.WithoutCancel(call.request.Context()), row); err != nil {
		s.Log.Error("journal row lost", "id", call.ID, "cause", contract.Mask(err.Error()))
	}
}

func (s *Server) logRefusal(call *Call, refusal *Refusal) {
	if refusal.cause != nil {
		s.Log.Error("call failed", "id", call.ID, "operation", operationID(call), "cause", contract.Mask(refusal.cause.Error()))
	}
	s.Log.Info("call refused", "id", call.ID, "issuer", call.Issuer.Name, "operation", operationID(call), "status", refusal.Row.HTTP,
		"reason", refusal.Row.Reason(), "message", refusal.Message, "diagnosis", contract.Mask(refusal.Diagnosis))
}

// write sends status and body. The id of the call goes back as the caller
// sent it, on errors too (INT-012), as far as it is fit to be sent.
func (s *Server) write(w http.ResponseWriter, call *Call, status int, body map[string]any) {
	call.status = status
	headers := w.Header()
	if s.fitForHeader(call.RequestID) {
		headers.Set(s.headers.responseID, call.RequestID)
	}
	if body == nil {
		headers.Set("Content-Length", "0")
		w.WriteHeader(status)
		return
	}
	content, err := json.Marshal(body)
	if err != nil {
		s.Log.Error("answer cannot be written", "id", call.ID, "cause", contract.Mask(err.Error()))
		panic(http.ErrAbortHandler)
	}
	for name, value := range s.headers.defaults {
		headers.Set(name, value)
	}
	headers.Set("Content-Length", strconv.Itoa(len(content)))
	w.WriteHeader(status)
	if _, err := w.Write(content); err != nil {
		s.Log.Debug("caller went away", "id", call.ID, "cause", err)
	}
}

// fitForHeader keeps what a caller sent from doing harm in our answer, and
// the answer from breaking the rule about its length (p.28).
func (s *Server) fitForHeader(id string) bool {
	if id == "" || len(id) > s.headers.idLength {
		return false
	}
	for _, r := range id {
		if r < ' ' || r > '~' {
			return false
		}
	}
	return true
}

func operationID(call *Call) string {
	if call.Operation == nil {
		return ""
	}
	return call.Operation.ID
}
