package vault

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

const (
	sqlQueued  = `UPDATE notifications SET queued = 1 WHERE issuer = ? AND id = ?`
	sqlWaiting = `SELECT DISTINCT issuer FROM notifications
		WHERE queued = 0 AND inquiries = 0 AND state IN ('pending', 'retrying') AND due_at <= ? ORDER BY issuer`
	sqlDue = `SELECT seq, state, inquiries, queued, content FROM notifications
		WHERE queued = 0 AND inquiries = 0 AND state IN ('pending', 'retrying') AND issuer = ? AND due_at <= ? ORDER BY due_at, seq LIMIT ?`
	sqlRequeue = `UPDATE notifications SET queued = 0 WHERE queued = 1`
)

// Announce tells the queue of a notification again, in the same transaction.
func (t *transaction) Announce(n Notification) error {
	if t.group == nil {
		return ErrReadOnly
	}
	if err := t.announce(n); err != nil {
		return fmt.Errorf("announcing notification %s: %w", n.ID, err)
	}
	return nil
}

// Waiting lists the issuers with notifications that are due by then and that
// the queue has not taken up.
func (s *Store) Waiting(ctx context.Context, by time.Time) (issuers []string, err error) {
	err = s.view(ctx, "", func(t *transaction) error {
		issuers, err = rows(t, sqlWaiting, []any{micros(by)}, func(row scanner) (name string, err error) {
			return name, row.Scan(&name)
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("looking for notifications that are due: %w", err)
	}
	return issuers, nil
}

// Due lists the issuer's notifications that are due by then and that the queue
// has not taken up, in the order of their due time; 0 is all.
func (s *Store) Due(ctx context.Context, issuer string, by time.Time, limit int) (due []Notification, err error) {
	var found []numberedNotification
	err = s.view(ctx, issuer, func(t *transaction) error {
		found, err = rows(t, sqlDue, []any{issuer, micros(by), limited(limit)}, scanNotification)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("looking for notifications that are due: %w", err)
	}
	for _, n := range found {
		due = append(due, n.Notification)
	}
	return due, nil
}

// Requeue forgets what the queue has taken up, so that Due lists it again. In
// the same transaction also runs, to empty the tables of the queue itself.
func (s *Store) Requeue(ctx context.Context, also func(*sql.Tx) error) error {
	err := s.update(ctx, "", func(t *transaction) error {
		if _, err := t.exec(sqlRequeue); err != nil {
			return err
		}
		return also(t.session.tx)
	})
	if err != nil {
		return fmt.Errorf("taking notifications back into the queue: %w", err)
	}
	return nil
}
