package outbound

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/simulator/vault"
)

// Row is the exchange as the journal keeps it: masked, with what the answer
// breaks of the contract. cause is the id of the row that led to it. The row
// has no ID yet where the exchange has none.
func (c *Client) Row(x *Exchange, cause string) vault.Traffic {
	row := vault.Traffic{ID: x.ID, Time: x.Started, Direction: string(contract.Outbound), Operation: x.Operation, Issuer: x.Issuer,
		Elapsed: x.Timing.Total, Violations: []vault.Violation{}, Cause: cause}
	op, err := c.Contract.Operation(x.Operation)
	if err != nil {
		op = nil // there is nothing to compare with, and everything is hidden
	}
	row.Request = vault.Message{Method: x.Request.Method, Path: shownPath(x.Request.URL), Headers: shownHeaders(x.Request.Headers),
		Body: shown(op, contract.Request, x.Request.Members), Decrypted: shown(op, contract.SealedRequest, x.Request.Sealed)}
	if x.Failure != nil {
		row.Diagnosis = contract.Mask(string(x.Failure.Kind) + ": " + x.Failure.Error())
	}
	if len(x.Corruptions) > 0 {
		row.Diagnosis = strings.TrimPrefix(row.Diagnosis+"; corrupted on purpose: "+strings.Join(x.Corruptions, ", "), "; ")
	}
	if x.Response != nil {
		c.answered(op, x, &row)
	}
	return row
}

// answered adds the issuer's answer and the rules that it breaks.
func (c *Client) answered(op *contract.Operation, x *Exchange, row *vault.Traffic) {
	row.Response = vault.Message{Status: x.Response.Status, Headers: shownHeaders(x.Response.Headers)}
	broken := c.Contract.Tables.ValidateResponseHeaders(x.Response.Headers, x.Request.Headers, len(x.Response.Body) > 0)
	for _, v := range broken {
		row.Violations = append(row.Violations, vault.Violation{Rule: v.Rule, Page: v.Page, Message: contract.Mask(v.Message)})
	}
	if len(x.Response.Body) == 0 {
		return
	}
	value, err := contract.Decode(x.Response.Body)
	if err != nil || x.Response.Truncated {
		row.Response.Body = fmt.Sprintf("no JSON: %d bytes", len(x.Response.Body))
		return
	}
	if op == nil {
		return
	}
	if x.Response.Status/100 != 2 {
		row.Response.Body = contract.MaskValue(value, nil)
		return
	}
	row.Response.Body = shown(op, contract.Response, value)
	if op.Field(contract.Response) == nil {
		return
	}
	violations, err := c.Contract.Validate(op.ID, contract.Response, value)
	if err != nil {
		return // the operation's answer has no such part
	}
	for _, v := range violations {
		row.Violations = append(row.Violations, vault.Violation{Rule: v.Rule, Page: v.Page, Message: contract.Mask(v.Message)})
	}
}

func shownPath(address string) string {
	at, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return contract.Mask(at.RequestURI())
}

// hiddenHeaders are credentials, which no side of this traffic should have.
var hiddenHeaders = map[string]bool{"Authorization": true, "Proxy-Authorization": true, "Cookie": true, "Set-Cookie": true, "X-Pay-Token": true}

func shownHeaders(from http.Header) map[string]string {
	if len(from) == 0 {
		return nil
	}
	headers := make(map[string]string, len(from))
	for name, values := range from {
		headers[name] = contract.Mask(strings.Join(values, ", "))
		if hiddenHeaders[http.CanonicalHeaderKey(name)] {
			headers[name] = "hidden"
		}
	}
	return headers
}

// shown is a payload with its sensitive members hidden, and without what the
// contract does not know: that may hold anything.
func shown(op *contract.Operation, part contract.Part, payload any) any {
	if members, ok := payload.(map[string]any); payload == nil || ok && members == nil {
		return nil
	}
	content, err := json.Marshal(payload)
	if err != nil {
		return nil
	}
	value, err := contract.Decode(content)
	if err != nil {
		return nil
	}
	var field *contract.Field
	if op != nil {
		field = op.Field(part)
	}
	return contract.Shown(value, field)
}
