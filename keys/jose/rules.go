package jose

import (
	"fmt"
	"strconv"
	"time"

	gojose "github.com/go-jose/go-jose/v4"
)

// Use says which kind of envelope is meant; limits, algorithms and required header members follow from it.
type Use string

const (
	// UseAPI is the encrypted data of every API but the one below, in both directions (pp.40-44).
	UseAPI Use = "api"
	// UsePushCardEnrollment is the encrypted data that an issuer pushes to wallets; iss and aud are required (p.41, p.213).
	UsePushCardEnrollment Use = "push-card-enrollment"
	// UseHubPushData is what an issuer hands to the enrolment hub's web page; iss and one aud are required (p.224).
	UseHubPushData Use = "hub-push-data"
	// UseHubResults is what the enrolment hub hands back to the issuer (pp.231-232).
	UseHubResults Use = "hub-results"
)

// DefaultFutureAllowance is our decision for Rules.FutureAllowance: the specification names no clock skew, so a clock
// that runs a minute fast is forgiven and one that is an hour off is not.
const DefaultFutureAllowance = time.Minute

// Limit bounds a header member.
type Limit struct {
	// MaxLength is in characters.
	MaxLength int
	// MaxItems is the number of values in a comma-separated list; 0 where the member is not a list.
	MaxItems int
	// Page is where the specification says so; 0 leaves the citation out.
	Page int
}

// Suite is one set of algorithms, by their JOSE names.
type Suite struct {
	// KeyAlgorithm is the alg of the JWE header.
	KeyAlgorithm string
	// Encryption is the enc of the JWE header.
	Encryption string
	// Signature is the alg of the JWS header.
	Signature string
	// JWEPage and JWSPage are where the specification says so.
	JWEPage, JWSPage int
}

// Rules are the facts of the envelopes that the contract holds, and the knobs of the interpretations that rest on them.
// The caller fills them from there; a copy is safe to share.
type Rules struct {
	// Type is the value of typ, ContentType of the JWS header's cty (p.41, p.43).
	Type, ContentType string
	// TTL is how long after iat an envelope is good, the bound included (p.41, INT-021).
	TTL time.Duration
	// FutureAllowance is how far iat may lie ahead of the clock; see DefaultFutureAllowance.
	FutureAllowance time.Duration
	// KeyID, Issuer and Audience bound kid, iss and aud (pp.40-41, INT-026).
	KeyID, Issuer, Audience Limit
	// API is the suite of UseAPI and UsePushCardEnrollment, Hub that of the other two (INT-023, INT-027).
	API, Hub Suite
	// HubAudienceItems is how many recipients UseHubPushData may name (p.224, INT-026).
	HubAudienceItems int
	// RSABits is the least size of an RSA key (p.40).
	RSABits int
	// APIMaxLength, PushCardEnrollmentMaxLength and HubMaxLength bound a blob, in bytes (INT-028). The specification
	// gives none for the hub.
	APIMaxLength, PushCardEnrollmentMaxLength, HubMaxLength int
	// Pages and HubPages are the ranges of pages that describe the envelopes, for citations; may be empty.
	Pages, HubPages string
	// UnknownKeyIDFallsBack opens an envelope whose kid is not known with the first key of the ring, with a warning,
	// instead of refusing it (INT-025).
	UnknownKeyIDFallsBack bool
}

// Validate says which rule is missing or impossible, as a *Refused with LayerSetup.
func (r Rules) Validate() error {
	if refused := r.validate(); refused != nil {
		return refused
	}
	return nil
}

func (r Rules) validate() *Refused {
	wrong := func(format string, a ...any) *Refused {
		return refuse(LayerSetup, ReasonMisconfigured, "rules: "+format+"; fill the rules from the contract", a...)
	}
	switch {
	case r.Type == "" || r.ContentType == "":
		return wrong("typ and cty have no value")
	case r.TTL < time.Second:
		return wrong("a time to live of %s leaves no time to open anything", r.TTL)
	case r.FutureAllowance < 0:
		return wrong("the allowance for clocks that run fast is negative (%s)", r.FutureAllowance)
	case r.KeyID.MaxLength < 1 || r.Issuer.MaxLength < 1 || r.Audience.MaxLength < 1:
		return wrong("kid, iss or aud has no greatest length")
	case r.Audience.MaxItems < 1 || r.HubAudienceItems < 1:
		return wrong("aud has no greatest number of values")
	case r.RSABits < 1:
		return wrong("RSA keys have no least size")
	case r.APIMaxLength < 1 || r.PushCardEnrollmentMaxLength < 1 || r.HubMaxLength < 1:
		return wrong("a use has no greatest length of the blob")
	}
	for name, suite := range map[string]Suite{string(gojose.RSA_OAEP_256): r.API, string(gojose.A256GCMKW): r.Hub} {
		if suite.KeyAlgorithm != name || suite.Encryption != string(gojose.A256GCM) || suite.Signature != string(gojose.PS256) {
			return wrong("the algorithms %q, %q and %q are not the ones implemented here", suite.KeyAlgorithm, suite.Encryption, suite.Signature)
		}
	}
	return nil
}

// profile is what the rules say about one use.
type profile struct {
	use       Use
	suite     Suite
	maxLength int
	// parties: iss and aud are required.
	parties bool
	// maxAudience is the number of values that aud may have.
	maxAudience int
	// hub: the key is wrapped with a shared secret, the JWS header carries iat, the JWE header need not carry typ.
	hub   bool
	pages string
}

func (r Rules) profile(use Use) (profile, *Refused) {
	api := profile{use: use, suite: r.API, maxLength: r.APIMaxLength, maxAudience: r.Audience.MaxItems, pages: r.Pages}
	hub := profile{use: use, suite: r.Hub, maxLength: r.HubMaxLength, maxAudience: r.HubAudienceItems, pages: r.HubPages, hub: true}
	switch use {
	case UseAPI:
		return api, nil
	case UsePushCardEnrollment:
		api.maxLength, api.parties = r.PushCardEnrollmentMaxLength, true
		return api, nil
	case UseHubPushData:
		hub.parties = true
		return hub, nil
	case UseHubResults:
		return hub, nil
	}
	return profile{}, refuse(LayerSetup, ReasonMisconfigured, "there is no envelope for the use %q", string(use))
}

// page is a citation for one page.
func page(number int) string {
	if number == 0 {
		return ""
	}
	return "p." + strconv.Itoa(number)
}

// pages is a citation for a range of pages.
func pages(span string) string {
	if span == "" {
		return ""
	}
	return "pp." + span
}

// Envelope seals, opens and diagnoses by one set of rules and one clock. It holds no state and is safe for concurrent use.
type Envelope struct {
	rules Rules
	now   func() time.Time
}

// New makes an Envelope. An error is a *Refused with LayerSetup.
func New(rules Rules, now func() time.Time) (*Envelope, error) {
	if now == nil {
		return nil, refuse(LayerSetup, ReasonMisconfigured, "the clock is missing")
	}
	if err := rules.Validate(); err != nil {
		return nil, fmt.Errorf("jose: %w", err)
	}
	return &Envelope{rules: rules, now: now}, nil
}
