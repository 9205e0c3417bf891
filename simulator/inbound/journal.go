package inbound

import (
	"encoding/json"
	"maps"
	"math"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/simulator/vault"
)

// outcome is what the caller sees. The zero value is a cut connection.
type outcome struct {
	status int
	// body and sealed are of a success, refusal of an error answer.
	body, sealed, refusal map[string]any
}

// row is the call as the journal keeps it: masked, and never with a
// credential. The time it took counts up to now.
func (s *Server) row(call *Call, seen outcome) vault.Traffic {
	row := call.traffic
	row.ID, row.Time, row.Direction, row.Operation, row.Issuer = call.ID, call.Now, string(contract.Inbound), operationID(call), call.Issuer.Name
	row.Elapsed = time.Since(call.started)
	row.Request = vault.Message{Method: contract.Shorten(call.request.Method), Path: s.shownURL(call.request.URL), Headers: s.shownHeaders(call.request.Header),
		Body: masked(call, contract.Request, call.Body), Decrypted: masked(call, contract.SealedRequest, call.Sealed)}
	row.Response = vault.Message{Status: seen.status, Body: masked(call, contract.Response, onWire(seen.body)), Decrypted: masked(call, contract.SealedResponse, onWire(seen.sealed))}
	if seen.refusal != nil {
		row.Response.Body = contract.MaskValue(seen.refusal, nil)
	}
	if row.Violations == nil {
		row.Violations = []vault.Violation{}
	}
	return row
}

// shownURL is path and query without the apiKey, under whatever spelling.
func (s *Server) shownURL(from *url.URL) string {
	query := from.Query()
	var parameters []string
	for _, name := range slices.Sorted(maps.Keys(query)) {
		for _, value := range query[name] {
			if strings.EqualFold(name, s.payRules.APIKeyParameter) {
				value = hidden
			}
			parameters = append(parameters, name+"="+value)
		}
	}
	shown := from.Path
	if len(parameters) > 0 {
		shown += "?" + strings.Join(parameters, "&")
	}
	return contract.Shorten(contract.Mask(shown))
}

// onWire is a payload of ours as it travels: made of the types that masking
// looks into, whatever it was put together from.
func onWire(members map[string]any) map[string]any {
	if members == nil {
		return nil
	}
	content, err := json.Marshal(members)
	if err == nil {
		members, err = parseObject(content, math.MaxInt)
	}
	if err != nil {
		return map[string]any{} // it won't be sent either
	}
	return members
}

// masked copies a payload with its sensitive members hidden.
func masked(call *Call, name contract.Part, members map[string]any) any {
	if members == nil {
		return nil
	}
	var field *contract.Field
	if call.Operation != nil {
		field = call.Operation.Field(name)
	}
	return contract.Shown(members, field)
}

// asViolations lists contract violations as the journal shows them.
func asViolations(list []contract.Violation) []vault.Violation {
	rows := make([]vault.Violation, len(list))
	for i, v := range list {
		rows[i] = vault.Violation{Rule: v.Rule, Page: v.Page, Message: contract.Mask(v.Message)}
	}
	return rows
}
