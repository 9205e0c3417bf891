package inbound

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime"
	"sync"
	"time"

	"github.com/gorilla/mux"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/fixtures"
	"github.com/vtsim/vtsim/keys"
	"github.com/vtsim/vtsim/keys/jose"
	"github.com/vtsim/vtsim/keys/xpay"
	"github.com/vtsim/vtsim/simulator/fault"
	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
)

// Clock tells the simulator's time.
type Clock interface{ Now() time.Time }

// Limits bound what a caller may cost. Zero values mean the defaults.
type Limits struct {
	// BodyBytes of a request, 64 KiB by default.
	BodyBytes int64
	// Calls that are served at once, 256 by default; more wait.
	Calls int
	// Depth of nested JSON, 32 by default.
	Depth int
}

// Config is what the server is made of; all but Limits, Knobs, Log and Rand
// are required.
type Config struct {
	Contract *contract.Contract
	Vault    vault.Vault
	Fixtures *fixtures.Set
	Clock    Clock
	Faults   *fault.Set
	// VisaEncryption opens what issuers seal, VisaSigning signs answers.
	VisaEncryption, VisaSigning keys.KeyPair
	// Knobs are the interpretations for which the deployment chose the
	// alternative, by knob name.
	Knobs  map[string]bool
	Limits Limits
	Log    *slog.Logger
	Rand   io.Reader
	// Recorder counts the calls, for metrics; nil counts none.
	Recorder Recorder
}

// Knobs of the stages and of the inquiries, by the names that the contract's
// interpretations give them.
const (
	knobPayTokenOnce      = "xPayTokenSingleUse"    // INT-001
	knobAPIKeyInAnyCase   = "acceptAPIKeyInAnyCase" // INT-003
	knobFallBackToOnlyKey = "fallBackToOnlyKey"     // INT-025
	knobEmptyTokenDetails = "emptyTokenDetails"     // INT-167
)

// Server is the inbound side of the simulator.
type Server struct {
	Config
	contract *contract.Contract
	machine  *token.Machine
	envelope *jose.Envelope
	payRules xpay.Rules
	verifier xpay.Verifier
	doctor   xpay.Doctor
	headers  headerFacts
	acts     map[string]act
	appendix *appendix
	// slots bound the calls at work, rsa the private key operations, doctors
	// the searches for what was wrong with an x-pay-token.
	slots, rsa, doctors chan struct{}
	seen                requestIDs

	mu       sync.Mutex
	material map[string]*issuerKeys
}

// act carries out one API inside a transaction of the calling issuer.
type act func(ctx context.Context, tx vault.Tx, call *Call) (*Answer, error)

// New makes the server. It refuses a configuration that lacks something, a
// knob that no interpretation has, and an API of the contract that nothing
// carries out.
func New(config Config) (*Server, error) {
	if err := config.complete(); err != nil {
		return nil, err
	}
	facts := config.Contract.Tables.Envelope
	rules := keys.JOSERules(facts)
	rules.UnknownKeyIDFallsBack = config.Knobs[knobFallBackToOnlyKey]
	envelope, err := jose.New(rules, config.Clock.Now)
	if err != nil {
		return nil, fmt.Errorf("inbound: %w", err)
	}
	processors := runtime.GOMAXPROCS(0)
	s := &Server{Config: config, contract: config.Contract, envelope: envelope, payRules: keys.PayTokenRules(facts),
		machine: token.NewMachine(&config.Contract.Tables.Lifecycle), material: map[string]*issuerKeys{},
		slots: make(chan struct{}, config.Limits.Calls), rsa: make(chan struct{}, 2*processors), doctors: make(chan struct{}, max(1, processors/2))}
	s.verifier = xpay.Verifier{Rules: s.payRules, Clock: config.Clock.Now}
	s.doctor = xpay.Doctor{Rules: s.payRules, Clock: config.Clock.Now}
	if s.headers, err = newHeaderFacts(config.Contract.Tables, s.payRules.Header); err != nil {
		return nil, fmt.Errorf("inbound: %w", err)
	}
	if s.appendix, err = newAppendix(config.Contract); err != nil {
		return nil, fmt.Errorf("inbound: %w", err)
	}
	s.acts = s.actions()
	for _, op := range s.contract.Operations() {
		if op.Direction == contract.Inbound && s.acts[op.ID] == nil {
			return nil, fmt.Errorf("inbound: nothing carries out %s", op.ID)
		}
	}
	return s, nil
}

// complete checks the configuration and fills in what was left out.
func (c *Config) complete() error {
	if c.Contract == nil || c.Vault == nil || c.Clock == nil || c.Fixtures == nil || c.Faults == nil {
		return errors.New("inbound: contract, vault, fixtures, clock and faults are required")
	}
	known := map[string]bool{}
	for _, interpretation := range c.Contract.Tables.Interpretations {
		known[interpretation.KnobName] = interpretation.Knob
	}
	for name := range c.Knobs {
		if !known[name] {
			return fmt.Errorf("inbound: no interpretation has a knob called %q; each names its own in vtsim contract show INT-…", name)
		}
	}
	c.Limits.defaults()
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	return nil
}

func (l *Limits) defaults() {
	if l.BodyBytes == 0 {
		l.BodyBytes = 64 << 10
	}
	if l.Calls == 0 {
		l.Calls = 256
	}
	if l.Depth == 0 {
		l.Depth = 32
	}
}

// Handler serves the contract's paths. Paths are taken as they come: the
// router must not redirect an unclean one, with an answer of its own.
func (s *Server) Handler() http.Handler {
	router := mux.NewRouter().SkipClean(true)
	for _, op := range s.contract.Operations() {
		if op.Direction == contract.Inbound {
			router.Methods(op.Method).Path(op.Path).Handler(s.serve(op))
		}
	}
	router.NotFoundHandler = http.HandlerFunc(s.notFound)
	router.MethodNotAllowedHandler = http.HandlerFunc(s.notFound)
	return router
}

// TLSConfig is how the APIs are to be served: TLS 1.2 or newer, and a client
// certificate from one of the authorities for every connection (p.34-35).
// That the certificate is the calling issuer's own, the Handler sees to.
func TLSConfig(certificate tls.Certificate, clientCAs *x509.CertPool) *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{certificate},
		ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: clientCAs, NextProtos: []string{"h2", "http/1.1"}}
}
