package wallet

import (
	"context"
	"fmt"

	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
)

// onToken does something to a token that is there.
func (w *Wallet) onToken(ctx context.Context, issuer, tokenReferenceID string, do func(*flow) error) (*Result, error) {
	f, err := w.begin(ctx, issuer)
	if err != nil {
		return nil, err
	}
	if err := f.about(ctx, tokenReferenceID); err != nil {
		return nil, err
	}
	return f.result, do(f)
}

// Suspend suspends the token as its requestor does (p.89). A state that does
// not permit it is a *token.Refusal.
func (w *Wallet) Suspend(ctx context.Context, issuer, tokenReferenceID string) (*Result, error) {
	return w.onToken(ctx, issuer, tokenReferenceID, func(f *flow) error { return f.act(ctx, token.Suspend) })
}

// Resume resumes a token that its requestor suspended (p.89).
func (w *Wallet) Resume(ctx context.Context, issuer, tokenReferenceID string) (*Result, error) {
	return w.onToken(ctx, issuer, tokenReferenceID, func(f *flow) error { return f.act(ctx, token.Resume) })
}

// Delete deactivates the token for good (p.89).
func (w *Wallet) Delete(ctx context.Context, issuer, tokenReferenceID string) (*Result, error) {
	return w.onToken(ctx, issuer, tokenReferenceID, func(f *flow) error { return f.act(ctx, token.Deactivate) })
}

// Replenish tells that the token got a new limited-use key; only tokens of
// card emulation have one. Good is false when it failed (p.203).
func (w *Wallet) Replenish(ctx context.Context, issuer, tokenReferenceID string, good bool) (*Result, error) {
	return w.report(ctx, issuer, tokenReferenceID, typeHCE, reasonReplenishment, good)
}

// Repersonalize tells that the token was put onto its secure element again
// (p.203).
func (w *Wallet) Repersonalize(ctx context.Context, issuer, tokenReferenceID string, good bool) (*Result, error) {
	return w.report(ctx, issuer, tokenReferenceID, typeSecureElement, reasonRepersonalized, good)
}

// report tells of something that leaves the token as it is.
func (w *Wallet) report(ctx context.Context, issuer, reference, kind, reason string, good bool) (*Result, error) {
	return w.onToken(ctx, issuer, reference, func(f *flow) error {
		if f.subject.Token.Type != kind {
			return fmt.Errorf("%w: %s is for %s tokens only, this one is %s", ErrRequest, reason, kind, f.subject.Token.Type)
		}
		action := changeGood
		if !good {
			action = changeFailed
		}
		return f.Vault.Update(ctx, issuer, func(tx vault.Tx) error { return f.changed(tx, *f.subject.Token, reason, action, nil) })
	})
}

// Extend gives the token another expiration date and tells of it (p.203). A
// deactivated token keeps its date.
func (w *Wallet) Extend(ctx context.Context, issuer, tokenReferenceID string, until token.Expiration) (*Result, error) {
	return w.onToken(ctx, issuer, tokenReferenceID, func(f *flow) error {
		if len(until.Month) != 2 || len(until.Year) != 4 {
			return fmt.Errorf("%w: an expiration date has a month of two digits and a year of four (p.48)", ErrRequest)
		}
		return f.change(ctx, func(_ vault.Tx, t token.Token) (token.Token, error) {
			if !t.DeactivatedAt.IsZero() {
				return t, fmt.Errorf("%w: the token is deactivated", ErrRequest)
			}
			t.Expiration, t.EntityOfLastAction = until, token.TokenRequestor
			return t, nil
		}, func(tx vault.Tx, t token.Token) error { return f.changed(tx, t, reasonExpiry, changeGood, nil) })
	})
}
