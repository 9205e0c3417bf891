package outbound

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/keys/jose"
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
}

// Config is what a client is made of. Contract, Envelope, Clock and Signing
// are required.
type Config struct {
	Contract *contract.Contract
	Envelope *jose.Envelope
	Clock    Clock
	// Signing is Visa's key.
	Signing jose.SigningKey
	// Foreign is a key that no issuer knows, for the corruptions that need
	// one; without it they fail.
	Foreign *rsa.PrivateKey
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

// Options say how a call is sent. Zero values are right ones.
type Options struct {
	// RequestID is the X-REQUEST-ID; empty makes a new one.
	RequestID string
	// Deadline from the first byte written; zero means the operation's
	// budget, or half a minute where it has none.
	Deadline time.Duration
	// Corrupt breaks the call on purpose.
	Corrupt []Corruption
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
	x.Request = Sent{Method: draft.Method, URL: draft.URL, Headers: draft.Headers, Body: draft.Body, Members: call.Members, Sealed: call.Sealed}
	for range draft.Times - 1 {
		earlier := *x
		earlier.ID, earlier.Started = c.newID(), c.Clock.Now()
		c.send(ctx, target, draft, o.Deadline, &earlier)
		x.Earlier = append(x.Earlier, &earlier)
	}
	c.send(ctx, target, draft, o.Deadline, x)
	return x
}

// Draft is a call as it goes on the wire; corruptions change it.
type Draft struct {
	Method, URL string
	Headers     http.Header
	Body        []byte
	// Members is the body before encoding, with the sealed blob in it.
	Members map[string]any
	// Blob is the sealed payload.
	Blob string
	// WithoutClientCertificate, AbortAfterRequest and Times change how it is
	// sent: without mutual TLS, cut once it is written, more than once.
	WithoutClientCertificate bool
	AbortAfterRequest        bool
	Times                    int
}

// draft seals the payload and encodes the body.
func (c *Client) draft(target Target, call *Call, requestID string, o Options) (*Draft, error) {
	op, err := c.Contract.Operation(call.Operation)
	if err != nil {
		return nil, err
	}
	if err := fits(call, o.Corrupt); err != nil {
		return nil, err
	}
	d := &Draft{Method: op.Method, URL: c.address(target, op, call), Members: map[string]any{}, Times: 1, Headers: http.Header{
		"X-Request-Id": {requestID}, "Accept": {"application/json"}, "Content-Type": {"application/json; charset=UTF-8"}}}
	for name, value := range call.Members {
		d.Members[name] = value
	}
	if call.Sealed != nil {
		if d.Blob, err = c.seal(target, call.Sealed, o.Corrupt); err != nil {
			return nil, err
		}
		d.Members[sealedMember] = d.Blob
	}
	if d.Body, err = json.Marshal(d.Members); err != nil {
		return nil, err
	}
	for _, corruption := range o.Corrupt {
		if corruption.Wire != nil {
			corruption.Wire(d)
		}
	}
	return d, nil
}

// seal seals the payload, broken where a corruption of the envelope says so.
func (c *Client) seal(target Target, payload map[string]any, corrupt []Corruption) (string, error) {
	content, err := json.Marshal(payload)
	if err != nil {
		return "", err
	}
	for _, corruption := range corrupt {
		if corruption.Seal != nil {
			return corruption.Seal(c, target, content)
		}
	}
	return c.Envelope.Seal(jose.UseAPI, content, jose.Sealing{To: target.Encrypt, By: c.Signing})
}

// address is the URL of the call below the issuer's endpoint, whatever base
// path that has.
func (c *Client) address(target Target, op *contract.Operation, call *Call) string {
	path := op.Path
	for name, value := range call.Path {
		path = strings.ReplaceAll(path, "{"+name+"}", url.PathEscape(value))
	}
	query := url.Values{}
	for name, value := range call.Query {
		query.Set(name, value)
	}
	address := strings.TrimSuffix(target.Endpoint, "/") + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	return address
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
}

// route is the target's, made once.
func (c *Client) route(target Target, draft *Draft) route {
	key := fmt.Sprintf("%s %s %s %t %t", target.Issuer, target.Endpoint, target.ServerName, draft.WithoutClientCertificate, draft.AbortAfterRequest)
	c.mu.Lock()
	defer c.mu.Unlock()
	if known, ok := c.routes[key]; ok {
		return known
	}
	made := route{asked: &atomic.Bool{}}
	made.Transport = &http.Transport{TLSClientConfig: secure(target, draft, made.asked),
		ForceAttemptHTTP2:   !draft.AbortAfterRequest, // a cut stream of HTTP/2 is no cut connection
		MaxIdleConnsPerHost: 16, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: 64 << 10,
		DialContext: (&net.Dialer{Timeout: c.ConnectTimeout}).DialContext, TLSHandshakeTimeout: c.ConnectTimeout}
	c.routes[key] = made
	return made
}

// secure is the TLS side of a target; asked is set when the other side asks
// for a client certificate.
func secure(target Target, draft *Draft, asked *atomic.Bool) *tls.Config {
	shown := &tls.Certificate{}
	if target.Client != nil && !draft.WithoutClientCertificate {
		shown = target.Client
	}
	return &tls.Config{RootCAs: target.Roots, ServerName: target.ServerName, MinVersion: tls.VersionTLS12,
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			asked.Store(true)
			return shown, nil
		}}
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
