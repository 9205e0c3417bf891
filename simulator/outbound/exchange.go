package outbound

import (
	"net/http"
	"time"
)

// Exchange is one call to the issuer and all that was seen of it.
type Exchange struct {
	// ID of the exchange, RequestID its X-REQUEST-ID.
	ID        string
	RequestID string
	Operation string
	Issuer    string
	// Started is the simulator's time.
	Started time.Time
	Request Sent
	// Response is nil when no answer came.
	Response *Received
	Timing   Timing
	TLS      TLSFacts
	// Failure says why there is no whole answer; nil when there is one.
	Failure *Failure
	// Corruptions are the catalogue ids of what was broken on purpose.
	Corruptions []string
	// Earlier are the same call's exchanges before this one, where it was
	// sent more than once.
	Earlier []*Exchange
}

// Sent is the request as it went out. It holds sensitive data; Masked does
// not.
type Sent struct {
	Method, URL string
	Headers     http.Header
	Body        []byte
	// Members is the body before encoding, Sealed the payload inside its
	// encryptedData; nil where there is none.
	Members, Sealed map[string]any
}

// Received is the answer as it came.
type Received struct {
	Status  int
	Proto   string
	Headers http.Header
	Body    []byte
	// Truncated says that the body went on past the bound.
	Truncated bool
}

// Timing is measured with the monotonic clock. Connection set-up is apart:
// Total runs from the first byte written to the last byte read (INT-119).
type Timing struct {
	Connect   time.Duration // DNS, TCP and TLS; zero on a connection that was kept
	FirstByte time.Duration // first byte written to first byte read
	Total     time.Duration
	Reused    bool
}

// TLSFacts describe the connection.
type TLSFacts struct {
	Version, Suite string
	// Subject and Fingerprint (SHA-256) are of the issuer's certificate.
	Subject, Fingerprint string
	// Asked says that the issuer asked for a client certificate.
	Asked bool
}

// FailureKind tells failures apart by where they were seen.
type FailureKind string

const (
	// FailureSetup is our own: the call could not be built or sealed.
	FailureSetup FailureKind = "setup"
	// FailureConnect: no TCP connection.
	FailureConnect FailureKind = "connect"
	// FailureTLS: no TLS session.
	FailureTLS FailureKind = "tls"
	// FailureTimeout: no whole answer before the deadline.
	FailureTimeout FailureKind = "timeout"
	// FailureDropped: the connection ended before a whole answer.
	FailureDropped FailureKind = "dropped"
	// FailureProtocol: what came is not HTTP.
	FailureProtocol FailureKind = "protocol"
	// FailureCanceled: we gave up, the issuer is not to blame.
	FailureCanceled FailureKind = "canceled"
)

// Failure is why there is no whole answer.
type Failure struct {
	Kind FailureKind
	// Message says what was seen, Mend what would most likely help.
	Message, Mend string
	cause         error
}

func (f *Failure) Error() string {
	if f.Mend == "" {
		return f.Message
	}
	return f.Message + "; " + f.Mend
}

func (f *Failure) Unwrap() error { return f.cause }
