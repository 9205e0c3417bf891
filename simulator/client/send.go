package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/keys/jose"
)

// Answer is what came back.
type Answer struct {
	Operation *contract.Operation
	Status    int
	Header    http.Header
	Body      []byte
	// Value is the decoded body; nil when it is empty or not JSON.
	Value any
	// Opened is the decoded content of the body's encryptedData; nil when
	// there is none. It is not for printing.
	Opened any
	// Elapsed from the start of the call to the last byte of the answer.
	Elapsed time.Duration
	// Faults are what is wrong with the answer: an envelope that does not
	// open, members that break the contract.
	Faults []string
}

// OK tells a success from an error answer.
func (a *Answer) OK() bool { return a.Status >= 200 && a.Status < 300 }

// Reason is errorResponse.reason and Message its message; empty in a success
// (p.29).
func (a *Answer) Reason() string  { return a.errorMember("reason") }
func (a *Answer) Message() string { return a.errorMember("message") }

func (a *Answer) errorMember(name string) string {
	body, _ := a.Value.(map[string]any)
	response, _ := body["errorResponse"].(map[string]any)
	text, _ := response[name].(string)
	return text
}

// Send sends the call and opens the answer. The error is an *Unreachable when
// no answer of the API came back.
func (c *Client) Send(ctx context.Context, call *Call) (*Answer, error) {
	request, err := call.request(ctx)
	if err != nil {
		return nil, err
	}
	started := time.Now()
	response, err := c.http.Do(request)
	if err != nil {
		return nil, c.unreachable(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(io.LimitReader(response.Body, answerBytes))
	if err != nil {
		return nil, c.unreachable(err)
	}
	answer := &Answer{Operation: call.Operation, Status: response.StatusCode, Header: response.Header, Body: content, Elapsed: time.Since(started)}
	if len(content) > 0 {
		answer.Value, _ = contract.Decode(content)
	}
	if err := c.foreign(answer); err != nil {
		return nil, err
	}
	c.open(answer)
	return answer, nil
}

// open opens the sealed part and judges both parts by the contract.
func (c *Client) open(a *Answer) {
	if !a.OK() {
		return
	}
	body, _ := a.Value.(map[string]any)
	if blob, ok := body[sealedMember].(string); ok {
		opened, err := c.envelope.Open(jose.UseAPI, blob, c.ring())
		if err != nil {
			a.Faults = append(a.Faults, "the answer's envelope does not open: "+err.Error())
		} else if a.Opened, err = contract.Decode(opened.Payload); err != nil {
			a.Faults = append(a.Faults, "the answer's sealed payload is not JSON")
		}
	}
	c.judge(a, contract.Response, a.Value)
	c.judge(a, contract.SealedResponse, a.Opened)
}

func (c *Client) judge(a *Answer, part contract.Part, value any) {
	if value == nil || a.Operation.Field(part) == nil {
		return
	}
	violations, err := c.Contract.Validate(a.Operation.ID, part, value)
	if err != nil {
		a.Faults = append(a.Faults, err.Error())
	}
	for _, v := range violations {
		a.Faults = append(a.Faults, fmt.Sprintf("the %s breaks %s: %s (p.%d)", part, v.Rule, v.Message, v.Page))
	}
}

// foreign tells an answer of something else from one of the API, which is
// JSON and echoes the X-REQUEST-ID.
func (c *Client) foreign(a *Answer) error {
	switch {
	case strings.Contains(string(a.Body), "HTTP request to an HTTPS server"):
		return &Unreachable{Reason: c.base.Host + " wants TLS and was called over plain HTTP", Mend: "write https:// in the URL",
			cause: errors.New("plain HTTP to a TLS port")}
	case a.Header.Get("X-RESPONSE-ID") == "" && a.Reason() == "":
		return &Unreachable{Reason: fmt.Sprintf("%s answered %d, but not as the issuer API does", c.base.Host, a.Status),
			Mend: "the port may be that of the console or of another program; take the API's URL from the ready line of vtsim serve", cause: errors.New("not the API")}
	}
	return nil
}
