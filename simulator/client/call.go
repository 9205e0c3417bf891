package client

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/keys"
	"github.com/vtsim/vtsim/keys/jose"
	"github.com/vtsim/vtsim/keys/xpay"
)

// headerRequestID names the call (p.26).
const headerRequestID = "X-REQUEST-ID"

// Call is a request as it travels: sealed and signed.
type Call struct {
	Operation *contract.Operation
	Method    string
	URL       string
	Header    http.Header
	// Body as it travels; nil when there is none.
	Body []byte
	// Sealed is what is inside the body's encryptedData, in clear; nil when
	// nothing was sealed here. It is not for printing.
	Sealed []byte
}

// Prepare seals and signs the draft at this moment. The call is good for as
// long as its x-pay-token and its envelope are (p.27, p.41).
func (c *Client) Prepare(d *Draft) (*Call, error) {
	target, err := c.address(d)
	if err != nil {
		return nil, err
	}
	call := &Call{Operation: d.op, Method: d.op.Method, URL: target.String(), Header: http.Header{}}
	if err := c.compose(d, call); err != nil {
		return nil, err
	}
	if err := c.headers(call); err != nil {
		return nil, err
	}
	request, err := call.request(context.Background())
	if err != nil {
		return nil, err
	}
	secret := xpay.NewSecret("issuer "+c.Issuer.Name, []byte(c.Issuer.Credentials.SharedSecret))
	signed, err := xpay.Sign(c.rules, secret, c.Now(), xpay.CallOf(request, call.Body))
	if err != nil {
		return nil, err
	}
	call.Header.Set(c.rules.Header, signed)
	return call, nil
}

// compose makes the body, and seals what is to be sealed into it.
func (c *Client) compose(d *Draft, call *Call) error {
	if d.op.Field(contract.Request) == nil && !d.body.present() {
		return nil
	}
	if err := d.conflict(); err != nil {
		return err
	}
	if !d.sealed.present() {
		var err error
		if d.body.members == nil && d.body.raw == nil {
			d.body.members = map[string]any{}
		}
		call.Body, err = d.body.bytes()
		return err
	}
	content, err := d.sealed.bytes()
	if err != nil {
		return err
	}
	use := keys.UseOf(d.op.ID)
	sealing := jose.Sealing{To: jose.EncryptionKey{ID: c.Issuer.Credentials.APIKey, RSA: c.VisaEncryption.Public()},
		By: jose.SigningKey{ID: c.Issuer.Credentials.SigningKeyID, RSA: c.Issuer.Signing.Key}, Audience: d.Audience}
	if use == jose.UsePushCardEnrollment {
		sealing.Issuer = c.Issuer.Credentials.ClientID
	}
	blob, err := c.envelope.Seal(use, content, sealing)
	if err != nil {
		return err
	}
	members := map[string]any{sealedMember: blob}
	for name, value := range d.body.members {
		members[name] = value
	}
	call.Sealed = content
	call.Body, err = json.Marshal(members)
	return err
}

// headers sets what the contract asks of an issuer's request (p.26-27), but
// the x-pay-token.
func (c *Client) headers(call *Call) error {
	id, err := c.requestID()
	if err != nil {
		return err
	}
	call.Header.Set(headerRequestID, id)
	for _, rule := range c.Contract.Tables.Headers {
		if rule.Direction == "request" && rule.Example != "" && (!rule.Condition.BodyPresent || len(call.Body) > 0) {
			call.Header.Set(rule.Name, rule.Example)
		}
	}
	return nil
}

func (c *Call) request(ctx context.Context) (*http.Request, error) {
	request, err := http.NewRequestWithContext(ctx, c.Method, c.URL, bytes.NewReader(c.Body))
	if err != nil {
		return nil, err
	}
	request.Header = c.Header.Clone()
	return request, nil
}
