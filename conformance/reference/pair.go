package reference

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/vtsim/vtsim/conformance"
	"github.com/vtsim/vtsim/fixtures/issuer"
	"github.com/vtsim/vtsim/keys"
)

// Pair is a certification and the issuer that it certifies.
type Pair struct {
	*conformance.Session
	Issuer *issuer.Server
}

// Open starts the issuer of that name in the setup's directory, with the
// defects, and opens its certification. Profile, endpoint, triggers and
// addresses of the setup are made here.
func Open(ctx context.Context, s conformance.Setup, name string, defects ...string) (*Pair, error) {
	return OpenIssuer(ctx, s, name, func(c *issuer.Config) { c.Defects = defects })
}

// OpenIssuer is Open with an issuer that the caller changes: its policies, its
// defects.
func OpenIssuer(ctx context.Context, s conformance.Setup, name string, change func(*issuer.Config)) (*Pair, error) {
	played, ok := s.Directory.Issuers[name]
	if !ok {
		return nil, fmt.Errorf("there is no issuer %q in the data directory", name)
	}
	profile, known := *played.Profile, *played
	profile.Cards = keys.Plenty(profile.Cards)
	known.Profile = &profile
	config := issuer.Config{Contract: s.Contract, Issuer: played, Authority: s.Directory.CA.Pool(), VisaClient: s.Directory.Client.Leaf,
		VisaSigning: s.Directory.VisaSigning, VisaEncryption: s.Directory.VisaEncryption, Cards: profile.Cards, Policies: profile.Policies,
		Listen: anyPort, Control: anyPort, Log: s.Log}
	change(&config)
	server, err := issuer.New(config)
	if err != nil {
		return nil, err
	}
	if err := server.Start(); err != nil {
		return nil, err
	}
	profile.Endpoint, profile.Triggers = server.URL(), keys.SampleTriggers(server.ControlURL())
	directory := *s.Directory
	directory.Issuers = maps.Clone(directory.Issuers)
	directory.Issuers[name] = &known
	s.Directory, s.Issuer, s.Listen = &directory, &profile, anyPort
	session, err := conformance.Open(ctx, s)
	if err != nil {
		return nil, errors.Join(err, server.Close(ctx))
	}
	if err := server.Visa.At(session.Visa.URL()); err != nil {
		return nil, errors.Join(err, session.Close(ctx), server.Close(ctx))
	}
	return &Pair{Session: session, Issuer: server}, nil
}

const anyPort = "127.0.0.1:0"

// patience is how long calls in flight may take once the pair is closed.
const patience = 2 * time.Second

// Close ends both sides. Calls that are still on their way are cut after two
// seconds.
func (p *Pair) Close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	p.Issuer.Visa.Rest() // whoever keeps a connection keeps the other side waiting
	err := errors.Join(p.Session.Close(ctx), p.Issuer.Close(ctx))
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() != nil {
		return nil
	}
	return err
}
