package vault

import "fmt"

const (
	sqlPAN         = `SELECT reference_id, number_sealed, content FROM pans WHERE issuer = ? AND reference_id = ?`
	sqlPANByNumber = `SELECT reference_id, number_sealed, content FROM pans WHERE issuer = ? AND number_hash = ?`
	sqlPANUpdate   = `UPDATE pans SET content = ? WHERE issuer = ? AND reference_id = ? AND number_hash = ?`
	sqlPANInsert   = `INSERT INTO pans (issuer, reference_id, number_hash, number_sealed, content) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT DO NOTHING`
)

func (t *transaction) PAN(referenceID string) (PAN, error) {
	pan, err := t.findPAN(sqlPAN, referenceID)
	if err != nil {
		return PAN{}, fmt.Errorf("finding PAN %s: %w", referenceID, err)
	}
	return pan, nil
}

func (t *transaction) PANByNumber(number string) (PAN, error) {
	pan, err := t.findPAN(sqlPANByNumber, t.panHash(number))
	if err != nil {
		return PAN{}, fmt.Errorf("finding a PAN by its number: %w", err)
	}
	return pan, nil
}

func (t *transaction) panHash(number string) []byte {
	return t.store.sealer.hash("pans", t.issuer, number)
}

func (t *transaction) findPAN(query string, key any) (PAN, error) {
	var referenceID string
	var sealed []byte
	var stored content[PAN]
	if err := t.row(query, []any{t.issuer, key}, &referenceID, &sealed, &stored); err != nil {
		return PAN{}, err
	}
	var err error
	stored.value.Number, err = t.store.sealer.open(sealed, "pans", t.issuer, referenceID)
	return stored.value, err
}

// PutPAN stores a PAN or changes a known one. A reference ID keeps its number
// and a number its reference ID; anything else is ErrExists.
func (t *transaction) PutPAN(pan PAN) error {
	if err := t.putPAN(pan); err != nil {
		return fmt.Errorf("storing PAN %s: %w", pan.ReferenceID, err)
	}
	return nil
}

func (t *transaction) putPAN(pan PAN) error {
	pan.UpdatedAt = t.store.clock()
	if pan.CreatedAt.IsZero() {
		pan.CreatedAt = pan.UpdatedAt
	}
	text, err := encode(pan)
	if err != nil {
		return err
	}
	hash := t.panHash(pan.Number)
	changed, err := t.exec(sqlPANUpdate, text, t.issuer, pan.ReferenceID, hash)
	if err != nil || changed > 0 {
		return err
	}
	sealed := t.store.sealer.seal(pan.Number, "pans", t.issuer, pan.ReferenceID)
	made, err := t.exec(sqlPANInsert, t.issuer, pan.ReferenceID, hash, sealed, text)
	if err == nil && made == 0 {
		err = fmt.Errorf("the reference ID has another number, or the number another reference ID: %w", ErrExists)
	}
	return err
}
