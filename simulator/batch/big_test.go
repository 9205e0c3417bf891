package batch_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/fixtures"
	fixturekeys "github.com/vtsim/vtsim/fixtures/keys"
	"github.com/vtsim/vtsim/keys"
	"github.com/vtsim/vtsim/simulator/batch"
	"github.com/vtsim/vtsim/simulator/clock"
	"github.com/vtsim/vtsim/simulator/fault"
	"github.com/vtsim/vtsim/simulator/inbound"
	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
)

// The largest file that there may be (p.241), processed by the whole
// simulator: a vault on disk and the real updateCardMetadata. It runs in a
// process of its own, whose memory is measured and which can be killed.
const (
	bigRows = 50_000
	// What the process may have: resident, and live on its heap.
	bigResident, bigHeap = 200 << 20, 64 << 20
	bigTokens            = 500
	bigFolder            = "VTSIM_TEST_BIG_BATCH"
)

// TestBigBatchProcess is that process. It prints the rows done so far, and
// goes on when it is told to by a line on its standard input.
func TestBigBatchProcess(t *testing.T) {
	folder := os.Getenv(bigFolder)
	if folder == "" {
		t.Skip("is the other process of the specs about big files")
	}
	var highest uint64
	answers := bufio.NewScanner(os.Stdin)
	progress := func(_ string, done, rows int) {
		var now runtime.MemStats
		runtime.ReadMemStats(&now)
		highest = max(highest, now.HeapAlloc)
		fmt.Printf("done %d of %d\n", done, rows)
		if !answers.Scan() {
			t.Error("nobody answers")
		}
	}
	world, err := openWorld(folder, progress)
	if err != nil {
		t.Fatal(err)
	}
	started := time.Now()
	result, err := world.processor.Process(context.Background(), world.request(), "")
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("processed %d rows after the first %d in %s, heap at most %d MiB\n", result.Rows-result.Before, result.Before, time.Since(started).Round(time.Millisecond), highest>>20)
	if highest > bigHeap {
		t.Errorf("the heap had up to %d bytes, want at most %d", highest, bigHeap)
	}
	if err := world.vault.Close(); err != nil {
		t.Fatal(err)
	}
}

// world is a simulator's data and a processor over it.
type world struct {
	vault     *vault.Store
	contract  *contract.Contract
	issuer    vault.Issuer
	processor *batch.Processor
	folder    string
}

func (w *world) request() string {
	return filepath.Join(w.folder, "UCM_REQ_"+w.issuer.ClientID+"_2026-06-01T12.00.00.json")
}

func (w *world) response() string {
	return filepath.Join(w.folder, "UCM_RES_"+w.issuer.ClientID+"_2026-06-01T12.00.00.json")
}

func openWorld(folder string, progress func(string, int, int)) (*world, error) {
	w := &world{folder: folder}
	var err error
	if w.contract, err = contract.Load(); err != nil {
		return nil, err
	}
	samples, err := fixtures.Load()
	if err != nil {
		return nil, err
	}
	at := clock.New(time.Now)
	at.Freeze(noon)
	directory, err := keys.LoadFS(fixturekeys.TestOnly(), keys.Settings{Facts: keys.FactsOf(w.contract), Now: at.Now})
	if err != nil {
		return nil, err
	}
	if w.vault, err = vault.Open(context.Background(), vault.Options{File: filepath.Join(folder, "vtsim.db"), Key: directory.VaultKey, Clock: at.Now}); err != nil {
		return nil, err
	}
	w.issuer = inbound.Registered(directory.Issuers[bank], noon)
	if err := w.vault.PutIssuer(context.Background(), w.issuer); err != nil {
		return nil, err
	}
	server, err := inbound.New(inbound.Config{Contract: w.contract, Vault: w.vault, Fixtures: samples, Clock: at, Faults: fault.NewSet()})
	if err != nil {
		return nil, err
	}
	w.processor, err = batch.New(batch.Config{Contract: w.contract, Vault: w.vault, Applier: server, Now: at.Now, Progress: progress})
	return w, err
}

// fill puts tokens into the vault and writes a file about them, in rows of
// about 1,300 bytes.
func (w *world) fill(rows int) error {
	err := w.vault.Update(context.Background(), bank, func(tx vault.Tx) error {
		if err := tx.PutPAN(vault.PAN{ReferenceID: "V-1", Number: "4000000010000018"}); err != nil {
			return err
		}
		for n := range bigTokens {
			_, err := tx.PutToken(token.Token{ReferenceID: fmt.Sprintf("DNITHE%018d", n), RequestorID: "40010075001", PANReferenceID: "V-1",
				Number: fmt.Sprintf("400099%010d", n), Type: "SECURE_ELEMENT", Status: "ACTIVE"})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	file, err := os.Create(w.request())
	if err != nil {
		return err
	}
	defer file.Close()
	out := bufio.NewWriter(file)
	fmt.Fprint(out, `{"updateCardMetadata":[`)
	for n := range rows {
		if n > 0 {
			fmt.Fprint(out, ",\n")
		}
		fmt.Fprintf(out, `{"rowId":"%d","tokenRequestorID":40010075001,"tokenReferenceID":"DNITHE%018d","operationReason":"new design","cardMetadataInfo":`, n+1, n%bigTokens)
		fmt.Fprintf(out, `{"cardIssuer":"Bank1","labelColor":"rgb(1,2,3)","longDescription":"Row%d","privacyPolicyURL":"https://bank1.example/%s",`, n, strings.Repeat("p", 100))
		fmt.Fprintf(out, `"applicationInfo":{"transactionServiceURL":"https://bank1.example/%s","associatedApplicationIdentifiers":["%s"]}}}`, strings.Repeat("t", 100), strings.Repeat(strings.Repeat("a", 120)+`","`, 6))
	}
	fmt.Fprint(out, "]}")
	return out.Flush()
}

// count of the records of a kind.
func (w *world) count(kind string) (n int) {
	GinkgoHelper()
	Expect(w.vault.View(context.Background(), bank, func(tx vault.Tx) error {
		records, err := tx.Records(kind, "", 0)
		n = len(records)
		return err
	})).To(Succeed())
	return n
}

// child runs the other process until it ends, or is killed because it printed
// last, and returns what it printed at the end.
func child(folder string, last string) (state *os.ProcessState, summary string) {
	GinkgoHelper()
	executable, err := os.Executable()
	Expect(err).NotTo(HaveOccurred())
	command := exec.Command(executable, "-test.run", "^TestBigBatchProcess$")
	command.Env = append(os.Environ(), bigFolder+"="+folder)
	command.Stderr = GinkgoWriter
	output, err := command.StdoutPipe()
	Expect(err).NotTo(HaveOccurred())
	input, err := command.StdinPipe()
	Expect(err).NotTo(HaveOccurred())
	Expect(command.Start()).To(Succeed())
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		switch line := lines.Text(); {
		case line == last:
			Expect(command.Process.Kill()).To(Succeed())
		case strings.HasPrefix(line, "done"):
			_, err := io.WriteString(input, "go on\n")
			Expect(err).NotTo(HaveOccurred())
		case strings.HasPrefix(line, "processed"):
			summary = line
		}
	}
	err = command.Wait()
	if last == "" {
		Expect(err).NotTo(HaveOccurred())
	} else {
		Expect(err).To(HaveOccurred())
		Expect(summary).To(BeEmpty())
	}
	return command.ProcessState, summary
}

var _ = Describe("A batch file in a process of its own", func() {
	given := func(rows int) *world {
		GinkgoHelper()
		w, err := openWorld(GinkgoT().TempDir(), nil)
		Expect(err).NotTo(HaveOccurred())
		Expect(w.fill(rows)).To(Succeed())
		Expect(w.vault.Close()).To(Succeed())
		return w
	}
	reopened := func(w *world) *world {
		GinkgoHelper()
		w, err := openWorld(w.folder, nil)
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(w.vault.Close)
		return w
	}

	It("of 50,000 rows takes less than 200 MiB of memory (p.241)", func() {
		rows := bigRows
		if raceDetector {
			rows /= 25 // as slow, and the detector's own memory counts
		}
		w := given(rows)
		state, summary := child(w.folder, "")
		resident, known := residentBytes(state)
		if known && !raceDetector {
			Expect(resident).To(BeNumerically("<", bigResident))
		}
		info, err := os.Stat(w.request())
		Expect(err).NotTo(HaveOccurred())
		AddReportEntry("big batch", fmt.Sprintf("%d MiB file; %s, resident at most %d MiB", info.Size()>>20, summary, resident>>20))

		w = reopened(w)
		Expect(w.count("task")).To(Equal(rows))
		content, err := os.ReadFile(w.response())
		Expect(err).NotTo(HaveOccurred())
		Expect(string(content[:200])).To(And(ContainSubstring(fmt.Sprintf(`"successCount":%d`, rows)), ContainSubstring(`"failureCount":0`)))
		Expect(strings.Count(string(content), `"taskID"`)).To(Equal(rows))
		Expect(strings.Count(string(content), "\n")).To(Equal(rows + 2))
	})

	It("that is killed again and again does each row once", func() {
		const rows = 1500
		w := given(rows)
		for _, last := range []string{"done 200 of 1500", "done 700 of 1500", "done 1500 of 1500"} {
			child(w.folder, last)
			Expect(w.response()).NotTo(BeAnExistingFile())
		}
		w = reopened(w)
		result, err := w.processor.Process(context.Background(), w.request(), "")
		Expect(err).NotTo(HaveOccurred())
		Expect([]int{result.Rows, result.Success, result.Failure}).To(Equal([]int{rows, rows, 0}))
		Expect(result.Before).To(Equal(rows))
		Expect(w.count("task")).To(Equal(rows))
		content, err := os.ReadFile(w.response())
		Expect(err).NotTo(HaveOccurred())
		value, err := contract.Decode(content)
		Expect(err).NotTo(HaveOccurred())
		Expect(w.contract.Validate("batchResponse", contract.Body, value)).To(BeEmpty())
		Expect(value.(map[string]any)["details"]).To(HaveLen(rows))
	})
})
