package conformance

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/conformance/judge"
	"github.com/vtsim/vtsim/conformance/policy"
	"github.com/vtsim/vtsim/keys"
	"github.com/vtsim/vtsim/scenarios"
	"github.com/vtsim/vtsim/simulator/outbound"
	"github.com/vtsim/vtsim/simulator/vault"
)

// Runner runs one case; *scenarios.Runner does.
type Runner interface {
	Run(ctx context.Context, c scenarios.Case, observe scenarios.Observer) error
}

// Journal describes exchanges for people, masked; *outbound.Client does.
type Journal interface {
	Row(x *outbound.Exchange, cause string) vault.Traffic
}

// Config is what a certification is made of. Contract, Profile, Target,
// Runner, Journal and Cases are required.
type Config struct {
	Contract *contract.Contract
	// Profile is the issuer's issuer.yaml, Target its endpoint.
	Profile *keys.Profile
	Target  outbound.Target
	Runner  Runner
	Journal Journal
	// Cases are all of the library, generated ones too, in its order.
	Cases []scenarios.Case
	// DecisionTable is the issuer's own; its cases are among Cases.
	DecisionTable *policy.Table
	// Prompt says that a person is there to act as a trigger asks.
	Prompt bool
	// Unserved says why the issuer cannot call Visa's side in this run; empty
	// when it can. Cases that wait for its calls are skipped for that reason.
	Unserved string
	Options
	// Keys of the two sides, by name.
	Keys Keys
	// Proven are the rules that a defect of the reference issuer proves.
	Proven []string
	Tool   Tool
	// Now is the clock, nil means time.Now.
	Now func() time.Time
	// Progress is told of the run, nil of nothing. It is called by one
	// goroutine at a time.
	Progress func(Progress)
	// Checkpoint is given the result so far, marked as interrupted, about once
	// a second; nil for none. It is called by one goroutine at a time.
	Checkpoint func(*Result)
	Log        *slog.Logger
}

// Options are what a person chooses.
type Options struct {
	// Profile is ProfileFull or ProfileCore.
	Profile string
	// Filter chooses cases, see ParseFilter; Case is one case's id and goes
	// before it.
	Filter, Case string
	// Seed makes everything that is drawn.
	Seed string
	// Parallel cases at a time, 8 when zero.
	Parallel int
	// FailOn is the lowest level that makes a run fail: must, also when
	// empty, or should.
	FailOn contract.Level
	// Policies is PoliciesReport, also when empty, or PoliciesFail: whether a
	// row of the issuer's decision table that is not kept fails the run.
	Policies string
	// Known failures are excused.
	Known []KnownFailure
	// CaseTimeout ends a case that hangs, one minute when zero.
	CaseTimeout time.Duration
	// File is issuer.yaml as it was named, for the command that runs a case
	// again, and Flags are the words that that command needs besides.
	File  string
	Flags []string
}

// Profiles of a run.
const (
	// ProfileFull runs everything, ProfileCore what is tagged core.
	ProfileFull = "full"
	ProfileCore = "core"
)

// What rows of the decision table that are not kept do. The verdict is about
// the specification in either case.
const (
	// PoliciesReport shows them, PoliciesFail lets a conformant run exit with
	// ExitNotConformant.
	PoliciesReport = "report"
	PoliciesFail   = "fail"
)

// Progress of a run.
type Progress struct {
	// Done of Planned cases, Failed and Broken among them.
	Done, Planned, Failed, Warned, Broken int
	// Case that was finished last.
	Case *Case
	// New are its findings about rules that no case before it found broken.
	New []judge.Finding
}

// ErrUsage says that what was asked for makes no sense.
var ErrUsage = errors.New("usage")

const (
	defaultParallel = 8
	defaultTimeout  = time.Minute
)

func (c *Config) check() error {
	if c.Contract == nil || c.Profile == nil || c.Runner == nil || c.Journal == nil || c.Target.Endpoint == "" {
		return errors.New("conformance: contract, profile, target, runner and journal are required")
	}
	switch c.Options.Profile {
	case "":
		c.Options.Profile = ProfileFull
	case ProfileFull, ProfileCore:
	default:
		return fmt.Errorf("%w: the profile %q is unknown, want %s or %s", ErrUsage, c.Options.Profile, ProfileCore, ProfileFull)
	}
	switch c.FailOn {
	case "":
		c.FailOn = contract.Must
	case contract.Must, contract.Should:
	default:
		return fmt.Errorf("%w: fail-on %q is unknown, want must or should", ErrUsage, c.FailOn)
	}
	switch c.Options.Policies {
	case "":
		c.Options.Policies = PoliciesReport
	case PoliciesReport, PoliciesFail:
	default:
		return fmt.Errorf("%w: policies %q is unknown, want %s or %s", ErrUsage, c.Options.Policies, PoliciesReport, PoliciesFail)
	}
	if c.Parallel < 0 {
		return fmt.Errorf("%w: %d cases at a time is none; want 1 or more", ErrUsage, c.Parallel)
	}
	c.setDefaults()
	return nil
}

func (c *Config) setDefaults() {
	if c.Parallel == 0 {
		c.Parallel = defaultParallel
	}
	if c.CaseTimeout == 0 {
		c.CaseTimeout = defaultTimeout
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Progress == nil {
		c.Progress = func(Progress) {}
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
}

// Certification is a plan and what is needed to run it.
type Certification struct {
	Config
	judge  *judge.Judge
	filter Filter
	// Planned cases in the order of the library.
	Planned []Planned
}

// New makes the plan. An error is the user's, and wraps ErrUsage.
func New(config Config) (*Certification, error) {
	if err := config.check(); err != nil {
		return nil, err
	}
	c := &Certification{Config: config, judge: judge.New(config.Contract)}
	var err error
	if c.filter, err = ParseFilter(config.Filter); err != nil {
		return nil, err
	}
	return c, c.plan()
}
