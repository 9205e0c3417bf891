package batch

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/simulator/vault"
)

// Members of the response file and of its errorResponse (p.29-30, p.243-245)
// that no table names.
const (
	headerMember  = "header"
	detailsMember = "details"
)

// carryOutRow does one row and returns its result; the counts are those of
// the header.
func (r *run) carryOutRow(ctx context.Context, tx vault.Tx, row prepared, counts *progress) (map[string]any, error) {
	result := map[string]any{}
	suffix := row.id
	if suffix == "" {
		suffix = strconv.Itoa(row.position)
	} else {
		result[r.table.RowID.Member] = row.id
	}
	result[r.table.ResponseID.Member] = identifier(r.table.ResponseID, "{requestID}", r.Vault.NewID(), "{rowId}", suffix)
	refusedRow := row.refused
	if refusedRow == nil {
		details, err := r.Applier.ApplyCardMetadata(ctx, tx, r.issuer, counts.ID, row.members)
		var refusal Refusal
		switch {
		case errors.As(err, &refusal):
			table, places := refusal.Refused()
			refusedRow = &refused{table, places}
		case err != nil:
			return nil, err
		default:
			counts.Success++
			result[r.table.Counts.Success.Counts] = details
			return result, nil
		}
	}
	counts.Failure++
	result[r.table.Counts.Failure.Counts] = refusedRow.response()
	return result, nil
}

// response is the errorResponse: its message is the name of the code, as the
// samples have it (p.245), and details tell the rest.
func (f *refused) response() map[string]any {
	response := map[string]any{"status": f.row.HTTP, "message": f.row.Name, "reason": f.row.Reason()}
	if len(f.details) > 0 {
		response["details"] = f.details
	}
	return response
}

// respond writes the response file from the results in the vault, beside its
// place first, so that it is there whole or not at all. One that is there
// already must be the same: it is never overwritten.
func (r *run) respond(ctx context.Context) error {
	out, err := os.CreateTemp(filepath.Dir(r.target), "."+filepath.Base(r.target)+".*.tmp")
	if err != nil {
		return r.unwritten(err)
	}
	defer os.Remove(out.Name()) // gone when it got its name
	writer := bufio.NewWriter(out)
	if err := r.writeResponse(ctx, writer); err != nil {
		return errors.Join(err, out.Close())
	}
	mode := fs.FileMode(0o644)
	if info, err := r.in.Stat(); err == nil {
		mode = info.Mode().Perm() // who may read the request may read this
	}
	if err := errors.Join(writer.Flush(), out.Chmod(mode), out.Sync(), out.Close()); err != nil {
		return r.unwritten(err)
	}
	there, err := sameContent(out.Name(), r.target)
	if err != nil {
		return r.unwritten(err)
	}
	if there {
		return nil
	}
	if err := os.Rename(out.Name(), r.target); err != nil {
		return r.unwritten(err)
	}
	return syncFolder(filepath.Dir(r.target))
}

func (r *run) unwritten(err error) error {
	return fmt.Errorf("write the response file %s: %w; all rows are done, and a second run writes it without doing one again", r.target, err)
}

// writeResponse writes header and results, one result a line.
func (r *run) writeResponse(ctx context.Context, out io.Writer) error {
	header := map[string]any{r.table.Counts.Success.Member: r.progress.Success, r.table.Counts.Failure.Member: r.progress.Failure,
		r.table.CorrelationID.Member: r.progress.CorrelationID}
	text, err := json.Marshal(header)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(out, "{%q:%s,%q:[", headerMember, text, detailsMember); err != nil {
		return r.unwritten(err)
	}
	for done := 0; done < r.progress.Done; {
		var results []any
		err := r.Vault.View(ctx, r.issuer.Name, func(tx vault.Tx) error {
			var err error
			results, err = r.progress.loadResults(tx, done)
			return err
		})
		if err != nil {
			return err
		}
		for _, result := range results {
			separator := ",\n"
			if done == 0 {
				separator = "\n"
			}
			line, err := json.Marshal(result)
			if err != nil {
				return err
			}
			if _, err := out.Write(append([]byte(separator), line...)); err != nil {
				return r.unwritten(err)
			}
			done++
		}
	}
	if _, err := io.WriteString(out, "\n]}\n"); err != nil {
		return r.unwritten(err)
	}
	return nil
}

// errOther says that another file stands where the response belongs.
var errOther = errors.New("a file with other content is there; move it away, or name another place")

// sameContent tells whether the target is there with the content of the file
// just made; another content is errOther.
func sameContent(made, target string) (bool, error) {
	old, err := os.Open(target)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer old.Close()
	fresh, err := os.Open(made)
	if err != nil {
		return false, err
	}
	defer fresh.Close()
	var left, right [1 << 15]byte
	for {
		n, leftErr := io.ReadFull(old, left[:])
		m, rightErr := io.ReadFull(fresh, right[:])
		if n != m || !bytes.Equal(left[:n], right[:m]) {
			return false, errOther
		}
		if leftErr != nil || rightErr != nil {
			return ended(leftErr) && ended(rightErr), errors.Join(unexpected(leftErr), unexpected(rightErr))
		}
	}
}

func ended(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) }

// unexpected is an error that is not the end of a file.
func unexpected(err error) error {
	if ended(err) {
		return nil
	}
	return err
}

// syncFolder brings a rename to the disk. Systems that can't do it with a
// folder order renames themselves.
func syncFolder(folder string) error {
	file, err := os.Open(folder)
	if err != nil {
		return nil
	}
	err = file.Sync()
	if errors.Is(err, errors.ErrUnsupported) || errors.Is(err, fs.ErrInvalid) {
		err = nil
	}
	return errors.Join(err, file.Close())
}

// finish records that the response was written, and leaves a traffic row.
func (r *run) finish(ctx context.Context) error {
	next := r.progress
	next.FinishedAt = r.Now()
	row := vault.Traffic{ID: next.ID, Time: next.FinishedAt, Direction: string(contract.Inbound), Operation: requestDocument,
		Request:    vault.Message{Method: "FILE", Path: contract.Mask(r.name)},
		Response:   vault.Message{Body: map[string]any{headerMember: map[string]any{r.table.Counts.Success.Member: next.Success, r.table.Counts.Failure.Member: next.Failure, r.table.CorrelationID.Member: next.CorrelationID}}},
		Elapsed:    next.FinishedAt.Sub(next.StartedAt),
		Violations: []vault.Violation{}}
	for _, w := range next.Warnings {
		row.Violations = append(row.Violations, vault.Violation{Rule: w.Rule, Page: w.Page, Message: contract.Mask(w.String())})
	}
	err := r.Vault.Update(ctx, r.issuer.Name, func(tx vault.Tx) error {
		stored, err := loadProgress(tx, r.key)
		if err != nil {
			return err
		}
		if !stored.FinishedAt.IsZero() { // by an earlier run, or another one meanwhile
			next = stored
			return nil
		}
		if err := tx.Journal(row); err != nil {
			return err
		}
		return next.save(tx, r.key)
	})
	if err == nil {
		r.progress = next
	}
	return err
}

// requestDocument is the request file in the contract.
const requestDocument = "batchRequest"
