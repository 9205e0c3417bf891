package fault

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// When is the moment at which a fault strikes.
type When string

const (
	// BeforeCommit strikes before the call has any effect: nothing of it is
	// left but its traffic row. This is what an empty When means.
	BeforeCommit When = "before-commit"
	// AfterCommit strikes once the call has had its effect: only the answer
	// goes wrong.
	AfterCommit When = "after-commit"
)

// Respond is what a fault makes of the answer. A fault with nothing but a
// Delay lets the call go on after it.
type Respond struct {
	// Status is the HTTP status of an error answer, 200 to 599; 0 is none.
	Status int
	// Code is the error code in it; empty leaves it to the status.
	Code string
	// Delay comes first, in JSON as delayMs, in milliseconds.
	Delay time.Duration
	// Drop cuts the connection without any answer.
	Drop bool
}

// respondJSON is Respond as the console takes and shows it.
type respondJSON struct {
	Status  int    `json:"status,omitempty"`
	Code    string `json:"code,omitempty"`
	DelayMs int64  `json:"delayMs,omitempty"`
	Drop    bool   `json:"drop,omitempty"`
}

// MarshalJSON writes the delay as delayMs.
func (r Respond) MarshalJSON() ([]byte, error) {
	return json.Marshal(respondJSON{Status: r.Status, Code: r.Code, DelayMs: r.Delay.Milliseconds(), Drop: r.Drop})
}

// UnmarshalJSON reads the delay from delayMs.
func (r *Respond) UnmarshalJSON(text []byte) error {
	var given respondJSON
	if err := json.Unmarshal(text, &given); err != nil {
		return err
	}
	if most := time.Duration(1<<63 - 1).Milliseconds(); given.DelayMs > most || given.DelayMs < -most {
		return fmt.Errorf("a delay of %d ms is beyond all time", given.DelayMs)
	}
	*r = Respond{Status: given.Status, Code: given.Code, Delay: time.Duration(given.DelayMs) * time.Millisecond, Drop: given.Drop}
	return nil
}

// Unlimited is the Remaining of a fault without Times.
const Unlimited = -1

// Fault is one thing that goes wrong. Which calls it strikes:
//
//	Times 3                  the first three
//	Every 3                  the third, sixth, ninth, …
//	Every 3, Times 2         the third and the sixth
//	Probability 0.1, Seed 7  each with one chance in ten, the same calls
//	                         whenever the seed is the same
//	nothing of these         all
type Fault struct {
	// ID is given by Set.Add.
	ID string `json:"id"`
	// Issuer and Operation select the calls; "" selects all.
	Issuer    string  `json:"issuer"`
	Operation string  `json:"operation,omitempty"`
	When      When    `json:"when"`
	Respond   Respond `json:"respond"`

	// Times is how often the fault strikes at most; 0 is without limit.
	Times int `json:"times,omitempty"`
	// Every strikes each so-manieth call that it is asked about.
	Every int `json:"every,omitempty"`
	// Probability strikes at random, 0 < p ≤ 1; not together with Every.
	Probability float64 `json:"probability,omitempty"`
	Seed        uint64  `json:"seed,omitempty"`

	// Seen and Struck count the selected calls and those of them that were
	// struck; Remaining is how many may still be, or Unlimited. The Set keeps
	// them; what a caller gives is ignored.
	Seen      int `json:"seen"`
	Struck    int `json:"struck"`
	Remaining int `json:"remaining"`
}

// validate says what is wrong with a fault, and how to mend it.
func (f Fault) validate() error {
	r := f.Respond
	switch {
	case f.When != BeforeCommit && f.When != AfterCommit:
		return fmt.Errorf("when is %q: it must be %q or %q", f.When, BeforeCommit, AfterCommit)
	case r == Respond{}:
		return errors.New("it does nothing: give respond a status, a code, a delay or drop")
	case r.Drop && (r.Status != 0 || r.Code != ""):
		return errors.New("it drops the connection and answers as well: give either drop, or status and code")
	case r.Status != 0 && (r.Status < http.StatusOK || r.Status > 599):
		return fmt.Errorf("status %d: it must be 200 to 599", r.Status)
	case r.Code != "" && r.Status == 0:
		return fmt.Errorf("code %s without a status: give both", r.Code)
	case r.Delay < 0:
		return fmt.Errorf("a delay of %s: it must not be negative", r.Delay)
	case f.Times < 0:
		return fmt.Errorf("times is %d: it must not be negative; 0 is without limit", f.Times)
	case f.Every < 0:
		return fmt.Errorf("every is %d: it must not be negative", f.Every)
	case !(f.Probability >= 0 && f.Probability <= 1):
		return fmt.Errorf("probability is %v: it must be between 0 and 1", f.Probability)
	case f.Every > 0 && f.Probability > 0:
		return errors.New("it strikes by number and at random: give either every or probability")
	}
	return nil
}
