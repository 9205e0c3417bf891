package client

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/vtsim/vtsim/conformance/contract"
)

// hidden stands for what is never shown.
const hidden = "***"

// Message is one side of a call as people and programs see it: masked, in
// the shape of the console's traffic.
type Message struct {
	Method    string            `json:"method,omitempty"`
	URL       string            `json:"url,omitempty"`
	Status    int               `json:"status,omitempty"`
	Headers   map[string]string `json:"headers"`
	Body      any               `json:"body,omitempty"`
	Decrypted any               `json:"decrypted,omitempty"`
}

// Exchange is a call and, if it was sent, its answer.
type Exchange struct {
	Operation string   `json:"operation"`
	Issuer    string   `json:"issuer"`
	Request   Message  `json:"request"`
	Response  *Message `json:"response,omitempty"`
	ElapsedMs int64    `json:"elapsedMs,omitempty"`
	// Faults of the answer.
	Faults []string `json:"faults,omitempty"`
}

// Exchange masks the call and its answer, which may be nil.
func (c *Client) Exchange(call *Call, answer *Answer) Exchange {
	e := Exchange{Operation: call.Operation.ID, Issuer: c.Issuer.Name, Request: c.shownCall(call)}
	if answer != nil {
		e.ElapsedMs, e.Faults = answer.Elapsed.Milliseconds(), answer.Faults
		e.Response = &Message{Status: answer.Status, Headers: c.shownHeaders(answer.Header),
			Body:      shown(answer.Body, answer.Operation.Field(contract.Response)),
			Decrypted: contract.MaskValue(answer.Opened, answer.Operation.Field(contract.SealedResponse))}
	}
	return e
}

func (c *Client) shownCall(call *Call) Message {
	return Message{Method: call.Method, URL: c.shownURL(call.URL), Headers: c.shownHeaders(call.Header),
		Body: shown(call.Body, call.Operation.Field(contract.Request)), Decrypted: shown(call.Sealed, call.Operation.Field(contract.SealedRequest))}
}

// shown is a JSON text, masked; other text is cut to its size.
func shown(content []byte, field *contract.Field) any {
	if len(content) == 0 {
		return nil
	}
	value, err := contract.Decode(content)
	if err != nil {
		return fmt.Sprintf("%d bytes that are not JSON", len(content))
	}
	return contract.MaskValue(value, field)
}

// shownURL hides the apiKey.
func (c *Client) shownURL(text string) string {
	address, err := url.Parse(text)
	if err != nil {
		return hidden
	}
	parameters := strings.Split(address.RawQuery, "&")
	for i, parameter := range parameters {
		if name, _, _ := strings.Cut(parameter, "="); name == c.rules.APIKeyParameter {
			parameters[i] = name + "=" + hidden
		}
	}
	address.RawQuery = strings.Join(parameters, "&")
	return contract.Mask(address.String())
}

// shownHeaders hides the digest of the x-pay-token.
func (c *Client) shownHeaders(headers http.Header) map[string]string {
	kept := make(map[string]string, len(headers))
	for name, values := range headers {
		value := contract.Mask(strings.Join(values, ", "))
		if strings.EqualFold(name, c.rules.Header) {
			value = value[:strings.LastIndexByte(value, ':')+1] + hidden
		}
		kept[name] = value
	}
	return kept
}

// WriteText prints the exchange for people.
func (e Exchange) WriteText(w io.Writer) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s\n", e.Request.Method, e.Request.URL)
	e.Request.write(&b, "sealed in encryptedData")
	if e.Response != nil {
		fmt.Fprintf(&b, "\n%d %s in %d ms\n", e.Response.Status, http.StatusText(e.Response.Status), e.ElapsedMs)
		e.Response.write(&b, "opened from encryptedData")
	}
	for _, fault := range e.Faults {
		fmt.Fprintf(&b, "! %s\n", fault)
	}
	_, err := w.Write(b.Bytes())
	return err
}

func (m Message) write(b *bytes.Buffer, sealed string) {
	for _, name := range slices.Sorted(maps.Keys(m.Headers)) {
		fmt.Fprintf(b, "%s: %s\n", name, m.Headers[name])
	}
	if m.Body != nil {
		fmt.Fprintf(b, "\n%s\n", indented(m.Body))
	}
	if m.Decrypted != nil {
		fmt.Fprintf(b, "\n%s:\n%s\n", sealed, indented(m.Decrypted))
	}
}

func indented(value any) string {
	if text, ok := value.(string); ok {
		return text
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return err.Error()
	}
	return strings.TrimRight(b.String(), "\n")
}
