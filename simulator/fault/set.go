package fault

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
)

// Set holds the faults that are in force. The zero value has none. It is safe
// for concurrent use and must not be copied.
type Set struct {
	armed atomic.Int64 // faults that can still strike; mostly none

	mu     sync.Mutex
	last   int // number of the last ID
	faults []*armedFault
}

// armedFault is a fault with its generator. Its counters are under Set.mu.
type armedFault struct {
	Fault
	random *rand.Rand
}

// NewSet makes an empty set.
func NewSet() *Set { return new(Set) }

// Add puts a fault in force, after those that are there, and returns it with
// its ID and with nothing counted. The error says what is wrong with it.
func (s *Set) Add(f Fault) (Fault, error) {
	if f.When == "" {
		f.When = BeforeCommit
	}
	if err := f.validate(); err != nil {
		return Fault{}, fmt.Errorf("adding a fault: %w", err)
	}
	f.Seen, f.Struck, f.Remaining = 0, 0, f.Times
	if f.Times == 0 {
		f.Remaining = Unlimited
	}
	added := &armedFault{Fault: f, random: rand.New(rand.NewPCG(f.Seed, 0))}

	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++
	added.ID = "fault-" + strconv.Itoa(s.last)
	s.faults = append(s.faults, added)
	s.armed.Add(1)
	return added.Fault, nil
}

// Next counts a call at one of its two moments and says which fault strikes it
// there, if any. The faults that select the call are asked in the order of
// their adding, and each counts it; the first that strikes is returned, and
// only that one uses up one of its Times.
func (s *Set) Next(issuer, operation string, when When) (Fault, bool) {
	if s.armed.Load() == 0 {
		return Fault{}, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var struck *armedFault
	for _, f := range s.faults {
		if f.selects(issuer, operation, when) && f.count() && struck == nil {
			struck = f
		}
	}
	if struck == nil {
		return Fault{}, false
	}
	struck.Struck++
	if struck.Remaining != Unlimited {
		struck.Remaining--
	}
	if struck.Remaining == 0 {
		s.armed.Add(-1)
	}
	return struck.Fault, true
}

// selects says whether the fault is for a call, and not spent.
func (f *armedFault) selects(issuer, operation string, when When) bool {
	return f.Remaining != 0 && f.When == when &&
		(f.Issuer == "" || f.Issuer == issuer) && (f.Operation == "" || f.Operation == operation)
}

// count counts a call and says whether the fault strikes it.
func (f *armedFault) count() bool {
	f.Seen++
	switch {
	case f.Every > 0:
		return f.Seen%f.Every == 0
	case f.Probability > 0:
		return f.random.Float64() < f.Probability
	}
	return true
}

// List returns the faults of an issuer, all of them for "", in the order of
// their adding, spent ones (Remaining 0) included.
func (s *Set) List(issuer string) []Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []Fault{}
	for _, f := range s.faults {
		if issuer == "" || f.Issuer == issuer {
			list = append(list, f.Fault)
		}
	}
	return list
}

// Remove takes a fault out of force and tells whether there was one.
func (s *Set) Remove(id string) bool {
	return s.remove(func(f *armedFault) bool { return f.ID == id })
}

// Reset takes all faults of an issuer out of force, all of them for "".
func (s *Set) Reset(issuer string) {
	s.remove(func(f *armedFault) bool { return issuer == "" || f.Issuer == issuer })
}

func (s *Set) remove(gone func(*armedFault) bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := len(s.faults)
	s.faults = slices.DeleteFunc(s.faults, func(f *armedFault) bool {
		if !gone(f) {
			return false
		}
		if f.Remaining != 0 {
			s.armed.Add(-1)
		}
		return true
	})
	return len(s.faults) < before
}
