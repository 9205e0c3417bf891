package conformance_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance"
	"github.com/vtsim/vtsim/fixtures/issuer"
	"github.com/vtsim/vtsim/keys"
)

// listening takes connections and does with each as serve says, until the spec
// ends; nil leaves them alone.
func listening(serve func(net.Conn)) string {
	GinkgoHelper()
	listener := must(net.Listen("tcp", "127.0.0.1:0"))
	var group sync.WaitGroup
	ended := make(chan struct{})
	group.Go(func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			group.Go(func() {
				defer connection.Close()
				if serve == nil {
					<-ended
					return
				}
				serve(connection)
			})
		}
	})
	DeferCleanup(func() {
		close(ended)
		_ = listener.Close()
		group.Wait()
	})
	return listener.Addr().String()
}

// closed is an address at which nobody listens.
func closed() string {
	GinkgoHelper()
	listener := must(net.Listen("tcp", "127.0.0.1:0"))
	defer listener.Close()
	return listener.Addr().String()
}

// secure is an HTTPS server with the issuer's certificate that answers every
// call alike.
func secure(status int, change func(*tls.Config)) string {
	GinkgoHelper()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
	server.TLS = shown()
	if change != nil {
		change(server.TLS)
	}
	server.Config.ErrorLog = nil
	server.StartTLS()
	DeferCleanup(server.Close)
	return server.URL
}

var _ = Describe("What stands in the way of a run", func() {
	// incomplete expects that nobody is blamed, and words that help.
	incomplete := func(r *conformance.Result, reason, mend string) {
		GinkgoHelper()
		Expect(r.Verdict).To(Equal(conformance.Incomplete), summary(r))
		Expect(r.ExitCode()).To(Equal(conformance.ExitIncomplete))
		Expect(brokenRules(r)).To(BeEmpty())
		Expect(r.Reason).To(ContainSubstring(reason))
		Expect(r.Mend).To(ContainSubstring(mend))
		Expect(r.NextSteps).To(ContainElement(r.Mend))
		Expect(r.Counts.Broken).To(Equal(len(r.Cases)))
	}
	// soon is less than a time-out for each case would take, however busy the
	// machine is.
	const soonMS = 30_000

	DescribeTable("is found soon and never held against the issuer", func(ctx SpecContext, endpoint func() string, change func(*keys.Profile), reason, mend string) {
		r := at(ctx, few(), endpoint(), change)
		incomplete(r, reason, mend)
		Expect(r.DurationMS).To(BeNumerically("<", soonMS))
	},
		Entry("a closed port", func() string { return "https://" + closed() }, nil, "no connection", "is the issuer running"),
		Entry("a closed port of a plain HTTP endpoint", func() string { return "http://" + closed() }, nil, "no connection", "is the issuer running"),
		Entry("a certificate of another authority", func() string {
			return secure(http.StatusOK, func(t *tls.Config) { t.Certificates = []tls.Certificate{foreign()} })
		}, nil, "hangs on an authority", "tls.ca"),
		Entry("a certificate for another name", func() string { return secure(http.StatusOK, nil) },
			func(p *keys.Profile) { p.TLS.ServerName = "issuer.example" }, "not for issuer.example", "tls.serverName"),
		Entry("a plain HTTP port that is not the issuer's", func() string {
			server := httptest.NewServer(http.NotFoundHandler())
			DeferCleanup(server.Close)
			return "https://" + server.Listener.Addr().String()
		}, nil, "does not speak TLS", "plain HTTP port"),
		Entry("a server that slams every connection", func() string { return "https://" + listening(func(net.Conn) {}) }, nil, "closes it before", "port"),
		Entry("a server that slams connections after the handshake", func() string {
			return "https://" + listening(func(c net.Conn) { _ = tls.Server(c, shown()).HandshakeContext(context.Background()) })
		}, nil, "ends it before a word", "in front of the issuer"),
		Entry("a server that takes connections and never speaks", func() string { return "https://" + listening(nil) }, nil, "TLS handshake within 1s", "firewall"),
		Entry("an endpoint that trusts another authority than that of Visa's client certificate", func() string {
			return secure(http.StatusOK, func(t *tls.Config) { t.ClientAuth, t.ClientCAs = tls.RequireAndVerifyClientCert, x509.NewCertPool() })
		}, nil, "refused the TLS session", "client certificate"),
		Entry("the same by TLS 1.2", func() string {
			return secure(http.StatusOK, func(t *tls.Config) {
				t.ClientAuth, t.ClientCAs, t.MaxVersion = tls.RequireAndVerifyClientCert, x509.NewCertPool(), tls.VersionTLS12
			})
		}, nil, "refused the TLS session", "client certificate"),
		Entry("404 to everything", func() string { return secure(http.StatusNotFound, nil) }, nil, "HTTP 404 to every call", "path of endpoint"),
		Entry("a redirect of everything", func() string { return secure(http.StatusMovedPermanently, nil) }, nil, "HTTP 301 to every call", "path of endpoint"),
		Entry("401 to everything", func() string { return secure(http.StatusUnauthorized, nil) }, nil, "HTTP 401 to every call", "client certificate"),
		Entry("403 to everything", func() string { return secure(http.StatusForbidden, nil) }, nil, "HTTP 403 to every call", "client certificate"),
	)

	It("is an endpoint that speaks TLS and answers nothing, once an answer could only be late", func(ctx SpecContext) {
		ended := make(chan struct{})
		endpoint := "https://" + listening(func(c net.Conn) {
			if tls.Server(c, shown()).HandshakeContext(context.Background()) == nil {
				<-ended
			}
		})
		r := at(ctx, few(), endpoint, nil)
		close(ended)
		incomplete(r, "answers no call", "issuer's log")
		Expect(r.DurationMS).To(BeNumerically("<", 2*soonMS))
	})

	DescribeTable("are keys that do not fit, with what to compare and no secret", func(ctx SpecContext, change func(*issuer.Config)) {
		server := played(change)
		r := at(ctx, few(), server.URL(), nil)
		incomplete(r, "keys of the two sides do not fit", "compare with the issuer")
		d := directory()
		Expect(r.Mend).To(And(ContainSubstring(keys.Fingerprint(d.Issuers[demoBank].Encryption.Certificate)), ContainSubstring(keys.Fingerprint(d.VisaSigning.Certificate)),
			ContainSubstring(d.VisaSigning.ID), Not(ContainSubstring(d.Issuers[demoBank].Credentials.SharedSecret))))
	},
		Entry("the issuer opens with another key", func(c *issuer.Config) {
			other := *c.Issuer
			other.Encryption = directory().Issuers["second-bank"].Encryption
			c.Issuer = &other
		}),
		Entry("the issuer verifies with another key", func(c *issuer.Config) { c.VisaSigning = directory().Issuers["second-bank"].Signing }),
	)

	It("is a profile without participation", func(ctx SpecContext) {
		r := at(ctx, few(), "https://"+closed(), func(p *keys.Profile) { p.Participation = map[string]bool{} })
		Expect(r.ExitCode()).To(Equal(conformance.ExitIncomplete))
		Expect(r.Reason).To(And(HavePrefix("no case ran: all 3 are skipped"), ContainSubstring("participation")))
	})

	It("is a filter that leaves nothing", func(ctx SpecContext) {
		s := few()
		s.Filter = "id:no-such-case"
		r := at(ctx, s, "https://"+closed(), nil)
		Expect(r.ExitCode()).To(Equal(conformance.ExitIncomplete))
		Expect(r.Reason).To(ContainSubstring("the filter leaves none"))
		Expect(r.Cases).To(BeEmpty())
	})
})

var _ = Describe("What only the issuer can have done", func() {
	DescribeTable("is held against it, with its rule and nothing beside", func(ctx SpecContext, defect, rule string) {
		r := paired(ctx, few(), defect)
		Expect(r.ExitCode()).To(Equal(conformance.ExitNotConformant), summary(r))
		Expect(brokenRules(r)).To(ConsistOf(rule))
	},
		Entry("no TLS", "tls-none", "transport#tls-required"),
		Entry("old TLS only", "tls-old-only", "transport#tls-version"),
		Entry("a certificate of its own making", "tls-certificate-self-made", "transport#server-certificate-valid"),
		Entry("connections that it cuts on every call", "connection-dropped", "transport#answer-complete"),
	)

	It("is one operation that is not there, while others are", func(ctx SpecContext) {
		var calls atomic.Int32
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if calls.Add(1) == 1 {
				w.WriteHeader(http.StatusNotFound)
				return
			}
			w.WriteHeader(http.StatusInternalServerError)
		}))
		server.TLS = shown()
		server.StartTLS()
		defer server.Close()
		r := at(ctx, setup("few", "approve-hce"), server.URL, nil)
		Expect(r.ExitCode()).To(Equal(conformance.ExitNotConformant), summary(r))
	})
})
