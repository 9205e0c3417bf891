package vault

import "fmt"

const (
	sqlBindings   = `SELECT content FROM bindings WHERE issuer = ? AND token_reference_id = ? ORDER BY device_index`
	sqlBindingPut = `INSERT INTO bindings (issuer, token_reference_id, device_index, content) VALUES (?, ?, ?, ?)
		ON CONFLICT (issuer, token_reference_id, device_index) DO UPDATE SET content = excluded.content`
	sqlBindingDrop = `DELETE FROM bindings WHERE issuer = ? AND token_reference_id = ? AND device_index = ?`

	sqlVerifications   = `SELECT content FROM verifications WHERE issuer = ? AND token_reference_id = ? ORDER BY started_at, life_cycle_trace_id`
	sqlVerificationPut = `INSERT INTO verifications (issuer, token_reference_id, life_cycle_trace_id, started_at, content) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (issuer, token_reference_id, life_cycle_trace_id) DO UPDATE SET started_at = excluded.started_at, content = excluded.content`

	sqlOTP    = `SELECT value_hash, content FROM otps WHERE issuer = ? AND token_reference_id = ?`
	sqlOTPPut = `INSERT INTO otps (issuer, token_reference_id, value_hash, content) VALUES (?, ?, ?, ?)
		ON CONFLICT (issuer, token_reference_id) DO UPDATE SET value_hash = excluded.value_hash, content = excluded.content`
)

func scanContent[T any](row scanner) (T, error) {
	var stored content[T]
	err := row.Scan(&stored)
	return stored.value, err
}

// Bindings are in the order of their device index.
func (t *transaction) Bindings(tokenReferenceID string) ([]Binding, error) {
	bindings, err := rows(t, sqlBindings, []any{t.issuer, tokenReferenceID}, scanContent[Binding])
	if err != nil {
		return nil, fmt.Errorf("listing the device bindings of token %s: %w", tokenReferenceID, err)
	}
	return bindings, nil
}

func (t *transaction) PutBinding(b Binding) error {
	b.UpdatedAt = t.store.clock()
	text, err := encode(b)
	if err == nil {
		_, err = t.exec(sqlBindingPut, t.issuer, b.TokenReferenceID, b.Index, text)
	}
	if err != nil {
		return fmt.Errorf("storing device binding %d of token %s: %w", b.Index, b.TokenReferenceID, err)
	}
	return nil
}

func (t *transaction) DropBinding(tokenReferenceID string, index int) error {
	dropped, err := t.exec(sqlBindingDrop, t.issuer, tokenReferenceID, index)
	if err == nil && dropped == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("dropping device binding %d of token %s: %w", index, tokenReferenceID, err)
	}
	return nil
}

// Verifications are in the order of their start.
func (t *transaction) Verifications(tokenReferenceID string) ([]Verification, error) {
	found, err := rows(t, sqlVerifications, []any{t.issuer, tokenReferenceID}, scanContent[Verification])
	if err != nil {
		return nil, fmt.Errorf("listing the verifications of token %s: %w", tokenReferenceID, err)
	}
	return found, nil
}

func (t *transaction) PutVerification(v Verification) error {
	if v.StartedAt.IsZero() {
		v.StartedAt = t.store.clock()
	}
	text, err := encode(v)
	if err == nil {
		_, err = t.exec(sqlVerificationPut, t.issuer, v.TokenReferenceID, v.LifeCycleTraceID, micros(v.StartedAt), text)
	}
	if err != nil {
		return fmt.Errorf("storing verification %d of token %s: %w", v.LifeCycleTraceID, v.TokenReferenceID, err)
	}
	return nil
}

func (t *transaction) OTP(tokenReferenceID string) (OTP, error) {
	var hash []byte
	var stored content[OTP]
	if err := t.row(sqlOTP, []any{t.issuer, tokenReferenceID}, &hash, &stored); err != nil {
		return OTP{}, fmt.Errorf("finding the OTP of token %s: %w", tokenReferenceID, err)
	}
	stored.value.ValueHash = hash
	return stored.value, nil
}

func (t *transaction) PutOTP(o OTP) error {
	hash := o.ValueHash
	if hash == nil {
		hash = []byte{} // the column is never null
	}
	text, err := encode(o)
	if err == nil {
		_, err = t.exec(sqlOTPPut, t.issuer, o.TokenReferenceID, hash, text)
	}
	if err != nil {
		return fmt.Errorf("storing the OTP of token %s: %w", o.TokenReferenceID, err)
	}
	return nil
}
