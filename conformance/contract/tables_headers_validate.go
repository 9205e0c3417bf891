package contract

import (
	"fmt"
	"net/http"
	"slices"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"
)

// HeaderViolation is one broken rule about one HTTP header.
type HeaderViolation struct {
	// Rule is headers/<direction>/<name>#<keyword>.
	Rule string `json:"rule"`
	// Header is the name as the specification writes it.
	Header string `json:"header"`
	Level  Level  `json:"level"`
	// Trigger leads to the error that answers the violation in an inbound
	// request; see Contract.ErrorOn.
	Trigger string `json:"trigger,omitempty"`
	// Page of the specification.
	Page int `json:"page"`
	// Message says what is wrong and what would be right, without secrets.
	Message        string `json:"message"`
	Expected       string `json:"expected"`
	Got            string `json:"got"`
	Interpretation string `json:"interpretation,omitempty"`
}

// ValidateRequestHeaders judges the headers of a request from the issuer to
// Visa (p.26-27), in the order of the specification. It does not verify what
// x-pay-token says, only its form.
func (t *Tables) ValidateRequestHeaders(h http.Header, bodyPresent bool) []HeaderViolation {
	return t.validateHeaders(h, headerRequest, Inbound, bodyPresent, nil)
}

// ValidateResponseHeaders judges the headers of the issuer's answer to a call
// from Visa (p.28). Request holds the headers that were sent with the call.
func (t *Tables) ValidateResponseHeaders(h, request http.Header, bodyPresent bool) []HeaderViolation {
	return t.validateHeaders(h, headerResponse, Outbound, bodyPresent, request)
}

func (t *Tables) validateHeaders(h http.Header, direction string, traffic Direction, bodyPresent bool, request http.Header) []HeaderViolation {
	var found []HeaderViolation
	for i := range t.Headers {
		rule := &t.Headers[i]
		if rule.Direction != direction || !slices.Contains(rule.Traffic, traffic) {
			continue
		}
		if keyword, got := rule.judge(headerValues(h, rule.Name), bodyPresent, request); keyword != "" {
			found = append(found, rule.violation(keyword, got))
		}
	}
	return found
}

// judge returns the first rule that the values of the header break, and what
// came instead; the empty keyword when they are right.
func (h *HeaderRule) judge(values []string, bodyPresent bool, request http.Header) (keyword, got string) {
	if len(values) == 0 {
		if h.Requirement == Required || h.Requirement == Conditional && bodyPresent {
			return headerRequired, "no such header"
		}
		return "", ""
	}
	if h.Condition.BodyPresent && !bodyPresent {
		return "", ""
	}
	if h.Single && len(values) > 1 {
		return headerSingle, fmt.Sprintf("%d of them", len(values))
	}
	for _, value := range values {
		switch {
		case h.MaxLength > 0 && utf8.RuneCountInString(value) > h.MaxLength:
			return headerMaxLength, fmt.Sprintf("%d characters", utf8.RuneCountInString(value))
		case h.pattern != nil && !h.pattern.MatchString(value):
			return headerPattern, h.shown(value)
		case h.Equals != "" && request != nil && !slices.Contains(headerValues(request, h.Equals), value):
			return headerEquals, h.shown(value)
		}
	}
	return "", ""
}

// shown is how much of a value a message repeats.
func (h *HeaderRule) shown(value string) string {
	length := utf8.RuneCountInString(value)
	if h.Sensitive || length > shown {
		return fmt.Sprintf("a value of %d characters", length)
	}
	return strconv.Quote(Mask(value))
}

func (h *HeaderRule) violation(keyword, got string) HeaderViolation {
	v := HeaderViolation{Rule: h.id(keyword), Header: h.Name, Level: h.Level, Trigger: h.Trigger, Page: h.Page,
		Expected: h.expected(keyword), Got: got, Interpretation: h.Interpretation}
	v.Message = fmt.Sprintf("header %s: want it %s, got %s. %s", h.Name, v.Expected, got, h.Description)
	if keyword == headerRequired {
		v.Message = fmt.Sprintf("header %s is missing. %s", h.Name, h.Description)
	}
	return v
}

// headerValues returns the values of a header that hold something, whatever
// the case of its name.
func headerValues(h http.Header, name string) []string {
	var names []string
	for given := range h {
		if strings.EqualFold(given, name) {
			names = append(names, given)
		}
	}
	sort.Strings(names)
	var values []string
	for _, given := range names {
		for _, value := range h[given] {
			if value = strings.TrimSpace(value); value != "" {
				values = append(values, value)
			}
		}
	}
	return values
}
