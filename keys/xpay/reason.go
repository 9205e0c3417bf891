package xpay

import "errors"

// Layer is the step at which a token was refused. The steps run in the order of the constants.
type Layer string

const (
	// LayerSetup is a fault of this side's configuration, not of the call.
	LayerSetup Layer = "setup"
	// LayerParse is the reading of the header.
	LayerParse Layer = "parse"
	// LayerWindow is the comparison of the timestamp with the clock.
	LayerWindow Layer = "window"
	// LayerDigest is the comparison of the digests.
	LayerDigest Layer = "digest"
	// LayerReplay is the check for single use, where it is switched on.
	LayerReplay Layer = "replay"
)

// Reason says in one word why a token was refused. Reasons never change their meaning.
type Reason string

const (
	// ReasonMisconfigured: the rules, the clock or the secret on this side are missing or make no sense.
	ReasonMisconfigured Reason = "misconfigured"
	// ReasonHeaderMissing: the header is absent or empty.
	ReasonHeaderMissing Reason = "header-missing"
	// ReasonHeaderRepeated: the header came more than once.
	ReasonHeaderRepeated Reason = "header-repeated"
	// ReasonHeaderTooLong: the value is longer than Rules.MaxLength.
	ReasonHeaderTooLong Reason = "header-too-long"
	// ReasonPartsWrong: the value is not made of three parts with colons between them.
	ReasonPartsWrong Reason = "parts-wrong"
	// ReasonSchemeWrong: the first part is not Rules.Scheme.
	ReasonSchemeWrong Reason = "scheme-wrong"
	// ReasonTimestampNotDigits: the second part is empty or holds something other than digits.
	ReasonTimestampNotDigits Reason = "timestamp-not-digits"
	// ReasonTimestampMilliseconds: the second part can only be milliseconds.
	ReasonTimestampMilliseconds Reason = "timestamp-milliseconds"
	// ReasonTimestampOutOfRange: the second part is too great even for milliseconds.
	ReasonTimestampOutOfRange Reason = "timestamp-out-of-range"
	// ReasonDigestNotHex: the third part is not 64 hexadecimal digits.
	ReasonDigestNotHex Reason = "digest-not-hex"
	// ReasonTokenStale: the timestamp is further in the past than Rules.Window.
	ReasonTokenStale Reason = "token-stale"
	// ReasonTokenEarly: the timestamp is further in the future than Rules.Window.
	ReasonTokenEarly Reason = "token-early"
	// ReasonQueryMalformed: the query string has a percent sign without two hexadecimal digits, so it has no canonical form.
	ReasonQueryMalformed Reason = "query-malformed"
	// ReasonDigestMismatch: the digest is not the one that the secret gives for this call.
	ReasonDigestMismatch Reason = "digest-mismatch"
	// ReasonTokenReplayed: the token was accepted before, and single use is on (INT-001).
	ReasonTokenReplayed Reason = "token-replayed"
	// ReasonReplayUnknown: single use is on and the cache could not tell; refused, because accepting would void the check.
	ReasonReplayUnknown Reason = "replay-unknown"
)

// Layer is the step at which the reason arises.
func (r Reason) Layer() Layer {
	switch r {
	case ReasonMisconfigured:
		return LayerSetup
	case ReasonTokenStale, ReasonTokenEarly:
		return LayerWindow
	case ReasonQueryMalformed, ReasonDigestMismatch:
		return LayerDigest
	case ReasonTokenReplayed, ReasonReplayUnknown:
		return LayerReplay
	default:
		return LayerParse
	}
}

// Error is the one error type of Parse, Sign, Verify and Diagnose. Its text says what is wrong and how to mend it, and
// never holds a secret, a digest or a part of the body.
type Error struct {
	// Reason is for machines.
	Reason Reason
	text   string
	cause  error
}

// Error is the text for people.
func (e *Error) Error() string {
	if e.cause != nil {
		return e.text + ": " + e.cause.Error()
	}
	return e.text
}

// Unwrap is the error of the replay cache or of the cancelled context behind this one, if there is one.
func (e *Error) Unwrap() error { return e.cause }

// ReasonOf is the reason of an error of this package, and empty for nil and for any other error.
func ReasonOf(err error) Reason {
	var refused *Error
	if errors.As(err, &refused) {
		return refused.Reason
	}
	return ""
}

func refuse(reason Reason, text string) *Error { return &Error{Reason: reason, text: text} }
