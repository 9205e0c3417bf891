package calls

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/fixtures"
	"github.com/vtsim/vtsim/keys"
	"github.com/vtsim/vtsim/keys/jose"
	"github.com/vtsim/vtsim/simulator/clock"
	"github.com/vtsim/vtsim/simulator/outbound"
	"github.com/vtsim/vtsim/simulator/vault"
	"github.com/vtsim/vtsim/simulator/wallet"
)

// Config is what calls are made of. Contract, Fixtures, Clock, Signing and
// Targets are required.
type Config struct {
	Contract *contract.Contract
	Fixtures *fixtures.Set
	Clock    *clock.Clock
	// Signing is Visa's key.
	Signing jose.SigningKey
	// Targets finds the endpoint and the keys of an issuer.
	Targets func(issuer vault.Issuer) (outbound.Target, error)
	Tuning
	Log *slog.Logger
}

// Tuning is what a deployment or a test chooses. Zero values are the defaults.
type Tuning struct {
	// Rand draws what wallets draw: identifiers and passcodes; nil is the
	// system's. The queue does not read it, so that flows can be repeated.
	Rand io.Reader
	// Chance gives numbers in [0, 1) for jitter and order; nil is the
	// system's. It must be safe for concurrent use.
	Chance func() float64
	// MaxAttempts, Concurrency and Backoff are those of outbound.QueueConfig.
	MaxAttempts, Concurrency int
	Backoff                  outbound.Backoff
	// Decision is how long an issuer has for each call of a wallet's flow, in
	// place of the specification's budgets; Notification how long it has for
	// each notification, half a minute by default.
	Decision, Notification time.Duration
	// Grace is how long Close waits for deliveries that are under way, 5 s by
	// default; what is given up is sent after the next start.
	Grace time.Duration
	// Limits of passcodes.
	Limits wallet.Limits
}

const defaultGrace = 5 * time.Second

// Calls are Visa's calls to issuers. They are safe for concurrent use once
// they are attached.
type Calls struct {
	Config
	client  *outbound.Client
	builder *outbound.Builder
	store   outbound.Store
	queue   *outbound.Queue
	wallet  *wallet.Wallet
}

// New makes client and builder, which work without a vault.
func New(config Config) (*Calls, error) {
	if config.Contract == nil || config.Fixtures == nil || config.Clock == nil || config.Targets == nil {
		return nil, errors.New("calls: contract, fixtures, clock and targets are required")
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	if config.Grace == 0 {
		config.Grace = defaultGrace
	}
	envelope, err := jose.New(keys.JOSERules(config.Contract.Tables.Envelope), config.Clock.Now)
	if err != nil {
		return nil, fmt.Errorf("calls: %w", err)
	}
	foreign, foreignClient, err := stranger(config.Clock.Now())
	if err != nil {
		return nil, fmt.Errorf("calls: %w", err)
	}
	client, err := outbound.NewClient(outbound.Config{Contract: config.Contract, Envelope: envelope, Clock: config.Clock, Signing: config.Signing, Foreign: foreign, ForeignClient: foreignClient})
	if err != nil {
		return nil, err
	}
	return &Calls{Config: config, client: client, builder: outbound.NewBuilder(config.Contract)}, nil
}

// Enqueued is for vault.Options.OnEnqueue. Before Attach it leaves everything
// for later.
func (c *Calls) Enqueued(ctx context.Context, tx *sql.Tx, n vault.Notification) error {
	return c.queue.Enqueued(ctx, tx, n)
}

// Attach makes queue and wallet on the vault, once, when the issuers are in it
// and before anybody changes anything.
func (c *Calls) Attach(ctx context.Context, store outbound.Store) error {
	queue, err := outbound.NewQueue(ctx, outbound.QueueConfig{Vault: store, Client: c.client, Builder: c.builder, Targets: c.Targets, Clock: c.Clock,
		Requestor: c.Fixtures.TokenRequestor, Rand: c.Chance, Log: c.Log, MaxAttempts: c.MaxAttempts, Concurrency: c.Concurrency,
		Backoff: c.Backoff, Deadline: c.Notification})
	if err != nil {
		return err
	}
	w, err := wallet.New(wallet.Config{Contract: c.Contract, Vault: store, Client: patient{c.client, c.Decision}, Builder: c.builder, Targets: c.Targets,
		Fixtures: c.Fixtures, Clock: c.Clock, Rand: c.Rand, Log: c.Log, Limits: c.Limits})
	if err != nil {
		return err
	}
	c.store, c.queue, c.wallet = store, queue, w
	return nil
}

// patient is a client whose calls have another deadline than the operation's.
type patient struct {
	*outbound.Client
	deadline time.Duration
}

// Do implements wallet.Client.
func (p patient) Do(ctx context.Context, target outbound.Target, call *outbound.Call, o outbound.Options) *outbound.Exchange {
	if o.Deadline == 0 {
		o.Deadline = p.deadline
	}
	return p.Client.Do(ctx, target, call, o)
}

// Start begins to deliver.
func (c *Calls) Start() error { return c.queue.Start() }

// Close finishes the deliveries that are under way, for Grace at most, and
// ends the connections. It belongs before the vault's Close.
func (c *Calls) Close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, c.Grace)
	defer cancel()
	err := c.queue.Close(ctx)
	c.client.Close()
	return err
}

// Replace lets replace put another content under the whole vault, as
// vault.Restore does, and goes on with what has to be sent then. Deliveries
// that outlast Grace are given up first.
func (c *Calls) Replace(ctx context.Context, replace func() error) error {
	ctx, cancel := context.WithTimeout(ctx, c.Grace)
	defer cancel()
	return c.queue.Replace(ctx, replace)
}

// Client, Builder, Queue and Wallet are the parts; the last two are nil before
// Attach.
func (c *Calls) Client() *outbound.Client   { return c.client }
func (c *Calls) Builder() *outbound.Builder { return c.builder }
func (c *Calls) Queue() *outbound.Queue     { return c.queue }
func (c *Calls) Wallet() *wallet.Wallet     { return c.wallet }
