package outbound_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gleak"

	"github.com/vtsim/vtsim/simulator/outbound"
)

// metadataCall is a call without a sealed payload.
func metadataCall() *outbound.Call {
	return &outbound.Call{Operation: "cardMetadataUpdateNotification", Path: map[string]string{"tokenRequestorID": requestorID, "tokenReferenceID": tokenReference},
		Query: map[string]string{"eventType": "CARD_METADATA_UPDATED"}, Members: map[string]any{"taskID": "task-1", "statusCode": "SUCCESS"}}
}

// passcodeCall has a sealed payload and a budget.
func passcodeCall() *outbound.Call {
	return &outbound.Call{Operation: "sendPasscode", Members: map[string]any{"lifeCycleTraceID": 1, "tokenRequestorID": requestorID, "otpMethodIdentifier": "m", "otpValue": "123456"},
		Sealed: map[string]any{"cardholderInfo": map[string]any{"primaryAccountNumber": number}}}
}

var _ = Describe("the client", func() {
	ctx := context.Background()

	It("calls with mutual TLS (p.35-36), an X-REQUEST-ID (p.26) and a base path, and keeps HTTP/2 connections", func() {
		at := newIssuer(approve)
		client := newClient()
		first := client.Do(ctx, target(bank, at.URL+"/vts/"), passcodeCall(), outbound.Options{RequestID: "id-1"})
		second := client.Do(ctx, target(bank, at.URL+"/vts"), metadataCall(), outbound.Options{})
		third := client.Do(ctx, target(bank, at.URL+"/vts"), metadataCall(), outbound.Options{})
		for _, x := range []*outbound.Exchange{first, second, third} {
			Expect(x.Failure).To(BeNil())
			Expect(x.Response.Status).To(Equal(200))
			Expect(x.Response.Proto).To(Equal("HTTP/2.0"))
			Expect(x.TLS.Version).To(Equal("TLS 1.3"))
			Expect(x.TLS.Fingerprint).To(HaveLen(64))
			Expect(x.Started).To(Equal(noon))
		}
		got := at.requests()
		Expect([]string{got[0].requestID, got[0].path, got[0].proto}).To(Equal([]string{"id-1", "/vts/vtis/v1/sendPasscode", "HTTP/2.0"}))
		Expect(got[0].peer).To(Equal(1))
		Expect(got[1].requestID).To(And(HaveLen(36), Equal(second.RequestID), Not(Equal(third.RequestID))))
		Expect(got[1].header.Get("Content-Type")).To(Equal("application/json; charset=UTF-8"))
		Expect(got[1].remote).To(Equal(got[2].remote))
		Expect(third.Timing).To(And(HaveField("Reused", true), HaveField("Connect", BeZero())))
		Expect(first.Timing.Connect).To(BeNumerically(">", 0))
		payload, err := open(bank, got[0].body)
		Expect(err).NotTo(HaveOccurred())
		Expect(payload).To(MatchJSON(`{"cardholderInfo":{"primaryAccountNumber":"` + number + `"}}`))
	})

	It("speaks HTTP/1.1 to who knows nothing else", func() {
		at := newIssuer(approve, func(c *tls.Config) { c.NextProtos = []string{"http/1.1"} })
		x := newClient().Do(ctx, target(bank, at.URL), metadataCall(), outbound.Options{})
		Expect(x.Failure).To(BeNil())
		Expect(x.Response.Proto).To(Equal("HTTP/1.1"))
	})

	It("follows no redirect", func() {
		at := newIssuer(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		})
		x := newClient().Do(ctx, target(bank, at.URL), metadataCall(), outbound.Options{})
		Expect(x.Response.Status).To(Equal(307))
		Expect(at.requests()).To(HaveLen(1))
	})

	It("reads no more of an answer than the bound", func() {
		at := newIssuer(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, strings.Repeat("x", 5000)) })
		x := newClient(func(c *outbound.Config) { c.ReadLimit = 1000 }).Do(ctx, target(bank, at.URL), metadataCall(), outbound.Options{})
		Expect(x.Failure).To(BeNil())
		Expect(x.Response.Truncated).To(BeTrue())
		Expect(x.Response.Body).To(HaveLen(1000))
	})

	It("measures the time of an answer from the first byte sent, connection set-up apart (p.247, INT-119)", func() {
		const setUp = 400 * time.Millisecond
		at := newIssuer(approve, func(c *tls.Config) {
			whole := c.Clone()
			c.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
				<-time.After(setUp)
				return whole, nil
			}
		})
		x := newClient().Do(ctx, target(bank, at.URL), metadataCall(), outbound.Options{Deadline: setUp / 2})
		Expect(x.Failure).To(BeNil())
		Expect(x.Timing.Connect).To(BeNumerically(">=", setUp))
		Expect(x.Timing.Total).To(And(BeNumerically(">", 0), BeNumerically("<", setUp/2)))
		Expect(x.Timing.FirstByte).To(BeNumerically("<=", x.Timing.Total))
	})

	It("takes the budget of the operation for its deadline (p.247)", func() {
		at := newIssuer(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		x := newClient().Do(ctx, target(bank, at.URL), passcodeCall(), outbound.Options{})
		Expect(x.Failure).To(HaveField("Kind", outbound.FailureTimeout))
		Expect(x.Timing.Total).To(BeNumerically("~", shared.contract.Budget("sendPasscode"), 500*time.Millisecond))
	})

	It("leaves no goroutine behind", func() {
		before := gleak.Goroutines()
		at := newIssuer(approve)
		client := newClient()
		for range 3 {
			Expect(client.Do(ctx, target(bank, at.URL), metadataCall(), outbound.Options{}).Failure).To(BeNil())
		}
		client.Close()
		at.Close()
		Eventually(gleak.Goroutines, "3s").ShouldNot(gleak.HaveLeaked(before))
	})

	It("blames nobody but itself for what it gives up", func() {
		at := newIssuer(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		stopped, cancel := context.WithCancel(ctx)
		time.AfterFunc(50*time.Millisecond, cancel)
		x := newClient().Do(stopped, target(bank, at.URL), metadataCall(), outbound.Options{})
		Expect(x.Failure).To(HaveField("Kind", outbound.FailureCanceled))
	})

	DescribeTable("says what failed, and what would help", func(make func() outbound.Target, kind outbound.FailureKind, mend string) {
		client := newClient(func(c *outbound.Config) { c.ConnectTimeout = 300 * time.Millisecond })
		x := client.Do(ctx, make(), metadataCall(), outbound.Options{Deadline: 300 * time.Millisecond})
		Expect(x.Failure).NotTo(BeNil())
		Expect(x.Failure.Kind).To(Equal(kind), x.Failure.Error())
		Expect(x.Failure.Error()).To(ContainSubstring(mend))
		Expect(x.Failure.Error()).NotTo(ContainSubstring(tokenReference))
	},
		Entry("nobody listens", func() outbound.Target { return target(bank, "https://"+closedPort()) }, outbound.FailureConnect, "is the issuer running there"),
		Entry("no answer in time", func() outbound.Target {
			return target(bank, newIssuer(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }).URL)
		}, outbound.FailureTimeout, "no whole answer within"),
		Entry("half an answer in time", func() outbound.Target {
			return target(bank, newIssuer(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.WriteString(w, "{")
				w.(http.Flusher).Flush()
				<-r.Context().Done()
			}).URL)
		}, outbound.FailureTimeout, "no whole answer within"),
		Entry("a certificate of an unknown authority", func() outbound.Target {
			t := target(bank, newIssuer(approve).URL)
			t.Roots = x509.NewCertPool()
			return t
		}, outbound.FailureTLS, "tls.ca"),
		Entry("a certificate for another host", func() outbound.Target {
			t := target(bank, newIssuer(approve).URL)
			t.ServerName = "bank.example"
			return t
		}, outbound.FailureTLS, "tls.serverName"),
		Entry("a port without TLS", func() outbound.Target {
			plain := httptest.NewServer(http.HandlerFunc(approve))
			DeferCleanup(plain.Close)
			return target(bank, strings.Replace(plain.URL, "http:", "https:", 1))
		}, outbound.FailureTLS, "plain HTTP port"),
		Entry("a client certificate that the issuer does not accept", func() outbound.Target {
			return target(bank, newIssuer(approve, func(c *tls.Config) { c.ClientCAs = x509.NewCertPool() }).URL)
		}, outbound.FailureTLS, "pki/ca.crt"),
		Entry("no client certificate where one is asked for", func() outbound.Target {
			t := target(bank, newIssuer(approve).URL)
			t.Client = nil
			return t
		}, outbound.FailureTLS, "pki/ca.crt"),
		Entry("a connection that nobody speaks on", func() outbound.Target {
			return target(bank, "https://"+listening(func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }))
		}, outbound.FailureTLS, "handshake"),
		Entry("a connection that is dropped", func() outbound.Target {
			return target(bank, "https://"+secured(func(c net.Conn) { _, _ = c.Read(make1k()) }))
		}, outbound.FailureDropped, "ended before a whole answer"),
		Entry("an answer that is no HTTP", func() outbound.Target {
			return target(bank, "https://"+secured(func(c net.Conn) {
				_, _ = c.Read(make1k())
				_, _ = io.WriteString(c, "220 smtp.example ESMTP\r\n\r\n")
			}))
		}, outbound.FailureProtocol, "not HTTP"),
		Entry("an endpoint that is no URL", func() outbound.Target { return target(bank, "https://a b") }, outbound.FailureSetup, "issuer.yaml"),
	)
})

func make1k() []byte { return make([]byte, 1024) }

// closedPort is an address where nobody listens any more.
func closedPort() string {
	GinkgoHelper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	Expect(err).NotTo(HaveOccurred())
	Expect(l.Close()).To(Succeed())
	return l.Addr().String()
}

// listening serves each connection by f and closes it then.
func listening(f func(net.Conn)) string {
	GinkgoHelper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(l.Close)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = c.Close() }()
				f(c)
			}()
		}
	}()
	return l.Addr().String()
}

// secured is listening inside TLS.
func secured(f func(net.Conn)) string {
	GinkgoHelper()
	return listening(func(c net.Conn) {
		f(tls.Server(c, &tls.Config{Certificates: []tls.Certificate{shared.directory.Issuers[bank].Server.TLS()}}))
	})
}
