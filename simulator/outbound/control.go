package outbound

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/vtsim/vtsim/simulator/vault"
)

// recordPaused is the kind of the record that an issuer's paused queue leaves
// in the vault.
const recordPaused = "queue-paused"

// ErrUnderWay says that a notification is being sent and cannot be changed.
var ErrUnderWay = errors.New("under way")

func (q *Queue) isPaused(issuer string) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.paused[issuer]
}

func (q *Queue) readPaused(ctx context.Context) error {
	issuers, err := q.Vault.Issuers(ctx)
	if err != nil {
		return err
	}
	paused := map[string]bool{}
	for _, issuer := range issuers {
		err := q.Vault.View(ctx, issuer.Name, func(tx vault.Tx) error {
			_, err := tx.Record(recordPaused, recordPaused)
			return err
		})
		if err != nil && !errors.Is(err, vault.ErrNotFound) {
			return err
		}
		paused[issuer.Name] = err == nil
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.paused = paused
	return nil
}

// Pause sends the issuer nothing from now on but what is under way. It lasts
// over a restart.
func (q *Queue) Pause(ctx context.Context, issuer string) error {
	err := q.Vault.Update(ctx, issuer, func(tx vault.Tx) error {
		return tx.PutRecord(vault.Record{Kind: recordPaused, Key: recordPaused, Content: map[string]any{}, UpdatedAt: q.Clock.Now()})
	})
	if err != nil {
		return fmt.Errorf("pausing the notifications of issuer %q: %w", issuer, err)
	}
	q.setPaused(issuer, true)
	return nil
}

// Resume sends the issuer what has become due, and goes on.
func (q *Queue) Resume(ctx context.Context, issuer string) error {
	err := q.Vault.Update(ctx, issuer, func(tx vault.Tx) error { return tx.DropRecord(recordPaused, recordPaused) })
	if err != nil && !errors.Is(err, vault.ErrNotFound) {
		return fmt.Errorf("resuming the notifications of issuer %q: %w", issuer, err)
	}
	q.setPaused(issuer, false)
	q.nudge()
	return nil
}

func (q *Queue) setPaused(issuer string, paused bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.paused[issuer] = paused
}

// Paused says whether the issuer's notifications are paused.
func (q *Queue) Paused(issuer string) bool { return q.isPaused(issuer) }

// Redeliver sends a notification again, whatever became of it, with the same
// X-REQUEST-ID and all its attempts ahead of it. One that is being sent is
// ErrUnderWay.
func (q *Queue) Redeliver(ctx context.Context, issuer, id string) error {
	err := q.Vault.Update(ctx, issuer, func(tx vault.Tx) error {
		n, err := tx.Notification(id)
		if err != nil {
			return err
		}
		if wanted(n) {
			return ErrUnderWay
		}
		return tx.PutNotification(q.afresh(n))
	})
	if err != nil {
		return fmt.Errorf("redelivering notification %s of issuer %q: %w", id, issuer, err)
	}
	q.nudge()
	return nil
}

func (q *Queue) afresh(n vault.Notification) vault.Notification {
	n.State, n.Attempts, n.Inquiries, n.LastError, n.DueAt = vault.StatePending, 0, 0, "", q.Clock.Now()
	return n
}

// Duplicate queues a second notification like that one, with the same
// X-REQUEST-ID, and returns it: the issuer is told twice.
func (q *Queue) Duplicate(ctx context.Context, issuer, id string) (vault.Notification, error) {
	var copied vault.Notification
	err := q.Vault.Update(ctx, issuer, func(tx vault.Tx) error {
		n, err := tx.Notification(id)
		if err != nil {
			return err
		}
		copied = q.afresh(n)
		copied.ID = q.Vault.NewID()
		return tx.Enqueue(copied)
	})
	if err != nil {
		return vault.Notification{}, fmt.Errorf("duplicating notification %s of issuer %q: %w", id, issuer, err)
	}
	return copied, nil
}

// Reorder exchanges the due times of the issuer's notifications that wait, so
// that they go out in another order than they came about in: the later half
// first, each half in an order of chance. It returns how many wait; fewer than
// two have no other order. What is being sent stays as it is, so pause first.
func (q *Queue) Reorder(ctx context.Context, issuer string) (int, error) {
	count := 0
	err := q.Vault.Update(ctx, issuer, func(tx vault.Tx) error {
		// Beyond every time that a notification could be due at.
		waiting, err := q.Vault.Due(ctx, issuer, q.Clock.Now().AddDate(100, 0, 0), 0)
		if err != nil {
			return err
		}
		count = len(waiting)
		return q.exchangeTimes(tx, waiting)
	})
	if err != nil {
		return 0, fmt.Errorf("reordering the notifications of issuer %q: %w", issuer, err)
	}
	q.nudge()
	return count, nil
}

func (q *Queue) exchangeTimes(tx vault.Tx, waiting []vault.Notification) error {
	times := make([]time.Time, len(waiting))
	for i := len(waiting) - 1; i >= 0; i-- {
		times[i] = waiting[i].DueAt
		// Equal times would keep the old order. Earlier ones and not later
		// ones: what is due stays due, on a clock that stands still too.
		if i < len(waiting)-1 && !times[i].Before(times[i+1]) {
			times[i] = times[i+1].Add(-time.Microsecond)
		}
	}
	for place, from := range q.otherOrder(len(waiting)) {
		n, err := tx.Notification(waiting[from].ID)
		if err != nil {
			return err
		}
		if n.Queued {
			continue
		}
		n.DueAt = times[place]
		if err := tx.PutNotification(n); err != nil {
			return err
		}
	}
	return nil
}

// otherOrder is a permutation that leaves not everything in its place.
func (q *Queue) otherOrder(n int) []int {
	order := make([]int, 0, n)
	for i := range n {
		order = append(order, (i+n/2)%n)
	}
	shuffle := func(part []int) {
		for i := len(part) - 1; i > 0; i-- {
			j := int(q.Rand() * float64(i+1))
			part[i], part[j] = part[j], part[i]
		}
	}
	later := n - n/2
	shuffle(order[:later])
	shuffle(order[later:])
	return order
}
