package mutation_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance"
	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/conformance/mutation"
	fixturekeys "github.com/vtsim/vtsim/fixtures/keys"
	"github.com/vtsim/vtsim/keys"
	"github.com/vtsim/vtsim/scenarios"
)

// seed of everything here; another one must do as well.
const seed = "mutation"

// shared is read once: contract and keys.
var shared = sync.OnceValues(func() (conformance.Setup, error) {
	c, err := contract.Load()
	if err != nil {
		return conformance.Setup{}, err
	}
	settings := keys.Settings{Facts: keys.FactsOf(c)}
	directory, err := keys.LoadFS(fixturekeys.TestOnly(), settings)
	return conformance.Setup{Contract: c, Settings: settings, Directory: directory, Log: slog.New(slog.DiscardHandler),
		Options: conformance.Options{Seed: seed}}, err
})

func setup() conformance.Setup {
	GinkgoHelper()
	s, err := shared()
	Expect(err).NotTo(HaveOccurred())
	return s
}

// proof of all defects, made once.
var proof = sync.OnceValues(func() (*mutation.Report, error) {
	s, err := shared()
	if err != nil {
		return nil, err
	}
	const few = 2
	return mutation.Prove(context.Background(), mutation.Config{Setup: s, Issuer: keys.DefaultIssuer, Most: few})
})

// certified is the Result of whatever answers at the endpoint, which has the
// keys of the reference issuer.
func certified(ctx context.Context, endpoint string, change func(*conformance.Setup)) (*conformance.Result, []scenarios.Case) {
	GinkgoHelper()
	s := setup()
	known, directory := *s.Directory.Issuers[keys.DefaultIssuer], *s.Directory
	profile := *known.Profile
	profile.Endpoint, profile.Triggers = endpoint, nil
	known.Profile, directory.Issuers = &profile, maps.Clone(directory.Issuers)
	directory.Issuers[known.Name] = &known
	s.Issuer, s.Directory = &profile, &directory
	change(&s)
	session, err := conformance.Open(ctx, s)
	Expect(err).NotTo(HaveOccurred())
	defer func() { Expect(session.Close(context.WithoutCancel(ctx))).To(Succeed()) }()
	return session.Run(ctx), session.Cases
}

// endpoint serves over mutual TLS as the reference issuer does.
func endpoint(handler http.Handler) *httptest.Server {
	GinkgoHelper()
	s := setup()
	played := s.Directory.Issuers[keys.DefaultIssuer]
	server := httptest.NewUnstartedServer(handler)
	server.TLS = &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{played.Server.TLS()}, ClientCAs: s.Directory.CA.Pool(),
		ClientAuth: tls.RequireAndVerifyClientCert, VerifyConnection: func(state tls.ConnectionState) error {
			if !isVisa(state.PeerCertificates, s.Directory.Client.Leaf) {
				return errors.New("not Visa")
			}
			return nil
		}}
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	DeferCleanup(server.Close)
	return server
}

func isVisa(shown []*x509.Certificate, visa *x509.Certificate) bool {
	return len(shown) > 0 && shown[0].Equal(visa)
}
