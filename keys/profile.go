package keys

import (
	"net/url"
	"os"
	"path/filepath"
	"time"
)

// Profile is an issuer.yaml: who the issuer is, how to reach it, what it takes
// part in, and with which cards it can be tested.
type Profile struct {
	// File is where the profile was read; its directory is the base of the
	// relative paths in it.
	File string
	// Name of the issuer.
	Name string
	// Endpoint is the URL in front of the outbound operations' paths (p.25),
	// without a trailing slash.
	Endpoint string
	// TLS is how Visa's side calls the endpoint (p.36).
	TLS ProfileTLS
	// Keys are the JOSE keys of both sides (p.34).
	Keys ProfileKeys
	// Credentials is the path of the issuer's credentials.yaml.
	Credentials string
	// SendXPayToken adds the x-pay-token header to calls to the issuer; see
	// INT-009.
	SendXPayToken bool
	// Participation tells by operationId which calls the issuer serves. An
	// operation that is not named is not served; a profile without the
	// section serves all.
	Participation map[string]bool
	// AccountRanges are the leading nine digits of the issuer's PANs (p.62).
	AccountRanges []string
	// Cards by role; a role may have several.
	Cards []Card
	// Triggers make the issuer act, by name.
	Triggers map[string]Trigger
	// Interpretations chooses alternatives by id, such as INT-101.
	Interpretations map[string]string
	// Policies is the issuer's own decision table.
	Policies []Policy

	// read opens the files that the profile names.
	read func(name string) ([]byte, error)
}

// ProfileTLS names the TLS files; paths are resolved.
type ProfileTLS struct {
	// CA has the certificates that the endpoint's certificate may hang on;
	// empty means the system's.
	CA string
	// Certificate and Key are what Visa's side shows; both or none.
	Certificate, Key string
	// ServerName is expected in the endpoint's certificate; empty means the
	// endpoint's host.
	ServerName string
}

// ProfileKeys names the files of the JOSE keys; paths are resolved.
type ProfileKeys struct {
	// VisaEncryption opens what the issuer seals, VisaSigning signs what is
	// sent to it; both need their private keys.
	VisaEncryption, VisaSigning KeyFiles
	// IssuerEncryption seals for the issuer, IssuerSigning verifies it.
	IssuerEncryption, IssuerSigning KeyFiles
}

// KeyFiles are the paths of a certificate and its private key; Key may be
// empty where only the certificate is known.
type KeyFiles struct {
	Certificate, Key string
}

// Trigger makes the issuer send an inbound call: by an HTTP request or by a
// command, exactly one of the two. {{name}} in its texts stands for a saved
// value of the scenario.
type Trigger struct {
	HTTP *HTTPTrigger
	// Command and its arguments, run without a shell in the profile's folder.
	Command []string
	// Timeout of either; zero means the runner's default.
	Timeout time.Duration
}

// HTTPTrigger is a request to a test interface of the issuer.
type HTTPTrigger struct {
	// Method is POST when empty.
	Method  string
	URL     string
	Headers map[string]string
	Body    string
}

// LoadProfile reads the issuer.yaml at that path. Errors name line and column
// and are of type *Problem.
func LoadProfile(path string, s Settings) (*Profile, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, unreadable(path, err, "vtsim init writes one")
	}
	return ParseProfile(data, path, s)
}

// ParseProfile reads an issuer.yaml; file is its name for errors and the base
// of relative paths.
func ParseProfile(data []byte, file string, s Settings) (*Profile, error) {
	s, err := s.ready()
	if err != nil {
		return nil, err
	}
	return parseProfile(data, file, s, os.ReadFile)
}

// resolve makes a path of the profile independent of the working directory.
func (p *Profile) resolve(path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(p.File), path)
}

// Host returns the endpoint's host name or address without the port.
func (p *Profile) Host() string {
	u, err := url.Parse(p.Endpoint)
	if err != nil {
		return ""
	}
	return u.Hostname()
}
