package inbound

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/vtsim/vtsim/conformance/contract"
)

// headerFacts is what the contract's header rules say about the answer, and
// which headers of a request the journal may show.
type headerFacts struct {
	// requestID names the caller's id of the call, responseID the header that
	// gives it back, in at most idLength characters (p.26, p.28).
	requestID, responseID string
	idLength              int
	// defaults are the response headers that have one, by name.
	defaults map[string]string
	// shown are the request headers whose values the journal may hold, by
	// canonical name.
	shown map[string]bool
	// payToken is the canonical name of the header that holds a credential.
	payToken string
}

// ordinaryHeaders are no part of the specification, help to understand a
// call, and hold no credential.
var ordinaryHeaders = []string{"Accept-Encoding", "Connection", "Content-Length", "Transfer-Encoding", "User-Agent"}

func newHeaderFacts(tables *contract.Tables, payToken string) (headerFacts, error) {
	facts := headerFacts{defaults: map[string]string{}, shown: map[string]bool{}, payToken: http.CanonicalHeaderKey(payToken)}
	for _, name := range ordinaryHeaders {
		facts.shown[name] = true
	}
	for _, rule := range tables.Headers {
		inRequest := len(rule.Trigger) > 0
		switch {
		case inRequest && !rule.Sensitive:
			facts.shown[http.CanonicalHeaderKey(rule.Name)] = true
		case !inRequest && rule.Equals != "":
			facts.requestID, facts.responseID, facts.idLength = rule.Equals, rule.Name, rule.MaxLength
		case !inRequest && rule.Default != "":
			facts.defaults[rule.Name] = rule.Default
		}
	}
	if facts.requestID == "" {
		return facts, errors.New("no response header of the contract gives back the id of the request")
	}
	return facts, nil
}

// checkHeaders judges the request's headers (p.26-27), each of them.
func (s *Server) checkHeaders(_ context.Context, call *Call) error {
	var refused []contract.HeaderViolation
	var messages []string
	for _, v := range s.contract.Tables.ValidateRequestHeaders(call.request.Header, len(call.raw) > 0) {
		if v.Level != contract.Must {
			call.Warn(v.Rule, v.Page, v.Message)
			continue
		}
		refused = append(refused, v)
		messages = append(messages, v.Message)
	}
	if len(refused) == 0 {
		s.checkRequestID(call)
		return nil
	}
	for _, v := range refused {
		if v.Trigger == contract.TriggerUnauthorized {
			return s.unauthorized(v.Message, v.Rule)
		}
	}
	// A header is no field of the operation: its own table does not apply
	// (INT-010, INT-013).
	refusal := &Refusal{Row: s.contract.ErrorOn("", refused[0].Trigger), Message: contract.Mask(strings.Join(messages, " "))}
	for _, v := range refused {
		refusal.Violations = append(refusal.Violations, contract.Violation{Rule: v.Rule, Page: v.Page, Message: v.Message, Level: v.Level})
	}
	return refusal
}

// shownHeaders are the request's headers as the journal keeps them. Of a
// header that nobody described only the name is kept: it may hold anything.
func (s *Server) shownHeaders(from http.Header) map[string]string {
	kept := map[string]string{}
	for name, values := range from {
		shown := make([]string, len(values))
		for i, value := range values {
			switch {
			case name == s.headers.payToken:
				shown[i] = s.hideDigest(value)
			case s.headers.shown[name]:
				shown[i] = contract.Shorten(contract.Mask(value))
			default:
				shown[i] = hidden
			}
		}
		kept[contract.Shorten(contract.Mask(name))] = strings.Join(shown, ", ")
	}
	return kept
}

// hidden stands where a value is not shown.
const hidden = "***"

// hideDigest keeps scheme and timestamp of an x-pay-token, where it begins
// with them in their right places, and hides everything else.
func (s *Server) hideDigest(value string) string {
	scheme, rest, _ := strings.Cut(value, ":")
	seconds, _, found := strings.Cut(rest, ":")
	const longest = 19 // digits of a 64-bit number
	if !found || scheme != s.payRules.Scheme || len(seconds) > longest || strings.Trim(seconds, "0123456789") != "" {
		return hidden
	}
	return scheme + ":" + seconds + ":" + hidden
}
