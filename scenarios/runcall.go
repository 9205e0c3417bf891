package scenarios

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"

	jsonpatch "github.com/evanphx/json-patch/v5"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/simulator/outbound"
	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
)

const (
	// approve is the operation that introduces a token.
	approve = "approveProvisioning"
	// sealedMember carries the sealed payload.
	sealedMember = "encryptedData"
	memberReason = "messageReasonCode"
	memberOTP    = "otpValue"
)

// introduce lets the issuer hear of the token; whatever it answers is right as
// long as the answer itself is.
func (x *run) introduce(ctx context.Context) error {
	record := Record{At: x.s.At}
	_, err := x.call(ctx, &Call{Operation: approve, Expect: Expect{At: x.s.At, Open: true}}, &record)
	if err != nil {
		return x.broken(x.s.At, "the token could not be introduced", err)
	}
	record.Title = "introduce the token by " + approve
	for _, made := range record.Exchanges {
		record.Elapsed = max(record.Elapsed, made.Timing.Connect+made.Timing.Total)
	}
	return x.tell(record, false)
}

// call makes the calls of a step and compares the answers.
func (x *run) call(ctx context.Context, c *Call, record *Record) (last bool, err error) {
	record.Call, record.Title = c, "call "+c.Operation
	op, err := x.Contract.Operation(c.Operation)
	if err != nil {
		return false, err
	}
	if err := x.refresh(ctx); err != nil {
		return false, err
	}
	call, err := x.build(op, c, record.Step)
	if err != nil {
		return false, err
	}
	options := outbound.Options{Deadline: x.Deadline(x.Contract.Budget(op.ID))}
	if c.Expect.Within > 0 {
		options.Deadline = max(options.Deadline, deadlineOf(c.Expect.Within))
	}
	for _, id := range c.Corrupt {
		corruption, err := outbound.CorruptionByID(id)
		if err != nil {
			return false, err
		}
		options.Corrupt = append(options.Corrupt, corruption)
		record.Title += ", " + id
	}
	if record.Exchanges, err = x.send(ctx, call, options, max(1, c.AtOnce), record.Step); err != nil {
		return false, err
	}
	if record.Mismatches, err = x.judgeAll(op, c, record.Exchanges); err != nil {
		return false, err
	}
	missing, err := x.saveAll(c, record.Exchanges[len(record.Exchanges)-1])
	record.Mismatches = append(record.Mismatches, missing...)
	return len(missing) > 0, err
}

// send makes the call so many times at once and returns the exchanges in the
// order in which they ended.
func (x *run) send(ctx context.Context, call *outbound.Call, o outbound.Options, times, step int) ([]*outbound.Exchange, error) {
	var group sync.WaitGroup
	var mu sync.Mutex
	var made []*outbound.Exchange
	for i := range times {
		group.Go(func() {
			own := o
			own.RequestID = x.requestID(fmt.Sprintf("%d/%d", step, i))
			done := x.Client.Do(ctx, x.Target, call, own)
			mu.Lock()
			defer mu.Unlock()
			made = append(append(made, done.Earlier...), done)
		})
	}
	group.Wait()
	for _, done := range made {
		if done.Failure == nil {
			continue
		}
		// Without the context's end it is cut on purpose.
		if done.Failure.Kind == outbound.FailureSetup || done.Failure.Kind == outbound.FailureCanceled && ctx.Err() != nil {
			return nil, errors.Join(done.Failure, context.Cause(ctx))
		}
	}
	for _, done := range made {
		if err := x.Vault.Journal(ctx, x.Client.Row(done, "")); err != nil {
			return nil, err
		}
	}
	return made, nil
}

// build makes the payload: a sample that is right, with what the step says
// instead. Whether it still is right is the scenario's business.
func (x *run) build(op *contract.Operation, c *Call, step int) (*outbound.Call, error) {
	with, err := x.scope().resolve(c.With)
	if err != nil {
		return nil, err
	}
	members, _ := with.(map[string]any)
	about, err := x.about(c)
	if err != nil {
		return nil, err
	}
	now := x.Clock.Now()
	sample, err := x.Builder.Sample(op.ID, about, fmt.Sprintf("%s/%s/%d", x.c.Seed, x.c.ID, step), now)
	if err != nil {
		return nil, err
	}
	for name, fact := range about.Given {
		sample[name] = fact
	}
	if reason, ok := members[memberReason].(string); ok {
		for name, fact := range x.Builder.Reason(op.ID, reason) {
			sample[name] = fact
		}
	}
	about.Given = sample
	call, err := x.Builder.Build(op.ID, outbound.FactsOf(about, now), members)
	if err != nil {
		return nil, err
	}
	if err := x.patch(call, c.Patch); err != nil {
		return nil, fmt.Errorf("patch: %w", err)
	}
	x.remember(op, call)
	return call, nil
}

// about is what the call is about: the card of its role and the token of that.
func (x *run) about(c *Call) (outbound.Subject, error) {
	s := x.main
	if c.Card != "" {
		s = x.subjects[c.Card]
	}
	if s == nil {
		return outbound.Subject{}, fmt.Errorf("the case has no card of role %q", c.Card)
	}
	holder := outbound.SampleCardholder(s.card.CVV2)
	delete(holder, "billingAddress") // for Secure Remote Commerce (p.47)
	return outbound.Subject{Issuer: x.Issuer, PAN: &s.pan, Token: &s.token, Requestor: s.requestor, Tokens: map[token.Status]int{s.token.Status: 1},
		Given: outbound.Facts{"cardholderInfo": holder}}, nil
}

// patch applies an RFC 6902 document to the body, in which encryptedData is
// the opened payload.
func (x *run) patch(call *outbound.Call, document []byte) error {
	if len(document) == 0 {
		return nil
	}
	decoded, err := contract.Decode(document)
	if err != nil {
		return err
	}
	if decoded, err = x.scope().resolve(decoded); err != nil {
		return err
	}
	if document, err = json.Marshal(decoded); err != nil {
		return err
	}
	patch, err := jsonpatch.DecodePatch(document)
	if err != nil {
		return err
	}
	body := map[string]any{}
	for name, value := range call.Members {
		body[name] = value
	}
	if call.Sealed != nil {
		body[sealedMember] = call.Sealed
	}
	before, err := json.Marshal(body)
	if err != nil {
		return err
	}
	after, err := patch.Apply(before)
	if err != nil {
		return err
	}
	value, err := contract.Decode(after)
	if err != nil {
		return err
	}
	members, ok := value.(map[string]any)
	if !ok {
		return errors.New("what is left is no object; use corrupt: body/not-json for that")
	}
	call.Members, call.Sealed = members, nil
	if sealed, ok := members[sealedMember].(map[string]any); ok {
		call.Sealed = sealed
		delete(members, sealedMember)
	}
	return nil
}

// remember keeps what later steps need and what must not be shown.
func (x *run) remember(op *contract.Operation, call *outbound.Call) {
	for part, members := range map[contract.Part]map[string]any{contract.Request: call.Members, contract.SealedRequest: call.Sealed} {
		if value, ok := members[memberOTP].(string); ok {
			x.passcode = value
		}
		x.hideAll(members, op.Field(part))
	}
}

// refresh reads the token as the vault has it now.
func (x *run) refresh(ctx context.Context) error {
	return x.Vault.View(ctx, x.Issuer.Name, func(tx vault.Tx) error {
		for _, s := range x.subjects {
			t, err := tx.TokenByReference(s.token.ReferenceID)
			if err != nil {
				return err
			}
			if s.token = t; t.PANReferenceID == s.pan.ReferenceID {
				continue
			}
			if s.pan, err = tx.PAN(t.PANReferenceID); err != nil { // it was replaced
				return err
			}
		}
		return nil
	})
}

// pathParameters reads the parameters of a path by the operation's template.
func pathParameters(template, path string) map[string]any {
	path, _, _ = strings.Cut(path, "?")
	names, found := strings.Split(template, "/"), strings.Split(path, "/")
	if len(found) < len(names) {
		return nil
	}
	found = found[len(found)-len(names):] // the base path is somebody else's
	values := map[string]any{}
	for i, name := range names {
		if strings.HasPrefix(name, "{") && strings.HasSuffix(name, "}") {
			values[name[1:len(name)-1]] = found[i]
		}
	}
	return values
}
