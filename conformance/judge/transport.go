package judge

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/vtsim/vtsim/simulator/outbound"
)

// Rules of the connection (p.29, p.35-36).
const (
	ruleTLS            = "transport#tls-required"
	ruleVersion        = "transport#tls-version"
	ruleOldVersion     = "transport#tls-old-version-refused"
	ruleCertificate    = "transport#server-certificate-valid"
	ruleMutual         = "transport#mutual-tls-required"
	ruleAnswerComplete = "transport#answer-complete"
)

// Decisions that findings about the connection rest on.
const interpretationHTTPRefusal = "INT-180"

// transport judges the connection and says whether there is an answer to look
// at.
func (r *ruling) transport() (answered bool) {
	if r.want.TLSRefused {
		r.refusedConnection()
		return false
	}
	if r.x.Failure != nil {
		r.failed(r.x.Failure)
		return false
	}
	r.exercise(ruleTLS, ruleVersion, ruleCertificate, ruleAnswerComplete)
	switch version := r.x.TLS.Version; {
	case version == "":
		r.broken(ruleTLS, fault{came: "an answer over plain HTTP", want: "TLS"})
	case old(version):
		r.broken(ruleVersion, fault{came: "an answer over " + version, want: tls.VersionName(tls.VersionTLS12) + " or newer"})
	}
	return true
}

// old tells a version that came before TLS 1.2 by its name.
func old(version string) bool {
	return version == tls.VersionName(tls.VersionTLS10) || version == tls.VersionName(tls.VersionTLS11)
}

// refusedConnection judges a call that should get no answer.
func (r *ruling) refusedConnection() {
	rule := r.want.Rule
	if rule == "" {
		rule = ruleMutual
	}
	switch {
	case r.x.Failure != nil && r.x.Failure.Kind == outbound.FailureConnect:
		return // nobody was there to refuse it
	case r.x.Failure != nil || r.x.Response == nil:
		r.exercise(rule)
		return
	case r.x.TLS.Version == "":
		r.broken(ruleTLS, fault{came: "an answer over plain HTTP", want: "TLS"})
		return
	}
	r.exercise(rule)
	if r.turnedAway() || r.oldOnly && rule == ruleOldVersion {
		return // an endpoint that knows old versions only breaks the rule about new ones
	}
	r.broken(rule, fault{came: fmt.Sprintf("HTTP %d over %s", r.x.Response.Status, r.x.TLS.Version),
		want: "a TLS alert, a closed connection, or 400, 401 or 403 of an endpoint that asks for a client certificate", interpretation: interpretationFor(rule)})
}

func interpretationFor(rule string) string {
	if rule == ruleOldVersion {
		return "" // its own
	}
	return interpretationHTTPRefusal
}

// turnedAway tells an endpoint that asks for a client certificate and turns
// the caller away on the HTTP level, as common gateways do (INT-180). Whoever
// did not ask refuses for another reason, or by chance.
func (r *ruling) turnedAway() bool {
	if !r.x.TLS.Asked || r.want.Rule == ruleOldVersion {
		return false
	}
	switch r.x.Response.Status {
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden:
		return !mentionsDecision(r.x.Response)
	}
	return false
}

// mentionsDecision tells an answer with content of the operation: the call
// was served after all.
func mentionsDecision(from *outbound.Received) bool {
	a := readAnswer(from)
	return a.action != "" || a.code != "" || a.response != ""
}

// failed judges a call without a whole answer.
func (r *ruling) failed(f *outbound.Failure) {
	r.exercise(ruleTLS, ruleCertificate, ruleAnswerComplete)
	said := fault{came: f.Message, want: "a whole HTTP answer"}
	switch {
	case f.Kind == outbound.FailureTimeout:
		r.timedOut(said)
	case f.Kind == outbound.FailureTLS:
		rule, want := tlsRule(f)
		said.want = want
		r.oldOnly = r.oldOnly || rule == ruleVersion
		r.broken(rule, said)
	default:
		r.broken(ruleAnswerComplete, said)
	}
}

// tlsRule is the rule that a failed handshake is about, and what it wants.
func tlsRule(f *outbound.Failure) (rule, want string) {
	var record tls.RecordHeaderError
	var unknown x509.UnknownAuthorityError
	var hostname x509.HostnameError
	var invalid x509.CertificateInvalidError
	cause := f.Error()
	if f.Unwrap() != nil {
		cause += " " + f.Unwrap().Error()
	}
	switch {
	case errors.As(f, &unknown), errors.As(f, &hostname), errors.As(f, &invalid):
		return ruleCertificate, "a certificate that is in its time, for the host, and from an authority that was exchanged"
	case errors.As(f, &record), strings.Contains(cause, "HTTP response to HTTPS client"):
		return ruleTLS, "TLS"
	case strings.Contains(cause, "protocol version"):
		return ruleVersion, tls.VersionName(tls.VersionTLS12) + " or newer"
	}
	return ruleAnswerComplete, "a TLS session and a whole HTTP answer"
}
