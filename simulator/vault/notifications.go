package vault

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	sqlEnqueue = `INSERT INTO notifications (issuer, id, operation, token_id, state, due_at, inquiries, content) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (issuer, id) DO NOTHING`
	sqlNotification    = `SELECT seq, state, inquiries, queued, content FROM notifications WHERE issuer = ? AND id = ?`
	sqlNotificationPut = `UPDATE notifications SET operation = ?, token_id = ?, state = ?, due_at = ?, inquiries = ?, queued = 0, content = ?
		WHERE issuer = ? AND id = ?`
	sqlCountInquiry = `UPDATE notifications SET inquiries = inquiries - 1
		WHERE issuer = ? AND token_id = ? AND state = 'pending' AND inquiries > 0 RETURNING seq, state, inquiries, queued, content`
	// For the queue and the console: the filter adds the issuer, if any.
	sqlNotifications = `SELECT seq, state, inquiries, queued, content FROM notifications`
)

type numberedNotification struct {
	seq int64
	Notification
}

func scanNotification(row scanner) (numberedNotification, error) {
	var n numberedNotification
	var stored content[Notification]
	var state string
	var inquiries int
	var queued bool
	err := row.Scan(&n.seq, &state, &inquiries, &queued, &stored)
	n.Notification = stored.value
	n.State, n.Inquiries, n.Queued = state, inquiries, queued
	return n, err
}

// Enqueue queues a notification; it commits with the transaction. Without ID,
// state, due time or request ID it gets an ID, pending, now and the ID. An ID
// that is taken is refused with ErrExists.
func (t *transaction) Enqueue(n Notification) error {
	if n.ID == "" {
		n.ID = t.store.ids.next()
	}
	if err := t.enqueue(n); err != nil {
		return fmt.Errorf("queueing notification %s: %w", n.ID, err)
	}
	return nil
}

func (t *transaction) enqueue(n Notification) error {
	if n.Issuer != "" && n.Issuer != t.issuer {
		return fmt.Errorf("it belongs to issuer %q and not to %q", n.Issuer, t.issuer)
	}
	n.Issuer, n.CreatedAt = t.issuer, t.store.clock()
	n.UpdatedAt = n.CreatedAt
	n.State, n.RequestID = or(n.State, StatePending), or(n.RequestID, n.ID)
	if n.DueAt.IsZero() {
		n.DueAt = n.CreatedAt
	}
	text, err := encode(n)
	if err != nil {
		return err
	}
	made, err := t.exec(sqlEnqueue, t.issuer, n.ID, n.Operation, n.TokenID, n.State, micros(n.DueAt), n.Inquiries, text)
	if err == nil && made == 0 {
		err = ErrExists
	}
	if err != nil {
		return err
	}
	return t.announce(n)
}

// announce tells the queue of a notification, in the same transaction, and
// notes that the queue took it up.
func (t *transaction) announce(n Notification) error {
	if t.store.enqueued == nil {
		return nil
	}
	err := t.store.enqueued(t.whole, t.session.tx, n)
	if errors.Is(err, ErrLater) {
		return nil
	}
	if err == nil {
		_, err = t.exec(sqlQueued, t.issuer, n.ID)
	}
	return err
}

func (t *transaction) Notification(id string) (Notification, error) {
	found, err := rows(t, sqlNotification, []any{t.issuer, id}, scanNotification)
	if err == nil && len(found) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return Notification{}, fmt.Errorf("finding notification %s: %w", id, err)
	}
	return found[0].Notification, nil
}

// PutNotification replaces a queued notification: its state, attempts, due
// time. It tells the queue nothing, and what the queue has of it counts no more:
// it is found again by Due.
func (t *transaction) PutNotification(n Notification) error {
	n.Issuer, n.UpdatedAt = t.issuer, t.store.clock()
	text, err := encode(n)
	var changed int64
	if err == nil {
		changed, err = t.exec(sqlNotificationPut, n.Operation, n.TokenID, n.State, micros(n.DueAt), n.Inquiries, text, t.issuer, n.ID)
	}
	if err == nil && changed == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("storing notification %s: %w", n.ID, err)
	}
	return nil
}

// CountInquiry counts one inquiry of a token: the pending notifications that
// wait for inquiries wait for one less, and those that wait for no more are
// announced to the queue.
func (t *transaction) CountInquiry(tokenReferenceID string) error {
	if t.group == nil {
		return ErrReadOnly
	}
	waiting, err := rows(t, sqlCountInquiry, []any{t.issuer, tokenReferenceID}, scanNotification)
	for _, n := range waiting {
		if err == nil && n.Inquiries == 0 {
			err = t.announce(n.Notification)
		}
	}
	if err != nil {
		return fmt.Errorf("counting an inquiry of token %s: %w", tokenReferenceID, err)
	}
	return nil
}

// Notifications lists notifications, oldest first, 100 at most when the query
// names no limit, and the position to go on from. With DueBefore, only those
// that are due by then and wait for no inquiry.
func (s *Store) Notifications(ctx context.Context, q NotificationQuery) (page []Notification, next string, err error) {
	after, err := position(q.After)
	if err != nil {
		return nil, "", fmt.Errorf("listing notifications: %w", err)
	}
	var f filter
	f.when(q.Issuer != "", "issuer = ?", q.Issuer)
	f.when(q.ID != "", "id = ?", q.ID)
	f.when(q.State != "", "state = ?", q.State)
	f.when(q.Operation != "", "operation = ?", q.Operation)
	f.when(q.TokenID != "", "token_id = ?", q.TokenID)
	f.when(!q.DueBefore.IsZero(), "inquiries = 0 AND due_at <= ?", micros(q.DueBefore))
	f.when(true, "seq > ?", after)
	var found []numberedNotification
	err = s.view(ctx, q.Issuer, func(t *transaction) error {
		query, arguments := f.page(sqlNotifications, or(q.Limit, pageSize))
		found, err = rows(t, query, arguments, scanNotification)
		return err
	})
	if err != nil {
		return nil, "", fmt.Errorf("listing notifications: %w", err)
	}
	next = q.After
	for _, n := range found {
		page, next = append(page, n.Notification), cursor(n.seq)
	}
	return page, next, nil
}

const (
	sqlPayTokenExpire = `DELETE FROM pay_tokens WHERE issuer = ? AND expires_at <= ?`
	sqlPayTokenAdd    = `INSERT INTO pay_tokens (issuer, digest, expires_at) VALUES (?, ?, ?) ON CONFLICT (issuer, digest) DO NOTHING`
)

// UsedPayToken remembers an x-pay-token until the time given, by the clock of
// the vault, and tells whether it was used before (p.27). Of several calls
// with one token exactly one is told false. What has expired is forgotten with
// the issuer's next call.
func (s *Store) UsedPayToken(ctx context.Context, issuer, digest string, until time.Time) (used bool, err error) {
	err = s.update(ctx, issuer, func(t *transaction) error {
		if _, err := t.exec(sqlPayTokenExpire, issuer, micros(s.clock())); err != nil {
			return err
		}
		made, err := t.exec(sqlPayTokenAdd, issuer, digest, micros(until))
		used = made == 0
		return err
	})
	if err != nil {
		return false, fmt.Errorf("remembering an x-pay-token of issuer %q: %w", issuer, err)
	}
	return used, nil
}
