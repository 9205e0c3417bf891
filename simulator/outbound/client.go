package outbound

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/keys/jose"
	"github.com/vtsim/vtsim/keys/xpay"
)

// Clock tells the simulator's time.
type Clock interface{ Now() time.Time }

// Target is an issuer's endpoint and the keys of the calls to it.
type Target struct {
	// Issuer is its name, Endpoint the URL in front of the operations' paths.
	Issuer, Endpoint string
	// Roots verify the endpoint's certificate, ServerName is expected in it
	// (empty: the endpoint's host), Client is what Visa's side shows.
	Roots      *x509.CertPool
	ServerName string
	Client     *tls.Certificate
	// Encrypt is whom payloads are sealed for.
	Encrypt jose.EncryptionKey
	// PayToken, if set, signs calls with an x-pay-token, and APIKey is the
	// issuer's, which then stands in the query as it does in calls to Visa.
	// Issuers get none unless their profile asks for it (sendXPayToken,
	// INT-009).
	PayToken *xpay.Secret
	APIKey   string
}

// Config is what a client is made of. Contract, Envelope, Clock and Signing
// are required.
type Config struct {
	Contract *contract.Contract
	Envelope *jose.Envelope
	Clock    Clock
	// Signing is Visa's key.
	Signing jose.SigningKey
	// Foreign is a key that no issuer knows, and ForeignClient a client
	// certificate of an authority that none knows, for the corruptions that
	// need one; without it they fail.
	Foreign       *rsa.PrivateKey
	ForeignClient *tls.Certificate
	// Rand makes identifiers; nil means crypto/rand.
	Rand io.Reader
	// ConnectTimeout bounds connection set-up, 5 s by default; ReadLimit an
	// answer's body in bytes, 1 MiB by default.
	ConnectTimeout time.Duration
	ReadLimit      int64
}

// Client sends calls. It keeps connections per target, and is safe for
// concurrent use.
type Client struct {
	Config
	mu     sync.Mutex
	routes map[string]route
}

// NewClient makes a client.
func NewClient(config Config) (*Client, error) {
	if config.Contract == nil || config.Envelope == nil || config.Clock == nil || config.Signing.RSA == nil {
		return nil, errors.New("outbound: contract, envelope, clock and signing key are required")
	}
	if config.Rand == nil {
		config.Rand = rand.Reader
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = 5 * time.Second
	}
	if config.ReadLimit == 0 {
		config.ReadLimit = 1 << 20
	}
	return &Client{Config: config, routes: map[string]route{}}, nil
}

// defaultDeadline is for calls without a budget: notifications.
const defaultDeadline = 30 * time.Second

// Do seals and sends the call and records what happened. It always returns an
// exchange; what went wrong is in its Failure.
func (c *Client) Do(ctx context.Context, target Target, call *Call, o Options) *Exchange {
	x := &Exchange{ID: c.newID(), RequestID: o.RequestID, Operation: call.Operation, Issuer: target.Issuer, Started: c.Clock.Now()}
	if x.RequestID == "" {
		x.RequestID = c.newID()
	}
	if o.Deadline == 0 {
		o.Deadline = c.Contract.Budget(call.Operation)
	}
	if o.Deadline == 0 {
		o.Deadline = defaultDeadline
	}
	draft, err := c.draft(target, call, x.RequestID, o)
	if err != nil {
		x.Failure = &Failure{Kind: FailureSetup, Message: err.Error(), cause: err}
		return x
	}
	for _, corruption := range o.Corrupt {
		x.Corruptions = append(x.Corruptions, corruption.ID)
	}
	x.Request = Sent{Method: draft.Method, URL: draft.URL, Headers: draft.Headers, Body: draft.Body, Members: draft.plain, Sealed: draft.payload}
	for range draft.Times - 1 {
		earlier := *x
		earlier.ID, earlier.Started = c.newID(), c.Clock.Now()
		c.send(ctx, target, draft, o.Deadline, &earlier)
		x.Earlier = append(x.Earlier, &earlier)
	}
	x.Started = c.Clock.Now() // after the deliveries before it
	c.send(ctx, target, draft, o.Deadline, x)
	return x
}

// newID is a random identifier of 36 characters.
func (c *Client) newID() string {
	var b [16]byte
	if _, err := io.ReadFull(c.Rand, b[:]); err != nil {
		return ""
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// Close ends the kept connections.
func (c *Client) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, known := range c.routes {
		known.CloseIdleConnections()
	}
}

// route is how one target is reached.
type route struct {
	*http.Transport
	// asked is set once the other side has asked for a client certificate.
	asked *atomic.Bool
	// quiet is set once a connection was made on which no alert came.
	quiet *atomic.Bool
}

// route is the target's, made once.
func (c *Client) route(target Target, draft *Draft) route {
	key := fmt.Sprintf("%s %s %s %+v %t", target.Issuer, target.Endpoint, target.ServerName, draft.TLS, draft.AbortAfterRequest)
	c.mu.Lock()
	defer c.mu.Unlock()
	if known, ok := c.routes[key]; ok {
		return known
	}
	made := route{asked: &atomic.Bool{}, quiet: &atomic.Bool{}}
	made.Transport = &http.Transport{TLSClientConfig: c.secure(target, draft, made.asked),
		// A cut stream of HTTP/2 is no cut connection, and below TLS 1.2 it is forbidden.
		ForceAttemptHTTP2:   !draft.AbortAfterRequest && !draft.TLS.old() && !draft.TLS.WithoutHTTP2,
		MaxIdleConnsPerHost: 16, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: 64 << 10,
		DialContext: (&net.Dialer{Timeout: c.ConnectTimeout}).DialContext, TLSHandshakeTimeout: c.ConnectTimeout}
	c.routes[key] = made
	return made
}

// secure is the TLS side of a target; asked is set when the other side asks
// for a client certificate.
func (c *Client) secure(target Target, draft *Draft, asked *atomic.Bool) *tls.Config {
	shown := &tls.Certificate{}
	switch {
	case draft.TLS.WithoutClientCertificate:
	case draft.TLS.ForeignClientCertificate:
		shown = c.ForeignClient
	case target.Client != nil:
		shown = target.Client
	}
	config := &tls.Config{RootCAs: target.Roots, ServerName: target.ServerName, MinVersion: tls.VersionTLS12,
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			asked.Store(true)
			return shown, nil
		}}
	config.MaxVersion = draft.TLS.NewestVersion
	if draft.TLS.old() {
		config.MinVersion, config.CipherSuites = tls.VersionTLS10, everySuite()
	}
	return config
}

// everySuite are all cipher suites, so that none that is missing passes for a
// version that is refused.
func everySuite() []uint16 {
	var ids []uint16
	for _, suite := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		ids = append(ids, suite.ID)
	}
	return ids
}

// readBody reads an answer within the bound.
func (c *Client) readBody(body io.Reader) (content []byte, truncated bool, err error) {
	var buffer bytes.Buffer
	n, err := io.Copy(&buffer, io.LimitReader(body, c.ReadLimit+1))
	if n > c.ReadLimit {
		return buffer.Bytes()[:c.ReadLimit], true, nil
	}
	return buffer.Bytes(), false, err
}
