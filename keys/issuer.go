package keys

import (
	"context"
	"fmt"
	"net/url"
	"path"
	"slices"
)

// What an issuer gets that nobody described further.
const (
	DefaultIssuer   = "demo-bank"
	DefaultEndpoint = "https://localhost:9443"
	// DefaultControl is where the reference issuer listens to triggers.
	DefaultControl = "http://127.0.0.1:9444"
)

// IssuerOptions describe a new issuer. Zero values are good.
type IssuerOptions struct {
	Settings
	// Name is the issuer's folder; empty means DefaultIssuer.
	Name string
	// Hosts are DNS names and IP addresses of its server certificate, beside
	// the loopback names and the endpoint's host.
	Hosts []string
	// Endpoint is its URL; empty means DefaultEndpoint. Control is that of its
	// test interface, for triggers; empty means DefaultControl.
	Endpoint, Control string
	// AccountRanges, nine digits each; none means one that is free.
	AccountRanges []string
	// Force replaces files that exist; what they held is kept beside them.
	Force bool
}

// complete checks the options and fills in what was left out. Taken are the
// account ranges of others.
func (o IssuerOptions) complete(taken []string) (IssuerOptions, error) {
	if o.Name == "" {
		o.Name = DefaultIssuer
	}
	if err := CheckName(o.Name); err != nil {
		return o, err
	}
	if o.Control == "" {
		o.Control = DefaultControl
	}
	if o.Endpoint == "" {
		o.Endpoint = DefaultEndpoint
	}
	endpoint, err := cleanEndpoint(o.Endpoint)
	if err != nil {
		return o, err
	}
	o.Endpoint = endpoint
	if _, err := serverHosts(append(slices.Clone(o.Hosts), hostOf(endpoint))...); err != nil {
		return o, err
	}
	if len(o.AccountRanges) == 0 {
		free, err := FreeAccountRange(taken)
		if err != nil {
			return o, err
		}
		o.AccountRanges = []string{free}
	}
	for i, digits := range o.AccountRanges {
		if err := checkAccountRange(digits); err != nil {
			return o, fmt.Errorf("account range %s: %w", printable(digits), err)
		}
		if slices.Contains(taken, digits) || slices.Contains(o.AccountRanges[:i], digits) {
			return o, fmt.Errorf("account range %s is taken already; choose another, or none to get a free one", digits)
		}
	}
	return o, nil
}

func hostOf(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// NewIssuer makes an issuer's complete set in memory: keys, certificates,
// credentials.yaml and issuer.yaml, by file name. Its TLS certificates are
// signed by ca, its own account ranges are not in taken.
func NewIssuer(ctx context.Context, ca *Authority, taken []string, o IssuerOptions) (Files, error) {
	s, err := o.ready()
	if err != nil {
		return nil, err
	}
	if o, err = o.complete(taken); err != nil {
		return nil, err
	}
	files, err := issuerFiles(ctx, ca, o, s)
	if err != nil {
		return nil, err
	}
	byBase := make(Files, len(files))
	for name, data := range files {
		byBase[path.Base(name)] = data
	}
	return byBase, nil
}

// AddIssuer adds an issuer to a data directory. It writes all of its files or,
// when an error is returned, none.
func AddIssuer(ctx context.Context, dir string, o IssuerOptions) (*Summary, error) {
	s, err := o.ready()
	if err != nil {
		return nil, err
	}
	if o.Name == "" {
		o.Name = DefaultIssuer
	}
	if err := CheckName(o.Name); err != nil {
		return nil, err
	}
	l := diskLoader(dir, s)
	taken, err := l.takenRanges(o.Name)
	if err != nil {
		return nil, err
	}
	if o, err = o.complete(taken); err != nil {
		return nil, err
	}
	c := change{root: dir, replace: o.Force, now: s.Now(), rename: s.rename, write: Files{}}
	for name := range plannedFiles(o.Name) {
		if path.Dir(name) == path.Join(issuersDir, o.Name) {
			c.write[name] = nil
		}
	}
	if err := c.vacant(); err != nil {
		return nil, err
	}
	ca, err := l.signingAuthority()
	if err != nil {
		return nil, err
	}
	if c.write, err = issuerFiles(ctx, ca, o, s); err != nil {
		return nil, err
	}
	previous, err := c.apply()
	if err != nil {
		return nil, err
	}
	return &Summary{Directory: dir, Issuer: o.Name, AccountRanges: o.AccountRanges, Files: c.write.names(), Previous: previous}, nil
}
