package vault

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"
)

// ErrReadOnly says that something was to be written in a View.
var ErrReadOnly = errors.New("a view can't write")

// errOver says that a Tx was used after its function had returned.
var errOver = errors.New("the transaction is over")

// transaction is the Tx of one issuer. It is used by one goroutine and only
// until the function that it was given to returns.
type transaction struct {
	store   *Store
	ctx     context.Context // asked before each statement
	whole   context.Context // the same, but it never ends
	session *session
	issuer  string
	group   *group // nil in a View
	// failure is the first error of the database itself. SQLite may have
	// undone the transaction because of it, so nothing may follow.
	failure error
}

func newTransaction(ctx context.Context, s *Store, in *session, issuer string, g *group) *transaction {
	return &transaction{store: s, ctx: ctx, whole: context.WithoutCancel(ctx), session: in, issuer: issuer, group: g}
}

// View runs f in a read-only transaction of the issuer: all that f reads is
// of one moment, and no writer makes it wait.
func (s *Store) View(ctx context.Context, issuer string, f func(Tx) error) error {
	return s.view(ctx, issuer, func(t *transaction) error { return f(t) })
}

func (s *Store) view(ctx context.Context, issuer string, f func(*transaction) error) error {
	connection, err := s.database.readers.Conn(ctx)
	if err != nil {
		return fmt.Errorf("reading the vault: %w", err)
	}
	defer connection.Close()
	tx, err := connection.BeginTx(context.WithoutCancel(ctx), &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return fmt.Errorf("reading the vault: %w", err)
	}
	t := newTransaction(ctx, s, s.reading.session(tx), issuer, nil)
	defer func() {
		t.failure = errOver
		tx.Rollback() // nothing was written: there is nothing to lose
		connection.Close()
		t.session.settle(t.whole)
	}()
	return f(t)
}

// Update runs f in a read-write transaction of the issuer and returns once
// the change is on the disk, or f's error once it is certain that everything
// f saw is. Updates run one at a time; those that wait share one commit
// without seeing anything of each other's failures. f must not call Update or
// another writing method of the vault: it would wait for itself.
func (s *Store) Update(ctx context.Context, issuer string, f func(Tx) error) error {
	return s.update(ctx, issuer, func(t *transaction) error { return f(t) })
}

func (s *Store) update(ctx context.Context, issuer string, f func(*transaction) error) error {
	return s.writer.do(ctx, func(g *group) error {
		t := newTransaction(ctx, s, g.session, issuer, g)
		err := f(t)
		if err == nil {
			err = t.failure
		}
		t.failure = errOver
		return err
	})
}

func (t *transaction) Issuer() string { return t.issuer }

func (t *transaction) Hash(value string) []byte {
	return t.store.sealer.hash("value", t.issuer, value)
}

// prepare says whether t may go on, and finds the statement. Statements are
// not interrupted in their middle: SQLite would undo the whole transaction,
// which others share.
func (t *transaction) prepare(query string) (*sql.Stmt, error) {
	if t.failure != nil {
		return nil, t.failure
	}
	if err := t.ctx.Err(); err != nil {
		return nil, err
	}
	statement, err := t.session.statement(t.whole, query)
	if err != nil {
		t.failure = err
	}
	return statement, err
}

// exec runs a statement and returns the number of rows that it changed.
func (t *transaction) exec(query string, arguments ...any) (int64, error) {
	if t.group == nil {
		return 0, ErrReadOnly
	}
	statement, err := t.prepare(query)
	if err != nil {
		return 0, err
	}
	result, err := statement.ExecContext(t.whole, arguments...)
	if err != nil {
		return 0, t.failed(err)
	}
	return result.RowsAffected()
}

// row reads one row into targets, or returns ErrNotFound.
func (t *transaction) row(query string, arguments []any, targets ...any) error {
	statement, err := t.prepare(query)
	if err != nil {
		return err
	}
	err = statement.QueryRowContext(t.whole, arguments...).Scan(targets...)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNotFound
	}
	if err != nil {
		return t.failed(err)
	}
	return nil
}

// rows reads every row with scan.
func rows[T any](t *transaction, query string, arguments []any, scan func(scanner) (T, error)) ([]T, error) {
	statement, err := t.prepare(query)
	if err != nil {
		return nil, err
	}
	cursor, err := statement.QueryContext(t.whole, arguments...)
	if err != nil {
		return nil, t.failed(err)
	}
	defer cursor.Close()
	var found []T
	for cursor.Next() {
		if err := t.ctx.Err(); err != nil {
			return nil, err
		}
		one, err := scan(cursor)
		if err != nil {
			return nil, err
		}
		found = append(found, one)
	}
	if err := cursor.Err(); err != nil {
		return nil, t.failed(err)
	}
	return found, nil
}

// scanner is a row that can be read, of one or of many.
type scanner interface{ Scan(targets ...any) error }

// failed tells what the database refused from what went wrong with it.
func (t *transaction) failed(err error) error {
	if brokenReference(err) {
		return fmt.Errorf("it refers to an issuer, PAN or token that the vault doesn't have: %w", ErrNotFound)
	}
	t.failure = fmt.Errorf("the database failed: %w", err)
	return t.failure
}

// encode makes the text of a column that holds JSON.
func encode(value any) (string, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return "", fmt.Errorf("encoding %T: %w", value, err)
	}
	return string(text), nil
}

// content is a column that holds the JSON of a T.
type content[T any] struct{ value T }

// Scan implements sql.Scanner.
func (c *content[T]) Scan(column any) error {
	text, ok := column.(string)
	if !ok {
		return fmt.Errorf("reading %T: the column holds %T", c.value, column)
	}
	return json.Unmarshal([]byte(text), &c.value)
}

// limited is a limit for LIMIT: 0 stands for none.
func limited(limit int) int {
	if limit <= 0 {
		return math.MaxInt32
	}
	return limit
}

// micros is how times are kept in columns: microseconds since 1970. The zero
// time comes before every other.
func micros(at time.Time) int64 { return at.UnixMicro() }
