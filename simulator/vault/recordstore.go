package vault

import (
	"fmt"
	"time"
	"unicode/utf8"
)

const (
	sqlRecord       = `SELECT kind, record_key, updated_at, content FROM records WHERE issuer = ? AND kind = ? AND record_key = ?`
	sqlRecordsRange = `SELECT kind, record_key, updated_at, content FROM records
		WHERE issuer = ? AND kind = ? AND record_key >= ? AND record_key < ? ORDER BY record_key LIMIT ?`
	sqlRecordPut = `INSERT INTO records (issuer, kind, record_key, updated_at, content) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (issuer, kind, record_key) DO UPDATE SET updated_at = excluded.updated_at, content = excluded.content`
	sqlRecordAdd = `INSERT INTO records (issuer, kind, record_key, updated_at, content) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (issuer, kind, record_key) DO NOTHING`
	sqlRecordDrop = `DELETE FROM records WHERE issuer = ? AND kind = ? AND record_key = ?`
)

func scanRecord(row scanner) (Record, error) {
	var r Record
	var updatedAt int64
	var stored content[map[string]any]
	err := row.Scan(&r.Kind, &r.Key, &updatedAt, &stored)
	r.Content, r.UpdatedAt = stored.value, time.UnixMicro(updatedAt).UTC()
	return r, err
}

// Record finds a record. Numbers in its content come back as float64, as
// encoding/json has it.
func (t *transaction) Record(kind, key string) (Record, error) {
	found, err := rows(t, sqlRecord, []any{t.issuer, kind, key}, scanRecord)
	if err == nil && len(found) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return Record{}, fmt.Errorf("finding %s %q: %w", kind, key, err)
	}
	return found[0], nil
}

// Records lists the records of a kind whose key begins with a prefix, by key;
// limit 0 is all of them.
func (t *transaction) Records(kind, keyPrefix string, limit int) ([]Record, error) {
	// No key that begins with the prefix comes after the prefix and the
	// last character that there is.
	end := keyPrefix + string(utf8.MaxRune)
	found, err := rows(t, sqlRecordsRange, []any{t.issuer, kind, keyPrefix, end, limited(limit)}, scanRecord)
	if err != nil {
		return nil, fmt.Errorf("listing %s %q: %w", kind, keyPrefix, err)
	}
	return found, nil
}

// PutRecord stores a record or replaces it.
func (t *transaction) PutRecord(r Record) error {
	_, err := t.storeRecord(sqlRecordPut, r)
	return err
}

// AddRecord stores a record whose key is free, or returns ErrExists.
func (t *transaction) AddRecord(r Record) error {
	stored, err := t.storeRecord(sqlRecordAdd, r)
	if err == nil && stored == 0 {
		err = fmt.Errorf("storing %s %q: %w", r.Kind, r.Key, ErrExists)
	}
	return err
}

func (t *transaction) storeRecord(query string, r Record) (int64, error) {
	text, err := encode(r.Content)
	var stored int64
	if err == nil {
		stored, err = t.exec(query, t.issuer, r.Kind, r.Key, micros(t.store.clock()), text)
	}
	if err != nil {
		return 0, fmt.Errorf("storing %s %q: %w", r.Kind, r.Key, err)
	}
	return stored, nil
}

func (t *transaction) DropRecord(kind, key string) error {
	dropped, err := t.exec(sqlRecordDrop, t.issuer, kind, key)
	if err == nil && dropped == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("dropping %s %q: %w", kind, key, err)
	}
	return nil
}
