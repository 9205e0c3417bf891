// Package clock is the simulator's whole clock: it runs with a real one, and
// can be frozen, advanced and set, back too. Tokens, passcodes, queues and
// x-pay-token windows all go by it, so that a test of eight minutes takes
// milliseconds. It never sleeps and starts nothing.
package clock

import (
	"sync"
	"time"
)

// Clock tells the simulator's time. It is safe for concurrent use.
type Clock struct {
	source func() time.Time

	mu      sync.Mutex
	offset  time.Duration
	frozen  bool
	at      time.Time // while frozen
	changed chan struct{}
}

// New makes a clock that shows the source's time until it is moved.
func New(source func() time.Time) *Clock {
	return &Clock{source: source, changed: make(chan struct{})}
}

// Now is the simulator's time, in UTC.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now()
}

func (c *Clock) now() time.Time {
	if c.frozen {
		return c.at
	}
	return c.source().Add(c.offset).UTC()
}

// Frozen tells whether the clock stands still.
func (c *Clock) Frozen() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.frozen
}

// Freeze stops the clock at the time given.
func (c *Clock) Freeze(at time.Time) {
	c.move(func() { c.frozen, c.at = true, at.UTC() })
}

// Advance moves the clock by d, back when d is negative; a frozen clock stays
// frozen.
func (c *Clock) Advance(d time.Duration) {
	c.move(func() {
		c.at = c.at.Add(d)
		c.offset += d
	})
}

// Set moves the clock to the time given; a frozen clock stays frozen.
func (c *Clock) Set(to time.Time) {
	c.move(func() {
		c.at = to.UTC()
		c.offset = to.Sub(c.source())
	})
}

// Resume lets a frozen clock run on from where it stands.
func (c *Clock) Resume() {
	c.move(func() {
		if c.frozen {
			c.frozen, c.offset = false, c.at.Sub(c.source())
		}
	})
}

// Changed is closed at the next change of the clock by hand, so that who
// waits for a time can look again.
func (c *Clock) Changed() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.changed
}

func (c *Clock) move(change func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change()
	close(c.changed)
	c.changed = make(chan struct{})
}
