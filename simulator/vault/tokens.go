package vault

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/vtsim/vtsim/simulator/token"
)

const (
	sqlToken            = `SELECT issuer, reference_id, number_sealed, version, content FROM tokens WHERE issuer = ? AND requestor_id = ? AND reference_id = ?`
	sqlTokenByReference = `SELECT issuer, reference_id, number_sealed, version, content FROM tokens WHERE issuer = ? AND reference_id = ?`
	sqlTokenByNumber    = `SELECT issuer, reference_id, number_sealed, version, content FROM tokens WHERE issuer = ? AND number_hash = ?`
	sqlTokensOfPAN      = `SELECT issuer, reference_id, number_sealed, version, content FROM tokens
		WHERE issuer = ? AND pan_reference_id = ? ORDER BY changed DESC LIMIT ?`
	sqlTokens = `SELECT issuer, reference_id, number_sealed, version, content FROM tokens
		WHERE issuer = ? AND reference_id > ? ORDER BY reference_id LIMIT ?`
	// For the console: a token of any issuer.
	sqlTokenAnywhere = `SELECT issuer, reference_id, number_sealed, version, content FROM tokens WHERE reference_id = ? LIMIT 2`

	// changed is one more than that of any other token of the PAN.
	sqlTokenInsert = `INSERT INTO tokens (issuer, reference_id, requestor_id, pan_reference_id, number_hash, number_sealed, version, content, changed)
		VALUES (?, ?, ?, ?, ?, ?, 1, ?, (SELECT COALESCE(MAX(changed), 0) + 1 FROM tokens WHERE issuer = ? AND pan_reference_id = ?))
		ON CONFLICT DO NOTHING`
	sqlTokenUpdate = `UPDATE tokens SET requestor_id = ?, pan_reference_id = ?, version = version + 1, content = ?,
		changed = (SELECT COALESCE(MAX(changed), 0) + 1 FROM tokens WHERE issuer = ? AND pan_reference_id = ?)
		WHERE issuer = ? AND reference_id = ? AND version = ? AND number_hash = ?`
	sqlTokenVersion = `SELECT version, number_hash FROM tokens WHERE issuer = ? AND reference_id = ?`
)

func (t *transaction) Token(requestorID, referenceID string) (token.Token, error) {
	return t.oneToken(referenceID, sqlToken, t.issuer, requestorID, referenceID)
}

func (t *transaction) TokenByReference(referenceID string) (token.Token, error) {
	return t.oneToken(referenceID, sqlTokenByReference, t.issuer, referenceID)
}

func (t *transaction) TokenByNumber(number string) (token.Token, error) {
	return t.oneToken("by its number", sqlTokenByNumber, t.issuer, t.tokenHash(number))
}

// FindToken finds a token by reference. issuer may be "" for the console; a
// reference that two issuers have is then refused.
func (s *Store) FindToken(ctx context.Context, issuer, referenceID string) (found token.Token, err error) {
	err = s.view(ctx, issuer, func(t *transaction) error {
		if issuer != "" {
			found, err = t.TokenByReference(referenceID)
		} else {
			found, err = t.oneToken(referenceID, sqlTokenAnywhere, referenceID)
		}
		return err
	})
	return found, err
}

func (t *transaction) tokenHash(number string) []byte {
	return t.store.sealer.hash("tokens", t.issuer, number)
}

func (t *transaction) oneToken(name, query string, arguments ...any) (token.Token, error) {
	found, err := rows(t, query, arguments, t.scanToken)
	switch {
	case err != nil:
	case len(found) == 0:
		err = ErrNotFound
	case len(found) > 1:
		err = errors.New("several issuers have one of this reference: name the issuer")
	default:
		return found[0], nil
	}
	return token.Token{}, fmt.Errorf("finding token %s: %w", name, err)
}

func (t *transaction) scanToken(row scanner) (token.Token, error) {
	var issuer, referenceID string
	var sealed []byte
	var version int64
	var stored content[token.Token]
	if err := row.Scan(&issuer, &referenceID, &sealed, &version, &stored); err != nil {
		return token.Token{}, err
	}
	number, err := t.store.sealer.open(sealed, "tokens", issuer, referenceID)
	stored.value.Number, stored.value.Version = number, version
	return stored.value, err
}

func (t *transaction) TokensOfPAN(panReferenceID string, limit int) ([]token.Token, error) {
	tokens, err := rows(t, sqlTokensOfPAN, []any{t.issuer, panReferenceID, limited(limit)}, t.scanToken)
	if err != nil {
		return nil, fmt.Errorf("listing the tokens of PAN %s: %w", panReferenceID, err)
	}
	return tokens, nil
}

func (t *transaction) Tokens(after string, limit int) ([]token.Token, error) {
	tokens, err := rows(t, sqlTokens, []any{t.issuer, after, limited(limit)}, t.scanToken)
	if err != nil {
		return nil, fmt.Errorf("listing tokens: %w", err)
	}
	return tokens, nil
}

// PutToken stores a new token (version 0) or replaces the version that was
// read, and returns what it stored, with its new version. It returns ErrExists
// when the reference or the number of a new token is taken, ErrChanged when
// the token has another version by now, and ErrNotFound when it is gone or
// its PAN isn't in the vault. A token keeps its number.
func (t *transaction) PutToken(change token.Token) (token.Token, error) {
	stored, err := t.putToken(change)
	if err != nil {
		return token.Token{}, fmt.Errorf("storing token %s: %w", change.ReferenceID, err)
	}
	return stored, nil
}

func (t *transaction) putToken(change token.Token) (token.Token, error) {
	if change.Issuer != "" && change.Issuer != t.issuer {
		return change, fmt.Errorf("it belongs to issuer %q and not to %q", change.Issuer, t.issuer)
	}
	change.Issuer = t.issuer
	before := change.Version
	change.Version++
	if change.CreatedAt.IsZero() {
		change.CreatedAt = t.store.clock()
	}
	text, err := encode(change)
	if err != nil {
		return change, err
	}
	hash := t.tokenHash(change.Number)
	if before == 0 {
		sealed := t.store.sealer.seal(change.Number, "tokens", t.issuer, change.ReferenceID)
		made, err := t.exec(sqlTokenInsert, t.issuer, change.ReferenceID, change.RequestorID, change.PANReferenceID,
			hash, sealed, text, t.issuer, change.PANReferenceID)
		if err == nil && made == 0 {
			err = fmt.Errorf("its reference ID or its number is taken: %w", ErrExists)
		}
		return change, err
	}
	changed, err := t.exec(sqlTokenUpdate, change.RequestorID, change.PANReferenceID, text, t.issuer, change.PANReferenceID,
		t.issuer, change.ReferenceID, before, hash)
	if err == nil && changed == 0 {
		err = t.whyUnchanged(change.ReferenceID, before, hash)
	}
	return change, err
}

// whyUnchanged finds out what kept a token from being replaced.
func (t *transaction) whyUnchanged(referenceID string, version int64, hash []byte) error {
	var current int64
	var number []byte
	if err := t.row(sqlTokenVersion, []any{t.issuer, referenceID}, &current, &number); err != nil {
		return err
	}
	if current != version {
		return fmt.Errorf("it has version %d and not %d: %w", current, version, ErrChanged)
	}
	if !bytes.Equal(number, hash) {
		return errors.New("a token keeps its number")
	}
	return ErrChanged
}
