package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/vbauerster/mpb/v8"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/keys"
	"github.com/vtsim/vtsim/simulator/batch"
	"github.com/vtsim/vtsim/simulator/inbound"
	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
)

// lockedBuffer is written by a command while a test reads it.
type lockedBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}

// batchRow is a good row about the token of the specs.
func batchRow(id int, reference string) string {
	return fmt.Sprintf(`{"rowId":"%d","tokenRequestorID":40010075001,"tokenReferenceID":"%s","operationReason":"new design","cardMetadataInfo":{"cardIssuer":"Bank1"}}`, id, reference)
}

var _ = Describe("vtsim batch", Ordered, func() {
	const known = "DNITHE000000000000000001"
	var (
		dir, folder string
		files       int // that were written so far
		directory   *keys.Directory
	)
	withVault := func(work func(*vault.Store)) {
		GinkgoHelper()
		store, err := vault.Open(context.Background(), vault.Options{File: filepath.Join(dir, "vtsim.db"), Key: directory.VaultKey})
		Expect(err).NotTo(HaveOccurred())
		defer func() { Expect(store.Close()).To(Succeed()) }()
		work(store)
	}
	BeforeAll(func() {
		dir = filepath.Join(GinkgoT().TempDir(), "data")
		Expect(vtsim("init", dir, "--issuer", "my-bank").code).To(BeZero())
		Expect(vtsim("keys", "add", "second", "--data", dir).code).To(BeZero())
		spec, err := contract.Load()
		Expect(err).NotTo(HaveOccurred())
		directory, err = keys.LoadDirectory(dir, keys.Settings{Facts: keys.FactsOf(spec)})
		Expect(err).NotTo(HaveOccurred())
		withVault(func(store *vault.Store) {
			Expect(store.PutIssuer(context.Background(), inbound.Registered(directory.Issuers["my-bank"], time.Now()))).To(Succeed())
			Expect(store.Update(context.Background(), "my-bank", func(tx vault.Tx) error {
				if err := tx.PutPAN(vault.PAN{ReferenceID: "V-1", Number: "4000000010000018"}); err != nil {
					return err
				}
				_, err := tx.PutToken(token.Token{ReferenceID: known, RequestorID: "40010075001", PANReferenceID: "V-1", Number: "4000990000000000", Type: "SECURE_ELEMENT", Status: "ACTIVE"})
				return err
			})).To(Succeed())
		})
	})
	BeforeEach(func() { folder = GinkgoT().TempDir() })
	name := func(kind, issuer string) string {
		return "UCM_" + kind + "_" + directory.Issuers[issuer].Credentials.ClientID + "_2026-06-01T12.00.00.json"
	}
	// given writes a request file of the issuer; no two specs write the same.
	given := func(issuer string, rows ...string) (request, response string) {
		GinkgoHelper()
		request, response = filepath.Join(folder, name("REQ", issuer)), filepath.Join(folder, name("RES", issuer))
		content := `{"updateCardMetadata":[` + strings.Join(rows, ",\n") + "]}" + strings.Repeat("\n", files)
		files++
		Expect(os.WriteFile(request, []byte(content), 0o600)).To(Succeed())
		return request, response
	}

	It("writes the response beside the request, and does nothing twice", func() {
		request, response := given("my-bank", batchRow(1, known), batchRow(2, "DNITHE2"), `{"rowId":"3"}`)
		r := vtsim("batch", request, "--data", dir)
		Expect(r.code).To(BeZero(), r.err)
		Expect(r.err).To(BeEmpty())
		Expect(r.out).To(And(ContainSubstring("of my-bank: 3 rows, successCount 2, failureCount 1, correlationID 1_"), ContainSubstring("wrote "+response)))
		content, err := os.ReadFile(response)
		Expect(err).NotTo(HaveOccurred())
		Expect(string(content)).To(And(ContainSubstring(`"statusCode":"PENDING"`), ContainSubstring("VSE40003"), ContainSubstring("VSE40001")))
		again := vtsim("batch", request, "--data", dir)
		Expect(again.code).To(BeZero(), again.err)
		Expect(again.out).To(And(ContainSubstring("already; no row was done again"), ContainSubstring("3 rows, successCount 2, failureCount 1")))
		withVault(func(store *vault.Store) {
			list, _, err := store.Notifications(context.Background(), vault.NotificationQuery{Issuer: "my-bank"})
			Expect(err).NotTo(HaveOccurred())
			Expect(list).To(ConsistOf(And(HaveField("Operation", "cardMetadataUpdateNotification"), HaveField("TokenID", known))))
		})
	})

	It("prints one line of JSON when asked to, with its warnings", func() {
		request, _ := given("my-bank", batchRow(1, known)+","+batchRow(2, known))
		out := filepath.Join(folder, "answer.json")
		r := vtsim("batch", request, "--data", dir, "--out", out, "--log", "json")
		Expect(r.code).To(BeZero(), r.err)
		var line map[string]any
		Expect(json.Unmarshal([]byte(r.out), &line)).To(Succeed())
		Expect(line).To(And(HaveKeyWithValue("issuer", "my-bank"), HaveKeyWithValue("response", out), HaveKeyWithValue("rows", 2.0), HaveKeyWithValue("successCount", 2.0),
			HaveKeyWithValue("failureCount", 0.0), HaveKeyWithValue("rowsDoneBefore", 0.0), HaveKeyWithValue("warnings", ConsistOf(HaveKeyWithValue("page", 240.0)))))
		Expect(out).To(BeAnExistingFile())
	})

	It("prints warnings with their pages", func() {
		request, _ := given("my-bank", batchRow(1, known)+", "+batchRow(2, known))
		Expect(vtsim("batch", request, "--data", dir).out).To(MatchRegexp(`(?m)^warning: .*\(p\.240\); 1 rows, the first on line 1$`))
	})

	It("registers issuers that the vault does not have yet", func() {
		request, response := given("second", batchRow(1, known))
		r := vtsim("batch", request, "--data", dir, "--issuer", "second")
		Expect(r.code).To(BeZero(), r.err)
		content, err := os.ReadFile(response)
		Expect(err).NotTo(HaveOccurred())
		Expect(string(content)).To(And(ContainSubstring("VSE40003"), Not(ContainSubstring("PENDING")))) // the token is another issuer's
	})

	It("gives what can't be processed one clear line and exit code 2", func() {
		request, response := given("my-bank", batchRow(1, known)+"x")
		refused(vtsim("batch", request, "--data", dir), filepath.Base(request)+":1", "(p.241)", "mend the file")
		refused(vtsim("batch", request, "--data", dir, "--issuer", "second"), "my-bank", "second")
		refused(vtsim("batch", request, "--data", dir, "--issuer", "third"), `"third"`, "my-bank, second")
		refused(vtsim("batch", filepath.Join(folder, "rows.json"), "--data", dir), "rows.json", "UCM_REQ_")
		refused(vtsim("batch", filepath.Join(folder, "missing", filepath.Base(request)), "--data", dir), "can't be read", "no such file")
		refused(vtsim("batch", request, "--data", filepath.Join(folder, "nothing")), "vtsim init")
		refused(vtsim("batch", "--data", dir), "FILE", "--watch")
		refused(vtsim("batch", request, "--watch", folder, "--data", dir), "FILE", "--watch")
		missing := vtsim("batch", "--watch", filepath.Join(folder, "nothing"), "--data", dir)
		refused(missing, "must be there")
		Expect(missing.out).To(BeEmpty())
		refused(vtsim("batch", request, "--out", filepath.Join(folder, "nothing", "a.json"), "--data", dir), "--out", "make it first")
		refused(vtsim("batch", "--watch", folder, "--out", filepath.Join(folder, "a.json"), "--data", dir), "--out", "make it first")
		refused(vtsim("batch", "--watch", folder, "--every", "0s", "--data", dir), "--every")
		Expect(response).NotTo(BeAnExistingFile())
	})

	It("says when the disk or the vault stopped it, with exit code 3", func() {
		request, response := given("my-bank", batchRow(1, known))
		Expect(os.WriteFile(response, []byte("mine"), 0o600)).To(Succeed())
		r := vtsim("batch", request, "--data", dir)
		Expect(r.code).To(Equal(exitIncomplete))
		Expect(r.err).To(And(ContainSubstring("other content"), ContainSubstring("second run")))
		Expect(strings.Count(r.err, "\n")).To(Equal(1))
	})

	It("goes on where it was interrupted, and says so", func() {
		rows := []string{}
		for id := 1; id <= 250; id++ {
			rows = append(rows, batchRow(id, known))
		}
		request, _ := given("my-bank", rows...)
		ctx, cancel := context.WithCancel(context.Background())
		a := &app{environment: environment{out: GinkgoWriter, err: GinkgoWriter, getenv: func(string) string { return "" }}, data: dir, format: "text"}
		Expect(a.setUp()).To(Succeed())
		err := a.withBatches(context.Background(), batching{every: time.Second}, func(p *batch.Processor, bars *batchBars) error {
			p.Progress = func(file string, done, rows int) {
				bars.show(file, done, rows)
				if done == 100 {
					cancel()
				}
			}
			return a.batchFile(ctx, request, batching{}, p, bars)
		})
		Expect(err).To(MatchError(And(ContainSubstring("interrupted after 100 of 250 rows"), ContainSubstring("goes on from there"))))
		Expect(err).To(MatchError(context.Canceled)) // exit code 130
		r := vtsim("batch", request, "--data", dir)
		Expect(r.code).To(BeZero(), r.err)
		Expect(r.out).To(And(ContainSubstring("went on after row 100"), ContainSubstring("250 rows, successCount 250, failureCount 0")))
	})

	It("processes what comes into a watched folder until it is interrupted", func() {
		var out, errs lockedBuffer
		responses := filepath.Join(folder, "responses")
		Expect(os.Mkdir(responses, 0o755)).To(Succeed())
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan int, 1)
		go func() {
			ended <- run(ctx, []string{"batch", "--watch", folder, "--out", responses, "--every", "5ms", "--data", dir}, environment{in: strings.NewReader(""), out: &out, err: &errs, getenv: func(string) string { return "" }})
		}()
		Eventually(out.String).WithTimeout(10 * time.Second).Should(ContainSubstring("watching " + folder))
		request, _ := given("my-bank", batchRow(1, known))
		bad := filepath.Join(folder, "UCM_REQ_nobody_2026-06-01T12.00.00.json")
		Expect(os.WriteFile(bad, []byte("{}"), 0o600)).To(Succeed())
		Eventually(func() []string {
			done, _ := filepath.Glob(filepath.Join(folder, "done", "*.json"))
			failed, _ := filepath.Glob(filepath.Join(folder, "failed", "*.json"))
			return append(done, failed...)
		}).WithTimeout(10 * time.Second).Should(HaveLen(2))
		Eventually(errs.String).Should(ContainSubstring("no issuer has"))
		cancel()
		Eventually(ended).WithTimeout(10 * time.Second).Should(Receive(Equal(exitOK)))
		Expect(filepath.Join(responses, filepath.Base(strings.Replace(request, "REQ", "RES", 1)))).To(BeAnExistingFile())
		Expect(out.String()).To(ContainSubstring("1 rows, successCount 1, failureCount 0"))
	})

	It("does not open a vault with the key of another", func() {
		other := filepath.Join(GinkgoT().TempDir(), "data")
		Expect(os.CopyFS(other, os.DirFS(dir))).To(Succeed())
		Expect(filepath.WalkDir(other, func(path string, entry os.DirEntry, err error) error {
			if err == nil && !entry.IsDir() {
				err = os.Chmod(path, 0o600)
			}
			return err
		})).To(Succeed())
		Expect(os.WriteFile(filepath.Join(other, "vault.key"), []byte(strings.Repeat("A", 43)+"=\n"), 0o600)).To(Succeed())
		request, _ := given("my-bank", batchRow(1, known))
		refused(vtsim("batch", request, "--data", other), "vtsim.db", "vault key")
	})
})

var _ = Describe("The progress bar of a batch", func() {
	It("is not drawn where there is no terminal", func() {
		var out bytes.Buffer
		bars := newBatchBars(&out)
		bars.show("a.json", 5, 10)
		Expect(bars.container).To(BeNil())
		bars.close()
		Expect(out.String()).To(BeEmpty())
		Expect([]int{bars.done, bars.rows}).To(Equal([]int{5, 10}))
	})

	It("shows file, rows and share, and a new bar for a new file", func() {
		var out lockedBuffer
		bars := newBatchBars(&out)
		bars.silent, bars.options = false, []mpb.ContainerOption{mpb.WithAutoRefresh()}
		bars.show("empty.json", 0, 0)
		bars.show("UCM_REQ_a-b-c_2026.json", 0, 10)
		bars.show("UCM_REQ_a-b-c_2026.json", 10, 10)
		bars.show("b.json", 3, 12)
		bars.close()
		bars.close()
		Expect(out.String()).To(And(ContainSubstring("…_2026.json "), Not(ContainSubstring("a-b-c")), ContainSubstring("10/10"), ContainSubstring("100 %"), ContainSubstring("b.json"), ContainSubstring("3/12"), Not(ContainSubstring("empty"))))
	})
})
