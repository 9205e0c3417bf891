package wallet

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/fixtures"
	"github.com/vtsim/vtsim/simulator/outbound"
	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
)

// Reasons for a verification: values of otpReason (p.161).
const (
	reasonProvisioning = "PROVISIONING"
	reasonDevice       = "TOKEN_DEVICE_BINDING"
	reasonCardholder   = "CARDHOLDER_STEPUP"
	reasonListing      = "TRUSTED_LISTING_ENROLLMENT"
)

// Methods that bring a passcode (p.171).
var passcodeMethods = []string{"OTPSMS", "OTPEMAIL", "OUTBOUNDCALL"}

// Values of responseCode (p.170).
const (
	responseApproved = "APPROVED"
	responseDeclined = "DECLINED"
)

const (
	retrieve = "retrieveStepUpMethods"
	// cloud tells the builder of the cloud token framework's use cases, which
	// carry tokenInfo outside the sealed payload (p.162).
	cloud = "cloudTokenFramework"
)

// choice is what the cardholder does: which type of method, and what with the
// passcode.
type choice struct {
	method   string
	passcode Passcode
}

// verify lets the cardholder be verified for the reason: the issuer's methods,
// the cardholder's choice and, where it brings one, the passcode. An app or a
// call centre answers later, by a call of its own to Visa.
func (f *flow) verify(ctx context.Context, reason string, c choice) error {
	a, err := f.methods(ctx, reason)
	if err != nil {
		return err
	}
	if code := a.text(memberResponseCode); code == responseApproved || code == responseDeclined {
		f.note("the issuer decides at once: %s", code)
		return f.decidedAtOnce(ctx, reason, code)
	}
	if len(f.result.Methods) == 0 {
		return f.unverifiable(ctx, reason)
	}
	method, ok := choose(f.result.Methods, c.method)
	if !ok {
		f.note("the cardholder wanted %s, which is not offered", c.method)
		return nil
	}
	f.result.Method = method
	if !slices.Contains(passcodeMethods, method.Type) {
		f.event("the cardholder takes %s; the issuer will report", method.Type)
		return nil
	}
	value, err := f.send(ctx, reason, method)
	if err != nil || value == "" {
		return err
	}
	return f.enter(ctx, c.passcode, value)
}

// methods asks the issuer how to verify the cardholder (p.159). Without a
// usable answer what was left with Visa takes its place.
func (f *flow) methods(ctx context.Context, reason string) (answer, error) {
	exhausted, err := f.exhausted(ctx)
	if err != nil {
		return answer{}, err
	}
	occasion := outbound.Facts{"otpReason": reason}
	if exhausted {
		occasion["otpMaxReached"] = true
	}
	a := answer{cause: causeError, why: "the issuer does not serve " + retrieve}
	if f.issuer.Serves(retrieve) {
		if a, err = f.call(ctx, retrieve, with(occasion, f.framework(reason))); err != nil {
			return a, err
		}
	} else {
		f.event("%s", a.why)
	}
	if a.cause == causeNone {
		f.result.Methods = methodsIn(a.members)
		code := a.text(memberErrorCode)
		switch {
		case len(f.result.Methods) > 0, a.text(memberResponseCode) != "":
			f.note("%d methods are offered", len(f.result.Methods))
			return a, nil
		case code != "":
			f.note("the issuer answers %s", code)
			return a, nil
		}
		a.cause, a.why = causeError, "the answer has no method, no decision and no error (INT-164)"
	}
	rule, _ := f.rule(f.issuer)
	f.result.Methods = rule.StepUpMethods
	f.note("Visa offers %d methods that were left with it, because %s", len(rule.StepUpMethods), a.why)
	return a, nil
}

// framework adds what belongs to tokens of merchants.
func (f *flow) framework(reason string) outbound.Facts {
	if reason == reasonProvisioning {
		return nil
	}
	return outbound.Facts{cloud: true}
}

// methodsIn reads the methods of an answer; what cannot be read is none.
func methodsIn(members map[string]any) []fixtures.StepUpMethod {
	content, err := json.Marshal(members["stepUpMethods"])
	if err != nil {
		return nil
	}
	var methods []fixtures.StepUpMethod
	if json.Unmarshal(content, &methods) != nil {
		return nil
	}
	return slices.DeleteFunc(methods, func(m fixtures.StepUpMethod) bool { return m.Type == "" })
}

// choose takes the method of the type, or the first that sends a passcode, or
// the first.
func choose(methods []fixtures.StepUpMethod, wanted string) (fixtures.StepUpMethod, bool) {
	for _, m := range methods {
		if m.Type == wanted || wanted == "" && slices.Contains(passcodeMethods, m.Type) {
			return m, true
		}
	}
	if wanted != "" || len(methods) == 0 {
		return fixtures.StepUpMethod{}, false
	}
	return methods[0], true
}

// unverifiable ends what cannot be verified: a token on condition is declined
// (p.160), anything else just does not happen.
func (f *flow) unverifiable(ctx context.Context, reason string) error {
	if reason != reasonProvisioning {
		return f.decidedAtOnce(ctx, reason, responseDeclined)
	}
	f.event("there is no way to verify the cardholder; the token is given up")
	f.result.Path, f.result.ActionCode = fixtures.PathRed, actionDeclined
	return f.act(ctx, token.Deactivate)
}

// Status of a verification: the one that the contract lists (p.79), and that
// of one which is over and is not shown.
const (
	verificationPending = "PENDING"
	verificationDone    = "DONE"
)

// act does one of the lifecycle's actions as the token requestor and tells
// what the contract's table says.
func (f *flow) act(ctx context.Context, name string) error {
	action, ok := f.Contract.Tables.Lifecycle.Action(name)
	if !ok {
		return fmt.Errorf("the lifecycle has no action %q", name)
	}
	return f.change(ctx, func(tx vault.Tx, t token.Token) (token.Token, error) {
		return f.machine.Apply(t, token.Action{Name: name, By: token.TokenRequestor, At: f.Clock.Now()})
	}, func(tx vault.Tx, t token.Token) error {
		return f.tell(tx, t, action.Notifies)
	})
}

// tell queues what the contract says must be told.
func (f *flow) tell(tx vault.Tx, t token.Token, effects []contract.NotifiedEffect) error {
	for _, effect := range effects {
		facts := outbound.Facts{memberActionCode: changeGood}
		for name, value := range effect.Members {
			facts[name] = value
		}
		if err := f.notify(tx, t, effect.Operation, facts); err != nil {
			return err
		}
	}
	return nil
}

// change changes the token as the vault has it now and tells about it, in one
// transaction.
func (f *flow) change(ctx context.Context, change func(vault.Tx, token.Token) (token.Token, error), tell func(vault.Tx, token.Token) error) error {
	return f.Vault.Update(ctx, f.issuer.Name, func(tx vault.Tx) error {
		t, err := tx.TokenByReference(f.subject.Token.ReferenceID)
		if err != nil {
			return err
		}
		if t, err = change(tx, t); err != nil {
			return err
		}
		if t, err = tx.PutToken(t); err != nil {
			return err
		}
		f.own(t)
		return tell(tx, t)
	})
}
