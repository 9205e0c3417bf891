package wallet

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/fixtures"
	"github.com/vtsim/vtsim/simulator/outbound"
	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
)

// Clock tells the simulator's time.
type Clock interface{ Now() time.Time }

// Client makes one call to an issuer and describes it for the journal;
// *outbound.Client does.
type Client interface {
	Do(ctx context.Context, target outbound.Target, call *outbound.Call, o outbound.Options) *outbound.Exchange
	Row(x *outbound.Exchange, cause string) vault.Traffic
}

// Config is what a wallet is made of. All but Rand, Log, Limits
// and Deadline are required.
type Config struct {
	Contract *contract.Contract
	Vault    vault.Vault
	Client   Client
	Builder  *outbound.Builder
	// Targets finds the endpoint and the keys of an issuer.
	Targets  func(issuer vault.Issuer) (outbound.Target, error)
	Fixtures *fixtures.Set
	Clock    Clock
	// Rand draws identifiers and passcodes; nil means crypto/rand. One that
	// repeats itself makes flows that can be repeated.
	Rand io.Reader
	Log  *slog.Logger
	// Limits of passcodes; zero values are the defaults.
	Limits Limits
	// Deadline of a call of the operation, from its first byte to the last one
	// of the answer; nil, or zero for an operation, is the contract's budget
	// (p.247). A longer one makes an issuer who is late look like one who is
	// in time.
	Deadline func(operation string) time.Duration
}

// Limits of passcodes. The specification gives none but the length (p.182).
type Limits struct {
	// Digits of a passcode, 6 by default.
	Digits int
	// Validity of a passcode, 10 minutes by default.
	Validity time.Duration
	// Attempts to enter one passcode, 3 by default; Generated is how many
	// passcodes one token gets, 3 by default. After that the issuer is told
	// otpMaxReached (p.161).
	Attempts, Generated int
}

func (l Limits) orDefault() Limits {
	for limit, usual := range map[*int]int{&l.Digits: 6, &l.Attempts: 3, &l.Generated: 3} {
		if *limit <= 0 {
			*limit = usual
		}
	}
	if l.Validity <= 0 {
		l.Validity = 10 * time.Minute
	}
	return l
}

// Wallet plays flows. It is safe for concurrent use; two flows at once draw
// from the same randomness in no particular order.
type Wallet struct {
	Config
	machine *token.Machine
}

// New checks the configuration.
func New(config Config) (*Wallet, error) {
	if config.Contract == nil || config.Vault == nil || config.Client == nil || config.Builder == nil || config.Targets == nil ||
		config.Fixtures == nil || config.Clock == nil {
		return nil, errors.New("wallet: contract, vault, client, builder, targets, fixtures and clock are required")
	}
	if config.Rand == nil {
		config.Rand = rand.Reader
	}
	config.Rand = &shared{from: config.Rand}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	config.Limits = config.Limits.orDefault()
	return &Wallet{Config: config, machine: token.NewMachine(&config.Contract.Tables.Lifecycle)}, nil
}

// shared lets several flows draw from one source.
type shared struct {
	mu   sync.Mutex
	from io.Reader
}

func (s *shared) Read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.from.Read(p)
}

// newID is a random identifier of 36 characters (RFC 9562, version 4).
func (w *Wallet) newID() (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(w.Rand, b[:]); err != nil {
		return "", fmt.Errorf("drawing an identifier: %w", err)
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:]), nil
}
