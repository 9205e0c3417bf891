package conformance

import (
	"time"

	"github.com/vtsim/vtsim/conformance/judge"
)

// Schema of the Result document.
const Schema = "vtsim-result/1"

// Result is one run of the certification, and all that a report needs. Every
// text in it is masked.
type Result struct {
	Schema string `json:"schema"`
	Tool   Tool   `json:"tool"`
	// Spec is the version of the specification.
	Spec   string `json:"spec"`
	Issuer Issuer `json:"issuer"`
	Plan   Plan   `json:"plan"`
	// StartedAt in UTC, Duration in milliseconds.
	StartedAt  time.Time `json:"startedAt"`
	DurationMS int64     `json:"durationMs"`
	Verdict    Verdict   `json:"verdict"`
	// Reason says in one sentence why the verdict is what it is; Mend what
	// would most likely help when the run is incomplete.
	Reason string `json:"reason"`
	Mend   string `json:"mend,omitempty"`
	// Interrupted says that the run was ended before its end: the result is a
	// part of one.
	Interrupted bool       `json:"interrupted,omitempty"`
	Score       []Area     `json:"score"`
	Counts      Counts     `json:"counts"`
	Cases       []Case     `json:"cases"`
	Rules       RuleCounts `json:"rules"`
	// Exchanges of all cases, by id, in the order in which they were made.
	Exchanges []Exchange `json:"exchanges"`
	// Policies are the rows of the issuer's own decision table and how their
	// cases went; they touch neither verdict nor score.
	Policies []PolicyRow `json:"policies,omitempty"`
	// KnownFailures that were applied, and what is wrong with them.
	KnownFailures []KnownFailureUse `json:"knownFailures,omitempty"`
	// NextSteps are the most useful things to do now, three at the most.
	NextSteps []string `json:"nextSteps"`
}

// Tool that made a Result.
type Tool struct {
	Version string `json:"version"`
	Commit  string `json:"commit,omitempty"`
}

// Issuer that was certified.
type Issuer struct {
	Name string `json:"name"`
	// Endpoint without credentials.
	Endpoint string `json:"endpoint"`
}

// Plan is what was asked for.
type Plan struct {
	Profile string `json:"profile"`
	Filter  string `json:"filter,omitempty"`
	Seed    string `json:"seed"`
	// Parallel cases at a time.
	Parallel int `json:"parallel"`
	// FailOn is the lowest level that counts: must or should.
	FailOn string `json:"failOn"`
	// Policies is report or fail: what rows of the decision table that are not
	// kept do to the exit code. Empty without a table.
	Policies string `json:"policies,omitempty"`
	// Planned cases, and of them those that were skipped.
	Planned int `json:"planned"`
	Skipped int `json:"skipped"`
	// Profile file, as given on the command line, for the rerun command.
	File string `json:"file,omitempty"`
}

// Verdict of a run.
type Verdict string

const (
	// Conformant: no must rule is broken, nothing on this side is, and at
	// least one case ran.
	Conformant Verdict = "conformant"
	// NotConformant: a must rule is broken.
	NotConformant Verdict = "not-conformant"
	// Incomplete: something on this side is broken, nothing ran, or the
	// issuer could not be reached.
	Incomplete Verdict = "incomplete"
)

// Outcome of a case.
type Outcome string

const (
	Passed Outcome = "passed"
	// Failed: the issuer is wrong.
	Failed Outcome = "failed"
	// Warned: a should rule is broken.
	Warned Outcome = "warned"
	// Skipped, with the reason.
	Skipped Outcome = "skipped"
	// Broken: the harness or its set-up is wrong, never the issuer.
	Broken Outcome = "broken"
)

// Case is one case and how it went.
type Case struct {
	ID    string   `json:"id"`
	Title string   `json:"title"`
	Cites []Cite   `json:"cites"`
	Tags  []string `json:"tags"`
	// Area of the score: contract, errors, timing, envelope, transport,
	// lifecycle, robustness.
	Area string `json:"area"`
	// Operations that the case is about, the main one first.
	Operations []string `json:"operations"`
	Outcome    Outcome  `json:"outcome"`
	// Reason of a skip or a break; of others empty.
	Reason   string          `json:"reason,omitempty"`
	Findings []judge.Finding `json:"findings"`
	// ElapsedMS of the whole case, milliseconds; BudgetMS is the expected
	// response time of its main operation, 0 where there is none.
	ElapsedMS int64 `json:"elapsedMs"`
	BudgetMS  int64 `json:"budgetMs,omitempty"`
	// Exchanges are ids.
	Exchanges []string `json:"exchanges"`
	// Exercised are the ids of the rules that the case could have found
	// broken.
	Exercised []string `json:"exercised,omitempty"`
	// Known says which known failure excuses the case.
	Known string `json:"known,omitempty"`
	// Rerun is the command that runs just this case.
	Rerun string `json:"rerun"`
}

// Cite is a place of the specification.
type Cite struct {
	Operation string `json:"operation"`
	Page      int    `json:"page"`
}

// Area is a part of the score. Skipped cases are counted apart and raise
// nothing.
type Area struct {
	Name    string `json:"name"`
	Passed  int    `json:"passed"`
	Total   int    `json:"total"`
	Skipped int    `json:"skipped"`
}

// Counts of cases by outcome.
type Counts struct {
	Passed  int `json:"passed"`
	Failed  int `json:"failed"`
	Warned  int `json:"warned"`
	Skipped int `json:"skipped"`
	Broken  int `json:"broken"`
	// Known are failed and warned cases that a known failure excuses; they are
	// not among Failed and Warned.
	Known int `json:"known"`
}

// Exchange is one call and its answer, masked, as people read it.
type Exchange struct {
	ID string `json:"id"`
	// Case that it belongs to; Step counts from 1, Title says what it was for.
	Case  string `json:"case"`
	Step  int    `json:"step"`
	Title string `json:"title"`
	// Direction is outbound (Visa to issuer) or inbound.
	Direction string    `json:"direction"`
	Operation string    `json:"operation"`
	Time      time.Time `json:"time"`
	RequestID string    `json:"requestID,omitempty"`
	Request   Message   `json:"request"`
	// Response is nil when no answer came; Failure then says why.
	Response *Message `json:"response,omitempty"`
	Failure  string   `json:"failure,omitempty"`
	Timing   Timing   `json:"timing"`
	TLS      string   `json:"tls,omitempty"`
	// Corruptions are the catalogue ids of what was broken on purpose.
	Corruptions []string `json:"corruptions,omitempty"`
}

// Message is one direction of an exchange.
type Message struct {
	Method  string              `json:"method,omitempty"`
	Path    string              `json:"path,omitempty"`
	Status  int                 `json:"status,omitempty"`
	Headers map[string][]string `json:"headers,omitempty"`
	// Body is JSON, or a text that says what came instead; Decrypted is the
	// opened payload.
	Body      any `json:"body,omitempty"`
	Decrypted any `json:"decrypted,omitempty"`
}

// Timing in microseconds: connection set-up, first byte, total, as they were
// measured; Budget where the operation has one.
type Timing struct {
	ConnectUS   int64 `json:"connectUs"`
	FirstByteUS int64 `json:"firstByteUs"`
	TotalUS     int64 `json:"totalUs"`
	BudgetUS    int64 `json:"budgetUs,omitempty"`
}

// KnownFailureUse is an entry of the known failures and how it was used.
type KnownFailureUse struct {
	Case    string `json:"case,omitempty"`
	Rule    string `json:"rule,omitempty"`
	Reason  string `json:"reason"`
	Owner   string `json:"owner"`
	Expires string `json:"expires"`
	// Uses counts the findings that it excused; Problem says why the entry
	// itself fails the run: unused, expired, or passing unexpectedly.
	Uses    int    `json:"uses"`
	Problem string `json:"problem,omitempty"`
}

// PolicyRow is one row of the issuer's own decision table. Cases are those of
// the plan; each is kept, broken or unjudged: skipped, or answered in a way that
// decides nothing.
type PolicyRow struct {
	Name string `json:"name"`
	// Path that the row says: green, yellow or red.
	Path     string `json:"path"`
	Cases    int    `json:"cases"`
	Kept     int    `json:"kept"`
	Broken   int    `json:"broken"`
	Unjudged int    `json:"unjudged"`
	// LeftOut counts combinations of the row's values that have no case.
	LeftOut  int             `json:"leftOut"`
	Findings []PolicyFinding `json:"findings"`
}

// PolicyFinding is an answer that is not what the row says. Its texts are
// masked.
type PolicyFinding struct {
	// Rule is policy:<row>, Level always policy.
	Rule  string `json:"rule"`
	Level string `json:"level"`
	Case  string `json:"case"`
	// Title of the case says what the issuer was told.
	Title    string `json:"title"`
	Message  string `json:"message"`
	Expected string `json:"expected"`
	Actual   string `json:"actual"`
	// Exchange is the id of the exchange that shows it, Rerun the command that
	// runs just this case.
	Exchange string `json:"exchange"`
	Rerun    string `json:"rerun"`
}
