package vault

import (
	"context"
	"errors"
	"time"

	"github.com/vtsim/vtsim/simulator/token"
)

// Errors that callers tell apart.
var (
	// ErrNotFound says that the issuer has no such row. A row of another
	// issuer is indistinguishable from none.
	ErrNotFound = errors.New("not found")
	// ErrChanged says that the row was changed since it was read.
	ErrChanged = errors.New("changed in between")
	// ErrExists says that the row is there already.
	ErrExists = errors.New("exists already")
	// ErrEvicted says that the journal no longer reaches back that far.
	ErrEvicted = errors.New("evicted from the journal")
	// ErrLater is what Options.OnEnqueue returns for a notification that it
	// does not take up yet; Due lists it when its time has come.
	ErrLater = errors.New("not to be sent yet")
)

// Vault is the whole store. SQLite implements it; any database behind
// database/sql with the same transactions could.
type Vault interface {
	// View runs f in a read-only transaction of the issuer: all that f reads
	// is of one moment, and no writer makes it wait.
	View(ctx context.Context, issuer string, f func(Tx) error) error
	// Update runs f in a read-write transaction of the issuer and commits
	// when f returns nil. Updates of one issuer never interleave. It returns
	// once the change is on the disk. f must not call a method that writes
	// but those of its Tx: it would wait for itself.
	Update(ctx context.Context, issuer string, f func(Tx) error) error

	// Issuers.
	PutIssuer(ctx context.Context, issuer Issuer) error // ErrExists when a range or key belongs to another
	Issuer(ctx context.Context, name string) (Issuer, error)
	IssuerByAPIKey(ctx context.Context, apiKey string) (Issuer, error)
	Issuers(ctx context.Context) ([]Issuer, error)
	DropIssuer(ctx context.Context, name string) error // with all that it owns
	Reset(ctx context.Context, name string) error      // all that it owns but itself

	// FindToken finds a token by reference across issuers, for the console
	// only; issuer may be "".
	FindToken(ctx context.Context, issuer, referenceID string) (token.Token, error)

	// Journal accepts a traffic row that goes with no change of state: it
	// doesn't wait for the disk, and Traffic finds the row from then on. What
	// goes with a change belongs into Tx.Journal. Traffic lists rows and says
	// where to go on, or ErrEvicted.
	Journal(ctx context.Context, row Traffic) error
	Traffic(ctx context.Context, q TrafficQuery) ([]Traffic, string, error)

	// Notifications over all issuers, for the queue and the console.
	Notifications(ctx context.Context, q NotificationQuery) ([]Notification, string, error)

	// NewID makes an ID for a traffic row or a notification, for callers that
	// must name one before it is stored. IDs sort in the order of their making.
	NewID() string

	// Snapshot writes a consistent copy into a new file; Restore replaces
	// everything by one of the same schema version and key (ErrKey).
	Snapshot(ctx context.Context, file string) error
	Restore(ctx context.Context, file string) error

	// UsedPayToken remembers an x-pay-token until the time given and tells
	// whether it was used before.
	UsedPayToken(ctx context.Context, issuer, digest string, until time.Time) (bool, error)

	Close() error
}

// Tx is one transaction of one issuer, for one goroutine. In a View, what
// writes returns ErrReadOnly. The UpdatedAt of what is put is the time of the
// vault's clock, whatever the caller gives.
type Tx interface {
	Issuer() string

	// PANs.
	PAN(referenceID string) (PAN, error)
	PANByNumber(number string) (PAN, error)
	PutPAN(pan PAN) error // ErrExists when its number has another reference ID

	// Tokens. PutToken inserts version 0 (ErrExists when reference or number
	// is taken) and otherwise replaces the version read, or returns
	// ErrChanged; it returns the stored token. The PAN must be there, and a
	// token keeps its number.
	Token(requestorID, referenceID string) (token.Token, error)
	TokenByReference(referenceID string) (token.Token, error)
	TokenByNumber(number string) (token.Token, error)
	TokensOfPAN(panReferenceID string, limit int) ([]token.Token, error) // last changed first; 0 is all
	Tokens(after string, limit int) ([]token.Token, error)
	PutToken(t token.Token) (token.Token, error)

	// Of a token.
	Bindings(tokenReferenceID string) ([]Binding, error)
	PutBinding(b Binding) error
	DropBinding(tokenReferenceID string, index int) error
	Verifications(tokenReferenceID string) ([]Verification, error)
	PutVerification(v Verification) error
	OTP(tokenReferenceID string) (OTP, error)
	PutOTP(o OTP) error

	// Records of any kind, by key or by prefix of the key.
	Record(kind, key string) (Record, error)
	Records(kind, keyPrefix string, limit int) ([]Record, error)
	PutRecord(r Record) error
	AddRecord(r Record) error // ErrExists when the key is taken
	DropRecord(kind, key string) error

	// Enqueue queues a notification; Journal writes a traffic row. Both
	// commit with the transaction.
	Enqueue(n Notification) error
	Journal(row Traffic) error
	Notification(id string) (Notification, error)
	PutNotification(n Notification) error // replaces a queued one
	// Announce tells the queue of a notification again; see Options.OnEnqueue.
	Announce(n Notification) error
	// CountInquiry counts down the notifications of the token that wait for
	// inquiries.
	CountInquiry(tokenReferenceID string) error

	// Hash is the keyed hash of a sensitive value, for comparing and for
	// record keys.
	Hash(value string) []byte
}

// TrafficQuery selects journal rows, oldest first.
type TrafficQuery struct {
	Issuer, Direction, Operation string
	Since                        time.Time
	After                        string // next of the page before, or the ID of a row
	Limit                        int    // 0 is 100
}

// NotificationQuery selects notifications, oldest first.
type NotificationQuery struct {
	Issuer, ID, State, Operation, TokenID string
	DueBefore                             time.Time
	After                                 string // next of the page before
	Limit                                 int    // 0 is 100
}
