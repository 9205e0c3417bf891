package batch_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/simulator/batch"
	"github.com/vtsim/vtsim/simulator/vault"
)

// Two issuers, by the client ids in the names of their files.
const (
	bank, bankID   = "demo-bank", "d1cd558e-30fa-cd1f-b354-126c7562650"
	other, otherID = "second-bank", "other-1"
)

const (
	fileName     = "UCM_REQ_" + bankID + "_2026-06-01T12.00.00.json"
	responseName = "UCM_RES_" + bankID + "_2026-06-01T12.00.00.json"
)

var noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// lab is a processor over a vault in memory, whose applier only notes what it
// was given.
type lab struct {
	contract *contract.Contract
	vault    *flaky
	applier  *applier
	config   batch.Config
	folder   string
}

func newLab(change ...func(*batch.Config)) *lab {
	GinkgoHelper()
	l := &lab{applier: &applier{fail: map[string]error{}}, folder: GinkgoT().TempDir()}
	var err error
	l.contract, err = contract.Load()
	Expect(err).NotTo(HaveOccurred())
	store, err := vault.Open(context.Background(), vault.Options{Clock: func() time.Time { return noon }})
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(store.Close)
	for name, id := range map[string]string{bank: bankID, other: otherID} {
		Expect(store.PutIssuer(context.Background(), vault.Issuer{Name: name, ClientID: id, APIKey: name})).To(Succeed())
	}
	l.vault = &flaky{Vault: store}
	l.config = batch.Config{Contract: l.contract, Vault: l.vault, Applier: l.applier, Now: func() time.Time { return noon }, ChunkRows: 4}
	for _, c := range change {
		c(&l.config)
	}
	return l
}

func (l *lab) processor() *batch.Processor {
	GinkgoHelper()
	p, err := batch.New(l.config)
	Expect(err).NotTo(HaveOccurred())
	return p
}

// process runs the file of the lab's folder.
func (l *lab) process(name string) (*batch.Result, error) {
	GinkgoHelper()
	return l.processor().Process(context.Background(), filepath.Join(l.folder, name), "")
}

// given writes a file into the lab's folder.
func (l *lab) given(name, content string) {
	GinkgoHelper()
	Expect(os.WriteFile(filepath.Join(l.folder, name), []byte(content), 0o640)).To(Succeed())
}

// response reads the response file and holds it to the contract.
func (l *lab) response(name string) response {
	GinkgoHelper()
	content, err := os.ReadFile(filepath.Join(l.folder, name))
	Expect(err).NotTo(HaveOccurred())
	value, err := contract.Decode(content)
	Expect(err).NotTo(HaveOccurred())
	violations, err := l.contract.Validate("batchResponse", contract.Body, value)
	Expect(err).NotTo(HaveOccurred())
	Expect(violations).To(BeEmpty())
	var r response
	Expect(json.Unmarshal(content, &r)).To(Succeed())
	r.text = string(content)
	return r
}

// files lists the lab's folder.
func (l *lab) files() []string {
	GinkgoHelper()
	entries, err := os.ReadDir(l.folder)
	Expect(err).NotTo(HaveOccurred())
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

// applied are the rowIds that the vault has as carried out.
func (l *lab) applied(issuer string) []string {
	GinkgoHelper()
	var ids []string
	Expect(l.vault.View(context.Background(), issuer, func(tx vault.Tx) error {
		records, err := tx.Records("applied", "", 0)
		for _, r := range records {
			ids = append(ids, r.Key)
		}
		return err
	})).To(Succeed())
	return ids
}

// response is a response file (p.243-245).
type response struct {
	Header struct {
		SuccessCount, FailureCount int
		CorrelationID              string
	}
	Details []struct {
		ResponseDetails []struct{ TaskID, StatusCode string }
		ErrorResponse   *struct {
			Status          int
			Message, Reason string
			Details         []struct{ Location, Message string }
		}
		ResponseID string `json:"X-RESPONSE-ID"`
		RowID      string
	}
	text string
}

// locations are those of the row's errorResponse.
func (r response) locations(row int) []string {
	var list []string
	for _, detail := range r.Details[row].ErrorResponse.Details {
		list = append(list, detail.Location)
	}
	return list
}

// goodRow is a row that nothing is wrong with; members are replaced, nil ones
// taken out.
func goodRow(id int, members ...map[string]any) string {
	row := map[string]any{"rowId": strconv.Itoa(id), "tokenRequestorID": 40010075001, "tokenReferenceID": fmt.Sprintf("DNITHE%018d", id),
		"operationReason": "new design", "cardMetadataInfo": map[string]any{"cardIssuer": "Bank1", "shortDescription": "<b> & \u2028"}}
	for _, changes := range members {
		for name, value := range changes {
			row[name] = value
			if value == nil {
				delete(row, name)
			}
		}
	}
	text, err := json.Marshal(row)
	Expect(err).NotTo(HaveOccurred())
	return string(text)
}

// goodRows are the rows from first to last.
func goodRows(first, last int) []string {
	var rows []string
	for id := first; id <= last; id++ {
		rows = append(rows, goodRow(id))
	}
	return rows
}

// fileOf is a request file as p.240 wants it.
func fileOf(rows ...string) string {
	return `{"updateCardMetadata":[` + strings.Join(rows, ",\n") + `]}`
}

// applier notes each row in the vault, once: a second time is an error.
type applier struct {
	calls int
	last  map[string]any
	fail  map[string]error // by rowId
	again bool             // takes a row a second time
}

func (a *applier) ApplyCardMetadata(_ context.Context, tx vault.Tx, issuer vault.Issuer, cause string, row map[string]any) ([]any, error) {
	a.calls++
	a.last = row
	id := row["rowId"].(string)
	if err := a.fail[id]; err != nil {
		return nil, err
	}
	if issuer.Name != tx.Issuer() {
		return nil, errors.New("the transaction is of another issuer")
	}
	err := tx.AddRecord(vault.Record{Kind: "applied", Key: id, Content: map[string]any{"cause": cause}})
	if err != nil && !a.again {
		return nil, err
	}
	return []any{map[string]any{"taskID": "task-" + id, "statusCode": "PENDING"}}, nil
}

// refusal refuses a row with a row of the table.
type refusal struct{ contract.ErrorRow }

func (r refusal) Error() string { return r.Name }
func (r refusal) Refused() (contract.ErrorRow, []map[string]any) {
	return r.ErrorRow, []map[string]any{{"location": "cardMetadataInfo/profileID", "message": "unknown"}}
}

func trafficOf(issuer string) vault.TrafficQuery { return vault.TrafficQuery{Issuer: issuer} }

// flaky is a vault that can fail.
type flaky struct {
	vault.Vault
	// update, when set, stands in front of every Update.
	update func(run func() error) error
	// issuers, when set, is called after each Issuers.
	issuers func()
}

func (f *flaky) Issuers(ctx context.Context) ([]vault.Issuer, error) {
	list, err := f.Vault.Issuers(ctx)
	if f.issuers != nil {
		f.issuers()
	}
	return list, err
}

func (f *flaky) Update(ctx context.Context, issuer string, do func(vault.Tx) error) error {
	run := func() error { return f.Vault.Update(ctx, issuer, do) }
	if f.update == nil {
		return run()
	}
	return f.update(run)
}
