package conformance

import (
	"context"
	"fmt"
	"time"

	"github.com/vtsim/vtsim/simulator/outbound"
)

const (
	// personTimeout is for a case in which a person has to act, and may wait
	// for his turn.
	personTimeout = 15 * time.Minute
	// mostSilent is how many calls in a row nothing may come back to.
	mostSilent = 8
)

// heard counts calls that nothing came back to: an issuer that takes
// connections and answers none is as far down as one that takes none, and
// costs more time.
func (r *run) heard(x *outbound.Exchange, id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if x.Failure == nil || x.Failure.Kind != outbound.FailureTimeout {
		r.silent = 0
		return
	}
	if r.silent++; r.silent >= mostSilent && r.down == "" {
		r.down = fmt.Sprintf("the issuer fell silent: nothing came back to %d calls in a row, the last of case %s", r.silent, id)
		r.stop()
	}
}

// probe separates a wrong answer from an issuer that fell over: after a call
// that was not answered, somebody must still take connections. The case that
// finds out first shows that the issuer did not answer; those that find nobody
// there after it show nothing, and are broken.
func (r *run) probe(ctx context.Context, t *trial) {
	if r.ended(ctx) == "" && r.alive(ctx) {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.down != "" && t.unserved:
		t.findings = nil
		t.outcome.Outcome, t.outcome.Reason, t.outcome.Findings = Broken, r.down, nil
	case r.down == "" && ctx.Err() == nil:
		r.down = "the issuer fell over: it has taken no connection since case " + t.outcome.ID
		r.stop()
	}
}

// alive tells whether somebody takes connections at the endpoint. An issuer
// that restarts itself gets a few seconds.
func (r *run) alive(ctx context.Context) bool {
	const tries = 3
	for i := range tries {
		if i > 0 && !pause(ctx, reachTimeout) {
			return false
		}
		connection, err := r.dial(ctx, oldest, newest)
		if err == nil {
			_ = connection.Close()
			return true
		}
	}
	return false
}

// pause waits; false says that the context ended before.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
