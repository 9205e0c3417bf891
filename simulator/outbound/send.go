package outbound

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync"
	"syscall"
	"time"
)

// errDeadline ends a call whose time is over.
var errDeadline = errors.New("deadline of the call")

// watch measures one call. Its times are monotonic.
type watch struct {
	mu                         sync.Mutex
	began, connected, answered time.Time
	reused                     bool
	onConnected                func()
}

// send puts the draft on the wire and records the answer.
func (c *Client) send(ctx context.Context, target Target, d *Draft, deadline time.Duration, x *Exchange) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	timer := time.AfterFunc(c.ConnectTimeout+deadline, func() { cancel(errDeadline) })
	defer timer.Stop()
	w := &watch{began: time.Now(), onConnected: func() { timer.Reset(deadline) }}
	ctx = httptrace.WithClientTrace(ctx, w.trace(d, func() { cancel(errAborted) }))
	request, err := http.NewRequestWithContext(ctx, d.Method, d.URL, bytes.NewReader(d.Body))
	if err != nil {
		x.Failure = &Failure{Kind: FailureSetup, Message: "the URL of the call is not usable", Mend: "look at the endpoint in issuer.yaml", cause: err}
		return
	}
	request.Header = d.Headers.Clone()
	via := c.route(target, d)
	client := http.Client{Transport: via, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request)
	if err == nil {
		err = c.receive(response, x)
	}
	x.Timing, x.TLS.Asked = w.timing(), via.asked.Load()
	if d.AbortAfterRequest { // also when the answer was faster
		err, x.Response = errors.Join(errAborted, err), nil
		cancel(errAborted)
	}
	if err != nil {
		x.Failure = failureOf(ctx, err, x, deadline)
		if x.Failure.Kind == FailureDropped && x.TLS.Asked && x.Timing.FirstByte == 0 && !x.Timing.Reused {
			c.explain(ctx, target, d, x.Failure)
		}
		x.Response = whole(x)
	}
}

// whole keeps an answer only when its status was seen at least.
func whole(x *Exchange) *Received {
	if x.Response == nil || x.Response.Status == 0 {
		return nil
	}
	return x.Response
}

// errAborted ends a call that is to be cut once its request is written.
var errAborted = errors.New("cut after the request, on purpose")

// receive reads the answer.
func (c *Client) receive(response *http.Response, x *Exchange) error {
	defer func() { _ = response.Body.Close() }()
	x.Response = &Received{Status: response.StatusCode, Proto: response.Proto, Headers: response.Header}
	x.TLS = tlsFacts(response.TLS)
	var err error
	x.Response.Body, x.Response.Truncated, err = c.readBody(response.Body)
	return err
}

func (w *watch) trace(d *Draft, abort func()) *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GotConn: func(info httptrace.GotConnInfo) {
			w.mu.Lock()
			w.connected, w.reused = time.Now(), info.Reused
			w.mu.Unlock()
			w.onConnected()
		},
		WroteRequest: func(httptrace.WroteRequestInfo) {
			if d.AbortAfterRequest {
				abort()
			}
		},
		GotFirstResponseByte: func() {
			w.mu.Lock()
			w.answered = time.Now()
			w.mu.Unlock()
		},
	}
}

// timing is what was measured, up to now.
func (w *watch) timing() Timing {
	w.mu.Lock()
	defer w.mu.Unlock()
	end := time.Now()
	if w.connected.IsZero() {
		return Timing{Connect: end.Sub(w.began)}
	}
	t := Timing{Total: end.Sub(w.connected), Reused: w.reused}
	if !w.reused {
		t.Connect = w.connected.Sub(w.began)
	}
	if !w.answered.IsZero() {
		t.FirstByte = w.answered.Sub(w.connected)
	}
	return t
}

func tlsFacts(state *tls.ConnectionState) TLSFacts {
	if state == nil {
		return TLSFacts{}
	}
	facts := TLSFacts{Version: tls.VersionName(state.Version), Suite: tls.CipherSuiteName(state.CipherSuite)}
	if len(state.PeerCertificates) > 0 {
		sum := sha256.Sum256(state.PeerCertificates[0].Raw)
		facts.Subject, facts.Fingerprint = state.PeerCertificates[0].Subject.String(), hex.EncodeToString(sum[:])
	}
	return facts
}

// failureOf says what happened, on which side it was seen, and what would
// most likely help.
func failureOf(ctx context.Context, err error, x *Exchange, deadline time.Duration) *Failure {
	f := &Failure{cause: err}
	cause := context.Cause(ctx)
	switch {
	case errors.Is(cause, errDeadline) && x.Timing.Total == 0:
		f.Kind, f.Message, f.Mend = FailureConnect, "no connection within the time for it", "look at host, port and firewall of the endpoint"
	case errors.Is(cause, errDeadline):
		f.Kind, f.Message = FailureTimeout, fmt.Sprintf("no whole answer within %s", deadline)
	case errors.Is(cause, errAborted):
		f.Kind, f.Message = FailureCanceled, errAborted.Error()
	case cause != nil:
		f.Kind, f.Message = FailureCanceled, "the call was given up here"
	default:
		f.classify(err)
	}
	return f
}

// alertProtocolVersion is the alert of a side that speaks none of the versions
// that were offered (RFC 8446, 6).
const alertProtocolVersion tls.AlertError = 70

// classify names an error of the transport.
func (f *Failure) classify(err error) {
	var network *net.OpError
	var record tls.RecordHeaderError
	var unknown x509.UnknownAuthorityError
	var hostname x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &record), strings.Contains(err.Error(), "HTTP response to HTTPS client"):
		f.Kind, f.Message, f.Mend = FailureTLS, "what answers does not speak TLS", "the endpoint may be a plain HTTP port; use the HTTPS one"
	case errors.As(err, &unknown):
		f.Kind, f.Message, f.Mend = FailureTLS, "the endpoint's certificate hangs on an unknown authority", "set tls.ca in issuer.yaml to the authority that signed it"
	case errors.As(err, &hostname):
		f.Kind, f.Message, f.Mend = FailureTLS, fmt.Sprintf("the endpoint's certificate is not for %s", hostname.Host), "set tls.serverName in issuer.yaml, or a certificate for this host"
	case errors.As(err, &invalid):
		f.Kind, f.Message, f.Mend = FailureTLS, "the endpoint's certificate is not valid: "+invalid.Error(), "renew it, or look at the clock"
	case errors.As(err, &network) && network.Op == opAlert && network.Err.Error() == alertProtocolVersion.Error():
		f.Kind, f.Message, f.Mend = FailureTLS, "the endpoint refused every TLS version that was offered", "it must serve TLS 1.2 or newer (INT-131)"
	case errors.As(err, &network) && network.Op == opAlert: // an alert of the other side
		f.Kind, f.Message, f.Mend = FailureTLS, "the endpoint refused the TLS session: "+network.Err.Error(), "it may not accept Visa's client certificate; give it the authority in pki/ca.crt"
	case errors.As(err, &network) && network.Op == "dial":
		f.Kind, f.Message, f.Mend = FailureConnect, "no connection: "+network.Err.Error(), "is the issuer running there? look at host and port of the endpoint"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		f.Kind, f.Message = FailureDropped, "the connection ended before a whole answer"
	case strings.Contains(err.Error(), "TLS handshake timeout"):
		f.Kind, f.Message, f.Mend = FailureTLS, "nobody took part in a TLS handshake within the time for it", "look at the port of the endpoint, and whether something in between holds the connection"
	case strings.Contains(err.Error(), "malformed HTTP"):
		f.Kind, f.Message, f.Mend = FailureProtocol, "what came back is not HTTP", "look at the port of the endpoint"
	case strings.Contains(err.Error(), "tls:"):
		f.Kind, f.Message = FailureTLS, "no TLS session: "+lastPart(err)
	default:
		f.Kind, f.Message = FailureDropped, "the call failed: "+lastPart(err)
	}
}

// lastPart is the end of a chain of messages, without the URL that Go puts
// in front.
func lastPart(err error) string {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err.Error()
		}
		err = next
	}
}
