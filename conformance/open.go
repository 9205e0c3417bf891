package conformance

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/conformance/policy"
	"github.com/vtsim/vtsim/fixtures"
	fixturekeys "github.com/vtsim/vtsim/fixtures/keys"
	"github.com/vtsim/vtsim/keys"
	"github.com/vtsim/vtsim/scenarios"
	"github.com/vtsim/vtsim/simulator"
)

// Setup is a certification from files. Contract and Options.File are required,
// or Issuer and Directory instead of the file.
type Setup struct {
	Contract *contract.Contract
	// Endpoint goes before that in issuer.yaml.
	Endpoint string
	// Data is the data directory of an issuer.yaml that lies in none.
	Data string
	// Issuer and Directory, if set, are used instead of reading them.
	Issuer    *keys.Profile
	Directory *keys.Directory
	// Libraries are folders with scenarios beside the shipped ones. Cases, if
	// set, are used instead of all of them.
	Libraries []string
	Cases     []scenarios.Case
	// Listen is where Visa's APIs are served, for the issuer's own calls; port
	// 0 takes a free one.
	Listen string
	// Prompt asks a person to act; nil when nobody is there.
	Prompt func(ctx context.Context, text string) error
	// Settings read key files.
	Settings keys.Settings
	Options
	Proven     []string
	Tool       Tool
	Progress   func(Progress)
	Checkpoint func(*Result)
	Log        *slog.Logger
}

// Session is a certification with the Visa side that it needs.
type Session struct {
	*Certification
	// Visa is the simulator that the issuer calls.
	Visa *simulator.Simulator
}

// Open reads the files, starts Visa's side and makes the plan. Close ends it.
func Open(ctx context.Context, s Setup) (*Session, error) {
	profile, err := s.profile()
	if err != nil {
		return nil, err
	}
	directory, unserved, err := s.directory(profile)
	if err != nil {
		return nil, err
	}
	cases, err := s.cases()
	if err != nil {
		return nil, err
	}
	table, err := s.policies(profile)
	if err != nil {
		return nil, err
	}
	cases = append(slices.Clone(cases), table.Cases()...)
	visa, unserved, err := s.serve(ctx, directory, unserved)
	if err != nil {
		return nil, err
	}
	session := &Session{Visa: visa}
	if session.Certification, err = s.certification(ctx, profile, directory, visa, cases, table, unserved); err != nil {
		return nil, errors.Join(err, visa.Close(ctx))
	}
	return session, nil
}

// Close ends Visa's side.
func (s *Session) Close(ctx context.Context) error { return s.Visa.Close(ctx) }

// profile is that of the issuer.
func (s Setup) profile() (*keys.Profile, error) {
	if s.Issuer != nil {
		return s.Issuer, nil
	}
	profile, err := keys.LoadProfile(s.File, s.Settings)
	if err != nil || s.Endpoint == "" {
		return profile, err
	}
	at, err := url.Parse(s.Endpoint)
	if err != nil || at.Scheme != "https" && at.Scheme != "http" || at.Hostname() == "" || at.User != nil || at.RawQuery != "" || at.Fragment != "" {
		return nil, fmt.Errorf("%w: --endpoint must be a URL such as https://localhost:9443, without user, query or fragment", ErrUsage)
	}
	profile.Endpoint = strings.TrimRight(s.Endpoint, "/")
	return profile, nil
}

// cases are all of the libraries.
func (s Setup) cases() ([]scenarios.Case, error) {
	if s.Cases != nil {
		return s.Cases, nil
	}
	library, err := scenarios.Load(s.Contract, s.Libraries...)
	if err != nil {
		return nil, err
	}
	return library.Cases(s.Seed)
}

// policies are the profile's decision table and its cases; none where the cases
// were chosen by the caller.
func (s Setup) policies(profile *keys.Profile) (*policy.Table, error) {
	if s.Cases != nil || len(profile.Policies) == 0 {
		return &policy.Table{}, nil
	}
	samples, err := fixtures.Load()
	if err != nil {
		return nil, err
	}
	return policy.Expand(s.Contract, samples, profile, s.Seed)
}

// directory is the one that the profile belongs to; unserved says why the
// issuer cannot call Visa's side when there is none.
func (s Setup) directory(profile *keys.Profile) (directory *keys.Directory, unserved string, err error) {
	if s.Directory != nil {
		return s.Directory, "", nil
	}
	for _, path := range []string{keys.DirectoryOf(s.File), s.Data} {
		if path == "" {
			continue
		}
		if _, err := os.Stat(path); err != nil {
			continue
		}
		found, err := keys.LoadDirectory(path, s.Settings)
		if err != nil {
			return nil, "", err
		}
		if known := found.Issuers[profile.Name]; known != nil {
			known.Profile = profile
			return found, "", nil
		}
	}
	connection, err := profile.Connect(s.Settings)
	if err != nil {
		return nil, "", err
	}
	base, err := keys.LoadFS(fixturekeys.TestOnly(), s.Settings)
	if err != nil {
		return nil, "", err
	}
	return profile.Alone(connection, base), "there is no data directory with the issuer " + profile.Name + ", so Visa's APIs are not served to it; name one with --data", nil
}

// serve starts Visa's side in memory. An address that is taken leaves the
// issuer's own calls out.
func (s Setup) serve(ctx context.Context, directory *keys.Directory, unserved string) (*simulator.Simulator, string, error) {
	listen := s.Listen
	if unserved != "" || listen == "" {
		listen = anyPort
	} else if free, err := net.Listen("tcp", listen); errors.Is(err, syscall.EADDRINUSE) {
		unserved = fmt.Sprintf("%s is taken, so Visa's APIs are not served to the issuer: stop what listens there, such as vtsim serve, or give --listen", listen)
		listen = anyPort
	} else if err != nil {
		return nil, "", fmt.Errorf("%w: Visa's APIs cannot be served on %s: %s; write --listen as 127.0.0.1:8443", ErrUsage, listen, ending(err))
	} else {
		_ = free.Close()
	}
	visa, err := simulator.New(ctx, simulator.Config{Directory: directory, Settings: s.Settings, Ephemeral: true, Listen: listen, Log: s.Log})
	if err != nil {
		return nil, "", err
	}
	if err := visa.Start(); err != nil {
		return nil, "", errors.Join(err, visa.Close(ctx))
	}
	return visa, unserved, nil
}

const anyPort = "127.0.0.1:0"

// certification makes the stage and the plan.
func (s Setup) certification(ctx context.Context, profile *keys.Profile, directory *keys.Directory, visa *simulator.Simulator, cases []scenarios.Case, table *policy.Table, unserved string) (*Certification, error) {
	samples, err := fixtures.Load()
	if err != nil {
		return nil, err
	}
	row, err := visa.Vault().Issuer(ctx, profile.Name)
	if err != nil {
		return nil, err
	}
	target, err := visa.Target(ctx, profile.Name)
	if err != nil {
		return nil, err
	}
	known, err := s.keys(profile, directory)
	if err != nil {
		return nil, err
	}
	runner, err := scenarios.NewRunner(scenarios.Stage{Contract: s.Contract, Builder: visa.Builder(), Client: visa.Client(), Target: target, Issuer: row,
		Vault: visa.Vault(), Fixtures: samples, Clock: visa.Clock(), Faults: visa.Faults(), Queue: visa.Queue(), Wallet: visa.Wallet(),
		Cards: scenarios.NewCardPool(profile.Cards), Profile: profile, Prompt: inTurn(s.Prompt), Log: s.Log, Seed: s.Seed})
	if err != nil {
		return nil, err
	}
	return New(Config{Contract: s.Contract, Profile: profile, Target: target, Runner: runner, Journal: visa.Client(), Cases: cases, DecisionTable: table,
		Prompt: s.Prompt != nil, Unserved: unserved, Options: s.Options, Keys: known, Proven: s.Proven, Tool: s.Tool, Progress: s.Progress,
		Checkpoint: s.Checkpoint, Log: s.Log})
}

// keys names what calls are sealed and signed with.
func (s Setup) keys(profile *keys.Profile, directory *keys.Directory) (Keys, error) {
	connection, err := profile.Connect(s.Settings)
	if err != nil {
		return Keys{}, err
	}
	return Keys{SealedFor: keys.Fingerprint(connection.IssuerEncryption.Certificate), SignedBy: keys.Fingerprint(directory.VisaSigning.Certificate),
		SignerID: directory.VisaSigning.ID}, nil
}

// inTurn lets one case ask at a time: one person answers, and presses Enter
// for the text that was read last.
func inTurn(prompt func(context.Context, string) error) func(context.Context, string) error {
	if prompt == nil {
		return nil
	}
	turn := make(chan struct{}, 1)
	return func(ctx context.Context, text string) error {
		select {
		case turn <- struct{}{}:
			defer func() { <-turn }()
			return prompt(ctx, text)
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
