package vault

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"

	"github.com/vtsim/vtsim/simulator/vault/internal/memory"
)

// This file is all that the vault knows of SQLite. A second database system
// brings a second such file: its pools, its migrations (types, generated
// sequence numbers), its placeholders, its code for a broken reference, its
// lock on the issuer at the start of an Update, and its copies.

//go:embed migrations/*.sql
var sqliteMigrations embed.FS

// busyTimeout is how long a statement waits for another process that has the
// file locked, in milliseconds. Within this process nobody waits that way.
const busyTimeout = "5000"

// database is one SQLite database: a file, or files in memory.
type database struct {
	location string        // URI without parameters
	memory   *memory.Files // nil for a file
	writers  *sql.DB       // one connection
	readers  *sql.DB
}

// openDatabase opens or makes the file; "" is a database in memory.
// synchronous is FULL for a file: a change is on the disk before it is
// acknowledged.
func openDatabase(ctx context.Context, file, synchronous string) (*database, error) {
	d := &database{location: "file:/vault.db"}
	var err error
	if file == "" {
		synchronous = "OFF"
		d.memory, err = memory.Register()
	} else {
		d.location, err = prepareFile(file)
	}
	if err != nil {
		return nil, err
	}
	d.writers, err = sql.Open("sqlite", d.source("_txlock", "immediate", "_journal_mode", "WAL", "_synchronous", synchronous,
		"_foreign_keys", "1", "_pragma", "cache_size(-16384)", "_pragma", "journal_size_limit(67108864)"))
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", file, err)
	}
	d.writers.SetMaxOpenConns(1)
	if err := d.writers.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("opening %s: %w", file, err), d.close())
	}
	d.readers, err = sql.Open("sqlite", d.source("_query_only", "1", "_pragma", "cache_size(-8192)"))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("opening %s: %w", file, err), d.close())
	}
	pool := max(4, 2*runtime.GOMAXPROCS(0))
	d.readers.SetMaxOpenConns(pool)
	d.readers.SetMaxIdleConns(pool)
	return d, nil
}

// prepareFile makes the file if need be, readable by its owner alone (the log
// and its index get the same mode from SQLite), and returns its URI.
func prepareFile(file string) (string, error) {
	made, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return "", fmt.Errorf("opening the vault: %w", err)
	}
	if err := made.Close(); err != nil {
		return "", fmt.Errorf("opening the vault: %w", err)
	}
	return fileURI(file)
}

// fileURI names a file in the way of SQLite; the characters that mean
// something in a URI are escaped.
func fileURI(file string) (string, error) {
	absolute, err := filepath.Abs(file)
	if err != nil {
		return "", fmt.Errorf("finding %s: %w", file, err)
	}
	path := filepath.ToSlash(absolute)
	if !strings.HasPrefix(path, "/") { // a drive letter
		path = "/" + path
	}
	return (&url.URL{Scheme: "file", Path: path}).String(), nil
}

// source is the data source name with parameters, given as pairs.
func (d *database) source(pairs ...string) string {
	parameters := url.Values{"_busy_timeout": {busyTimeout}, "_dqs": {"0"}, "_pragma": {"temp_store(MEMORY)"}}
	for i := 0; i < len(pairs); i += 2 {
		parameters.Add(pairs[i], pairs[i+1])
	}
	if d.memory != nil {
		parameters.Set("vfs", d.memory.Name)
	}
	return d.location + "?" + parameters.Encode()
}

func (d *database) close() error {
	var failures []error
	for _, pool := range []*sql.DB{d.readers, d.writers} {
		if pool != nil {
			failures = append(failures, pool.Close())
		}
	}
	if d.memory != nil {
		failures = append(failures, d.memory.Close())
	}
	return errors.Join(failures...)
}

// migrations are what builds the schema, for this dialect of SQL.
func (d *database) migrations() (goose.Dialect, fs.FS, error) {
	files, err := fs.Sub(sqliteMigrations, "migrations")
	return goose.DialectSQLite3, files, err
}

// brokenReference says that a statement named a row that isn't there.
func brokenReference(err error) bool {
	var failure *sqlite.Error
	return errors.As(err, &failure) && failure.Code() == codes.SQLITE_CONSTRAINT_FOREIGNKEY
}

// copyTo writes a consistent copy into an empty file, beside running
// transactions.
func (d *database) copyTo(ctx context.Context, file string) error {
	target, err := fileURI(file)
	if err != nil {
		return err
	}
	if d.memory != nil {
		target += "?vfs=" + d.memory.Disk
	}
	// Neither pool fits: readers may not write, and writers have work to do.
	pool, err := sql.Open("sqlite", d.source())
	if err != nil {
		return err
	}
	_, err = pool.ExecContext(ctx, "VACUUM INTO ?", target)
	return errors.Join(err, pool.Close())
}

// openCopy opens a copy for reading and proves that it is whole.
func openCopy(ctx context.Context, file string) (*sql.DB, error) {
	location, err := fileURI(file)
	if err != nil {
		return nil, err
	}
	pool, err := sql.Open("sqlite", location+"?mode=ro")
	if err != nil {
		return nil, err
	}
	var verdict string
	if err := pool.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&verdict); err != nil {
		return nil, errors.Join(err, pool.Close())
	}
	if verdict != "ok" {
		return nil, errors.Join(fmt.Errorf("the file is damaged: %s", verdict), pool.Close())
	}
	return pool, nil
}

// copyFrom replaces everything by a copy, in one transaction of its own on the
// connection.
func copyFrom(ctx context.Context, connection *sql.Conn, file string) error {
	location, err := fileURI(file)
	if err != nil {
		return err
	}
	return connection.Raw(func(driver any) error {
		destination, ok := driver.(interface {
			NewRestore(string) (*sqlite.Backup, error)
		})
		if !ok {
			return errors.New("the database driver can't restore")
		}
		backup, err := destination.NewRestore(location + "?mode=ro")
		if err != nil {
			return err
		}
		_, err = backup.Step(-1)
		return errors.Join(err, backup.Finish())
	})
}
