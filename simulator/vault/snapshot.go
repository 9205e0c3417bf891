package vault

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// For Restore: the schema version of a copy, as goose keeps it.
const sqlSchemaVersion = `SELECT MAX(version_id) FROM goose_db_version WHERE is_applied`

// Snapshot writes a consistent copy of everything into a new file, readable
// by its owner alone, while the vault goes on working. The numbers in it are
// sealed with the same key. A file that is there is left alone: ErrExists.
func (s *Store) Snapshot(ctx context.Context, file string) error {
	if err := s.snapshot(ctx, file); err != nil {
		return fmt.Errorf("writing snapshot %s: %w", file, err)
	}
	return nil
}

func (s *Store) snapshot(ctx context.Context, file string) error {
	if err := s.journal.flush(ctx); err != nil {
		return err
	}
	if _, err := os.Lstat(file); err == nil {
		return fmt.Errorf("the file is there: %w", ErrExists)
	}
	// The copy is made beside the file and gets its name once it is whole.
	draft, err := os.CreateTemp(filepath.Dir(file), filepath.Base(file)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(draft.Name())
	if err := draft.Close(); err != nil {
		return err
	}
	if err := s.database.copyTo(ctx, draft.Name()); err != nil {
		return err
	}
	if err := syncFile(draft.Name()); err != nil {
		return err
	}
	return os.Rename(draft.Name(), file)
}

func syncFile(name string) error {
	file, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}

// Restore replaces everything by a snapshot, at once and for good: whoever
// reads sees all of the old or all of the new. It refuses a snapshot of
// another schema version or of another vault key (ErrKey), or a damaged one,
// and then changes nothing.
func (s *Store) Restore(ctx context.Context, file string) error {
	if err := s.restore(ctx, file); err != nil {
		return fmt.Errorf("restoring snapshot %s: %w", file, err)
	}
	return nil
}

func (s *Store) restore(ctx context.Context, file string) error {
	if _, err := os.Stat(file); err != nil { // SQLite would make it
		return err
	}
	if err := s.checkCopy(ctx, file); err != nil {
		return err
	}
	// Rows that the journal accepted before belong to what is replaced.
	if err := s.journal.flush(ctx); err != nil {
		return err
	}
	err := s.writer.doAlone(ctx, func(connection *sql.Conn) error {
		return copyFrom(ctx, connection, file)
	})
	s.journal.overflows() // the snapshot may come from a larger ring
	return err
}

// checkCopy proves that a copy is whole, of this schema and of this key.
func (s *Store) checkCopy(ctx context.Context, file string) error {
	pool, err := openCopy(ctx, file)
	if err != nil {
		return err
	}
	defer pool.Close()
	var version int64
	if err := pool.QueryRowContext(ctx, sqlSchemaVersion).Scan(&version); err != nil {
		return fmt.Errorf("it is no vault: %w", err)
	}
	if version != s.schema {
		return fmt.Errorf("it has schema version %d and this vault %d: open it once as the database of a data directory to migrate it", version, s.schema)
	}
	var proof []byte
	if err := pool.QueryRowContext(ctx, sqlProof).Scan(&proof); err != nil {
		return fmt.Errorf("it is no vault: %w", err)
	}
	if !bytes.Equal(proof, s.sealer.proof()) {
		return ErrKey
	}
	return nil
}
