package scenarios

import (
	"fmt"
	"time"

	"github.com/vtsim/vtsim/conformance/contract"
)

// Position is a place in a scenario file; lines and columns begin with 1.
type Position struct {
	File         string
	Line, Column int
}

func (p Position) String() string { return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column) }

// Cite is a place of the specification: an operation and a page.
type Cite struct {
	Operation string `json:"operation"`
	Page      int    `json:"page"`
}

func (c Cite) String() string { return fmt.Sprintf("%s p.%d", c.Operation, c.Page) }

// Scenario is one file's document: steps, or what the contract generates.
type Scenario struct {
	// Name is unique in a library, Title a sentence.
	Name, Title string
	Cites       []Cite
	// Level of the scenario's own expectations; must when it says nothing.
	// Rules of the contract have levels of their own.
	Level contract.Level
	Tags  []string
	Needs Needs
	// Card is the role of the card that the calls are about, eligible when
	// empty.
	Card string
	// Token that the calls are about; its zero value is an active HCE token.
	Token Token
	Steps []Step
	// Generate makes cases from the contract; there are no steps then.
	Generate *Generate
	At       Position
}

// Needs are what an issuer must offer; a case whose needs are not met is
// skipped and says why. What the steps need is added to them.
type Needs struct {
	APIs, Cards, Triggers []string
}

// Token describes the token of a case, which is in the vault from the start.
type Token struct {
	// Type as in tokenType (p.123), Status as in tokenStatus (p.49). An empty
	// Status is ACTIVE, or INACTIVE where the first token action of the steps
	// activates it.
	Type, Status string
	// Introduced lets the issuer hear of the token first, by an
	// approveProvisioning whose answer may be anything that is right.
	Introduced bool
}

// Step does one thing; exactly one of its parts is set.
type Step struct {
	At      Position
	Call    *Call
	Await   *Await
	Trigger *Trigger
	Fault   *Fault
	Token   *TokenAction
	Clock   *ClockMove
	Wait    *Wait
}

// Call is one call to the issuer.
type Call struct {
	// Operation is the operationId of an outbound operation.
	Operation string
	// Card is a role, the scenario's when empty.
	Card string
	// With overrides members by name or dotted path, in clear or in the
	// sealed payload; null takes one out. {{name}} stands for a saved value.
	With map[string]any
	// Patch is an RFC 6902 document over the body, in which encryptedData is
	// the opened payload.
	Patch []byte
	// Corrupt are ids of the corruption catalogue, such as jws/signature.
	Corrupt []string
	// AtOnce is how many such calls are sent at the same time, 1 when zero.
	AtOnce int
	// Rule is the rule that the expectation proves: it is broken when the call
	// is answered otherwise. Empty means the rule that the judge finds.
	Rule   string
	Expect Expect
	// Save keeps values of the answer under names.
	Save map[string]Save
}

// Expect is what an answer should be, beside what the contract demands.
// Without Refused, ErrorCode, Status or TLS the call should be taken.
type Expect struct {
	At Position
	// Refused is the trigger that the call should be refused for, such as
	// invalid-pan: the operation's error table says with which code.
	Refused string
	// Open says that taking and refusing are both right, Decided that every
	// decision is, but no refusal for the members of the call, and Declined that
	// every decline is.
	Open, Decided, Declined bool
	// TLS says that the connection should carry no answer at all.
	TLSRefused bool
	// Status are statuses such as 200 or 2xx; empty means any that is right.
	Status []string
	// ErrorCode lists the codes that are right; the word none stands for no
	// code.
	ErrorCode []string
	// Body is matched in part.
	Body *Match
	// Within is the longest time from the first byte sent to the last byte
	// read; Budget stands for the operation's expected response time.
	Within time.Duration
	Budget bool
}

// Save takes a value out of an answer.
type Save struct {
	// From is a JSON Pointer; Where, if set, chooses the first element of the
	// array there that matches, and Take points into it.
	From  string
	Where *Match
	Take  string
}

// Await waits for a call of the issuer to Visa.
type Await struct {
	// Operation is the operationId of an inbound operation.
	Operation string
	// Where the request's members match, plain and opened.
	Where *Match
	// Within the time, real time; zero means the runner's default.
	Within time.Duration
	// Status that Visa's side answers with, such as 200; empty means a success.
	Status []string
	// Token's state afterwards; empty means any.
	TokenStatus string
	Rule        string
	// Ask is what the person is asked to do where no trigger came before.
	Ask  string
	Save map[string]Save
}

// Trigger makes the issuer act, by the trigger of that name in issuer.yaml, or
// by asking the person at the terminal.
type Trigger struct {
	Name string
	// Ask is what the person is asked to do where issuer.yaml has no trigger
	// of the name.
	Ask string
}

// Fault makes Visa's side answer the issuer's next call in a given way.
type Fault struct {
	Operation string
	Status    int
	Code      string
	Delay     time.Duration
	Drop      bool
	// AfterCommit answers so after the change was made.
	AfterCommit bool
	Times       int
}

// TokenAction changes or checks the token of the case.
type TokenAction struct {
	// Do is an action of a wallet or a cardholder; see TokenActions.
	Do string
	// Expect is the tokenStatus afterwards; empty means any.
	Expect string
}

// ClockMove moves the simulator's clock.
type ClockMove struct {
	Advance time.Duration
}

// Wait waits for queued notifications to be delivered, or for a time.
type Wait struct {
	// Notifications waits until none of the issuer's is due.
	Notifications bool
	// For is real time, for what the issuer does on its own.
	For time.Duration
}

// Generate makes one case per member of the contract that Kind applies to.
type Generate struct {
	// Kind is one of Kinds.
	Kind       string
	Operations []string
}
