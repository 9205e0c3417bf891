package wallet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/vtsim/vtsim/fixtures"
	"github.com/vtsim/vtsim/simulator/outbound"
	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
)

// Passcode is what the cardholder does with a passcode that was sent.
type Passcode string

const (
	// PasscodeRight enters what was sent; it is what happens when nothing is
	// said.
	PasscodeRight Passcode = ""
	// PasscodeWrong enters something else once.
	PasscodeWrong Passcode = "wrong"
	// PasscodeExpired enters what was sent, too late.
	PasscodeExpired Passcode = "expired"
	// PasscodeExhausted enters something else until no attempt is left.
	PasscodeExhausted Passcode = "exhausted"
	// PasscodeMissing enters nothing.
	PasscodeMissing Passcode = "missing"
	// PasscodeLater leaves it to EnterPasscode.
	PasscodeLater Passcode = "later"
)

// Values of activationVerificationResult (p.205).
const (
	verified          = "VERIFICATION_SUCCESS"
	verifiedTooLate   = "VERIFICATION_CODE_EXPIRED"
	verifiedWrong     = "VERIFICATION_CODE_FAILED"
	verifiedNothing   = "VERIFICATION_CODE_MISSING"
	verifiedExhausted = "VERIFICATION_CODE_RETRIES_EXCEEDED"
)

const sendPasscode = "sendPasscode"

// recordStepUp is the kind of the record that says what a token's passcode is
// for; its key is the token's reference.
const recordStepUp = "step-up"

// ErrPasscodeLimit says that a token has had all passcodes that it gets.
var ErrPasscodeLimit = errors.New("no more passcodes for this token")

// exhausted tells whether the token has had all its passcodes.
func (f *flow) exhausted(ctx context.Context) (bool, error) {
	exhausted := false
	err := f.Vault.View(ctx, f.issuer.Name, func(tx vault.Tx) error {
		otp, err := tx.OTP(f.subject.Token.ReferenceID)
		if errors.Is(err, vault.ErrNotFound) {
			return nil
		}
		exhausted = otp.Generated >= f.Limits.Generated
		return err
	})
	return exhausted, err
}

// send makes a passcode and hands it to the issuer to deliver (p.181); empty
// when the issuer did not take it.
func (f *flow) send(ctx context.Context, reason string, method fixtures.StepUpMethod) (string, error) {
	if !f.issuer.Serves(sendPasscode) {
		f.event("the issuer does not serve %s", sendPasscode)
		return "", nil
	}
	value, err := f.newPasscode()
	if err != nil {
		return "", err
	}
	until := f.Clock.Now().Add(f.Limits.Validity)
	if err := f.keepPasscode(ctx, reason, value, until); err != nil {
		return "", err
	}
	occasion := outbound.Facts{"otpValue": value, "otpMethodIdentifier": method.Identifier, "otpExpirationDate": until.UTC().Format("2006-01-02T15:04:05.000Z")}
	if slices.Contains(f.Builder.Values(sendPasscode, "otpReason"), reason) {
		occasion["otpReason"] = reason // not every reason has a value here (INT-163)
	}
	a, err := f.call(ctx, sendPasscode, with(occasion, f.framework(reason)))
	if err != nil {
		return "", err
	}
	if code := a.text(memberErrorCode); a.cause != causeNone || code != "" {
		f.note("the passcode was not delivered: %s", strings.TrimSpace(a.why+" "+code))
		return "", f.forget(ctx)
	}
	f.note("a passcode is on its way by %s", method.Type)
	return value, nil
}

// newPasscode draws digits, each as likely as the other.
func (f *flow) newPasscode() (string, error) {
	const fair = 250 // bytes from here on would favour the small digits
	var digits strings.Builder
	one := make([]byte, 1)
	for digits.Len() < f.Limits.Digits {
		if _, err := io.ReadFull(f.Rand, one); err != nil {
			return "", fmt.Errorf("drawing a passcode: %w", err)
		}
		if one[0] < fair {
			digits.WriteByte('0' + one[0]%10)
		}
	}
	return digits.String(), nil
}

// keepPasscode stores the passcode before anybody hears of it, as a hash, and
// what it is for.
func (f *flow) keepPasscode(ctx context.Context, reason, value string, until time.Time) error {
	reference := f.subject.Token.ReferenceID
	return f.Vault.Update(ctx, f.issuer.Name, func(tx vault.Tx) error {
		otp, err := tx.OTP(reference)
		if err != nil && !errors.Is(err, vault.ErrNotFound) {
			return err
		}
		if otp.Generated >= f.Limits.Generated {
			return fmt.Errorf("%w: %d were made", ErrPasscodeLimit, otp.Generated)
		}
		err = tx.PutOTP(vault.OTP{TokenReferenceID: reference, ValueHash: tx.Hash(value), ExpiresAt: until, Retries: otp.Generated, Generated: otp.Generated + 1})
		if err != nil {
			return err
		}
		content := map[string]any{"otpReason": reason}
		if index, ok := f.subject.Given[deviceIndex].(int); ok {
			content[deviceIndex] = index
		}
		return tx.PutRecord(vault.Record{Kind: recordStepUp, Key: reference, Content: content, UpdatedAt: f.Clock.Now()})
	})
}

// forget makes the passcode worthless.
func (f *flow) forget(ctx context.Context) error {
	return f.Vault.Update(ctx, f.issuer.Name, func(tx vault.Tx) error {
		otp, err := tx.OTP(f.subject.Token.ReferenceID)
		if err != nil {
			return err
		}
		otp.ValueHash = nil
		return tx.PutOTP(otp)
	})
}

// enter plays the cardholder with the passcode in hand.
func (f *flow) enter(ctx context.Context, how Passcode, value string) error {
	now := f.Clock.Now()
	wrong := wrongFor(value)
	switch how {
	case PasscodeLater:
		return nil
	case PasscodeWrong:
		return f.attempt(ctx, wrong, now)
	case PasscodeExhausted:
		for range f.Limits.Attempts {
			if err := f.attempt(ctx, wrong, now); err != nil {
				return err
			}
		}
		return nil
	case PasscodeExpired:
		return f.attempt(ctx, value, now.Add(f.Limits.Validity))
	case PasscodeMissing:
		return f.attempt(ctx, "", now)
	case PasscodeRight, "right":
		return f.attempt(ctx, value, now)
	}
	return fmt.Errorf("%w: nobody can do %q with a passcode", ErrRequest, how)
}

// wrongFor differs from the value in its last digit.
func wrongFor(value string) string {
	last := len(value) - 1
	return value[:last] + string('0'+(value[last]-'0'+1)%10)
}

// EnterPasscode verifies what the cardholder entered for the token, now.
func (w *Wallet) EnterPasscode(ctx context.Context, issuer, tokenReferenceID, value string) (*Result, error) {
	f, err := w.begin(ctx, issuer)
	if err != nil {
		return nil, err
	}
	if err := f.about(ctx, tokenReferenceID); err != nil {
		return nil, err
	}
	return f.result, f.attempt(ctx, value, w.Clock.Now())
}

// attempt verifies a passcode at a time and does what follows, in one
// transaction.
func (f *flow) attempt(ctx context.Context, value string, at time.Time) error {
	result := ""
	err := f.Vault.Update(ctx, f.issuer.Name, func(tx vault.Tx) error {
		t, err := tx.TokenByReference(f.subject.Token.ReferenceID)
		if err != nil {
			return err
		}
		if result, err = f.check(tx, t.ReferenceID, value, at); err != nil {
			return err
		}
		record, err := tx.Record(recordStepUp, t.ReferenceID)
		if err != nil && !errors.Is(err, vault.ErrNotFound) {
			return err
		}
		reason := text(record.Content["otpReason"])
		if reason == "" {
			reason = reasonProvisioning
		}
		return f.conclude(tx, t, reason, result, record.Content)
	})
	if err != nil {
		return err
	}
	f.result.Verification = result
	f.event("a passcode is entered: %s", result)
	return nil
}

// check compares the value and counts the attempt.
func (f *flow) check(tx vault.Tx, reference, value string, at time.Time) (string, error) {
	otp, err := tx.OTP(reference)
	if err != nil && !errors.Is(err, vault.ErrNotFound) {
		return "", err
	}
	result := verified
	switch {
	case otp.Attempts >= f.Limits.Attempts:
		return verifiedExhausted, nil
	case len(otp.ValueHash) == 0 || value == "":
		return verifiedNothing, nil
	case !at.Before(otp.ExpiresAt):
		return verifiedTooLate, nil
	case !bytes.Equal(otp.ValueHash, tx.Hash(value)):
		result = verifiedWrong
	}
	otp.Attempts++
	if result == verifiedWrong && otp.Attempts >= f.Limits.Attempts {
		result = verifiedExhausted
	}
	if result != verifiedWrong {
		otp.ValueHash = nil // it is good for nothing any more
	}
	return result, tx.PutOTP(otp)
}

// conclude does what follows from a verification.
func (f *flow) conclude(tx vault.Tx, t token.Token, reason, result string, about map[string]any) error {
	if reason != reasonProvisioning {
		return f.concludeStepUp(tx, t, reason, result, about)
	}
	action := changeDeclined
	if result == verified {
		action = changeGood
		var err error
		if t, err = f.machine.Apply(t, token.Action{Name: token.Activate, By: token.TokenRequestor, At: f.Clock.Now()}); err != nil {
			return err
		}
		t.AssuranceMethod = assuranceFactor
		if t, err = tx.PutToken(t); err != nil {
			return err
		}
	}
	f.own(t)
	return f.changed(tx, t, reasonPasscode, action, outbound.Facts{"activationVerificationResult": result})
}
