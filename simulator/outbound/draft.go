package outbound

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"

	jsonpatch "github.com/evanphx/json-patch/v5"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/keys"
	"github.com/vtsim/vtsim/keys/jose"
	"github.com/vtsim/vtsim/keys/xpay"
)

// Options say how a call is sent. Zero values are right ones.
type Options struct {
	// RequestID is the X-REQUEST-ID; empty makes a new one.
	RequestID string
	// Deadline from the first byte written; zero means the operation's
	// budget, or half a minute where it has none.
	Deadline time.Duration
	// PatchSealed and PatchBody are JSON Patches (RFC 6902): of the payload
	// before it is sealed, and of the plain body, in which the sealed payload
	// is the text of encryptedData. A patch that does not fit is a failure of
	// set-up.
	PatchSealed, PatchBody json.RawMessage
	// Encode writes the body from its members, patched and sealed; nil is
	// json.Marshal. It is for what JSON says in more than one way: the order
	// of members (InReverse), white space, a member twice, or other bytes
	// altogether.
	Encode func(members map[string]any) ([]byte, error)
	// Query are parameters beside those of the operation; Header are headers
	// in the place of ours of the same name, as often as there are values, and
	// not at all for none.
	Query  url.Values
	Header http.Header
	// Corrupt breaks the call on purpose, after all of the above.
	Corrupt []Corruption
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
	// TLS, AbortAfterRequest and Times change how it is sent: with another
	// session, cut once it is written, more than once.
	TLS               Session
	AbortAfterRequest bool
	Times             int

	// plain and payload are the body without the blob and what was sealed,
	// for the record.
	plain, payload map[string]any
}

// Session is what is unusual about a TLS session.
type Session struct {
	// WithoutClientCertificate shows none; ForeignClientCertificate shows
	// Config.ForeignClient.
	WithoutClientCertificate, ForeignClientCertificate bool
	// NewestVersion that is offered, as in crypto/tls; zero is no limit. Below
	// TLS 1.2 everything older is offered too.
	NewestVersion uint16
	// WithoutHTTP2 speaks HTTP/1.1.
	WithoutHTTP2 bool
}

// old tells a session of versions that the specification does not know (p.35).
func (s Session) old() bool { return s.NewestVersion != 0 && s.NewestVersion < tls.VersionTLS12 }

// draft seals the payload and encodes the body.
func (c *Client) draft(target Target, call *Call, requestID string, o Options) (*Draft, error) {
	op, err := c.Contract.Operation(call.Operation)
	if err != nil {
		return nil, err
	}
	if err := fits(call, o.Corrupt); err != nil {
		return nil, err
	}
	d := &Draft{Method: op.Method, URL: c.address(target, op, call, o.Query), Times: 1, Headers: http.Header{
		"X-Request-Id": {requestID}, "Accept": {"application/json"}, "Content-Type": {"application/json; charset=UTF-8"}}}
	if err := c.fillBody(d, target, call, o); err != nil {
		return nil, err
	}
	for name, values := range o.Header {
		d.Headers[http.CanonicalHeaderKey(name)] = values
	}
	for _, corruption := range o.Corrupt {
		if corruption.Wire != nil {
			corruption.Wire(d)
		}
	}
	if d.TLS.ForeignClientCertificate && c.ForeignClient == nil {
		return nil, errForeignClient
	}
	return d, c.sign(d, target)
}

// fillBody patches, seals and encodes.
func (c *Client) fillBody(d *Draft, target Target, call *Call, o Options) (err error) {
	if d.payload, err = patched(call.Sealed, o.PatchSealed); err != nil {
		return fmt.Errorf("the patch of the sealed payload: %w", err)
	}
	d.Members = map[string]any{}
	maps.Copy(d.Members, call.Members)
	if d.payload != nil {
		if d.Blob, err = c.seal(target, d.payload, o.Corrupt); err != nil {
			return err
		}
		d.Members[sealedMember] = d.Blob
	}
	if d.Members, err = patched(d.Members, o.PatchBody); err != nil {
		return fmt.Errorf("the patch of the body: %w", err)
	}
	d.plain = maps.Clone(d.Members)
	if d.plain[sealedMember] == d.Blob {
		delete(d.plain, sealedMember)
	}
	encode := o.Encode
	if encode == nil {
		encode = func(members map[string]any) ([]byte, error) { return json.Marshal(members) }
	}
	d.Body, err = encode(d.Members)
	return err
}

// patched applies a JSON Patch to members; without a patch, or without
// members, they stay what they are.
func patched(members map[string]any, patch json.RawMessage) (map[string]any, error) {
	if len(patch) == 0 {
		return members, nil
	}
	if members == nil {
		return nil, fmt.Errorf("there is nothing to patch")
	}
	steps, err := jsonpatch.DecodePatch(patch)
	if err != nil {
		return nil, fmt.Errorf("it is no JSON Patch (RFC 6902): %s", contract.Mask(err.Error()))
	}
	content, err := json.Marshal(members)
	if err != nil {
		return nil, err
	}
	if content, err = steps.Apply(content); err != nil {
		return nil, fmt.Errorf("it does not fit: %s", contract.Mask(err.Error()))
	}
	value, err := contract.Decode(content)
	if err != nil {
		return nil, err
	}
	changed, ok := value.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("it leaves no JSON object")
	}
	return changed, nil
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

// sign adds the x-pay-token over what is sent, broken or not, where the target
// wants one and nobody set another.
func (c *Client) sign(d *Draft, target Target) error {
	if target.PayToken == nil {
		return nil
	}
	rules := keys.PayTokenRules(c.Contract.Tables.Envelope)
	at, err := url.Parse(d.URL)
	if err != nil {
		return err
	}
	header := http.CanonicalHeaderKey(rules.Header)
	if _, given := d.Headers[header]; given {
		return nil
	}
	token, err := xpay.Sign(rules, *target.PayToken, c.Clock.Now(), xpay.Call{Method: d.Method, Host: at.Host, Path: at.EscapedPath(), Query: at.RawQuery, Body: d.Body})
	d.Headers[header] = []string{token}
	return err
}

// address is the URL of the call below the issuer's endpoint, whatever base
// path that has.
func (c *Client) address(target Target, op *contract.Operation, call *Call, more url.Values) string {
	path := op.Path
	for name, value := range call.Path {
		path = strings.ReplaceAll(path, "{"+name+"}", url.PathEscape(value))
	}
	query := url.Values{}
	for name, value := range call.Query {
		query.Set(name, value)
	}
	if target.PayToken != nil && target.APIKey != "" {
		query.Set(c.Contract.Tables.Envelope.XPayToken.APIKeyParameter, target.APIKey)
	}
	for name, values := range more {
		query[name] = append(query[name], values...)
	}
	address := strings.TrimSuffix(target.Endpoint, "/") + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	return address
}

// InReverse writes members in the reverse of their alphabetical order, at every
// level; it is an Options.Encode. JSON gives their order no meaning.
func InReverse(members map[string]any) ([]byte, error) {
	content, err := json.Marshal(members)
	if err != nil {
		return nil, err
	}
	value, err := contract.Decode(content)
	if err != nil {
		return nil, err
	}
	return appendReversed(nil, value)
}
