package outbound

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/riverqueue/river"

	"github.com/vtsim/vtsim/simulator/vault"
)

// dispatchAll gives jobs to what has come due, until the context ends.
func (q *Queue) dispatchAll(ctx context.Context) {
	ticker := time.NewTicker(dispatchInterval)
	defer ticker.Stop()
	for {
		changed := q.Clock.Changed() // before Now: no move is missed
		if err := q.dispatch(ctx); err != nil && ctx.Err() == nil {
			q.Log.Error("notifications that are due could not be queued", "error", err)
		}
		select {
		case <-changed:
		case <-q.wake:
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// dispatch gives a job to a batch of each issuer's notifications that are due.
func (q *Queue) dispatch(ctx context.Context) error {
	if err := q.serveKnown(ctx); err != nil {
		return err
	}
	now := q.Clock.Now()
	issuers, err := q.Vault.Waiting(ctx, now)
	if err != nil {
		return err
	}
	var failures []error
	for _, issuer := range issuers {
		if !q.isPaused(issuer) {
			failures = append(failures, q.dispatchOf(ctx, issuer, now))
		}
	}
	return errors.Join(failures...)
}

func (q *Queue) dispatchOf(ctx context.Context, issuer string, now time.Time) error {
	if err := q.serve(issuer); err != nil {
		return err
	}
	due, err := q.Vault.Due(ctx, issuer, now, dispatchBatch)
	if err != nil || len(due) == 0 {
		return err
	}
	err = q.Vault.Update(ctx, issuer, func(tx vault.Tx) error {
		for _, n := range due {
			n, err := tx.Notification(n.ID)
			if errors.Is(err, vault.ErrNotFound) || err == nil && n.Queued {
				continue // dropped, or taken up, since it was listed
			}
			if err == nil {
				err = tx.Announce(n)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil && len(due) == dispatchBatch {
		q.nudge() // there may be more
	}
	return err
}

// serveKnown gives every issuer a queue. There is one before its first
// notification, whose job is written before anybody could make it.
func (q *Queue) serveKnown(ctx context.Context) error {
	issuers, err := q.Vault.Issuers(ctx)
	if err != nil {
		return err
	}
	for _, issuer := range issuers {
		if err := q.serve(issuer.Name); err != nil {
			return err
		}
	}
	return nil
}

// serve makes the issuer's River queue with its workers, once. It is for the
// dispatcher's goroutine alone, and holds no lock: a queue that starts waits
// for the database, which may wait for a transaction that enqueues.
func (q *Queue) serve(issuer string) error {
	if q.queues[issuer] {
		return nil
	}
	if err := q.river.Queues().Add(queueOf(issuer), river.QueueConfig{MaxWorkers: q.Concurrency}); err != nil {
		return fmt.Errorf("making the queue of issuer %q: %w", issuer, err)
	}
	q.queues[issuer] = true
	return nil
}

// quiet lets warnings and errors of River through: what it says otherwise is
// about itself.
func quiet(log *slog.Logger) *slog.Logger { return slog.New(warnings{log.Handler()}) }

type warnings struct{ slog.Handler }

// Enabled implements slog.Handler.
func (w warnings) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && w.Handler.Enabled(ctx, level)
}

// WithAttrs implements slog.Handler.
func (w warnings) WithAttrs(attributes []slog.Attr) slog.Handler {
	return warnings{w.Handler.WithAttrs(attributes)}
}

// WithGroup implements slog.Handler.
func (w warnings) WithGroup(name string) slog.Handler { return warnings{w.Handler.WithGroup(name)} }
