package xpay

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"time"
)

// ReplayCache remembers the tokens that were accepted. Implementations are safe for concurrent use; one that several
// processes share must check and remember in one step.
type ReplayCache interface {
	// Use remembers a digest until the given instant, from which on the window refuses its token anyway, and tells whether it
	// is fresh, that is: not remembered before. An error means that the cache cannot tell.
	Use(ctx context.Context, digest [sha256.Size]byte, now, until time.Time) (fresh bool, err error)
}

// Verifier checks tokens. It is safe for concurrent use if its clock and its cache are.
type Verifier struct {
	// Rules come from the contract.
	Rules Rules
	// Clock tells the time that timestamps are compared with.
	Clock func() time.Time
	// Replays switches single use on; nil, the default, accepts a token as often as it comes within its window (INT-001).
	Replays ReplayCache
}

// Warning is something that was accepted although the rule says otherwise.
type Warning struct {
	// ID is the doctor's id of the mistake.
	ID MistakeID
	// Interpretation is the id of our decision to accept it.
	Interpretation string
	// Text says what was seen and what would be right.
	Text string
}

// Acceptance is what is worth knowing about a token that was accepted.
type Acceptance struct {
	Token Token
	// Age is the clock minus the timestamp, in whole seconds; negative for a timestamp in the future.
	Age time.Duration
	// Warnings are empty for a token as the rule wants it.
	Warnings []Warning
}

// Verify checks the value of the header against a call and the secret that belongs to the call's API key. A refusal is an
// *Error; its layers run in the order parse, window, digest, replay, so that a cache remembers genuine tokens only.
func (v Verifier) Verify(ctx context.Context, secret Secret, value string, call Call) (Acceptance, error) {
	if err := v.ready(secret); err != nil {
		return Acceptance{}, err
	}
	token, err := Parse(v.Rules, value)
	if err != nil {
		return Acceptance{}, err
	}
	now := v.Clock()
	age, err := v.Rules.age(token, now)
	if err != nil {
		return Acceptance{}, err
	}
	expected, err := digestOf(secret, token.Timestamp, call)
	if err != nil {
		return Acceptance{}, err
	}
	if !hmac.Equal(expected[:], token.Digest[:]) {
		return Acceptance{}, refuse(ReasonDigestMismatch, v.Rules.Header+
			": the digest is not the one of this call under the shared secret of its API key: compare the string that was hashed, then the secret"+v.Rules.cite())
	}
	if err := v.useOnce(ctx, token, now); err != nil {
		return Acceptance{}, err
	}
	return Acceptance{Token: token, Age: age, Warnings: v.warnings(token)}, nil
}

func (v Verifier) ready(secret Secret) error {
	if err := v.Rules.Validate(); err != nil {
		return err
	}
	if v.Clock == nil {
		return refuse(ReasonMisconfigured, "x-pay-token: the verifier has no clock")
	}
	return secret.usable()
}

// age compares whole seconds, as the timestamp has no finer ones: a token made late in its second keeps its full window.
func (r Rules) age(token Token, now time.Time) (time.Duration, error) {
	seconds, window := now.Unix()-token.Seconds, int64(r.Window/time.Second)
	switch {
	case seconds > window:
		return 0, refuse(ReasonTokenStale, fmt.Sprintf("%s: the timestamp lies %d s before the clock here, %d s are allowed: set the clock, and sign each call anew", r.Header, seconds, window)+r.cite())
	case seconds < -window:
		return 0, refuse(ReasonTokenEarly, fmt.Sprintf("%s: the timestamp lies %d s after the clock here, %d s are allowed: set the clock, and take UTC", r.Header, -seconds, window)+r.cite())
	}
	return time.Duration(seconds) * time.Second, nil
}

func (v Verifier) useOnce(ctx context.Context, token Token, now time.Time) error {
	if v.Replays == nil {
		return nil
	}
	// The last good second is included, hence the one second more.
	until := time.Unix(token.Seconds, 0).Add(v.Rules.Window + time.Second)
	fresh, err := v.Replays.Use(ctx, token.Digest, now, until)
	if err != nil {
		return &Error{Reason: ReasonReplayUnknown, text: v.Rules.Header + ": cannot tell whether the token was used before, so it is refused", cause: err}
	}
	if !fresh {
		return refuse(ReasonTokenReplayed, v.Rules.Header+": the token was used before, and this deployment takes each once: sign each call anew (INT-001)")
	}
	return nil
}

func (v Verifier) warnings(token Token) []Warning {
	if !token.UpperCase {
		return nil
	}
	return []Warning{{ID: DigestUpperCase, Interpretation: "INT-001", Text: v.Rules.Header + ": the digest has upper-case hexadecimal digits: write it in lower case" + v.Rules.cite()}}
}
