// Package clock is the time that the whole simulator lives by: x-pay-token
// windows, OTPs, token expiry, deliveries. It runs along with a real clock at
// some distance from it, or stands still, so that a test of eight minutes
// takes milliseconds.
//
// It has no timers. Who has work that falls due asks Now, and waits for
// Changed beside a timer of his own:
//
//	for {
//		changed := clock.Changed() // before Now: no move is missed
//		now := clock.Now()
//		// do what is due at now
//		select {
//		case <-changed:
//		case <-time.After(next.Sub(now)): // for ever while Frozen
//		case <-ctx.Done():
//			return
//		}
//	}
//
// How long something took is no business of this clock: measure that with a
// monotonic one.
package clock

import (
	"sync"
	"time"
)

// Clock is a clock that can be moved. The zero value runs with the system's
// clock. It is safe for concurrent use and must not be copied.
type Clock struct {
	source func() time.Time

	mu      sync.RWMutex
	offset  time.Duration // from the source, while it runs
	frozen  bool
	at      time.Time // while it is frozen
	changed chan struct{}
}

// New makes a clock that runs with source, without distance at first. A nil
// source is the system's clock.
func New(source func() time.Time) *Clock { return &Clock{source: source} }

// Now is the time of the simulator, in UTC and without a monotonic reading:
// the difference of two times is what the clock was moved plus what passed.
func (c *Clock) Now() time.Time {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.now()
}

// now needs c.mu.
func (c *Clock) now() time.Time {
	if c.frozen {
		return c.at
	}
	return c.real().Add(c.offset)
}

func (c *Clock) real() time.Time {
	source := c.source
	if source == nil {
		source = time.Now
	}
	return source().Round(0).UTC()
}

// Freeze stops the clock at a time; the zero time is now. It stands until
// Resume, whether it is moved meanwhile or not.
func (c *Clock) Freeze(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at.IsZero() {
		at = c.now()
	}
	c.frozen, c.at = true, at.Round(0).UTC()
	c.announce()
}

// Resume lets a frozen clock run on from where it stands.
func (c *Clock) Resume() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.frozen {
		return
	}
	c.offset, c.frozen = c.at.Sub(c.real()), false
	c.announce()
}

// Advance moves the clock by d, back when d is negative.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.move(c.now().Add(d))
}

// Set moves the clock to a time, within 290 years of its source. It goes on
// running or standing as it did.
func (c *Clock) Set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.move(t)
}

// move needs c.mu.
func (c *Clock) move(t time.Time) {
	t = t.Round(0).UTC()
	if c.frozen {
		c.at = t
	} else {
		c.offset = t.Sub(c.real())
	}
	c.announce()
}

// Frozen says whether the clock stands still.
func (c *Clock) Frozen() bool {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.frozen
}

// Changed returns a channel that is closed the next time that the clock is
// moved, stopped or resumed.
func (c *Clock) Changed() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.changed == nil {
		c.changed = make(chan struct{})
	}
	return c.changed
}

// announce needs c.mu.
func (c *Clock) announce() {
	if c.changed != nil {
		close(c.changed)
		c.changed = nil
	}
}
