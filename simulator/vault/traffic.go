package vault

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// pageSize is how many rows a query without limit gets.
const pageSize = 100

const (
	sqlTrafficPlace = `SELECT COALESCE(MAX(seq), -1) FROM journal WHERE issuer = ? AND id = ?`
	sqlMarkOfIssuer = `SELECT COUNT(*), COALESCE(MAX(seq), 0), COALESCE(MAX(at), 0) FROM journal_marks WHERE issuer = ?`

	// For the console: the journal of all issuers. The filter of sqlTraffic
	// adds the issuer, if any.
	sqlTraffic         = `SELECT seq, elapsed, content FROM journal`
	sqlTrafficPlaceAll = `SELECT COALESCE(MAX(seq), -1) FROM journal WHERE id = ?`
	sqlMarkAll         = `SELECT COUNT(*), COALESCE(MAX(seq), 0), COALESCE(MAX(at), 0) FROM journal_marks`
	sqlJournalHead     = `SELECT COALESCE(MAX(seq), 0) FROM journal`
)

type numberedTraffic struct {
	seq int64
	Traffic
}

func scanTraffic(row scanner) (numberedTraffic, error) {
	var n numberedTraffic
	var elapsed int64
	var stored content[Traffic]
	err := row.Scan(&n.seq, &elapsed, &stored)
	n.Traffic = stored.value
	n.Elapsed = time.Duration(elapsed)
	return n, err
}

// Traffic lists traffic rows, oldest first, 100 at most when the query names
// no limit, and the position to go on from, now or later. After is such a
// position or the ID of a row. A query that goes on from a place, or asks for
// all since a time, gets ErrEvicted when rows that it should have seen are no
// longer there; one that does neither begins with the oldest row there is.
func (s *Store) Traffic(ctx context.Context, q TrafficQuery) (page []Traffic, next string, err error) {
	if err = s.journal.flush(ctx); err == nil {
		err = s.view(ctx, q.Issuer, func(t *transaction) error {
			page, next, err = t.traffic(q)
			return err
		})
	}
	if err != nil {
		return nil, "", fmt.Errorf("reading the journal: %w", err)
	}
	return page, next, nil
}

func (t *transaction) traffic(q TrafficQuery) (page []Traffic, next string, err error) {
	after, gone, err := t.reach(q)
	if err != nil {
		return nil, "", err
	}
	var f filter
	f.when(q.Issuer != "", "issuer = ?", q.Issuer)
	f.when(q.Direction != "", "direction = ?", q.Direction)
	f.when(q.Operation != "", "operation = ?", q.Operation)
	f.when(!q.Since.IsZero(), "at >= ?", micros(q.Since))
	f.when(true, "seq > ?", after)
	limit := or(q.Limit, pageSize)
	query, arguments := f.page(sqlTraffic, limit)
	found, err := rows(t, query, arguments, scanTraffic)
	if err != nil {
		return nil, "", err
	}
	for _, n := range found {
		page, after = append(page, n.Traffic), n.seq
	}
	if len(found) < limit { // nothing is left: go on after all that is there
		var head int64
		if err := t.row(sqlJournalHead, nil, &head); err != nil {
			return nil, "", err
		}
		after = max(after, head, gone)
	}
	return page, cursor(after), nil
}

// reach finds the row to go on from and the last row that is gone, or that the
// ring no longer holds all that the query asks for.
func (t *transaction) reach(q TrafficQuery) (after, gone int64, err error) {
	if after, err = t.place(q); err != nil {
		return 0, 0, err
	}
	if after < 0 {
		return 0, 0, fmt.Errorf("there is no row %s (any more): %w", q.After, ErrEvicted)
	}
	query, arguments := sqlMarkAll, []any(nil)
	if q.Issuer != "" {
		query, arguments = sqlMarkOfIssuer, []any{q.Issuer}
	}
	var marks, at int64
	if err := t.row(query, arguments, &marks, &gone, &at); err != nil {
		return 0, 0, err
	}
	switch {
	case marks == 0:
	case q.After != "" && after < gone:
		return 0, 0, fmt.Errorf("rows after %s are gone: %w", q.After, ErrEvicted)
	case q.After == "" && !q.Since.IsZero() && at >= micros(q.Since):
		return 0, 0, fmt.Errorf("rows since %s are gone: %w", q.Since.Format(time.RFC3339), ErrEvicted)
	}
	return after, gone, nil
}

// place finds where to go on from: -1 when it is after a row that isn't there.
func (t *transaction) place(q TrafficQuery) (after int64, err error) {
	if after, err = position(q.After); err == nil {
		return after, nil
	}
	// It is no position, so the ID of a row.
	if q.Issuer != "" {
		err = t.row(sqlTrafficPlace, []any{q.Issuer, q.After}, &after)
	} else {
		err = t.row(sqlTrafficPlaceAll, []any{q.After}, &after)
	}
	return after, err
}

// filter collects the conditions of a query that lists.
type filter struct {
	conditions []string
	arguments  []any
}

func (f *filter) when(wanted bool, condition string, argument any) {
	if wanted {
		f.conditions, f.arguments = append(f.conditions, condition), append(f.arguments, argument)
	}
}

// page completes a SELECT: what passes the filter, oldest first.
func (f *filter) page(selection string, limit int) (string, []any) {
	return selection + " WHERE " + strings.Join(f.conditions, " AND ") + " ORDER BY seq LIMIT ?", append(f.arguments, limit)
}

// cursorDigits is the length of a position; no ID is as short.
const cursorDigits = 20

// cursor is a position in a list as callers see it.
func cursor(seq int64) string { return fmt.Sprintf("%0*d", cursorDigits, seq) }

// position reads a cursor; the empty one is the beginning.
func position(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	seq, err := strconv.ParseInt(text, 10, 64)
	if err != nil || len(text) != cursorDigits {
		return 0, fmt.Errorf("%q is no position in a list: give one that the list returned", text)
	}
	return seq, nil
}
