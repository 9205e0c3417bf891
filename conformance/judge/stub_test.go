package judge_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"

	"github.com/vtsim/vtsim/conformance/judge"
	"github.com/vtsim/vtsim/keys"
	"github.com/vtsim/vtsim/simulator/outbound"
)

// stub is an endpoint behind mutual TLS that answers everything alike, byte by
// byte.
type stub struct {
	*peer
}

// answering starts one that writes these bytes; {id} stands for the
// X-REQUEST-ID of the call. No bytes cut the connection.
func answering(raw string, change ...func(*tls.Config)) *stub {
	GinkgoHelper()
	return serving(func(w http.ResponseWriter, r *http.Request) {
		if raw == "" {
			panic(http.ErrAbortHandler)
		}
		line, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			panic(err)
		}
		_, _ = io.WriteString(line, strings.ReplaceAll(raw, "{id}", r.Header.Get("X-REQUEST-ID")))
		_ = line.Close()
	}, false, change...)
}

func serving(handler http.HandlerFunc, http2 bool, change ...func(*tls.Config)) *stub {
	GinkgoHelper()
	w := theWorld()
	of := w.directory.Issuers[keys.DefaultIssuer]
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		handler(w, r)
	}))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{of.Server.TLS()}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: w.directory.CA.Pool(),
		Time: now, NextProtos: []string{"http/1.1"}}
	if server.EnableHTTP2 = http2; http2 {
		server.TLS.NextProtos = []string{"h2"}
	}
	for _, c := range change {
		c(server.TLS)
	}
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	p := &peer{world: w, of: of, cards: of.Profile.Cards, client: newClient(w, of.Signing.Key), target: targetOf(w, server.URL)}
	DeferCleanup(func() {
		p.client.Close()
		server.Close()
	})
	p.begin()
	return &stub{p}
}

// plainCall is a right call of the operation, without anything before it.
func (s *stub) plainCall(op string) sent {
	if strings.HasSuffix(op, "Notification") || strings.HasSuffix(op, "StandIn") {
		return notification(op, s.peer)
	}
	return s.call(op, s.card(keys.RoleEligible))
}

// judged sends one call of the operation and returns the rules found broken.
func (s *stub) judged(op string, want judge.Want, change ...func(*peer, *sent)) []string {
	GinkgoHelper()
	call := s.plainCall(op)
	for _, c := range change {
		c(s.peer, &call)
	}
	s.exchange(call, want)
	return s.broken()
}

// ok is an answer of 200 with a JSON body.
func ok(body string) string { return answer(200, body) }

func answer(status int, body string, headers ...string) string {
	if len(headers) == 0 && body != "" {
		headers = []string{"Content-Type: application/json;charset=utf-8"}
	}
	headers = append(headers, "X-RESPONSE-ID: {id}", fmt.Sprintf("Content-Length: %d", len(body)))
	return fmt.Sprintf("HTTP/1.1 %d %s\r\n%s\r\n\r\n%s", status, http.StatusText(status), strings.Join(headers, "\r\n"), body)
}

// exchangeOf makes an exchange as if the issuer had answered so.
func exchangeOf(op string, members, sealed map[string]any, response *outbound.Received) *outbound.Exchange {
	return &outbound.Exchange{ID: "x", RequestID: "request-1", Operation: op, Started: noon, Timing: outbound.Timing{Total: time.Millisecond},
		TLS: outbound.TLSFacts{Version: "TLS 1.3", Asked: true}, Response: response,
		Request: outbound.Sent{Method: "POST", URL: "https://issuer.example/vtis/v1/" + op, Headers: http.Header{"X-Request-Id": {"request-1"}}, Members: members, Sealed: sealed}}
}
