package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/fixtures"
	"github.com/vtsim/vtsim/keys"
	"github.com/vtsim/vtsim/keys/jose"
	"github.com/vtsim/vtsim/simulator/calls"
	"github.com/vtsim/vtsim/simulator/clock"
	"github.com/vtsim/vtsim/simulator/inbound"
	"github.com/vtsim/vtsim/simulator/outbound"
	"github.com/vtsim/vtsim/simulator/vault"
)

// visa is Visa's side of one issuer of the data directory: what is needed to
// call the issuer, and no server.
type visa struct {
	*calls.Calls
	issuer *keys.Issuer
	row    vault.Issuer
	target outbound.Target
}

// visa reads the data directory. An endpoint that is given goes before that of
// the profile.
func (a *app) visa(issuer, endpoint string, tuning calls.Tuning) (*visa, error) {
	c, directory, err := a.directory()
	if err != nil {
		return nil, err
	}
	_, settings, err := a.settings()
	if err != nil {
		return nil, err
	}
	v := &visa{}
	if v.issuer, err = issuerOf(directory, issuer); err != nil {
		return nil, err
	}
	samples, err := fixtures.Load()
	if err != nil {
		return nil, err
	}
	connection, err := v.issuer.Profile.Connect(settings)
	if err != nil {
		return nil, err
	}
	now := clock.New(time.Now)
	v.row, v.target = inbound.Registered(v.issuer, now.Now()), calls.Connected(v.issuer, connection)
	if endpoint != "" {
		v.target.Endpoint = strings.TrimRight(endpoint, "/")
	}
	v.Calls, err = calls.New(calls.Config{Contract: c, Fixtures: samples, Clock: now, Tuning: tuning, Log: a.log,
		Signing: jose.SigningKey{ID: connection.VisaSigning.ID, RSA: connection.VisaSigning.Key},
		Targets: func(vault.Issuer) (outbound.Target, error) { return v.target, nil }})
	return v, err
}

// card is the issuer's card of the role: that of its profile, else that of the
// fixtures.
func (v *visa) card(role string) (keys.Card, error) {
	known := []string{}
	for _, card := range v.issuer.Profile.Cards {
		if card.Role == role {
			return card, nil
		}
		known = append(known, card.Role)
	}
	if card, ok := v.Fixtures.CardOf(v.issuer.Name, role); ok {
		return keys.Card{Role: role, PAN: card.PAN, ExpMonth: card.ExpMonth, ExpYear: card.ExpYear, CVV2: card.CVV2}, nil
	}
	return keys.Card{}, fmt.Errorf("issuer %s has no card of role %q; its issuer.yaml has: %s", v.issuer.Name, role, strings.Join(known, ", "))
}

// assigned reads name=value; objects, arrays, true, false and null are given
// as JSON, and a number where the operation's member is a number only.
func assigned(op *contract.Operation, list []string) (map[string]any, error) {
	with := map[string]any{}
	for _, assignment := range list {
		name, value, ok := strings.Cut(assignment, "=")
		if !ok || name == "" {
			return nil, fmt.Errorf("%q is not name=value", assignment)
		}
		with[name] = value
		if !strings.ContainsAny(value[:min(1, len(value))], "{[") && value != "true" && value != "false" && value != "null" && !numeric(op, name) {
			continue
		}
		decoded, err := contract.Decode([]byte(value))
		if err != nil {
			return nil, fmt.Errorf("the value of %s is not JSON: %w", name, err)
		}
		with[name] = decoded
	}
	return with, nil
}

// numeric tells whether the member accepts whole numbers and no text.
func numeric(op *contract.Operation, name string) bool {
	for _, part := range []contract.Part{contract.Request, contract.SealedRequest} {
		at := op.Field(part)
		for _, step := range strings.Split(name, ".") {
			if at != nil {
				at = at.Member(step)
			}
		}
		if at != nil && len(at.Types) == 1 && at.Types[0] == "integer" {
			return true
		}
	}
	return false
}

// printRow prints a row of the journal, which is masked, for people.
func (a *app) printRow(row vault.Traffic) {
	fmt.Fprintf(a.out, "%s %s\n", row.Request.Method, row.Request.Path)
	a.printPart("", row.Request.Body)
	a.printPart("sealed in encryptedData", row.Request.Decrypted)
	if row.Response.Status != 0 {
		fmt.Fprintf(a.out, "\n%d in %d ms\n", row.Response.Status, row.Elapsed.Milliseconds())
		a.printPart("", row.Response.Body)
	}
	if row.Diagnosis != "" {
		fmt.Fprintf(a.out, "\n%s\n", row.Diagnosis)
	}
	for _, broken := range row.Violations {
		fmt.Fprintf(a.out, "! %s (p.%d, %s)\n", broken.Message, broken.Page, broken.Rule)
	}
}

func (a *app) printPart(title string, value any) {
	if value == nil {
		return
	}
	if title != "" {
		fmt.Fprintf(a.out, "%s:\n", title)
	}
	encoder := json.NewEncoder(a.out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(value) // it was decoded from JSON
}

// withVault opens a vault that ends with the command, with the issuer in it,
// and attaches the calls to it.
func (v *visa) withVault(ctx context.Context) (*vault.Store, error) {
	store, err := vault.Open(ctx, vault.Options{Clock: v.Clock.Now, OnEnqueue: v.Enqueued})
	if err != nil {
		return nil, err
	}
	if err := errors.Join(store.PutIssuer(ctx, v.row), v.Attach(ctx, store)); err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return store, nil
}
