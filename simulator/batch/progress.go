package batch

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/simulator/vault"
)

// Kinds of the vault's records about batches.
const (
	// kindBatch has the progress of a file under its name and digest.
	kindBatch = "batch"
	// kindResults has the results of a chunk of rows under the batch and the
	// position of the first of them.
	kindResults = "batchresults"
)

// progress is how far a file was processed.
type progress struct {
	// ID identifies the batch: its traffic row, and the cause of what its
	// rows queue.
	ID            string `json:"id"`
	CorrelationID string `json:"correlationID"`
	File          string `json:"file"`
	Response      string `json:"response"`
	// Rows of the file; Done of them are in the vault, as Success or Failure.
	Rows       int       `json:"rows"`
	Done       int       `json:"done"`
	Success    int       `json:"success"`
	Failure    int       `json:"failure"`
	Warnings   []Warning `json:"warnings,omitempty"`
	StartedAt  time.Time `json:"startedAt"`
	FinishedAt time.Time `json:"finishedAt,omitzero"`
}

// errTaken says that somebody else works at the same file.
var errTaken = errors.New("another run is processing the same file; no row was done twice")

// loadProgress reads the progress of a file, vault.ErrNotFound when it was
// never begun.
func loadProgress(tx vault.Tx, key string) (progress, error) {
	var p progress
	stored, err := tx.Record(kindBatch, key)
	if err != nil {
		return p, err
	}
	return p, recode(stored.Content, &p)
}

func (p progress) save(tx vault.Tx, key string) error {
	var content map[string]any
	if err := recode(p, &content); err != nil {
		return err
	}
	return tx.PutRecord(vault.Record{Kind: kindBatch, Key: key, Content: content})
}

// recode turns a value into another that has the same JSON.
func recode(from, to any) error {
	text, err := json.Marshal(from)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, to)
}

// resultsKey is where the results of the chunk are that begins after so many
// rows.
func (p progress) resultsKey(done int) string { return fmt.Sprintf("%s/%05d", p.ID, done) }

// member of a kindResults record.
const resultsMember = "details"

// saveResults keeps the results of the rows that follow those done so far.
func (p progress) saveResults(tx vault.Tx, results []any) error {
	return tx.AddRecord(vault.Record{Kind: kindResults, Key: p.resultsKey(p.Done), Content: map[string]any{resultsMember: results}})
}

// loadResults reads the chunk that begins after so many rows.
func (p progress) loadResults(tx vault.Tx, done int) ([]any, error) {
	stored, err := tx.Record(kindResults, p.resultsKey(done))
	if err != nil {
		return nil, err
	}
	results, _ := stored.Content[resultsMember].([]any)
	if len(results) == 0 {
		return nil, fmt.Errorf("the results of batch %s after row %d are empty", p.ID, done)
	}
	return results, nil
}

// identifier fills the template of an identifier of the response file.
func identifier(of contract.BatchIdentifier, pairs ...string) string {
	return strings.NewReplacer(pairs...).Replace(of.Template)
}
