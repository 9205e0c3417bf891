// Package fault keeps the faults that a person or a test sets on purpose:
// which calls of which issuer and operation are to go wrong, how often, and
// how. Faults are off by default, counted, and reproducible under their seed.
// The package only decides; who serves the call carries the fault out.
package fault

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"
)

// When a fault strikes.
type When string

const (
	// BeforeCommit strikes before anything is changed.
	BeforeCommit When = "before-commit"
	// AfterCommit strikes when the change is done and only the answer is
	// left: the fault that proves an issuer's idempotency.
	AfterCommit When = "after-commit"
)

// Respond is what the caller sees instead of, or before, the right answer.
type Respond struct {
	// Status, if not zero, is the HTTP status of an error answer with Code
	// as its reason.
	Status int
	Code   string
	// Delay, if not zero, delays the answer.
	Delay time.Duration
	// Drop, if true, cuts the connection without an answer.
	Drop bool
}

// Fault is one rule of what goes wrong.
type Fault struct {
	ID string
	// Issuer and Operation select the calls; "" selects all.
	Issuer, Operation string
	When              When
	Respond           Respond
	// Times, if positive, limits the fault to the first so many selected
	// calls that it strikes.
	Times int
	// Every, if positive, strikes each Every-th selected call only.
	Every int
	// Probability, if positive, strikes a selected call by chance; Seed makes
	// the chance reproducible.
	Probability float64
	Seed        uint64
	// Seen and Struck count the selected calls and those struck.
	Seen, Struck int

	chance *rand.Rand
}

// Set is the faults that are in force. It is safe for concurrent use.
type Set struct {
	mu     sync.Mutex
	next   int
	faults []*Fault
}

// NewSet makes an empty set.
func NewSet() *Set { return &Set{} }

// Add puts a fault in force and returns it with its ID. The error says what
// is wrong with it.
func (s *Set) Add(f Fault) (Fault, error) {
	if f.When == "" {
		f.When = BeforeCommit
	}
	if err := f.check(); err != nil {
		return Fault{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next++
	f.ID, f.Seen, f.Struck = "fault-"+strconv.Itoa(s.next), 0, 0
	f.chance = rand.New(rand.NewPCG(f.Seed, uint64(s.next)))
	s.faults = append(s.faults, &f)
	return f, nil
}

func (f Fault) check() error {
	switch {
	case f.When != BeforeCommit && f.When != AfterCommit:
		return fmt.Errorf("when is %q, want %s or %s", f.When, BeforeCommit, AfterCommit)
	case f.Times < 0 || f.Every < 0:
		return fmt.Errorf("times and every must not be negative")
	case f.Probability < 0 || f.Probability > 1:
		return fmt.Errorf("probability is %v, want 0 to 1", f.Probability)
	case f.Respond == (Respond{}):
		return fmt.Errorf("respond says nothing: want status, delayMs or drop")
	case f.Respond.Status != 0 && (f.Respond.Status < 200 || f.Respond.Status > 599):
		return fmt.Errorf("status is %d, want 200 to 599", f.Respond.Status)
	case f.Respond.Code != "" && f.Respond.Status == 0:
		return fmt.Errorf("a code needs a status")
	case f.Respond.Delay < 0:
		return fmt.Errorf("the delay must not be negative")
	}
	return nil
}

// Next tells whether the call is to go wrong at that moment, and counts it.
// The first fault that strikes wins.
func (s *Set) Next(issuer, operation string, when When) (Fault, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.faults {
		if f.When == when && (f.Issuer == "" || f.Issuer == issuer) && (f.Operation == "" || f.Operation == operation) && f.strikes() {
			return *f, true
		}
	}
	return Fault{}, false
}

func (f *Fault) strikes() bool {
	f.Seen++
	switch {
	case f.Times > 0 && f.Struck >= f.Times,
		f.Every > 0 && f.Seen%f.Every != 0,
		f.Probability > 0 && f.chance.Float64() >= f.Probability:
		return false
	}
	f.Struck++
	return true
}

// List returns the faults of the issuer, all of them for "".
func (s *Set) List(issuer string) []Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []Fault{}
	for _, f := range s.faults {
		if issuer == "" || f.Issuer == issuer {
			list = append(list, *f)
		}
	}
	return list
}

// Remove takes a fault out of force and tells whether there was one.
func (s *Set) Remove(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, f := range s.faults {
		if f.ID == id {
			s.faults = append(s.faults[:i], s.faults[i+1:]...)
			return true
		}
	}
	return false
}

// Reset takes all faults of the issuer out of force, all of them for "".
func (s *Set) Reset(issuer string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept := s.faults[:0]
	for _, f := range s.faults {
		if issuer != "" && f.Issuer != issuer {
			kept = append(kept, f)
		}
	}
	s.faults = kept
}
