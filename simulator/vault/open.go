package vault

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/pressly/goose/v3"
)

// Bounds of the journal where Options leave them open.
const (
	defaultJournalRows  = 100_000
	defaultJournalBytes = 256 << 20
)

// Options say where a vault is and how it works.
type Options struct {
	// File is the database file; it is made when missing, in a directory
	// that is there. Empty keeps everything in memory.
	File string
	// Key is the vault key, KeySize bytes. A vault in memory makes one of
	// its own when none is given.
	Key []byte
	// Clock is the simulator's clock; nil is the system's.
	Clock func() time.Time
	// Random makes the IDs that this process gives unlike those of others;
	// nil is the system's. Nonces never come from it.
	Random io.Reader
	// JournalRows and JournalBytes bound the journal; 0 stands for 100,000
	// rows and 256 MiB of content.
	JournalRows, JournalBytes int
	// OnEnqueue, when set, is called inside the transaction that queues a
	// notification, and again when the last inquiry that a notification
	// waited for has come. What it does with the transaction commits with it
	// or not at all; ErrLater leaves the notification to Due, and any other
	// error fails the update. It must not commit, roll back or use another
	// connection.
	OnEnqueue func(context.Context, *sql.Tx, Notification) error

	// For measurements: how often the disk is waited for (FULL) and how many
	// updates share a commit.
	synchronous string
	group       int
}

// Store is the Vault on SQLite.
type Store struct {
	database *database
	sealer   *sealer
	clock    func() time.Time
	enqueued func(context.Context, *sql.Tx, Notification) error
	ids      *identifiers
	reading  *statements
	writer   *writer
	journal  *journal
	schema   int64 // version of the schema

	closing  sync.Once
	closed   error
	trimming context.CancelFunc
	owned    sync.WaitGroup
}

var _ Vault = (*Store)(nil)

// Open opens the vault, making or migrating its schema, and proves that the
// key fits: ErrKey otherwise. The caller closes it.
func Open(ctx context.Context, o Options) (*Store, error) {
	if o.Key == nil && o.File == "" {
		o.Key = make([]byte, KeySize)
		rand.Read(o.Key)
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
	if o.JournalRows < 0 || o.JournalBytes < 0 {
		return nil, fmt.Errorf("opening the vault: the journal can't hold %d rows and %d bytes", o.JournalRows, o.JournalBytes)
	}
	sealer, err := newSealer(o.Key)
	if err != nil {
		return nil, fmt.Errorf("opening the vault: %w", err)
	}
	ids, err := newIdentifiers(o.Clock, o.Random)
	if err != nil {
		return nil, fmt.Errorf("opening the vault: %w", err)
	}
	database, err := openDatabase(ctx, o.File, or(o.synchronous, "FULL"))
	if err != nil {
		return nil, err
	}
	s := &Store{
		database: database, sealer: sealer, clock: o.Clock, enqueued: o.OnEnqueue, ids: ids,
		reading: newStatements(database.readers),
		writer:  newWriter(database.writers, or(o.group, largestGroup)),
	}
	s.journal = newJournal(s, int64(or(o.JournalRows, defaultJournalRows)), int64(or(o.JournalBytes, defaultJournalBytes)))
	if err := s.prepare(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("opening the vault: %w", err), database.close())
	}
	s.start()
	return s, nil
}

// or is value, or what stands for its zero.
func or[T comparable](value, otherwise T) T {
	var zero T
	if value == zero {
		return otherwise
	}
	return value
}

// start sets going the two goroutines that Close waits for.
func (s *Store) start() {
	s.writer.before, s.writer.after = s.journal.write, s.journal.written
	ctx, cancel := context.WithCancel(context.Background())
	s.trimming = cancel
	s.owned.Go(s.writer.run)
	s.owned.Go(func() { s.journal.trim(ctx) })
}

// prepare brings the schema up to date and checks the key.
func (s *Store) prepare(ctx context.Context) error {
	dialect, files, err := s.database.migrations()
	if err != nil {
		return err
	}
	migrations, err := goose.NewProvider(dialect, s.database.writers, files,
		goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return fmt.Errorf("reading the migrations: %w", err)
	}
	known := migrations.ListSources()
	s.schema = known[len(known)-1].Version
	current, err := migrations.GetDBVersion(ctx)
	if err != nil {
		return fmt.Errorf("reading the version of the schema: %w", err)
	}
	if current > s.schema {
		return fmt.Errorf("the database has schema version %d and this program knows %d: use a newer program", current, s.schema)
	}
	if current < s.schema {
		if _, err := migrations.Up(ctx); err != nil {
			return fmt.Errorf("migrating the schema from version %d to %d: %w", current, s.schema, err)
		}
	}
	return s.proveKey(ctx)
}

const (
	sqlProofInsert = `INSERT INTO vault_key (id, proof) VALUES (1, ?) ON CONFLICT (id) DO NOTHING`
	sqlProof       = `SELECT proof FROM vault_key WHERE id = 1`
)

// proveKey leaves a proof of the key in a new database and compares it in a
// known one.
func (s *Store) proveKey(ctx context.Context) error {
	var proof []byte
	err := s.database.writers.QueryRowContext(ctx, sqlProof).Scan(&proof)
	if errors.Is(err, sql.ErrNoRows) {
		_, err = s.database.writers.ExecContext(ctx, sqlProofInsert, s.sealer.proof())
		proof = s.sealer.proof()
	}
	if err != nil {
		return fmt.Errorf("checking the vault key: %w", err)
	}
	if !bytes.Equal(proof, s.sealer.proof()) {
		return ErrKey
	}
	return nil
}

// Writer is the pool of the one connection that writes, for a queue that
// keeps its tables in the same database. Whoever holds its connection keeps
// every Update waiting, and must not call the vault meanwhile.
func (s *Store) Writer() *sql.DB { return s.database.writers }

// NewID makes an ID for a traffic row or a notification, for callers that
// must name one before it is stored: 26 letters and digits, in the order of
// their making.
func (s *Store) NewID() string { return s.ids.next() }

// Close commits what has begun, writes the rows that the journal accepted and
// closes the database. Everything else gets ErrClosed.
func (s *Store) Close() error {
	s.closing.Do(func() {
		s.trimming()
		s.journal.close()
		s.writer.close()
		s.owned.Wait()
		s.closed = s.database.close()
	})
	return s.closed
}
