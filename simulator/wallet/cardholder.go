package wallet

import (
	"context"
	"fmt"
	"slices"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/fixtures"
	"github.com/vtsim/vtsim/simulator/outbound"
	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
)

// Values of cardHolderStepupResult and trustedListingResult (p.205).
const (
	steppedUpAtOnce     = "CARDHOLDER_STEPUP_APPROVED"
	steppedUpByPasscode = "CARDHOLDER_STEPUP_OTP"
	listingAdded        = "TRUSTED_LISTING_ADDED"
)

// StepUpRequest asks for a verification of the cardholder of a token that is
// there.
type StepUpRequest struct {
	Issuer, TokenReferenceID string
	// Reason is an otpReason other than PROVISIONING and TOKEN_DEVICE_BINDING
	// (p.161); empty means CARDHOLDER_STEPUP.
	Reason string
	// Method and Passcode as in Request.
	Method   string
	Passcode Passcode
}

// StepUp verifies the cardholder of an active token (p.159-191). It has a
// lifeCycleTraceID of its own.
func (w *Wallet) StepUp(ctx context.Context, r StepUpRequest) (*Result, error) {
	if r.Reason == "" {
		r.Reason = reasonCardholder
	}
	reasons := w.Builder.Values(retrieve, "otpReason")
	if !slices.Contains(reasons, r.Reason) || r.Reason == reasonProvisioning || r.Reason == reasonDevice {
		return nil, fmt.Errorf("%w: no step-up of its own has the reason %q", ErrRequest, r.Reason)
	}
	f, err := w.begin(ctx, r.Issuer)
	if err != nil {
		return nil, err
	}
	if err := f.about(ctx, r.TokenReferenceID); err != nil {
		return nil, err
	}
	trace, err := fixtures.NewLifeCycleTraceID(w.Rand)
	if err != nil {
		return nil, err
	}
	f.subject.Given["lifeCycleTraceID"] = trace
	err = w.Vault.Update(ctx, r.Issuer, func(tx vault.Tx) error {
		return tx.PutVerification(vault.Verification{TokenReferenceID: r.TokenReferenceID, LifeCycleTraceID: trace, Status: verificationPending, StartedAt: w.Clock.Now()})
	})
	if err != nil {
		return f.result, err
	}
	return f.result, f.verify(ctx, r.Reason, choice{r.Method, r.Passcode})
}

// decidedAtOnce does what follows when the issuer's answer decides (p.170).
func (f *flow) decidedAtOnce(ctx context.Context, reason, code string) error {
	f.result.Path, f.result.ActionCode = fixtures.PathRed, actionDeclined
	result := ""
	if code == responseApproved {
		f.result.Path, f.result.ActionCode, result = fixtures.PathGreen, actionApproved, verified
	}
	return f.Vault.Update(ctx, f.issuer.Name, func(tx vault.Tx) error {
		t, err := tx.TokenByReference(f.subject.Token.ReferenceID)
		if err != nil {
			return err
		}
		switch reason {
		case reasonDevice:
			index, _ := f.subject.Given[deviceIndex].(int)
			return f.concludeBinding(tx, t, index, result, boundAtOnce)
		case reasonProvisioning:
			return nil // responseCode is for other reasons (INT-111)
		}
		return f.concludeVerification(tx, t, reason, result, steppedUpAtOnce)
	})
}

// concludeStepUp does what follows from a passcode other than that of
// provisioning. As long as another attempt is possible nothing is final.
func (f *flow) concludeStepUp(tx vault.Tx, t token.Token, reason, result string, about map[string]any) error {
	f.own(t)
	if result == verifiedWrong || result == verifiedNothing {
		return nil
	}
	if reason == reasonDevice {
		index, _ := about[deviceIndex].(int)
		if index == 0 {
			index = whole(about[deviceIndex])
		}
		return f.concludeBinding(tx, t, index, result, boundByPasscode)
	}
	return f.concludeVerification(tx, t, reason, result, steppedUpByPasscode)
}

// whole reads a number that was stored as JSON.
func whole(value any) int {
	switch n := value.(type) {
	case float64:
		return int(n)
	case interface{ Int64() (int64, error) }:
		i, _ := n.Int64()
		return int(i)
	}
	return 0
}

// concludeVerification ends the pending verifications of the token and tells
// of it, where the contract has a reason for that.
func (f *flow) concludeVerification(tx vault.Tx, t token.Token, reason, result, how string) error {
	list, err := tx.Verifications(t.ReferenceID)
	if err != nil {
		return err
	}
	trace := t.LifeCycleTraceID
	for _, v := range list {
		if v.Status != verificationPending {
			continue
		}
		v.Status, v.Result, trace = verificationDone, how, v.LifeCycleTraceID
		if err := tx.PutVerification(v); err != nil {
			return err
		}
	}
	action := changeDeclined
	if result == verified {
		action = changeGood
	}
	switch reason {
	case reasonCardholder:
		return f.changed(tx, t, reasonCardholderStepUp, action, outbound.Facts{"cardHolderStepupResult": how, "lifeCycleTraceID": trace})
	case reasonListing:
		if result != verified {
			return nil // there is no result for it (p.205)
		}
		t.Listed = true
		if t, err = tx.PutToken(t); err != nil {
			return err
		}
		f.own(t)
		return f.changed(tx, t, reasonTrustedListing, action, outbound.Facts{"trustedListingResult": listingAdded, "lifeCycleTraceID": trace})
	}
	return nil
}

// ActivateByApp reports that the issuer's app verified the cardholder of a
// token on condition, or failed to: result is an activationVerificationResult
// (p.205).
func (w *Wallet) ActivateByApp(ctx context.Context, issuer, tokenReferenceID, result string) (*Result, error) {
	op, err := w.Contract.Operation(notifyChanged)
	if err != nil {
		return nil, err
	}
	if known := op.Field(contract.Request).Member("activationVerificationResult"); !slices.Contains(known.Enum, any(result)) {
		return nil, fmt.Errorf("%w: the verification result %q is none of %v", ErrRequest, result, known.Enum)
	}
	return w.onToken(ctx, issuer, tokenReferenceID, func(f *flow) error {
		return f.change(ctx, func(_ vault.Tx, t token.Token) (token.Token, error) {
			if result != verified {
				return t, nil
			}
			t.AssuranceMethod = assuranceFactor
			return f.machine.Apply(t, token.Action{Name: token.Activate, By: token.TokenRequestor, At: w.Clock.Now()})
		}, func(tx vault.Tx, t token.Token) error {
			action := changeGood
			if result != verified {
				action = changeDeclined
			}
			f.result.Verification = result
			return f.changed(tx, t, reasonAppActivation, action, outbound.Facts{"activationVerificationResult": result})
		})
	})
}
