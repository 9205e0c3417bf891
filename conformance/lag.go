package conformance

import (
	"context"
	"sync"
	"time"
)

// lagWatch knows how late this process was while it ran: when the machine is
// too busy, what an answer took cannot be told from what its reading took, and
// the issuer must not be blamed for it.
type lagWatch struct {
	mu   sync.Mutex
	late []lateness // in the order of their ends
}

// lateness is a time in which the process did not get to run.
type lateness struct {
	from, to time.Time
}

const (
	// lagTick is how often the watch looks, lagNoted from which lateness on it
	// keeps it, and lagKept how many of them.
	lagTick  = 20 * time.Millisecond
	lagNoted = 50 * time.Millisecond
	lagKept  = 4096
)

// watch looks until the context ends; times are real.
func (w *lagWatch) watch(ctx context.Context) {
	ticker := time.NewTicker(lagTick)
	defer ticker.Stop()
	last := time.Now()
	for {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
		now := time.Now()
		w.note(last, now)
		last = now
	}
}

// note keeps that nothing ran between the two times, if that is too long.
func (w *lagWatch) note(from, to time.Time) {
	if to.Sub(from)-lagTick < lagNoted {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.late = append(w.late, lateness{from, to})
	if len(w.late) > lagKept {
		w.late = w.late[len(w.late)-lagKept:]
	}
}

// during sums up the lateness in the time up to now.
func (w *lagWatch) during(since, until time.Time) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	var sum time.Duration
	for _, l := range w.late {
		from, to := l.from, l.to
		if from.Before(since) {
			from = since
		}
		if to.After(until) {
			to = until
		}
		if d := to.Sub(from); d > 0 {
			sum += d
		}
	}
	return sum
}
