package vault

import (
	"context"
)

// trimChunk is how many rows are removed at once; updates wait no longer than
// that.
const trimChunk = 500

const (
	// For the ring: the journal of all issuers.
	sqlJournalSize   = `SELECT row_count, byte_count FROM journal_size WHERE id = 1`
	sqlJournalOldest = `SELECT seq, issuer, at, bytes FROM journal ORDER BY seq LIMIT ?`
	sqlJournalTrim   = `DELETE FROM journal WHERE seq <= ?`

	sqlMarkPut = `INSERT INTO journal_marks (issuer, seq, at) VALUES (?, ?, ?) ON CONFLICT (issuer) DO UPDATE SET
		seq = excluded.seq, at = CASE WHEN excluded.at > journal_marks.at THEN excluded.at ELSE journal_marks.at END`
)

// overflows wakes the goroutine that trims.
func (j *journal) overflows() {
	select {
	case j.full <- struct{}{}:
	default: // awake already
	}
}

// trim removes old rows whenever the ring is over its bounds, until ctx ends.
func (j *journal) trim(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-j.full:
		}
		for more := true; more; {
			err := j.store.update(ctx, "", func(t *transaction) (err error) {
				more, err = t.trimOldest(j.mostRows, j.mostContent)
				return err
			})
			if err != nil {
				more = false // the next row that comes tries again
			}
		}
	}
}

// oldRow is what is to be known of a row that goes.
type oldRow struct {
	seq, at, bytes int64
	issuer         string
}

func scanOldRow(row scanner) (oldRow, error) {
	var o oldRow
	err := row.Scan(&o.seq, &o.issuer, &o.at, &o.bytes)
	return o, err
}

// trimOldest removes up to trimChunk of the oldest rows and says whether there
// are more to go. Once over a bound, the ring is brought a little below it, so
// that not every row that comes makes another one go.
func (t *transaction) trimOldest(mostRows, mostBytes int64) (bool, error) {
	var count, size int64
	if err := t.row(sqlJournalSize, nil, &count, &size); err != nil {
		return false, err
	}
	spareRows, spareBytes := count-mostRows+mostRows/64, size-mostBytes+mostBytes/64
	oldest, err := rows(t, sqlJournalOldest, []any{trimChunk}, scanOldRow)
	if err != nil {
		return false, err
	}
	marks := make(map[string]oldRow)
	var last, goneRows, goneBytes int64
	for _, row := range oldest {
		if goneRows >= spareRows && goneBytes >= spareBytes {
			break
		}
		mark := marks[row.issuer]
		marks[row.issuer] = oldRow{seq: row.seq, at: max(mark.at, row.at)}
		last, goneRows, goneBytes = row.seq, goneRows+1, goneBytes+row.bytes
	}
	if goneRows == 0 {
		return false, nil
	}
	if _, err := t.exec(sqlJournalTrim, last); err != nil {
		return false, err
	}
	for issuer, mark := range marks {
		if _, err := t.exec(sqlMarkPut, issuer, mark.seq, mark.at); err != nil {
			return false, err
		}
	}
	t.group.grow(-goneRows, -goneBytes)
	return goneRows == trimChunk, nil
}
