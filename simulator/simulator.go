package simulator

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"path/filepath"
	"reflect"
	"time"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/fixtures"
	"github.com/vtsim/vtsim/keys"
	"github.com/vtsim/vtsim/keys/jose"
	"github.com/vtsim/vtsim/simulator/calls"
	"github.com/vtsim/vtsim/simulator/clock"
	"github.com/vtsim/vtsim/simulator/console"
	"github.com/vtsim/vtsim/simulator/fault"
	"github.com/vtsim/vtsim/simulator/inbound"
	"github.com/vtsim/vtsim/simulator/outbound"
	"github.com/vtsim/vtsim/simulator/vault"
	"github.com/vtsim/vtsim/simulator/wallet"
)

// Config says what a simulator is made of. Only Directory is required.
type Config struct {
	// Directory has the keys and the issuers.
	Directory *keys.Directory
	// Settings make the keys of issuers that the console creates.
	Settings keys.Settings
	// Ephemeral keeps everything in memory; otherwise vtsim.db lies in the
	// directory.
	Ephemeral bool
	// Listen, Console and Plain are addresses; port 0 takes a free one.
	// Listen serves the APIs with mutual TLS, Console the admin API. Plain
	// serves the APIs without TLS, on a loopback address only; empty: not.
	Listen, Console, Plain string
	// ConsoleToken is the bearer token of the console, required where it
	// listens beyond loopback.
	ConsoleToken string
	// Knobs choose alternatives of interpretations, by knob name.
	Knobs map[string]bool
	// Limits of the inbound side; zero values are the defaults.
	Limits inbound.Limits
	// Calls tunes the calls to issuers; zero values are the defaults.
	Calls calls.Tuning
	// Now is the real clock behind the simulator's; nil means time.Now.
	Now func() time.Time
	Log *slog.Logger
}

// Simulator is a running Visa side.
type Simulator struct {
	config   Config
	vault    *vault.Store
	calls    *calls.Calls
	clock    *clock.Clock
	faults   *fault.Set
	inbound  *inbound.Server
	console  *console.Console
	servers  []*http.Server
	finished chan error

	url, consoleURL, plainURL string
}

// Time-outs of every listener.
const (
	headerTimeout = 10 * time.Second
	readTimeout   = 30 * time.Second
	writeTimeout  = 60 * time.Second
	idleTimeout   = 2 * time.Minute
	headerBytes   = 32 << 10
)

// New opens the vault, registers the directory's issuers and prepares the
// listeners. Nothing is served before Start.
func New(ctx context.Context, config Config) (*Simulator, error) {
	if config.Directory == nil {
		return nil, errors.New("simulator: a key directory is required")
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	if err := config.checkAddresses(); err != nil {
		return nil, err
	}
	s := &Simulator{config: config, clock: clock.New(config.Now), faults: fault.NewSet(), finished: make(chan error, 3)}
	spec, err := contract.Load()
	if err != nil {
		return nil, err
	}
	samples, err := fixtures.Load()
	if err != nil {
		return nil, err
	}
	if err := s.prepareCalls(spec, samples); err != nil {
		return nil, err
	}
	file := ""
	if !config.Ephemeral {
		file = filepath.Join(config.Directory.Path, "vtsim.db")
	}
	if s.vault, err = vault.Open(ctx, vault.Options{File: file, Key: config.Directory.VaultKey, Clock: s.clock.Now, OnEnqueue: s.calls.Enqueued}); err != nil {
		return nil, err
	}
	if err := s.compose(ctx, spec, samples); err != nil {
		return nil, errors.Join(err, s.vault.Close())
	}
	return s, nil
}

// prepareCalls makes what calls issuers, as far as it needs no vault.
func (s *Simulator) prepareCalls(spec *contract.Contract, samples *fixtures.Set) (err error) {
	settings := s.config.Settings
	if settings.Facts.RSABits == 0 {
		settings.Facts = keys.FactsOf(spec)
	}
	visa := s.config.Directory.VisaSigning
	s.calls, err = calls.New(calls.Config{Contract: spec, Fixtures: samples, Clock: s.clock, Signing: jose.SigningKey{ID: visa.ID, RSA: visa.Key},
		Targets: calls.NewTargets(s.config.Directory, settings).Of, Tuning: s.config.Calls, Log: s.config.Log})
	return err
}

// compose makes what serves and what sends, on top of the vault.
func (s *Simulator) compose(ctx context.Context, spec *contract.Contract, samples *fixtures.Set) (err error) {
	cards := map[string][]keys.Card{}
	for _, issuer := range s.config.Directory.Issuers {
		if err := s.register(ctx, issuer); err != nil {
			return fmt.Errorf("register issuer %s of the data directory: %w", issuer.Name, err)
		}
		cards[issuer.Name] = issuer.Profile.Cards
	}
	if err := s.calls.Attach(ctx, s.vault); err != nil {
		return err
	}
	s.console, err = console.New(console.Config{Contract: spec, Vault: s.vault, Fixtures: samples, Clock: s.clock, Faults: s.faults, Calls: s.calls,
		Authority: s.config.Directory.CA, Settings: s.config.Settings, Cards: cards, Token: s.config.ConsoleToken, Log: s.config.Log})
	if err != nil {
		return err
	}
	s.inbound, err = inbound.New(inbound.Config{Contract: spec, Vault: s.vault, Fixtures: samples, Clock: s.clock, Faults: s.faults,
		VisaEncryption: s.config.Directory.VisaEncryption, VisaSigning: s.config.Directory.VisaSigning,
		Knobs: s.config.Knobs, Limits: s.config.Limits, Recorder: s.console, Log: s.config.Log})
	return err
}

// register brings an issuer of the directory into the vault. The directory
// decides about everything that it knows; what only the console sets, and
// when the issuer was met first, stay. An issuer who is there as he should be
// is not written again: a start waits for no disk.
func (s *Simulator) register(ctx context.Context, issuer *keys.Issuer) error {
	row := inbound.Registered(issuer, s.clock.Now())
	known, err := s.vault.Issuer(ctx, row.Name)
	switch {
	case err == nil:
		row.Settings, row.CreatedAt = settled(known.Settings, row.Settings), known.CreatedAt
	case !errors.Is(err, vault.ErrNotFound):
		return err
	}
	if err == nil && reflect.DeepEqual(row, known) {
		return nil
	}
	err = s.vault.PutIssuer(ctx, row)
	if errors.Is(err, vault.ErrExists) {
		return fmt.Errorf("%w; change its issuer.yaml, or delete the other issuer in the console first", err)
	}
	return err
}

// settled are the settings that are known with those that the directory
// decides about as it says now.
func settled(known, directory map[string]any) map[string]any {
	settings := maps.Clone(known)
	delete(settings, vault.SettingParticipation)
	if settings == nil {
		settings = map[string]any{}
	}
	maps.Copy(settings, directory)
	if len(settings) == 0 {
		return nil
	}
	return settings
}

// checkAddresses keeps what has no protection of its own on loopback.
func (c *Config) checkAddresses() error {
	if c.Listen == "" {
		c.Listen = "127.0.0.1:0"
	}
	if c.Console == "" {
		c.Console = "127.0.0.1:0"
	}
	if c.Plain != "" && !loopback(c.Plain) {
		return fmt.Errorf("plain HTTP may listen on loopback only, not on %s; use 127.0.0.1 or leave it out", c.Plain)
	}
	if c.ConsoleToken == "" && !loopback(c.Console) {
		return fmt.Errorf("the console listens beyond loopback on %s and needs a bearer token", c.Console)
	}
	return nil
}

// loopback reports whether the address reaches this machine only.
func loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Start begins to send and to serve. On an error nothing is served.
func (s *Simulator) Start() error {
	if err := s.calls.Start(); err != nil {
		return err
	}
	secure := inbound.TLSConfig(s.config.Directory.Server, s.config.Directory.ClientCAs)
	listeners := []struct {
		address string
		handler http.Handler
		tls     *tls.Config
		url     *string
	}{
		{s.config.Listen, s.inbound.Handler(), secure, &s.url},
		{s.config.Console, s.console.Handler(), nil, &s.consoleURL},
		{s.config.Plain, s.inbound.Handler(), nil, &s.plainURL},
	}
	for _, l := range listeners {
		if l.address == "" {
			continue
		}
		if err := s.listen(l.address, l.handler, l.tls, l.url); err != nil {
			return errors.Join(err, s.stop(context.Background()))
		}
	}
	return nil
}

// listen opens one listener and serves it in the background; Close waits.
func (s *Simulator) listen(address string, handler http.Handler, secure *tls.Config, url *string) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("listen on %s: %w; is another vtsim running?", address, err)
	}
	server := &http.Server{Handler: handler, TLSConfig: secure, ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout,
		WriteTimeout: writeTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: headerBytes, DisableGeneralOptionsHandler: true,
		ErrorLog: slog.NewLogLogger(s.config.Log.Handler(), slog.LevelInfo)}
	s.servers = append(s.servers, server)
	scheme, serve := "http", server.Serve
	if secure != nil {
		scheme, serve = "https", func(l net.Listener) error { return server.ServeTLS(l, "", "") }
	}
	*url = scheme + "://" + listener.Addr().String()
	go func() {
		err := serve(listener)
		if errors.Is(err, http.ErrServerClosed) {
			err = nil
		}
		s.finished <- err
	}()
	return nil
}

// URL, ConsoleURL and PlainURL are where the listeners are reached; PlainURL
// is empty without one.
func (s *Simulator) URL() string        { return s.url }
func (s *Simulator) ConsoleURL() string { return s.consoleURL }
func (s *Simulator) PlainURL() string   { return s.plainURL }

// Clock is the simulator's whole clock.
func (s *Simulator) Clock() *clock.Clock { return s.clock }

// Vault is the simulator's store.
func (s *Simulator) Vault() vault.Vault { return s.vault }

// Faults are the faults that are in force.
func (s *Simulator) Faults() *fault.Set { return s.faults }

// Calls are Visa's calls to the issuers; Client, Builder, Queue and Wallet are
// its parts.
func (s *Simulator) Calls() *calls.Calls        { return s.calls }
func (s *Simulator) Client() *outbound.Client   { return s.calls.Client() }
func (s *Simulator) Builder() *outbound.Builder { return s.calls.Builder() }
func (s *Simulator) Queue() *outbound.Queue     { return s.calls.Queue() }
func (s *Simulator) Wallet() *wallet.Wallet     { return s.calls.Wallet() }

// Target is where and with which keys an issuer is called. vault.ErrNotFound
// says that there is no such issuer, calls.ErrTarget that it is configured
// wrongly.
func (s *Simulator) Target(ctx context.Context, issuer string) (outbound.Target, error) {
	row, err := s.vault.Issuer(ctx, issuer)
	if err != nil {
		return outbound.Target{}, err
	}
	return s.calls.Targets(row)
}

// Wait returns when a listener fails, nil when all were closed.
func (s *Simulator) Wait() error {
	var first error
	for range s.servers {
		if err := <-s.finished; err != nil && first == nil {
			first = err
		}
	}
	return first
}

// Close ends the console's waiting requests, finishes the calls in flight,
// until the context ends, and closes the vault. Deliveries that take longer
// than their grace are given up; they are made again after the next start.
func (s *Simulator) Close(ctx context.Context) error {
	return errors.Join(s.stop(ctx), s.vault.Close())
}

func (s *Simulator) stop(ctx context.Context) error {
	s.console.Close()
	var errs []error
	for _, server := range s.servers {
		if err := server.Shutdown(ctx); err != nil {
			errs = append(errs, err, server.Close())
		}
	}
	return errors.Join(append(errs, s.calls.Close(ctx))...)
}
