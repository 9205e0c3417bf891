package xpay

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Rules are the facts of the x-pay-token that the contract holds (p.27); the caller fills them from there.
type Rules struct {
	// Header is the name of the HTTP header.
	Header string
	// Scheme is the first part of the token.
	Scheme string
	// Window is how far the timestamp may lie from the clock, either way, in whole seconds; the bound itself is still good.
	Window time.Duration
	// MaxLength bounds the header's value, in bytes.
	MaxLength int
	// APIKeyParameter is the name of the query parameter with the API key (p.28); only the doctor looks at it.
	APIKeyParameter string
	// Page is the page that texts for people cite; 0 leaves the citation out.
	Page int
}

// Validate says which rule is missing or impossible, as an *Error with ReasonMisconfigured.
func (r Rules) Validate() error {
	switch {
	case r.Header == "":
		return refuse(ReasonMisconfigured, "x-pay-token rules: the header has no name; fill the rules from the contract")
	case r.Scheme == "" || strings.Contains(r.Scheme, separator):
		return refuse(ReasonMisconfigured, "x-pay-token rules: the scheme is empty or holds a colon; fill the rules from the contract")
	case r.Window < time.Second || r.Window%time.Second != 0:
		return refuse(ReasonMisconfigured, fmt.Sprintf("x-pay-token rules: a window of %s is not a positive number of whole seconds", r.Window))
	case r.MaxLength < len(r.Scheme)+len(separator)+secondsDigits+len(separator)+digestDigits:
		return refuse(ReasonMisconfigured, fmt.Sprintf("x-pay-token rules: no token fits into %d characters", r.MaxLength))
	case r.APIKeyParameter == "":
		return refuse(ReasonMisconfigured, "x-pay-token rules: the API key parameter has no name; fill the rules from the contract")
	}
	return nil
}

// FromHeader takes the token's text out of the headers of a request. A missing and a repeated header are *Errors.
func (r Rules) FromHeader(headers http.Header) (string, error) {
	values := headers.Values(r.Header)
	switch len(values) {
	case 0:
		return "", r.missing()
	case 1:
		return values[0], nil
	default:
		return "", refuse(ReasonHeaderRepeated, fmt.Sprintf("%s came %d times: send it once", r.Header, len(values))+r.cite())
	}
}

func (r Rules) missing() *Error {
	return refuse(ReasonHeaderMissing, fmt.Sprintf("%s is missing or empty: send %s", r.Header, r.shape())+r.cite())
}

// shape describes a right token.
func (r Rules) shape() string {
	return fmt.Sprintf("%s:<epoch seconds>:<%d hexadecimal digits>", r.Scheme, digestDigits)
}

func (r Rules) cite() string {
	if r.Page == 0 {
		return ""
	}
	return " (p." + strconv.Itoa(r.Page) + ")"
}

// Call is what a token vouches for, as it stands on the wire.
type Call struct {
	// Method is the HTTP method. It is not part of the digest; the doctor needs it.
	Method string
	// Host is the Host header, with the port where it has one. It is not part of the digest; the doctor needs it.
	Host string
	// Path is the path of the URL, percent-encoded as sent, without the query.
	Path string
	// Query is the query string as sent, without the question mark.
	Query string
	// Body is the body's exact bytes.
	Body []byte
}

// CallOf is the call of an HTTP request on either side; the body is passed along because reading it is the caller's affair.
func CallOf(request *http.Request, body []byte) Call {
	host := request.Host
	if host == "" {
		host = request.URL.Host
	}
	return Call{Method: request.Method, Host: host, Path: request.URL.EscapedPath(), Query: request.URL.RawQuery, Body: body}
}

// Secret is a shared secret with the name under which people know it. It cannot be printed, logged or marshalled.
type Secret struct {
	label string
	key   string
}

// NewSecret takes the secret's bytes as they were issued, and a label such as "issuer demo, sandbox".
func NewSecret(label string, key []byte) Secret { return Secret{label: label, key: string(key)} }

// Label is the name given to NewSecret.
func (s Secret) Label() string { return s.label }

// Format writes the label and a mask, whatever the verb.
func (s Secret) Format(state fmt.State, _ rune) {
	fmt.Fprintf(state, "secret %q (masked)", s.label) //nolint:errcheck // fmt.State keeps its own errors
}

// MarshalText gives the same mask to JSON, YAML and structured logs.
func (s Secret) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%v", s), nil }
