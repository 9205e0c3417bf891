package vault

import (
	"context"
	"fmt"
	"sync"
)

const (
	// mostAccepted bounds the rows that wait to be written, in rows and in
	// bytes; whoever comes then waits for the disk.
	mostAccepted      = 4096
	mostAcceptedBytes = 16 << 20
)

const (
	sqlJournalAdd = `INSERT INTO journal (issuer, id, direction, operation, at, elapsed, bytes, content) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id, issuer) DO NOTHING`
	sqlJournalOfIssuer = `SELECT COUNT(*), COALESCE(SUM(bytes), 0) FROM journal WHERE issuer = ?`
	sqlJournalDrop     = `DELETE FROM journal WHERE issuer = ?`
	sqlMarkDrop        = `DELETE FROM journal_marks WHERE issuer = ?`
	sqlJournalGrow     = `UPDATE journal_size SET row_count = row_count + ?, byte_count = byte_count + ? WHERE id = 1 RETURNING row_count, byte_count`
)

// entry is a traffic row as it is stored.
type entry struct {
	issuer, id, direction, operation string
	at, elapsed                      int64
	text                             string
}

// journal is the ring of traffic rows. Rows of a transaction are written in
// it; rows of calls that change nothing are accepted at once and written with
// the next commit. The ring is emptied at its old end by a goroutine of its
// own.
type journal struct {
	store                 *Store
	mostRows, mostContent int64
	full                  chan struct{}

	mu       sync.Mutex
	accepted []entry
	bytes    int   // of the accepted
	taken    int   // of the accepted, by the group that commits now
	failure  error // of the last attempt to write them
	closed   bool
}

func newJournal(s *Store, mostRows, mostContent int64) *journal {
	return &journal{store: s, mostRows: mostRows, mostContent: mostContent, full: make(chan struct{}, 1)}
}

func (s *Store) entry(row Traffic) (entry, error) {
	if row.ID == "" {
		row.ID = s.ids.next()
	}
	if row.Time.IsZero() {
		row.Time = s.clock()
	}
	text, err := encode(row)
	return entry{
		issuer: row.Issuer, id: row.ID, direction: row.Direction, operation: row.Operation,
		at: micros(row.Time), elapsed: int64(row.Elapsed), text: text,
	}, err
}

// Journal writes a traffic row in the transaction. An ID that is taken is
// refused with ErrExists.
func (t *transaction) Journal(row Traffic) error {
	if row.Issuer != "" && row.Issuer != t.issuer {
		return fmt.Errorf("writing traffic row %s: it belongs to issuer %q and not to %q", row.ID, row.Issuer, t.issuer)
	}
	row.Issuer = t.issuer
	e, err := t.store.entry(row)
	var made int64
	if err == nil {
		made, err = t.addEntry(e)
	}
	if err == nil && made == 0 {
		err = ErrExists
	}
	if err != nil {
		return fmt.Errorf("writing traffic row %s: %w", row.ID, err)
	}
	return nil
}

func (t *transaction) addEntry(e entry) (int64, error) {
	made, err := t.exec(sqlJournalAdd, e.issuer, e.id, e.direction, e.operation, e.at, e.elapsed, len(e.text), e.text)
	if err == nil && made > 0 {
		t.group.grow(1, int64(len(e.text)))
	}
	return made, err
}

// Journal accepts a traffic row and returns without waiting for the disk: the
// row is written with the next commit, Traffic finds it from now on, and only
// the end of the whole process in between loses it. What belongs to a change
// of state goes through Tx instead. A row whose ID is taken is dropped. The
// error is that of earlier rows, which are kept and tried again.
func (s *Store) Journal(ctx context.Context, row Traffic) error {
	e, err := s.entry(row)
	if err != nil {
		return fmt.Errorf("writing traffic row %s: %w", row.ID, err)
	}
	if s.journal.crowded() {
		if err := s.journal.flush(ctx); err != nil {
			return fmt.Errorf("writing traffic row %s: %w", row.ID, err)
		}
	}
	return s.journal.accept(e)
}

func (j *journal) crowded() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.accepted) >= mostAccepted || j.bytes >= mostAcceptedBytes
}

func (j *journal) accept(e entry) error {
	j.mu.Lock()
	if j.closed {
		j.mu.Unlock()
		return ErrClosed
	}
	j.accepted, j.bytes = append(j.accepted, e), j.bytes+len(e.text)
	failure := j.failure
	j.mu.Unlock()
	select {
	case j.store.writer.wake <- struct{}{}:
	default: // awake already
	}
	return failure
}

// close accepts no more rows.
func (j *journal) close() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.closed = true
}

// flush returns once every row that was accepted before is committed.
func (j *journal) flush(ctx context.Context) error {
	j.mu.Lock()
	waiting := len(j.accepted)
	j.mu.Unlock()
	if waiting == 0 {
		return nil
	}
	return j.store.writer.do(ctx, func(*group) error { return nil })
}

// write adds the accepted rows to a group that is about to commit, and counts
// what the group adds to the journal.
func (j *journal) write(g *group) error {
	j.mu.Lock()
	j.taken = len(j.accepted)
	entries := j.accepted[:j.taken]
	j.mu.Unlock()
	t := newTransaction(context.Background(), j.store, g.session, "", g)
	for _, e := range entries {
		if _, err := t.addEntry(e); err != nil {
			return fmt.Errorf("writing to the journal: %w", err)
		}
	}
	if !g.counted {
		return nil
	}
	var nowRows, nowBytes int64
	if err := t.row(sqlJournalGrow, []any{g.rows + g.draftRows, g.bytes + g.draftBytes}, &nowRows, &nowBytes); err != nil {
		return fmt.Errorf("counting the journal: %w", err)
	}
	if nowRows > j.mostRows || nowBytes > j.mostContent {
		j.overflows()
	}
	return nil
}

// written forgets the rows that a group committed, or keeps them for the next.
func (j *journal) written(_ *group, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.failure = err
	if err == nil {
		for _, e := range j.accepted[:j.taken] {
			j.bytes -= len(e.text)
		}
		rest := copy(j.accepted, j.accepted[j.taken:])
		clear(j.accepted[rest:])
		j.accepted = j.accepted[:rest]
	}
	j.taken = 0
}

// emptyJournal removes the rows of the issuer and what is known of them.
func (t *transaction) emptyJournal() error {
	var count, size int64
	if err := t.row(sqlJournalOfIssuer, []any{t.issuer}, &count, &size); err != nil {
		return err
	}
	if _, err := t.exec(sqlJournalDrop, t.issuer); err != nil {
		return err
	}
	t.group.grow(-count, -size)
	_, err := t.exec(sqlMarkDrop, t.issuer)
	return err
}
