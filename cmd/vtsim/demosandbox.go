package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/vtsim/vtsim/simulator"
	"github.com/vtsim/vtsim/simulator/client"
)

// sandbox serves the demo's data directory on free ports and calls it as the
// issuer: a token is suspended, suspended again, inquired and resumed.
func (d *demonstration) sandbox(ctx context.Context) error {
	started := time.Now()
	s, err := simulator.New(ctx, simulator.Config{Directory: d.keys})
	if err != nil {
		return err
	}
	defer func() { _ = s.Close(context.WithoutCancel(ctx)) }()
	if err := s.Start(); err != nil {
		return err
	}
	fmt.Fprintf(d.app.out, "sandbox    ready in %s at %s, console %s\n", time.Since(started).Round(time.Millisecond), s.URL(), s.ConsoleURL())
	token, err := d.givenToken(ctx, s.ConsoleURL())
	if err != nil {
		return err
	}
	config := client.Of(d.keys, d.issuer)
	config.Contract, config.URL = d.contract, s.URL()
	caller, err := client.New(config)
	if err != nil {
		return err
	}
	defer caller.Close()
	for _, step := range []struct {
		operation, want string
		with            []string
	}{
		{"tokenLifecycle", "", []string{"operationType=SUSPEND", "operationReason=lost phone"}},
		{"tokenLifecycle", "state-exists", []string{"operationType=SUSPEND", "operationReason=lost phone"}},
		{"tokenInquiry", "", nil},
		{"tokenLifecycle", "", []string{"operationType=RESUME", "operationReason=found again"}},
	} {
		if err := d.request(ctx, caller, step.operation, step.want, append(step.with, token...)); err != nil {
			return err
		}
	}
	return nil
}

// givenToken puts an active token of the issuer's first card into the vault,
// by the console, and returns the members that name it.
func (d *demonstration) givenToken(ctx context.Context, console string) ([]string, error) {
	body, err := json.Marshal(map[string]string{"issuer": d.issuer.Name, "pan": d.issuer.Profile.Cards[0].PAN,
		"tokenRequestorID": "40010030273", "tokenType": "SECURE_ELEMENT", "tokenStatus": "ACTIVE"})
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, console+"/api/v1/tokens", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusCreated {
		return nil, errors.Join(fmt.Errorf("the console answered %s", response.Status), err)
	}
	var made struct{ TokenReferenceID, TokenRequestorID string }
	if err := json.Unmarshal(content, &made); err != nil {
		return nil, err
	}
	return []string{"tokenReferenceID=" + made.TokenReferenceID, "tokenRequestorID=" + made.TokenRequestorID}, nil
}

// request makes one call and expects a success, or the error of the trigger.
func (d *demonstration) request(ctx context.Context, caller *client.Client, operation, want string, with []string) error {
	op, err := d.contract.Operation(operation)
	if err != nil {
		return err
	}
	draft, err := client.NewDraft(op)
	if err != nil {
		return err
	}
	if err := draft.Assign(with...); err != nil {
		return err
	}
	call, err := caller.Prepare(draft)
	if err != nil {
		return err
	}
	answer, err := caller.Send(ctx, call)
	if err != nil {
		return err
	}
	reason := ""
	if want != "" {
		reason = d.contract.ErrorOn(operation, want).Reason()
	}
	if answer.Reason() != reason {
		return fmt.Errorf("%s %v was answered %d %q, want %q", operation, with, answer.Status, answer.Reason(), reason)
	}
	fmt.Fprintf(d.app.out, "called     %s %s -> HTTP %d %s\n", operation, with[0], answer.Status, reason)
	return nil
}
