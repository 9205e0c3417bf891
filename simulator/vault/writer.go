package vault

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// ErrClosed says that the vault was closed.
var ErrClosed = errors.New("the vault is closed")

// errAbandoned says that the function of an Update didn't return: it panicked
// or ended its goroutine.
var errAbandoned = errors.New("the update was abandoned")

const (
	sqlSavepoint = "SAVEPOINT member"
	sqlRelease   = "RELEASE member"
	sqlUndo      = "ROLLBACK TO member"
)

// largestGroup bounds how many updates share a commit, and with it how long
// the first of them waits for the last.
const largestGroup = 128

// writer lets one update after the other write, and commits those that wait
// together: a commit waits for the disk, and a hundred changes wait no longer
// than one. With 64 callers, on two cores and a disk that takes 1.2 ms,
// BenchmarkUpdate counts 750 updates a second that each wait alone, 7,000 that
// wait together, and no more when nobody waits for the disk. Each update has a savepoint of its own, and its caller learns of
// success or failure only after the commit.
//
//	Update --queue--> run: begin, {savepoint, caller works, release}…, commit
//	                                          |                          |
//	       <--------- the caller's turn ------+        done <------------+
//
// The caller's function runs on the caller's goroutine, so that its panics
// are its own.
type writer struct {
	statements *statements
	largest    int
	// before is run in each group ahead of its commit, after once it is
	// known whether the group was committed.
	before func(*group) error
	after  func(*group, error)

	queue   chan *request
	wake    chan struct{} // something wants to be committed that waits for nothing
	stop    chan struct{}
	stopped chan struct{}
}

// request is an update that waits for its turn.
type request struct {
	ctx   context.Context
	turn  chan *group
	ended chan error // the caller's work is over
	done  chan error // and is committed, or not
	// alone, when set, runs with the connection and outside any transaction.
	alone func(*sql.Conn) error
	// failure is what the caller's work ended with.
	failure error
}

// group is one transaction of several updates.
type group struct {
	session *session
	// rows and bytes that the group adds to the journal; those of the
	// update at work count once it is released. counted says that there may
	// be some, also when as many went as came.
	rows, bytes           int64
	draftRows, draftBytes int64
	counted               bool
	// failure is why the transaction can't be committed.
	failure error
}

func newWriter(pool *sql.DB, largest int) *writer {
	return &writer{
		statements: newStatements(pool), largest: largest,
		before: func(*group) error { return nil }, after: func(*group, error) {},
		queue: make(chan *request), wake: make(chan struct{}, 1),
		stop: make(chan struct{}), stopped: make(chan struct{}),
	}
}

// do gives f its turn to write and waits for the commit. A context that ends
// takes the waiting caller out of the queue; from its turn on it stays to the
// end, because otherwise it wouldn't know what became of its change.
func (w *writer) do(ctx context.Context, f func(*group) error) error {
	r := &request{ctx: ctx, turn: make(chan *group), ended: make(chan error, 1), done: make(chan error, 1)}
	select {
	case w.queue <- r:
	case <-ctx.Done():
		return fmt.Errorf("waiting to write to the vault: %w", ctx.Err())
	case <-w.stop:
		return ErrClosed
	}
	select {
	case g := <-r.turn:
		r.work(g, f)
	case <-ctx.Done():
		return fmt.Errorf("waiting to write to the vault: %w", ctx.Err())
	case err := <-r.done:
		return err
	}
	return <-r.done
}

// work is the caller's turn. It ends even when f panics.
func (r *request) work(g *group, f func(*group) error) {
	end := errAbandoned
	defer func() { r.ended <- end }()
	end = f(g)
}

// doAlone runs f with the writer's connection between two groups.
func (w *writer) doAlone(ctx context.Context, f func(*sql.Conn) error) error {
	r := &request{ctx: ctx, done: make(chan error, 1), alone: f}
	select {
	case w.queue <- r:
	case <-ctx.Done():
		return fmt.Errorf("waiting to write to the vault: %w", ctx.Err())
	case <-w.stop:
		return ErrClosed
	}
	return <-r.done
}

// close commits what has begun and refuses everything else.
func (w *writer) close() {
	close(w.stop)
	<-w.stopped
}

func (w *writer) run() {
	defer close(w.stopped)
	for {
		select {
		case r := <-w.queue:
			w.serve(r)
		case <-w.wake:
			w.serve(nil)
		case <-w.stop:
			w.serve(nil)
			return
		}
	}
}

// serve commits a group: r and those that come while it runs.
func (w *writer) serve(r *request) {
	if r != nil && r.alone != nil {
		r.done <- w.runAlone(r)
		return
	}
	g, err := w.begin()
	if err != nil {
		if r != nil {
			r.done <- err
		}
		w.after(nil, err)
		return
	}
	var members []*request
	for r != nil && r.alone == nil {
		if w.member(g, r) {
			members = append(members, r)
		}
		r = nil
		if g.failure == nil && len(members) < w.largest {
			r = w.next()
		}
	}
	err = w.commit(g)
	for _, member := range members {
		if err != nil {
			member.done <- err
		} else {
			member.done <- member.failure
		}
	}
	w.after(g, err)
	if r != nil { // it wants to be alone
		w.serve(r)
	}
}

// next is who waits now, if anybody does.
func (w *writer) next() *request {
	select {
	case r := <-w.queue:
		return r
	default:
		return nil
	}
}

func (w *writer) begin() (*group, error) {
	// The transaction is the writer's and not its first member's: it has no
	// caller's context.
	tx, err := w.statements.pool.BeginTx(context.Background(), nil)
	if err != nil {
		return nil, fmt.Errorf("beginning to write to the vault: %w", err)
	}
	return &group{session: w.statements.session(tx)}, nil
}

// member lets one caller work, and undoes its work if it failed. It returns
// false when the caller had gone.
func (w *writer) member(g *group, r *request) bool {
	g.exec(sqlSavepoint)
	select {
	case r.turn <- g:
		r.failure = <-r.ended
	case <-r.ctx.Done():
		g.exec(sqlRelease)
		return false
	}
	if r.failure != nil {
		if g.exec(sqlUndo); g.failure != nil {
			g.failure = r.failure // the cause, and not the missing savepoint
		}
		g.draftRows, g.draftBytes = 0, 0
	}
	g.exec(sqlRelease)
	g.rows, g.bytes = g.rows+g.draftRows, g.bytes+g.draftBytes
	g.draftRows, g.draftBytes = 0, 0
	return true
}

// exec runs a statement of the group itself. When SQLite undid the whole
// transaction because of an error (a full disk), the savepoint is gone with
// it: the next of these statements fails, and the group with it.
func (g *group) exec(query string) {
	if g.failure != nil {
		return
	}
	ctx := context.Background()
	statement, err := g.session.statement(ctx, query)
	if err == nil {
		_, err = statement.ExecContext(ctx)
	}
	if err != nil {
		g.failure = fmt.Errorf("writing to the vault: %w", err)
	}
}

// grow counts what the update at work adds to the journal.
func (g *group) grow(rows, bytes int64) {
	g.draftRows, g.draftBytes, g.counted = g.draftRows+rows, g.draftBytes+bytes, true
}

func (w *writer) commit(g *group) error {
	if g.failure == nil {
		g.failure = w.before(g)
	}
	if g.failure != nil {
		// SQLite may have rolled back by itself; why is in the failure.
		g.session.tx.Rollback()
		return g.failure
	}
	if err := g.session.tx.Commit(); err != nil {
		return fmt.Errorf("committing to the vault: %w", err)
	}
	g.session.settle(context.Background())
	return nil
}

func (w *writer) runAlone(r *request) error {
	if err := r.ctx.Err(); err != nil {
		return err
	}
	connection, err := w.statements.pool.Conn(r.ctx)
	if err != nil {
		return fmt.Errorf("writing to the vault: %w", err)
	}
	return errors.Join(r.alone(connection), connection.Close())
}
