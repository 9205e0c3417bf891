package judge_test

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance/judge"
	"github.com/vtsim/vtsim/keys"
	"github.com/vtsim/vtsim/simulator/outbound"
)

// connections looks at the endpoint from below (p.35-36).
func connections(p *peer) []string {
	GinkgoHelper()
	p.begin()
	call := func() sent { return p.call("checkEligibility", p.card(keys.RoleEligible)) }
	p.exchange(call(), judge.Want{})
	bare := call()
	corrupted("tls/no-client-certificate")(p, &bare)
	p.exchange(bare, judge.Want{TLSRefused: true})
	right := p.target
	foreign := keys.KeyPair{Key: p.directory.VisaSigning.Key, Certificate: p.directory.VisaSigning.Certificate}.TLS() // signed by itself
	p.target.Client, p.target.Issuer = &foreign, "foreign"
	p.exchange(call(), judge.Want{TLSRefused: true, Rule: "transport#client-certificate-verified"})
	p.target = right
	p.rule(oldTLS(p, call()), judge.Want{TLSRefused: true, Rule: "transport#tls-old-version-refused"})
	return p.broken()
}

// oldTLS makes a call by a client that knows nothing newer than TLS 1.1.
func oldTLS(p *peer, s sent) *outbound.Exchange {
	GinkgoHelper()
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: p.target.Roots, ServerName: p.target.ServerName, Certificates: []tls.Certificate{*p.target.Client},
		MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}}
	defer transport.CloseIdleConnections()
	op, err := p.spec.Operation(s.op)
	Expect(err).NotTo(HaveOccurred())
	response, err := (&http.Client{Transport: transport}).Post(p.target.Endpoint+op.Path, "application/json", bytes.NewReader([]byte("{}")))
	x := &outbound.Exchange{ID: "old", Operation: s.op}
	if err != nil {
		x.Failure = &outbound.Failure{Kind: outbound.FailureTLS, Message: "no TLS session"}
		return x
	}
	defer response.Body.Close()
	x.Response = &outbound.Received{Status: response.StatusCode, Headers: response.Header}
	if response.TLS != nil {
		x.TLS = outbound.TLSFacts{Version: tls.VersionName(response.TLS.Version), Asked: true}
	}
	return x
}

// concurrently makes calls while another has not sent its last byte.
func concurrently(p *peer) []string {
	GinkgoHelper()
	p.begin()
	host := strings.TrimPrefix(p.server.URL(), "https://")
	line, err := tls.Dial("tcp", host, &tls.Config{RootCAs: p.target.Roots, ServerName: p.target.ServerName, Certificates: []tls.Certificate{*p.target.Client}})
	Expect(err).NotTo(HaveOccurred())
	defer line.Close()
	s := p.call("approveProvisioning", p.card(keys.RoleEligible))
	op, err := p.spec.Operation(s.op)
	Expect(err).NotTo(HaveOccurred())
	path := op.Path
	for name, value := range s.path {
		path = strings.ReplaceAll(path, "{"+name+"}", value)
	}
	// 100 (Continue) comes when the issuer begins to read: the call is under way.
	_, err = fmt.Fprintf(line, "%s %s?eventType=%s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n",
		op.Method, path, strings.Join(op.FixedQuery["eventType"], ""), host)
	Expect(err).NotTo(HaveOccurred())
	said := make([]byte, 1024)
	n, err := line.Read(said)
	Expect(err).NotTo(HaveOccurred())
	Expect(string(said[:n])).To(HavePrefix("HTTP/1.1 100"))
	p.exchange(s, judge.Want{Rule: "outbound/request#concurrent-calls-accepted"})
	_, err = io.WriteString(line, "{}")
	Expect(err).NotTo(HaveOccurred())
	_, err = line.Read(said)
	Expect(err).NotTo(HaveOccurred())
	return p.broken()
}
