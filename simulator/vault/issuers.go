package vault

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

const (
	sqlIssuer         = `SELECT name, secret_sealed, content FROM issuers WHERE name = ?`
	sqlIssuerByAPIKey = `SELECT name, secret_sealed, content FROM issuers WHERE api_key = ?`
	sqlIssuers        = `SELECT name, secret_sealed, content FROM issuers ORDER BY name`
	sqlIssuerPut      = `INSERT INTO issuers (name, api_key, secret_sealed, content) VALUES (?, ?, ?, ?)
		ON CONFLICT (name) DO UPDATE SET api_key = excluded.api_key, secret_sealed = excluded.secret_sealed, content = excluded.content`
	sqlIssuerDrop  = `DELETE FROM issuers WHERE name = ?`
	sqlAPIKeyTaken = `SELECT COUNT(*) FROM issuers WHERE api_key = ? AND name <> ?`

	sqlRangesDrop = `DELETE FROM account_ranges WHERE issuer = ?`
	sqlRangePut   = `INSERT INTO account_ranges (issuer, account_range) VALUES (?, ?) ON CONFLICT (account_range) DO NOTHING`
)

// PutIssuer makes an issuer or replaces all that is known of him. An API key
// or account range that belongs to another issuer is refused with ErrExists.
// An issuer without API key is only found by his name.
func (s *Store) PutIssuer(ctx context.Context, issuer Issuer) error {
	err := s.update(ctx, issuer.Name, func(t *transaction) error { return t.putIssuer(issuer) })
	if err != nil {
		return fmt.Errorf("storing issuer %q: %w", issuer.Name, err)
	}
	return nil
}

func (t *transaction) putIssuer(issuer Issuer) error {
	if !validName(issuer.Name) {
		return errors.New("its name must consist of letters, digits, hyphens and underscores")
	}
	var taken int
	if err := t.row(sqlAPIKeyTaken, []any{issuer.APIKey, issuer.Name}, &taken); err != nil {
		return err
	}
	if taken > 0 {
		return fmt.Errorf("its API key belongs to another issuer: %w", ErrExists)
	}
	if issuer.CreatedAt.IsZero() {
		issuer.CreatedAt = t.store.clock()
	}
	text, err := encode(issuer)
	if err != nil {
		return err
	}
	secret := t.store.sealer.seal(issuer.SharedSecret, "issuers", issuer.Name, issuer.Name)
	key := sql.NullString{String: issuer.APIKey, Valid: issuer.APIKey != ""}
	if _, err := t.exec(sqlIssuerPut, issuer.Name, key, secret, text); err != nil {
		return err
	}
	if _, err := t.exec(sqlRangesDrop, issuer.Name); err != nil {
		return err
	}
	for _, accountRange := range issuer.AccountRanges {
		stored, err := t.exec(sqlRangePut, issuer.Name, accountRange)
		if err != nil {
			return err
		}
		if stored == 0 {
			return fmt.Errorf("account range %s belongs to another issuer or is named twice: %w", accountRange, ErrExists)
		}
	}
	return nil
}

// validName says whether an issuer may be called so: his name is a part of
// paths and URLs.
func validName(name string) bool {
	for _, c := range []byte(name) {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return name != ""
}

// Issuer finds an issuer by name.
func (s *Store) Issuer(ctx context.Context, name string) (Issuer, error) {
	issuer, err := s.findIssuer(ctx, sqlIssuer, name)
	if err != nil {
		return Issuer{}, fmt.Errorf("finding issuer %q: %w", name, err)
	}
	return issuer, nil
}

// IssuerByAPIKey finds the issuer of a call.
func (s *Store) IssuerByAPIKey(ctx context.Context, apiKey string) (Issuer, error) {
	issuer, err := s.findIssuer(ctx, sqlIssuerByAPIKey, apiKey)
	if err != nil {
		return Issuer{}, fmt.Errorf("finding the issuer of an API key: %w", err)
	}
	return issuer, nil
}

func (s *Store) findIssuer(ctx context.Context, query, argument string) (issuer Issuer, err error) {
	err = s.view(ctx, "", func(t *transaction) error {
		found, err := rows(t, query, []any{argument}, t.scanIssuer)
		if err == nil && len(found) == 0 {
			err = ErrNotFound
		}
		if err == nil {
			issuer = found[0]
		}
		return err
	})
	return issuer, err
}

// Issuers lists all issuers by name.
func (s *Store) Issuers(ctx context.Context) (issuers []Issuer, err error) {
	err = s.view(ctx, "", func(t *transaction) error {
		issuers, err = rows(t, sqlIssuers, nil, t.scanIssuer)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("listing issuers: %w", err)
	}
	return issuers, nil
}

func (t *transaction) scanIssuer(row scanner) (Issuer, error) {
	var name string
	var secret []byte
	var stored content[Issuer]
	if err := row.Scan(&name, &secret, &stored); err != nil {
		return Issuer{}, err
	}
	var err error
	stored.value.SharedSecret, err = t.store.sealer.open(secret, "issuers", name, name)
	return stored.value, err
}

// What an issuer owns, children before their parents.
var sqlReset = []string{
	`DELETE FROM pay_tokens WHERE issuer = ?`,
	`DELETE FROM notifications WHERE issuer = ?`,
	`DELETE FROM records WHERE issuer = ?`,
	`DELETE FROM otps WHERE issuer = ?`,
	`DELETE FROM verifications WHERE issuer = ?`,
	`DELETE FROM bindings WHERE issuer = ?`,
	`DELETE FROM tokens WHERE issuer = ?`,
	`DELETE FROM pans WHERE issuer = ?`,
}

// DropIssuer removes an issuer and all that he owns, his journal included.
func (s *Store) DropIssuer(ctx context.Context, name string) error {
	return s.empty(ctx, "dropping", name, func(t *transaction) error {
		if _, err := t.exec(sqlRangesDrop, name); err != nil {
			return err
		}
		_, err := t.exec(sqlIssuerDrop, name)
		return err
	})
}

// Reset removes all that an issuer owns, his journal included, and keeps the
// issuer himself.
func (s *Store) Reset(ctx context.Context, name string) error {
	return s.empty(ctx, "resetting", name, func(*transaction) error { return nil })
}

func (s *Store) empty(ctx context.Context, doing, name string, then func(*transaction) error) error {
	// Rows that the journal accepted before must not come back after.
	err := s.journal.flush(ctx)
	if err == nil {
		err = s.update(ctx, name, func(t *transaction) error {
			var known string
			var secret []byte
			var stored content[Issuer]
			if err := t.row(sqlIssuer, []any{name}, &known, &secret, &stored); err != nil {
				return err
			}
			for _, statement := range sqlReset {
				if _, err := t.exec(statement, name); err != nil {
					return err
				}
			}
			if err := t.emptyJournal(); err != nil {
				return err
			}
			return then(t)
		})
	}
	if err != nil {
		return fmt.Errorf("%s issuer %q: %w", doing, name, err)
	}
	return nil
}
