package vault

import (
	"time"

	"github.com/vtsim/vtsim/simulator/token"
)

// Issuer is a tenant: everything else belongs to one.
type Issuer struct {
	// Name is unique; letters, digits, hyphen and underscore.
	Name string `json:"name"`
	// Endpoint is the base URL that Visa calls.
	Endpoint string `json:"endpoint"`
	// AccountRanges are nine digits each and belong to this issuer alone.
	AccountRanges []string `json:"accountRanges"`
	// APIKey selects the issuer of a call; ClientID is the vClientID.
	APIKey       string `json:"apiKey"`
	ClientID     string `json:"clientID"`
	SigningKeyID string `json:"signingKeyID"`
	// SharedSecret signs x-pay-token; sealed at rest.
	SharedSecret string `json:"-"`
	// Certificates that the issuer uses, PEM: whom to encrypt to, whose
	// signature and whose client certificate to accept.
	EncryptionCertificate string `json:"encryptionCertificate"`
	SigningCertificate    string `json:"signingCertificate"`
	ClientCertificate     string `json:"clientCertificate"`
	// Settings are the issuer's participation, stand-in and transition
	// settings, as JSON of their owner.
	Settings  map[string]any `json:"settings,omitempty"`
	CreatedAt time.Time      `json:"createdAt"`
}

// SettingParticipation is the member of an issuer's settings that says by
// operation which of Visa's calls it serves: {"participation": {"<operation>":
// true}}. It comes from the issuer's profile.
const SettingParticipation = "participation"

// Serves tells whether the issuer takes part in the operation. One that is not
// named is not served; without the setting everything is. A notification of an
// operation that the issuer does not serve is not queued at all, and one that
// was queued before the issuer stopped is dead when its turn comes.
func (i Issuer) Serves(operation string) bool {
	switch table := i.Settings[SettingParticipation].(type) {
	case map[string]any:
		serves, _ := table[operation].(bool)
		return serves
	case map[string]bool:
		return table[operation]
	}
	return true
}

// PAN is a card account. Number never leaves the vault in clear other than in
// memory.
type PAN struct {
	ReferenceID string           `json:"panReferenceID"`
	Number      string           `json:"-"`
	Expiration  token.Expiration `json:"expirationDate"`
	// Replaced and ReplacedBy are PAN reference IDs of the chain of
	// replacements; Updates is the history that a reversal undoes.
	Replaced   string      `json:"replaced,omitempty"`
	ReplacedBy string      `json:"replacedBy,omitempty"`
	ClosedAt   time.Time   `json:"closedAt,omitzero"`
	Updates    []PANUpdate `json:"updates,omitempty"`
	// Advice is the last VAU advice (contact cardholder, portfolio
	// conversion) by operationReasonCode.
	Advice    map[string]time.Time `json:"advice,omitempty"`
	CreatedAt time.Time            `json:"createdAt"`
	UpdatedAt time.Time            `json:"updatedAt"`
}

// PANUpdate is one ACCOUNT_UPDATE of a PAN, kept so that it can be undone.
type PANUpdate struct {
	At            time.Time        `json:"at"`
	OldReference  string           `json:"oldPANReferenceID"`
	NewReference  string           `json:"newPANReferenceID"`
	OldExpiration token.Expiration `json:"oldExpirationDate"`
	NewExpiration token.Expiration `json:"newExpirationDate"`
	Tokens        []string         `json:"tokens"`
	Before        PANBefore        `json:"before"`
}

// PANBefore is what an ACCOUNT_UPDATE overwrote and its reversal puts back:
// ReplacedBy of the old PAN; Replaced, ReplacedBy and the date of the new one;
// and, by token reference, the lastFourOfPreviousPAN of tokens that had one.
type PANBefore struct {
	ReplacedBy    string            `json:"replacedBy,omitempty"`
	NewReplaced   string            `json:"newReplaced,omitempty"`
	NewReplacedBy string            `json:"newReplacedBy,omitempty"`
	NewExpiration token.Expiration  `json:"newExpirationDate"`
	LastFour      map[string]string `json:"lastFourOfPreviousPAN,omitempty"`
}

// Binding ties a token to a device (p.79-80).
type Binding struct {
	TokenReferenceID string    `json:"tokenReferenceID"`
	Index            int       `json:"deviceIndex"` // 1 to 99
	DeviceID         string    `json:"deviceID"`
	DeviceName       string    `json:"deviceName,omitempty"`
	Status           string    `json:"deviceBindingStatus"`
	UpdatedAt        time.Time `json:"updatedAt"`
}

// Verification is a cardholder verification that a token requestor started
// (p.79).
type Verification struct {
	TokenReferenceID string    `json:"tokenReferenceID"`
	LifeCycleTraceID int64     `json:"lifeCycleTraceID"`
	Status           string    `json:"status"`
	StartedAt        time.Time `json:"timestamp"`
	Result           string    `json:"result,omitempty"`
}

// OTP is the one-time password of a token's step-up. The value itself is only
// kept as a keyed hash.
type OTP struct {
	TokenReferenceID string    `json:"tokenReferenceID"`
	ValueHash        []byte    `json:"-"`
	ExpiresAt        time.Time `json:"expiresAt"`
	Attempts         int       `json:"attempts"`
	Retries          int       `json:"retries"`
	Generated        int       `json:"generated"`
}

// Record is a small thing of a named kind that belongs to an issuer and has a
// key of its own: an RPIN enrolment, contact information, a link group, a
// replacement, card metadata, a task, a push enrolment, an audit entry.
// Content is JSON and holds no PAN in clear; keys that are PANs are given as
// PAN reference IDs.
type Record struct {
	Kind      string
	Key       string
	Content   map[string]any
	UpdatedAt time.Time
}

// States of a notification: nobody tried to send it yet; it was tried and will
// be again; the issuer took it; it will not be tried again.
const (
	StatePending   = "pending"
	StateRetrying  = "retrying"
	StateDelivered = "delivered"
	StateDead      = "dead"
)

// Notification is a call to the issuer that waits to be sent. Facts are what
// the operation's payload is built from at sending time; sensitive facts are
// references, never numbers.
type Notification struct {
	ID        string         `json:"id"`
	Issuer    string         `json:"issuer"`
	Operation string         `json:"operation"`
	EventType string         `json:"eventType,omitempty"`
	RequestID string         `json:"requestID"`
	Cause     string         `json:"cause"` // id of the traffic row that led to it
	TokenID   string         `json:"tokenReferenceID,omitempty"`
	PANID     string         `json:"panReferenceID,omitempty"`
	Facts     map[string]any `json:"facts,omitempty"`
	// State is one of those above.
	State string `json:"state"`
	// DueAt is when it may be sent; Inquiries, when positive, is how many
	// inquiries of the token must come first.
	DueAt     time.Time `json:"dueAt"`
	Inquiries int       `json:"inquiries,omitempty"`
	Attempts  int       `json:"attempts"`
	LastError string    `json:"lastError,omitempty"`
	// Queued says that the queue has taken up the next attempt.
	Queued    bool      `json:"-"`
	CreatedAt time.Time `json:"createdAt"`
	UpdatedAt time.Time `json:"updatedAt"`
}

// Message is one side of a traffic row: headers and bodies are masked before
// they come here.
type Message struct {
	Method    string            `json:"method,omitempty"`
	Path      string            `json:"path,omitempty"`
	Status    int               `json:"status,omitempty"`
	Headers   map[string]string `json:"headers,omitempty"`
	Body      any               `json:"body,omitempty"`
	Decrypted any               `json:"decrypted,omitempty"`
}

// Violation is a broken rule as the journal shows it.
type Violation struct {
	Rule    string `json:"rule"`
	Page    int    `json:"page"`
	Message string `json:"message"`
}

// Traffic is one exchange in either direction.
type Traffic struct {
	ID        string        `json:"id"`
	Time      time.Time     `json:"time"`
	Direction string        `json:"direction"` // inbound or outbound
	Operation string        `json:"operation,omitempty"`
	Issuer    string        `json:"issuer,omitempty"`
	Request   Message       `json:"request"`
	Response  Message       `json:"response"`
	Elapsed   time.Duration `json:"-"` // elapsedMs in JSON
	// Violations are the contract rules that the exchange broke.
	Violations []Violation `json:"violations"`
	// Diagnosis explains a refused authentication or envelope.
	Diagnosis string `json:"diagnosis,omitempty"`
	Cause     string `json:"cause,omitempty"`
}
