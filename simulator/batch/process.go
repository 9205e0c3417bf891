package batch

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/simulator/vault"
)

// Applier carries out one row (p.241) in the transaction and returns the
// elements of its responseDetails. cause names where queued notifications
// come from. An error that is a Refusal refuses that row and must have changed
// nothing; any other error stops the run.
type Applier interface {
	ApplyCardMetadata(ctx context.Context, tx vault.Tx, issuer vault.Issuer, cause string, row map[string]any) ([]any, error)
}

// Refusal is how an Applier refuses a row: with a row of the error table and
// the elements of errorResponse.details (p.30).
type Refusal interface {
	error
	Refused() (row contract.ErrorRow, details []map[string]any)
}

// Config is what a Processor is made of.
type Config struct {
	Contract *contract.Contract
	Vault    vault.Vault
	Applier  Applier
	// Now is the simulator's clock.
	Now func() time.Time
	// Issuer, when set, is the only one whose files are taken.
	Issuer string
	// RowBytes bounds one row, 64 KiB by default, as in a call.
	RowBytes int
	// ChunkRows are carried out in one transaction, 100 by default.
	ChunkRows int
	// Progress, when set, is told after each chunk how many of the rows are
	// done, those of an earlier run included.
	Progress func(file string, done, rows int)
}

// Processor carries out batch files. It is safe for concurrent use; of two
// runs of the same file one fails.
type Processor struct {
	Config
	table *contract.Batch
	names names
}

// New makes a processor.
func New(config Config) (*Processor, error) {
	if config.Contract == nil || config.Vault == nil || config.Applier == nil || config.Now == nil {
		return nil, errors.New("batch: contract, vault, applier and clock are required")
	}
	if config.RowBytes == 0 {
		config.RowBytes = 64 << 10
	}
	if config.ChunkRows == 0 {
		config.ChunkRows = 100
	}
	if config.Progress == nil {
		config.Progress = func(string, int, int) {}
	}
	p := &Processor{Config: config, table: &config.Contract.Tables.Batch}
	var err error
	if p.names, err = newNames(p.table); err != nil {
		return nil, fmt.Errorf("batch: %w", err)
	}
	return p, nil
}

// Result is what became of a file.
type Result struct {
	// File is the request's name, Response the path of the response file.
	File, Response string
	Issuer         string
	CorrelationID  string
	// Rows of the file. Success counts those answered with responseDetails,
	// Failure those answered with errorResponse (p.244-245).
	Rows, Success, Failure int
	// Before are the rows that an earlier run had done. When it had done
	// everything and told so, FinishedBefore is when; it is zero otherwise.
	Before         int
	FinishedBefore time.Time
	Warnings       []Warning
}

// Process carries out the request file and writes its response file: at the
// path given, under its own name where that is a folder or empty, which is the
// folder of the request. A *FileError says that the file can't be processed;
// after any other error the same call goes on where this one stopped.
func (p *Processor) Process(ctx context.Context, file, response string) (*Result, error) {
	name := filepath.Base(file)
	clientID, at, err := p.names.read(name)
	if err != nil {
		return nil, err
	}
	issuer, err := p.issuer(ctx, name, clientID)
	if err != nil {
		return nil, err
	}
	in, err := os.Open(file)
	if err != nil {
		return nil, &FileError{File: name, What: "it can't be read: " + reasonOf(err), Mend: "check its path and its permissions"}
	}
	defer in.Close()
	r := &run{Processor: p, name: name, in: in, issuer: issuer, target: target(file, response, p.names.answer(clientID, at))}
	if info, err := os.Stat(filepath.Dir(r.target)); err != nil || !info.IsDir() { // better known before the rows are done
		return nil, fmt.Errorf("the response file can't be %s: that folder is not there", r.target)
	}
	return r.whole(ctx)
}

// reasonOf is a file system error without the path, which the caller knows.
func reasonOf(err error) string {
	var failed *os.PathError
	if errors.As(err, &failed) {
		return failed.Err.Error()
	}
	return err.Error()
}

// target is where the response goes.
func target(file, response, name string) string {
	if response == "" {
		return filepath.Join(filepath.Dir(file), name)
	}
	if info, err := os.Stat(response); err == nil && info.IsDir() {
		return filepath.Join(response, name)
	}
	return response
}

// issuer is the one whose client id stands in the file's name (p.241).
func (p *Processor) issuer(ctx context.Context, name, clientID string) (vault.Issuer, error) {
	issuers, err := p.Vault.Issuers(ctx)
	if err != nil {
		return vault.Issuer{}, err
	}
	for _, issuer := range issuers {
		if issuer.ClientID != clientID {
			continue
		}
		if p.Issuer != "" && p.Issuer != issuer.Name {
			return vault.Issuer{}, &FileError{File: name, What: "its name has the client id of issuer " + issuer.Name + " and not of " + p.Issuer,
				Page: p.names.request.Page, Mend: "process it as " + issuer.Name + ", or put the right client id into its name"}
		}
		return issuer, nil
	}
	return vault.Issuer{}, &FileError{File: name, What: "its name has a client id that no issuer has", Page: p.names.request.Page,
		Mend: "the issuer's credentials.yaml has the right one"}
}

// run is one run of one file.
type run struct {
	*Processor
	name   string
	in     *os.File
	issuer vault.Issuer
	target string
	key    string // of the progress
	digest []byte

	progress progress
	judge    *judge
	chunk    []prepared
}

func (r *run) whole(ctx context.Context) (*Result, error) {
	untidy, rows, err := r.survey(ctx)
	if err != nil {
		return nil, err
	}
	r.key = r.name + "/" + hex.EncodeToString(r.digest)
	if err := r.begin(ctx, rows, untidy); err != nil {
		return nil, err
	}
	result := &Result{File: r.name, Response: r.target, Issuer: r.issuer.Name, Before: r.progress.Done, FinishedBefore: r.progress.FinishedAt}
	r.Progress(r.name, r.progress.Done, rows)
	if r.progress.Done < rows {
		if err := r.carryOut(ctx); err != nil {
			return nil, err
		}
	}
	if err := r.respond(ctx); err != nil {
		return nil, err
	}
	if err := r.finish(ctx); err != nil {
		return nil, err
	}
	result.CorrelationID, result.Rows, result.Warnings = r.progress.CorrelationID, rows, r.progress.Warnings
	result.Success, result.Failure = r.progress.Success, r.progress.Failure
	return result, nil
}

// read reads the file from its beginning and returns its digest.
func (r *run) read(ctx context.Context, each func(row) error) ([]byte, error) {
	if _, err := r.in.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	digest := sha256.New()
	err := scan(io.TeeReader(r.in, digest), r.table.Rows.Member, r.RowBytes, func(row row) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return each(row)
	})
	var fault *faultAt
	if errors.As(err, &fault) {
		return nil, &FileError{File: r.name, Line: fault.line, What: fault.what, Page: r.table.Rows.Page, Truncated: fault.early,
			Mend: "nothing of it was carried out: mend the file and process it again"}
	}
	return digest.Sum(nil), err
}

// survey reads the whole file once, so that nothing is carried out of a file
// with a fault in its form.
func (r *run) survey(ctx context.Context) (untidy *warnings, rows int, err error) {
	untidy = new(warnings)
	layout := r.table.Layout
	r.digest, err = r.read(ctx, func(row row) error {
		if rows++; rows > r.table.Rows.Max {
			return &faultAt{line: row.line, what: fmt.Sprintf("it has more than %d rows", r.table.Rows.Max)}
		}
		if !row.tidy && (layout.RowPerLine || !layout.Whitespace) {
			untidy.add(layoutRule, layout.Page, "a row should have a line of its own and no blanks in it", row.line)
		}
		return nil
	})
	return untidy, rows, err
}

// layoutRule is the contract's rule about the layout.
const layoutRule = "batchRequest/document#row-per-line"

// begin finds the progress of the file, or makes it.
func (r *run) begin(ctx context.Context, rows int, untidy *warnings) error {
	return r.Vault.Update(ctx, r.issuer.Name, func(tx vault.Tx) error {
		var err error
		if r.progress, err = loadProgress(tx, r.key); !errors.Is(err, vault.ErrNotFound) {
			return err
		}
		id := r.Vault.NewID()
		r.progress = progress{ID: id, CorrelationID: identifier(r.table.CorrelationID, "{batch}", id), File: r.name,
			Response: filepath.Base(r.target), Rows: rows, Warnings: untidy.list, StartedAt: r.Now()}
		return r.progress.save(tx, r.key)
	})
}

// carryOut does the rows that are not done yet. Those that are, are read and
// judged again, for their rowIds.
func (r *run) carryOut(ctx context.Context) error {
	done := r.progress.Done
	r.judge = &judge{contract: r.Contract, rowID: r.table.RowID, rows: r.table.Rows, seen: map[string]bool{}, warnings: new(warnings)}
	digest, err := r.read(ctx, func(row row) error {
		if row.index == done { // what was warned of before is recorded already
			r.judge.warnings = &warnings{r.progress.Warnings}
		}
		prepared, err := r.judge.prepare(row)
		if err != nil || row.index < done {
			return err
		}
		r.chunk = append(r.chunk, prepared)
		if len(r.chunk) < r.ChunkRows {
			return nil
		}
		return r.commit(ctx)
	})
	if err == nil && len(r.chunk) > 0 {
		err = r.commit(ctx)
	}
	var fault *FileError // there was none at the first reading
	if errors.As(err, &fault) || err == nil && !bytes.Equal(digest, r.digest) {
		err = fmt.Errorf("%s was changed while it was read; process it again once nobody writes to it", r.name)
	}
	return err
}

// commit carries out the chunk and records it, all in one transaction.
func (r *run) commit(ctx context.Context) error {
	next := r.progress
	err := r.Vault.Update(ctx, r.issuer.Name, func(tx vault.Tx) error {
		stored, err := loadProgress(tx, r.key)
		if err != nil {
			return err
		}
		if stored.Done != r.progress.Done {
			return errTaken
		}
		results := make([]any, 0, len(r.chunk))
		for _, row := range r.chunk {
			result, err := r.carryOutRow(ctx, tx, row, &next)
			if err != nil {
				return fmt.Errorf("%s, row %d: %w", r.name, row.position, err)
			}
			results = append(results, result)
		}
		if err := r.progress.saveResults(tx, results); err != nil {
			return err
		}
		next.Done, next.Warnings = r.progress.Done+len(r.chunk), r.judge.warnings.list
		return next.save(tx, r.key)
	})
	if err != nil {
		return err
	}
	r.progress, r.chunk = next, r.chunk[:0]
	r.Progress(r.name, r.progress.Done, r.progress.Rows)
	return nil
}
