package scenarios

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/fixtures"
	"github.com/vtsim/vtsim/keys"
	"github.com/vtsim/vtsim/simulator/fault"
	"github.com/vtsim/vtsim/simulator/outbound"
	"github.com/vtsim/vtsim/simulator/vault"
	"github.com/vtsim/vtsim/simulator/wallet"
)

// Caller makes one call to an issuer and describes it for the journal;
// *outbound.Client does.
type Caller interface {
	Do(ctx context.Context, target outbound.Target, call *outbound.Call, o outbound.Options) *outbound.Exchange
	Row(x *outbound.Exchange, cause string) vault.Traffic
}

// Store is what a run needs of the vault; *vault.Store has it.
type Store interface {
	View(ctx context.Context, issuer string, f func(vault.Tx) error) error
	Update(ctx context.Context, issuer string, f func(vault.Tx) error) error
	Journal(ctx context.Context, row vault.Traffic) error
	Traffic(ctx context.Context, q vault.TrafficQuery) ([]vault.Traffic, string, error)
	Notifications(ctx context.Context, q vault.NotificationQuery) ([]vault.Notification, string, error)
}

// Clock is the simulator's whole clock; *clock.Clock is one.
type Clock interface {
	Now() time.Time
	Advance(d time.Duration)
}

// Faults are the faults in force; *fault.Set is such a set.
type Faults interface {
	Add(f fault.Fault) (fault.Fault, error)
	Remove(id string) bool
}

// Queue sends the notifications that a wallet's actions cause;
// *outbound.Queue does.
type Queue interface {
	// Watch tells of every attempt that is made from now on, with the call that
	// was made, until the returned function is called.
	Watch(told func(vault.Notification, *outbound.Exchange)) (end func())
	// Wait waits until nothing of the issuer's is due.
	Wait(ctx context.Context, issuer string) error
}

// Wallet plays the token requestor and the cardholder; *wallet.Wallet does.
type Wallet interface {
	Suspend(ctx context.Context, issuer, tokenReferenceID string) (*wallet.Result, error)
	Resume(ctx context.Context, issuer, tokenReferenceID string) (*wallet.Result, error)
	Delete(ctx context.Context, issuer, tokenReferenceID string) (*wallet.Result, error)
	Replenish(ctx context.Context, issuer, tokenReferenceID string, good bool) (*wallet.Result, error)
	EnterPasscode(ctx context.Context, issuer, tokenReferenceID, value string) (*wallet.Result, error)
	ActivateByApp(ctx context.Context, issuer, tokenReferenceID, result string) (*wallet.Result, error)
}

// Stage is what a run needs of Visa's side. Contract, Builder, Client, Target,
// Issuer, Vault, Fixtures, Clock and Cards are required; a scenario that needs
// another part which is nil is broken and says so. Optional interfaces must be
// nil themselves and not hold a nil pointer.
type Stage struct {
	Contract *contract.Contract
	// Builder makes payloads, Client sends them to Target.
	Builder *outbound.Builder
	Client  Caller
	Target  outbound.Target
	// Issuer is its row, which is in the Vault already.
	Issuer vault.Issuer
	// Vault holds the tokens of the cases, and the journal in which the
	// issuer's calls are found: that of the simulator that the issuer calls.
	// Where the issuer makes no calls a vault in memory will do.
	Vault    Store
	Fixtures *fixtures.Set
	// Clock is the one that Client, Vault and the simulator live by.
	Clock Clock
	// Cards lends the issuer's cards. All runners of one issuer share it.
	Cards *CardPool

	// Faults of the simulator that the issuer calls.
	Faults Faults
	// Queue and Wallet share the Vault.
	Queue  Queue
	Wallet Wallet
	// Profile has the triggers, and its folder is where commands run.
	Profile *keys.Profile
	// HTTP makes the calls of triggers; nil is a client that keeps no
	// connections and trusts the system's authorities.
	HTTP *http.Client
	// Prompt asks the person at the terminal and returns once the thing is
	// done; nil where there is none. The text is masked. Cases in parallel
	// may ask at the same time.
	Prompt func(ctx context.Context, text string) error
	Log    *slog.Logger

	// Seed of the run makes the references of the cards, which a run's cases
	// share; what belongs to one case comes from the case's own seed.
	Seed string
	// Deadline is how long a call may take whose operation has that expected
	// response time, 0 for none. It is longer than what is right, so that a
	// late answer is measured and not cut; nil means twice the time and a
	// second, or half a minute where there is none.
	Deadline func(budget time.Duration) time.Duration
	// AwaitWithin is how long an issuer's call is awaited where the scenario
	// says nothing, 10 s by default; TriggerWithin bounds a trigger, 10 s, and
	// NotifyWithin the waiting for notifications, 30 s. All are real time.
	AwaitWithin, TriggerWithin, NotifyWithin time.Duration
}

// Defaults of a Stage.
const (
	defaultAwait   = 10 * time.Second
	defaultTrigger = 10 * time.Second
	defaultNotify  = 30 * time.Second
	// deadlineMargin on top of twice the budget; deadlineOpen where there is
	// no budget.
	deadlineMargin = time.Second
	deadlineOpen   = 30 * time.Second
)

func deadlineOf(budget time.Duration) time.Duration {
	if budget <= 0 {
		return deadlineOpen
	}
	return 2*budget + deadlineMargin
}

// complete checks the stage and fills in what was left out.
func (s *Stage) complete() error {
	for name, missing := range map[string]bool{"Contract": s.Contract == nil, "Builder": s.Builder == nil, "Client": s.Client == nil,
		"Target": s.Target.Endpoint == "", "Issuer": s.Issuer.Name == "", "Vault": s.Vault == nil, "Fixtures": s.Fixtures == nil,
		"Clock": s.Clock == nil, "Cards": s.Cards == nil} {
		if missing {
			return fmt.Errorf("scenarios: the stage has no %s", name)
		}
	}
	if s.Deadline == nil {
		s.Deadline = deadlineOf
	}
	for value, usual := range map[*time.Duration]time.Duration{&s.AwaitWithin: defaultAwait, &s.TriggerWithin: defaultTrigger, &s.NotifyWithin: defaultNotify} {
		if *value < 0 {
			return errors.New("scenarios: a stage waits for no negative time")
		}
		if *value == 0 {
			*value = usual
		}
	}
	if s.HTTP == nil {
		s.HTTP = &http.Client{Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	if s.Log == nil {
		s.Log = slog.New(slog.DiscardHandler)
	}
	return nil
}
