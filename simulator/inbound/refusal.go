package inbound

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/simulator/vault"
)

// Refusal ends a call with an error answer. It is the one error type of the
// stages.
type Refusal struct {
	// Row of the operation's error table, or a standard error.
	Row contract.ErrorRow
	// Message goes to the caller; it holds no sensitive data.
	Message string
	// Details name the members that failed (p.30).
	Details []Detail
	// Diagnosis explains the refusal to the owner of the simulator only.
	Diagnosis string
	// Violations are the contract rules that were broken.
	Violations []contract.Violation
	cause      error
}

// Detail is one element of errorResponse.details. Location is a path of
// member names without leading slash (INT-005).
type Detail struct {
	Location string `json:"location"`
	Message  string `json:"message"`
}

func (r *Refusal) Error() string {
	return fmt.Sprintf("%d %s: %s", r.Row.HTTP, r.Row.Reason(), r.Message)
}

func (r *Refusal) Unwrap() error { return r.cause }

// body is the error response (p.29-30). Its status is a number (INT-004).
func (r *Refusal) body() map[string]any {
	response := map[string]any{"status": r.Row.HTTP, "message": r.Message, "reason": r.Row.Reason()}
	if len(r.Details) > 0 {
		response["details"] = r.Details
	}
	return map[string]any{"errorResponse": response}
}

// Refuse ends the call with the error that answers the trigger in the
// operation's own table, or with a standard error.
func (s *Server) Refuse(call *Call, trigger, format string, arguments ...any) *Refusal {
	operation := ""
	if call.Operation != nil {
		operation = call.Operation.ID
	}
	return &Refusal{Row: s.contract.ErrorOn(operation, trigger), Message: contract.Mask(fmt.Sprintf(format, arguments...))}
}

// RefuseAt is Refuse about one member.
func (s *Server) RefuseAt(call *Call, trigger, location, format string, arguments ...any) *Refusal {
	refusal := s.Refuse(call, trigger, format, arguments...)
	refusal.Details = []Detail{{Location: location, Message: refusal.Message}}
	return refusal
}

// refuseRule is RefuseAt because of a named rule of the contract that no
// payload shows by itself: the journal gets the rule, the caller its page.
// The format is of a sentence without its full stop.
func (s *Server) refuseRule(call *Call, trigger, rule, location, format string, arguments ...any) error {
	known, err := s.contract.Rule(rule)
	if err != nil {
		return err
	}
	refusal := s.RefuseAt(call, trigger, location, "%s (p.%d).", fmt.Sprintf(format, arguments...), known.Page)
	return refusal.breaking(s.contract, rule)
}

// breaking notes, for the journal, which rules of the contract the call broke.
// A rule that the contract does not have is left out: the answer must not
// depend on it.
func (r *Refusal) breaking(c *contract.Contract, rules ...string) *Refusal {
	for _, id := range rules {
		if rule, err := c.Rule(id); err == nil {
			r.Violations = append(r.Violations, contract.Violation{Rule: rule.ID, Level: rule.Level, Page: rule.Page,
				Message: rule.Title, Interpretation: rule.Interpretation})
		}
	}
	return r
}

// unauthorized is the same for every wrong credential (INT-011): nothing of
// the diagnosis or the rules may reach the caller.
func (s *Server) unauthorized(diagnosis string, rules ...string) *Refusal {
	refusal := &Refusal{Row: s.contract.ErrorOn("", contract.TriggerUnauthorized),
		Message: "Authentication credentials were missing or incorrect.", Diagnosis: diagnosis}
	return refusal.breaking(s.contract, rules...)
}

// internal hides what went wrong on our side.
func (s *Server) internal(call *Call, cause error) *Refusal {
	refusal := s.Refuse(call, contract.TriggerInternal, "The simulator failed; its log tells why. The call may be sent again.")
	refusal.Diagnosis, refusal.cause = "the simulator failed; the log has the cause under this id", cause
	return refusal
}

// violated turns violations of the contract into a refusal: missing members
// decide before wrong ones, and details name them all (INT-153).
func (s *Server) violated(call *Call, violations []contract.Violation) *Refusal {
	counted := violations[0]
	for _, v := range violations {
		if v.Kind == contract.KindRequired {
			counted = v
			break
		}
	}
	refusal := &Refusal{Row: s.contract.ErrorFor(call.Operation.ID, counted), Violations: violations}
	var locations []string
	for _, v := range violations {
		if !slices.Contains(locations, v.Path()) {
			locations = append(locations, v.Path())
		}
		refusal.Details = append(refusal.Details, Detail{Location: v.Path(), Message: fmt.Sprintf("%s (p.%d)", v.Message, v.Page)})
	}
	refusal.Message = "Input parameters validation failed: " + strings.Join(locations, ", ") + "."
	return refusal
}

// asRefusal makes any error of a stage one that can be answered.
func (s *Server) asRefusal(call *Call, err error) *Refusal {
	var refusal *Refusal
	if errors.As(err, &refusal) {
		return refusal
	}
	return s.internal(call, err)
}

// notFound answers a path or a method that nothing serves (INT-129). Who
// asked is found out for the journal only.
func (s *Server) notFound(w http.ResponseWriter, r *http.Request) {
	call := s.newCall(nil, r)
	defer s.served(call)
	refusal := s.Refuse(call, contract.TriggerNotFound, "Nothing is served under this method and path.").breaking(s.contract, "inbound/request#path-known")
	if err := s.identify(r.Context(), call); err != nil {
		call.Issuer = vault.Issuer{}
	}
	s.finish(w, call, nil, refusal)
}
