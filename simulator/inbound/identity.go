package inbound

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/vtsim/vtsim/simulator/vault"
)

// Rules of the contract about who calls (p.28, p.34).
const (
	ruleAPIKeyOnce         = "inbound/query#api-key-once"
	ruleAPIKeyKnown        = "inbound/query#api-key-known"
	ruleClientCertificate  = "transport#inbound-client-certificate"
	ruleIdentityConsistent = "transport#inbound-identity-consistent"
)

// identify finds the issuer by apiKey and ties the client certificate to it
// (INT-008, INT-011, INT-128).
func (s *Server) identify(ctx context.Context, call *Call) error {
	key, refusal := s.apiKeyOf(call)
	if refusal != nil {
		return refusal
	}
	issuer, err := s.Vault.IssuerByAPIKey(ctx, key)
	if errors.Is(err, vault.ErrNotFound) {
		return s.unauthorized("no issuer has this apiKey; credentials.yaml of the issuer has the right one", ruleAPIKeyKnown)
	}
	if err != nil {
		return err
	}
	material, err := s.keysOf(issuer)
	if err != nil {
		return fmt.Errorf("keys of issuer %s: %w", issuer.Name, err)
	}
	call.Issuer, call.keys = issuer, material
	return s.checkCertificate(call)
}

// apiKeyOf is the one apiKey of the query. Another spelling counts as missing,
// unless the deployment chose to take any (INT-003).
func (s *Server) apiKeyOf(call *Call) (string, *Refusal) {
	parameter := s.payRules.APIKeyParameter
	query := call.request.URL.Query()
	values := query[parameter]
	call.apiKeyName = parameter
	var otherwise []string
	for _, name := range slices.Sorted(maps.Keys(query)) {
		if name == parameter || !strings.EqualFold(name, parameter) {
			continue
		}
		otherwise = append(otherwise, name)
		if s.Knobs[knobAPIKeyInAnyCase] {
			values, call.apiKeyName = append(values, query[name]...), name
		}
	}
	diagnosis := ""
	switch {
	case len(values) == 0 && len(otherwise) > 0:
		diagnosis = fmt.Sprintf("the query spells the parameter %q, it must be %s exactly; the knob %s takes any case (p.28, INT-003)", otherwise, parameter, knobAPIKeyInAnyCase)
	case len(values) == 0:
		diagnosis = fmt.Sprintf("the query has no %s (p.28)", parameter)
	case len(values) > 1:
		diagnosis = fmt.Sprintf("the query has %d %s parameters, want exactly one (p.28, INT-128)", len(values), parameter)
	case values[0] == "":
		diagnosis = fmt.Sprintf("%s is empty (p.28)", parameter)
	default:
		return values[0], nil
	}
	return "", s.unauthorized(diagnosis, ruleAPIKeyOnce)
}

// checkCertificate compares the client certificate with the issuer's own.
func (s *Server) checkCertificate(call *Call) error {
	state := call.request.TLS
	if state == nil { // the plain listener, loopback only
		return nil
	}
	if len(state.PeerCertificates) == 0 {
		return s.unauthorized("the call came without a client certificate (p.34)", ruleClientCertificate)
	}
	shown := state.PeerCertificates[0]
	if sha256.Sum256(shown.RawSubjectPublicKeyInfo) != call.keys.client {
		return s.unauthorized(fmt.Sprintf("the client certificate %q is not the one of issuer %s, whose apiKey came with it (p.34)", shown.Subject, call.Issuer.Name),
			ruleIdentityConsistent)
	}
	return nil
}
