package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/simulator/calls"
	"github.com/vtsim/vtsim/simulator/outbound"
	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
	"github.com/vtsim/vtsim/simulator/wallet"
)

// problem is the one error of the console: a status, a sentence for people,
// and the member or parameter that it is about, if it is about one.
type problem struct {
	status  int
	Message string `json:"message"`
	// Field is a path of names and indexes with slashes between.
	Field string `json:"field,omitempty"`
	// Trigger, Page and Interpretation explain a refused action.
	Trigger        string `json:"trigger,omitempty"`
	Page           int    `json:"page,omitempty"`
	Interpretation string `json:"interpretation,omitempty"`
	cause          error
}

func (p *problem) Error() string { return p.Message }
func (p *problem) Unwrap() error { return p.cause }

// MarshalJSON masks what may be a PAN, whoever wrote the message.
func (p *problem) MarshalJSON() ([]byte, error) {
	type plain problem
	masked := plain(*p)
	masked.Message, masked.Field = contract.Mask(p.Message), contract.Mask(p.Field)
	return json.Marshal(map[string]plain{"error": masked})
}

// bad is a request that cannot be understood.
func bad(field, format string, arguments ...any) *problem {
	return &problem{status: http.StatusBadRequest, Field: field, Message: fmt.Sprintf(format, arguments...)}
}

// missing is something that is not there.
func missing(field, format string, arguments ...any) *problem {
	return &problem{status: http.StatusNotFound, Field: field, Message: fmt.Sprintf(format, arguments...)}
}

// conflict is a request that the state of things refuses.
func conflict(field, format string, arguments ...any) *problem {
	return &problem{status: http.StatusConflict, Field: field, Message: fmt.Sprintf(format, arguments...)}
}

// asProblem makes any error one that can be answered. What went wrong on our
// side is for the log only.
func asProblem(err error) *problem {
	var known *problem
	var refusal *token.Refusal
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &refusal):
		p := conflict("action", "%s", refusal.Error())
		p.Trigger, p.Page, p.Interpretation = refusal.Trigger, refusal.Page, refusal.Interpretation
		return p
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return &problem{status: http.StatusServiceUnavailable, cause: err, Message: "The simulator is stopping, or the request was given up."}
	}
	if p := problemOfCall(err); p != nil {
		return p
	}
	switch {
	case errors.Is(err, vault.ErrNotFound):
		return missing("", "There is no such thing.")
	case errors.Is(err, vault.ErrEvicted):
		return &problem{status: http.StatusGone, cause: err, Message: "Rows that were asked for are evicted from the journal: it keeps the newest only. Ask from a later since or after."}
	case errors.Is(err, vault.ErrExists), errors.Is(err, vault.ErrChanged):
		return conflict("", "%v", err)
	}
	return &problem{status: http.StatusInternalServerError, cause: err, Message: "The simulator failed; its log tells why."}
}

// problemOfCall explains what kept wallet, queue or client from doing what was
// asked; nil when it was nothing of theirs.
func problemOfCall(err error) *problem {
	var wrong *calls.RequestError
	switch {
	case errors.As(err, &wrong) && errors.Is(err, vault.ErrNotFound):
		return missing(wrong.Field, "%v.", err)
	case errors.As(err, &wrong):
		return bad(wrong.Field, "%v.", err)
	case errors.Is(err, wallet.ErrRequest):
		return bad("", "%v.", err)
	case errors.Is(err, wallet.ErrNoBinding):
		return missing("deviceIndex", "%v.", err)
	case errors.Is(err, calls.ErrTarget):
		return conflict("issuer", "%v.", err)
	case errors.Is(err, wallet.ErrPasscodeLimit), errors.Is(err, wallet.ErrNotSent), errors.Is(err, outbound.ErrUnderWay):
		return conflict("", "%v.", err)
	}
	return nil
}

// write answers with the problem.
func (c *Console) write(w http.ResponseWriter, r *http.Request, p *problem) {
	if p.status >= http.StatusInternalServerError {
		c.Log.Error("console request failed", "method", r.Method, "path", contract.Mask(r.URL.Path), "cause", p.cause)
	}
	c.writeJSON(w, p.status, p)
}

func (c *Console) writeJSON(w http.ResponseWriter, status int, body any) {
	content, err := json.Marshal(body)
	if err != nil {
		c.Log.Error("console answer cannot be written", "cause", err)
		status, content = http.StatusInternalServerError, []byte(`{"error":{"message":"The simulator failed; its log tells why."}}`)
	}
	w.Header().Set("Content-Type", mediaJSON)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	if _, err := w.Write(append(content, '\n')); err != nil {
		c.Log.Debug("console caller went away", "cause", err)
	}
}
