package scenarios

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
	"github.com/vtsim/vtsim/simulator/wallet"
)

// TokenActionEntry is one action of the catalogue.
type TokenActionEntry struct {
	// Name as scenarios write it, Title what it does.
	Name, Title string
	// Tells says that the wallet does it and queues the notifications that
	// go with it; the other actions change the token in the vault only, and
	// the scenario makes the calls that follow.
	Tells bool

	// action and by change the token by the lifecycle's matrix.
	action string
	by     token.Entity
	// passcode says that the case must have sent a passcode before.
	passcode bool
	play     func(ctx context.Context, x *run, w Wallet) (*wallet.Result, error)
}

// tokenActionNames are the names of the catalogue, in its order.
func tokenActionNames() []string {
	var names []string
	for _, entry := range TokenActions() {
		names = append(names, entry.Name)
	}
	return names
}

// TokenActions is the closed catalogue of what a step token can do.
func TokenActions() []TokenActionEntry {
	return []TokenActionEntry{
		{Name: "activate-by-otp", Title: "The cardholder entered the passcode that the case sent: the token becomes active.",
			action: token.Activate, by: token.TokenRequestor, passcode: true},
		{Name: "activate-by-app", Title: "The issuer's app verified the cardholder: the token becomes active.", action: token.Activate, by: token.TokenRequestor},
		{Name: "activate", Title: "The token becomes active.", action: token.Activate, by: token.TokenRequestor},
		{Name: "suspend", Title: "The token requestor suspends the token.", action: token.Suspend, by: token.TokenRequestor},
		{Name: "resume", Title: "The token requestor resumes the token.", action: token.Resume, by: token.TokenRequestor},
		{Name: "delete", Title: "The token requestor deletes the token.", action: token.Deactivate, by: token.TokenRequestor},
		{Name: "issuer-suspend", Title: "The issuer suspended the token.", action: token.Suspend, by: token.Issuer},
		{Name: "issuer-resume", Title: "The issuer resumed the token.", action: token.Resume, by: token.Issuer},
		{Name: "issuer-delete", Title: "The issuer deleted the token.", action: token.Deactivate, by: token.Issuer},

		{Name: "wallet-suspend", Title: "The wallet suspends the token and the issuer is told.", Tells: true,
			play: func(ctx context.Context, x *run, w Wallet) (*wallet.Result, error) {
				return w.Suspend(ctx, x.Issuer.Name, x.main.token.ReferenceID)
			}},
		{Name: "wallet-resume", Title: "The wallet resumes the token and the issuer is told.", Tells: true,
			play: func(ctx context.Context, x *run, w Wallet) (*wallet.Result, error) {
				return w.Resume(ctx, x.Issuer.Name, x.main.token.ReferenceID)
			}},
		{Name: "wallet-delete", Title: "The wallet deletes the token and the issuer is told.", Tells: true,
			play: func(ctx context.Context, x *run, w Wallet) (*wallet.Result, error) {
				return w.Delete(ctx, x.Issuer.Name, x.main.token.ReferenceID)
			}},
		{Name: "wallet-replenish", Title: "The wallet got a new limited-use key for the token and the issuer is told.", Tells: true,
			play: func(ctx context.Context, x *run, w Wallet) (*wallet.Result, error) {
				return w.Replenish(ctx, x.Issuer.Name, x.main.token.ReferenceID, true)
			}},
		{Name: "wallet-verify-otp", Title: "The cardholder enters the passcode that the case sent: the token becomes active and the issuer is told.",
			Tells: true, action: token.Activate, passcode: true,
			play: func(ctx context.Context, x *run, w Wallet) (*wallet.Result, error) {
				return w.EnterPasscode(ctx, x.Issuer.Name, x.main.token.ReferenceID, x.passcode)
			}},
		{Name: "wallet-wrong-otp", Title: "The cardholder enters another passcode than the one that the case sent, and the issuer is told.",
			Tells: true, passcode: true,
			play: func(ctx context.Context, x *run, w Wallet) (*wallet.Result, error) {
				return w.EnterPasscode(ctx, x.Issuer.Name, x.main.token.ReferenceID, "not "+x.passcode)
			}},
		{Name: "wallet-verify-app", Title: "The issuer's app verified the cardholder: the token becomes active and the issuer is told.",
			Tells: true, action: token.Activate,
			play: func(ctx context.Context, x *run, w Wallet) (*wallet.Result, error) {
				result, err := x.verificationSuccess()
				if err != nil {
					return nil, err
				}
				return w.ActivateByApp(ctx, x.Issuer.Name, x.main.token.ReferenceID, result)
			}},
	}
}

func tokenActionOf(name string) (TokenActionEntry, bool) {
	for _, entry := range TokenActions() {
		if entry.Name == name {
			return entry, true
		}
	}
	return TokenActionEntry{}, false
}

// verificationSuccess is the first activationVerificationResult of the
// contract (p.205), which is the good one.
func (x *run) verificationSuccess() (string, error) {
	values := x.Builder.Values("tokenNotification", "activationVerificationResult")
	if len(values) == 0 {
		return "", errors.New("the contract lists no activationVerificationResult")
	}
	return values[0], nil
}

// act does something to the case's token and looks at its state.
func (x *run) act(ctx context.Context, a *TokenAction, record *Record) error {
	record.Title = strings.TrimSpace("token " + a.Do)
	if a.Do != "" {
		entry, ok := tokenActionOf(a.Do)
		if !ok {
			return unknownAction(a.Do)
		}
		if entry.passcode && x.passcode == "" {
			return fmt.Errorf("%s: no passcode was sent in this case; call sendPasscode before", a.Do)
		}
		perform := x.apply
		if entry.Tells {
			perform = x.play
		}
		if err := perform(ctx, entry); err != nil {
			return err
		}
	}
	if a.Expect == "" {
		return x.refresh(ctx)
	}
	var err error
	record.Mismatches, err = x.tokenStatus(ctx, a.Expect)
	return err
}

func unknownAction(name string) error {
	var names []string
	for _, entry := range TokenActions() {
		names = append(names, entry.Name)
	}
	if near := contract.Nearest(name, names); near != "" {
		return fmt.Errorf("no token action %q; did you mean %s?", name, near)
	}
	return fmt.Errorf("no token action %q; there are %s", name, strings.Join(names, ", "))
}

// apply changes the token in the vault.
func (x *run) apply(ctx context.Context, entry TokenActionEntry) error {
	return x.Vault.Update(ctx, x.Issuer.Name, func(tx vault.Tx) error {
		t, err := tx.TokenByReference(x.main.token.ReferenceID)
		if err != nil {
			return err
		}
		if t, err = x.machine.Apply(t, token.Action{Name: entry.action, By: entry.by, At: x.Clock.Now()}); err != nil {
			return err
		}
		_, err = tx.PutToken(t)
		return err
	})
}

// passcodeValidity of a passcode that the scenario sent itself.
const passcodeValidity = 10 * time.Minute

// play lets the wallet do it. It must know the passcode that a step has sent,
// as if it had sent it.
func (x *run) play(ctx context.Context, entry TokenActionEntry) error {
	if x.Wallet == nil {
		return fmt.Errorf("%s needs a wallet, and there is none", entry.Name)
	}
	if entry.passcode {
		err := x.Vault.Update(ctx, x.Issuer.Name, func(tx vault.Tx) error {
			otp, err := tx.OTP(x.main.token.ReferenceID)
			if err != nil && !errors.Is(err, vault.ErrNotFound) {
				return err
			}
			if hash := tx.Hash(x.passcode); string(otp.ValueHash) != string(hash) {
				otp = vault.OTP{TokenReferenceID: x.main.token.ReferenceID, ValueHash: hash, ExpiresAt: x.Clock.Now().Add(passcodeValidity), Generated: otp.Generated + 1}
			}
			return tx.PutOTP(otp)
		})
		if err != nil {
			return err
		}
	}
	_, err := entry.play(ctx, x, x.Wallet)
	return err
}
