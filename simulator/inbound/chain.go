package inbound

import (
	"context"
	"fmt"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/gorilla/mux"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/simulator/vault"
)

// stage is one step of the way in.
type stage func(ctx context.Context, call *Call) error

// stages are the way in, from outside to inside: credentials, headers,
// envelope, fields (INT-153). State is the act's business.
func (s *Server) stages() []stage {
	return []stage{s.identify, s.authenticate, s.checkHeaders, s.readBody, s.open, s.checkFields}
}

// serve handles one operation.
func (s *Server) serve(op *contract.Operation) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		call := s.newCall(op, r)
		defer s.served(call)
		select {
		case s.slots <- struct{}{}:
			defer func() { <-s.slots }()
		case <-r.Context().Done():
			panic(http.ErrAbortHandler) // to return would be to answer 200
		}
		answer, err := s.handle(r.Context(), w, call)
		s.finish(w, call, answer, err)
	})
}

func (s *Server) newCall(op *contract.Operation, r *http.Request) *Call {
	call := &Call{ID: s.Vault.NewID(), RequestID: r.Header.Get(s.headers.requestID), Operation: op, Now: s.Clock.Now(),
		request: r, started: time.Now(), Path: map[string]any{}, Query: map[string]any{}}
	for name, value := range mux.Vars(r) {
		call.Path[name] = value
	}
	return call
}

// handle takes the call through the stages, acts, and seals the answer. A
// panic is a fault of ours and answered as one.
func (s *Server) handle(ctx context.Context, w http.ResponseWriter, call *Call) (answer *Answer, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			answer, err = nil, s.internal(call, fmt.Errorf("panic: %v\n%s", cause, debug.Stack()))
		}
	}()
	if call.raw, err = s.readAll(w, call); err != nil {
		return nil, err
	}
	for _, step := range s.stages() {
		if err := step(ctx, call); err != nil {
			return nil, err
		}
	}
	if err := s.faultBefore(ctx, call); err != nil {
		return nil, err
	}
	if answer, err = s.act(ctx, call); err != nil {
		return nil, err
	}
	if err := s.seal(call, answer); err != nil {
		return nil, err
	}
	return answer, s.faultAfter(ctx, call)
}

// act runs the operation in one transaction with its journal row. A refusal
// rolls back what the operation did. The row holds what the caller will see,
// also where a fault strikes after the commit.
func (s *Server) act(ctx context.Context, call *Call) (*Answer, error) {
	var answer *Answer
	var seen outcome
	err := s.Vault.Update(ctx, call.Issuer.Name, func(tx vault.Tx) error {
		var err error
		if answer, err = s.acts[call.Operation.ID](ctx, tx, call); err != nil {
			return err
		}
		seen = s.seenBy(call, answer)
		row := s.row(call, seen)
		if call.struck != nil {
			row.Elapsed += call.struck.Respond.Delay
		}
		return tx.Journal(row)
	})
	if err != nil {
		return nil, err
	}
	call.recorded = &seen
	return answer, nil
}
