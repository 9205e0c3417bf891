package token

import "time"

// Status is the state of a token (p.49).
type Status string

// Entity is who acted on a token (p.76).
type Entity string

// Expiration is a month and year as the specification writes them (p.48).
type Expiration struct {
	// Month is one or two digits, Year four.
	Month string `json:"month"`
	Year  string `json:"year"`
}

// Token is what the vault knows of one token. It is a value: actions return a
// changed copy.
type Token struct {
	// Issuer that the token belongs to.
	Issuer string `json:"issuer"`
	// ReferenceID names the token to the issuer, RequestorID (up to 11
	// digits) who asked for it, PANReferenceID the PAN that it stands for.
	ReferenceID    string `json:"tokenReferenceID"`
	RequestorID    string `json:"tokenRequestorID"`
	PANReferenceID string `json:"panReferenceID"`
	// Number is the token's account number. It is as sensitive as a PAN.
	Number string `json:"-"`
	Type   string `json:"tokenType"`
	Status Status `json:"tokenStatus"`
	// EntityOfLastAction is who acted last, SuspendedBy who suspended a
	// suspended token: only that actor may resume it (p.76).
	EntityOfLastAction Entity `json:"entityOfLastAction"`
	SuspendedBy        Entity `json:"suspendedBy,omitempty"`
	// OperatorID is the person or system of the last action.
	OperatorID string     `json:"operatorID,omitempty"`
	Expiration Expiration `json:"tokenExpirationDate"`
	// AssuranceMethod is two digits (p.50).
	AssuranceMethod string `json:"tokenAssuranceMethod,omitempty"`
	// LastFourOfPreviousPAN is set once the PAN was replaced.
	LastFourOfPreviousPAN string `json:"lastFourOfPreviousPAN,omitempty"`

	CreatedAt time.Time `json:"createdAt"`
	// ActivatedAt is set at activation and again at each resumption (p.50).
	ActivatedAt     time.Time `json:"activatedAt,omitzero"`
	DeactivatedAt   time.Time `json:"deactivatedAt,omitzero"`
	StatusUpdatedAt time.Time `json:"statusUpdatedAt"`

	// The wallet's side of the token, as provisioning delivered it.
	WalletAccountEmailAddressHash string `json:"walletAccountEmailAddressHash,omitempty"`
	ClientWalletAccountID         string `json:"clientWalletAccountID,omitempty"`
	PANSource                     string `json:"panSource,omitempty"`
	ConsumerEntryMode             string `json:"consumerEntryMode,omitempty"`
	AutoFill                      *bool  `json:"autoFillIndicator,omitempty"`
	RequestorTspID                string `json:"tokenRequestorTspID,omitempty"`
	LifeCycleTraceID              int64  `json:"lifeCycleTraceID,omitempty"`
	// OriginalReferenceID is the token that this one was made from in
	// token-for-token provisioning (p.51).
	OriginalReferenceID   string `json:"originalTokenReferenceID,omitempty"`
	CardMetadataProfileID string `json:"cardMetadataProfileID,omitempty"`
	// Device, Risk and Discretionary are members of the contract's
	// structures of those names, as they were received or made.
	Device        map[string]any `json:"deviceInfo,omitempty"`
	Risk          map[string]any `json:"riskInfo,omitempty"`
	Discretionary map[string]any `json:"issuerDiscretionaryData,omitempty"`
	// Listed says that the token is on a trusted list (p.90).
	Listed bool `json:"trustedListed,omitempty"`

	// Version counts the changes; the vault refuses to store a token that
	// changed in between.
	Version int64 `json:"version"`
}
