package inbound

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/simulator/fault"
)

// errDropped ends a call whose connection a fault cuts.
var errDropped = errors.New("a fault cut the connection")

// ruleFault stands in the journal for a fault that a person or a test set; it
// is no rule of the contract.
const ruleFault = "fault"

// faultBefore lets a fault strike before anything is changed.
func (s *Server) faultBefore(ctx context.Context, call *Call) error {
	struck, ok := s.Faults.Next(call.Issuer.Name, call.Operation.ID, fault.BeforeCommit)
	if !ok {
		return nil
	}
	s.noteFault(call, struck)
	return s.suffer(ctx, call, struck)
}

// faultAfter lets the fault strike that seenBy drew: the call is carried out,
// and its answer is delayed, changed or lost.
func (s *Server) faultAfter(ctx context.Context, call *Call) error {
	if call.struck == nil {
		return nil
	}
	return s.suffer(ctx, call, *call.struck)
}

// seenBy is what the caller will see of the answer. It draws the fault that
// is to strike after the commit: the journal row, which is written with the
// commit, must know.
func (s *Server) seenBy(call *Call, answer *Answer) outcome {
	seen := outcome{status: http.StatusOK, body: answer.Body, sealed: answer.Sealed}
	struck, ok := s.Faults.Next(call.Issuer.Name, call.Operation.ID, fault.AfterCommit)
	if !ok {
		return seen
	}
	call.struck = &struck
	s.noteFault(call, struck)
	switch {
	case struck.Respond.Drop:
		return outcome{}
	case answers(struck.Respond):
		refusal := s.faulty(call, struck)
		return outcome{status: refusal.Row.HTTP, refusal: refusal.body()}
	}
	return seen
}

func (s *Server) noteFault(call *Call, struck fault.Fault) {
	call.Warn(ruleFault, call.Operation.Page, struck.ID+", set in the console, shaped this answer "+strings.ReplaceAll(string(struck.When), "-", " "))
}

// answers tells whether the fault answers in the operation's place.
func answers(respond fault.Respond) bool { return respond.Status != 0 || respond.Code != "" }

// suffer carries a fault out: it delays by the real clock, cuts the
// connection, or answers as the fault says.
func (s *Server) suffer(ctx context.Context, call *Call, struck fault.Fault) error {
	if struck.Respond.Delay > 0 {
		timer := time.NewTimer(struck.Respond.Delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	switch {
	case struck.Respond.Drop:
		return errDropped
	case answers(struck.Respond):
		return s.faulty(call, struck)
	}
	return nil
}

// faulty is the error answer that a fault asks for: the row of its code in the
// operation's table, else its code as given; without a code that of a server
// error. The fault's own status wins.
func (s *Server) faulty(call *Call, struck fault.Fault) *Refusal {
	row := s.contract.ErrorOn("", contract.TriggerServerError)
	row.Page = call.Operation.Page
	if struck.Respond.Code != "" {
		row.Name = struck.Respond.Code
	}
	for _, known := range call.Operation.Errors {
		if known.Code != "" && known.Code == struck.Respond.Code {
			row = known
		}
	}
	if struck.Respond.Status != 0 {
		row.HTTP = struck.Respond.Status
	}
	return &Refusal{Row: row, Message: "A fault set in the console: " + http.StatusText(row.HTTP) + "."}
}
