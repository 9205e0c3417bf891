package inbound

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/vtsim/vtsim/conformance/contract"
)

// checkFields validates everything that the contract describes of the call:
// parameters, body and sealed payload. All that is wrong is named at once
// (INT-153).
func (s *Server) checkFields(_ context.Context, call *Call) error {
	refused := s.takeParameters(call)
	for _, part := range []struct {
		name    contract.Part
		payload map[string]any
		prefix  string
		more    []contract.Violation
	}{
		{name: contract.Path, payload: call.Path},
		{name: contract.Query, payload: call.Query},
		{name: contract.Request, payload: s.defaulted(call)},
		{name: contract.SealedRequest, payload: s.relevant(call), prefix: "/" + sealedMember, more: s.missing(call)},
	} {
		if part.payload == nil {
			continue
		}
		found, err := s.validate(call, part.name, part.payload, part.more...)
		if err != nil {
			return err
		}
		for _, v := range found {
			v.Location = part.prefix + v.Location
			refused = append(refused, v)
		}
	}
	if len(refused) == 0 {
		return nil
	}
	return s.violated(call, refused)
}

// takeParameters reads the query as the contract's part holds it. Parameters
// that the contract knows come once; apiKey was judged as a credential.
func (s *Server) takeParameters(call *Call) []contract.Violation {
	var doubled []contract.Violation
	field := call.Operation.Field(contract.Query)
	for name, values := range call.request.URL.Query() {
		if name == call.apiKeyName {
			name = s.payRules.APIKeyParameter
		}
		call.Query[name] = values[0]
		if field == nil || field.Member(name) == nil || len(values) == 1 {
			continue
		}
		doubled = append(doubled, contract.Violation{Rule: call.Operation.ID + "/" + string(contract.Query) + "/" + name + "#type",
			Keyword: "type", Level: contract.Must, Kind: contract.KindType, Location: "/" + name, Page: field.Member(name).Page,
			Message: fmt.Sprintf("%s is given %d times, want it once", name, len(values))})
	}
	slices.SortFunc(doubled, func(a, b contract.Violation) int { return cmp.Compare(a.Location, b.Location) })
	return doubled
}

// validate judges one part by the contract and returns what the call is to be
// refused for. Violations of should and info rules, and those that a reject
// code reports later (INT-132), are noted and pass. more are violations that
// the payload's schema can't tell.
func (s *Server) validate(call *Call, name contract.Part, payload map[string]any, more ...contract.Violation) ([]contract.Violation, error) {
	if call.Operation.Field(name) == nil {
		return nil, nil
	}
	violations, err := s.contract.Validate(call.Operation.ID, name, payload)
	if err != nil {
		return nil, err
	}
	var refused []contract.Violation
	for _, v := range append(violations, more...) {
		if v.Level == contract.Must && v.Reject == "" {
			refused = append(refused, v)
			continue
		}
		call.Warn(v.Rule, v.Page, v.Message)
	}
	return refused, nil
}
