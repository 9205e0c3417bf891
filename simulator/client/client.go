package client

import (
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/keys"
	"github.com/vtsim/vtsim/keys/jose"
	"github.com/vtsim/vtsim/keys/xpay"
)

// Config says who calls and whom. Rand and Timeout may be left out.
type Config struct {
	Contract *contract.Contract
	// Issuer who calls, with private keys.
	Issuer *keys.Issuer
	// Roots are what the server's certificate may hang on (p.35).
	Roots *x509.CertPool
	// VisaEncryption is whom to seal for, VisaSigning who signs answers; the
	// certificates are enough (p.34).
	VisaEncryption, VisaSigning keys.KeyPair
	// URL in front of the operations' paths. With https the issuer's client
	// certificate is shown; http is for a listener without TLS.
	URL string
	// Now is the time of signatures and envelopes; nil means time.Now.
	Now     func() time.Time
	Rand    io.Reader
	Timeout time.Duration // of a whole call; 0 means 30 s
}

// Of takes the issuer and Visa's side from a data directory.
func Of(directory *keys.Directory, issuer *keys.Issuer) Config {
	return Config{Issuer: issuer, Roots: directory.CA.Pool(), VisaEncryption: directory.VisaEncryption, VisaSigning: directory.VisaSigning}
}

// Client makes calls as one issuer. It is safe for concurrent use.
type Client struct {
	Config
	base     *url.URL
	envelope *jose.Envelope
	rules    xpay.Rules
	http     *http.Client
}

const (
	defaultTimeout = 30 * time.Second
	answerBytes    = 16 << 20
)

// New checks the configuration.
func New(config Config) (*Client, error) {
	if config.Contract == nil || config.Issuer == nil || config.VisaEncryption.Certificate == nil || config.VisaSigning.Certificate == nil {
		return nil, errors.New("client: contract, issuer and Visa's certificates are required")
	}
	if config.Issuer.Signing.Key == nil || config.Issuer.Encryption.Key == nil || config.Issuer.Client.Key == nil {
		return nil, fmt.Errorf("the private keys of issuer %s are not in the data directory; only an issuer that was made there can be played", config.Issuer.Name)
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	if config.Rand == nil {
		config.Rand = rand.Reader
	}
	if config.Timeout == 0 {
		config.Timeout = defaultTimeout
	}
	base, err := url.Parse(config.URL)
	if err != nil || base.Host == "" || base.Scheme != "https" && base.Scheme != "http" || base.RawQuery != "" || base.Fragment != "" {
		return nil, fmt.Errorf("%q is not a URL like https://127.0.0.1:8443", config.URL)
	}
	c := &Client{Config: config, base: base, rules: keys.PayTokenRules(config.Contract.Tables.Envelope)}
	if c.envelope, err = jose.New(keys.JOSERules(config.Contract.Tables.Envelope), config.Now); err != nil {
		return nil, err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{RootCAs: config.Roots, Certificates: []tls.Certificate{config.Issuer.Client.TLS()}, MinVersion: tls.VersionTLS12}
	transport.MaxIdleConnsPerHost = 64
	c.http = &http.Client{Transport: transport, Timeout: config.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return c, nil
}

// Close gives up idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// ring opens what Visa seals for the issuer.
func (c *Client) ring() jose.Keyring {
	return jose.Keyring{
		Decryption:   []jose.DecryptionKey{{ID: c.Issuer.Credentials.APIKey, Label: c.Issuer.Name + " encryption key", RSA: c.Issuer.Encryption.Key}},
		Verification: []jose.VerificationKey{{ID: c.VisaSigning.ID, Label: "Visa signing key", RSA: c.VisaSigning.Public()}}}
}

// requestID draws the X-REQUEST-ID (p.26).
func (c *Client) requestID() (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(c.Rand, b[:]); err != nil {
		return "", err
	}
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:]), nil
}

// address is the URL of the draft, apiKey included unless the draft has one.
func (c *Client) address(d *Draft) (*url.URL, error) {
	if err := d.missing(); err != nil {
		return nil, err
	}
	target := *c.base
	path := d.op.Path
	for name, value := range d.path.members {
		path = strings.ReplaceAll(path, "{"+name+"}", url.PathEscape(fmt.Sprint(value)))
	}
	joined := strings.TrimRight(target.EscapedPath(), "/") + path
	var err error
	if target.Path, err = url.PathUnescape(joined); err != nil {
		return nil, err
	}
	target.RawPath = joined
	query := url.Values{c.rules.APIKeyParameter: {c.Issuer.Credentials.APIKey}}
	for name, value := range d.query.members {
		query.Set(name, fmt.Sprint(value))
	}
	target.RawQuery = strings.ReplaceAll(query.Encode(), "+", "%20")
	return &target, nil
}
