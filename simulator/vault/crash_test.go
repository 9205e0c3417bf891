package vault_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/simulator/vault"
)

// crashFile names the database of the process that is to be killed.
const crashFile = "VTSIM_TEST_CRASH_FILE"

// crashWorkers is how many tokens are changed at once, one by each worker.
const crashWorkers = 24

// workUntilKilled is the other process: each worker changes its token again
// and again, with a record, a notification and a traffic row in the same
// update, and says so once the update is acknowledged.
func workUntilKilled(file string) {
	ctx := context.Background()
	s, err := vault.Open(ctx, vault.Options{File: file, Key: key()})
	if err != nil {
		fmt.Println("failed", err)
		return
	}
	for worker := range crashWorkers {
		go func() {
			for {
				done, err := crashUpdate(ctx, s, worker)
				if err != nil {
					fmt.Println("failed", err)
					return
				}
				os.Stdout.WriteString(fmt.Sprintf("%d %d\n", worker, done)) // one write: lines don't mix
			}
		}()
	}
	<-time.After(time.Minute) // in case that nobody kills it
}

func crashUpdate(ctx context.Context, s *vault.Store, worker int) (done int64, err error) {
	err = s.Update(ctx, "alpha", func(tx vault.Tx) error {
		t, err := tx.TokenByReference(tokenID(worker))
		if err != nil {
			return err
		}
		t.LifeCycleTraceID++
		done = t.LifeCycleTraceID
		if _, err := tx.PutToken(t); err != nil {
			return err
		}
		name := fmt.Sprintf("%d/%d", worker, done)
		if err := tx.AddRecord(vault.Record{Kind: "done", Key: name}); err != nil {
			return err
		}
		if err := tx.Enqueue(vault.Notification{ID: name, TokenID: t.ReferenceID}); err != nil {
			return err
		}
		return tx.Journal(vault.Traffic{ID: name})
	})
	return done, err
}

var _ = Describe("a process that is killed in the middle of concurrent updates", func() {
	It("loses no acknowledged change, and leaves no half of one", func() {
		file := filepath.Join(GinkgoT().TempDir(), "vtsim.db")
		s := open(vault.Options{File: file})
		putIssuer(s, "alpha")
		update(s, "alpha", func(tx vault.Tx) {
			Expect(tx.PutPAN(aPAN(1))).To(Succeed())
			for worker := range crashWorkers {
				_, err := tx.PutToken(aToken(worker, 1))
				Expect(err).NotTo(HaveOccurred())
			}
		})
		Expect(s.Close()).To(Succeed())

		for round := range 3 {
			acknowledged := workAndKill(file, 400*(round+1))
			s := open(vault.Options{File: file})
			for worker := range crashWorkers {
				var t int64
				view(s, "alpha", func(tx vault.Tx) {
					stored, err := tx.TokenByReference(tokenID(worker))
					Expect(err).NotTo(HaveOccurred())
					t = stored.LifeCycleTraceID
					Expect(tx.Records("done", fmt.Sprintf("%d/", worker), 0)).To(HaveLen(int(t)))
				})
				Expect(t).To(BeNumerically(">=", acknowledged[worker]), "worker %d", worker)
				Expect(count(s, "SELECT COUNT(*) FROM notifications WHERE token_id = ?", tokenID(worker))).To(Equal(int(t)))
				Expect(count(s, "SELECT COUNT(*) FROM journal WHERE id LIKE ?", fmt.Sprintf("%d/%%", worker))).To(Equal(int(t)))
			}
			Expect(count(s, "SELECT row_count FROM journal_size")).To(Equal(count(s, "SELECT COUNT(*) FROM journal")))
			var verdict string
			Expect(s.Writer().QueryRow("PRAGMA integrity_check").Scan(&verdict)).To(Succeed())
			Expect(verdict).To(Equal("ok"))
			Expect(s.Close()).To(Succeed())
		}
	})
})

// workAndKill starts the other process, kills it after a number of
// acknowledgements and returns the last of each worker.
func workAndKill(file string, after int) map[int]int64 {
	GinkgoHelper()
	process := exec.Command(os.Args[0])
	process.Env = append(os.Environ(), crashFile+"="+file)
	process.Stderr = GinkgoWriter
	output, err := process.StdoutPipe()
	Expect(err).NotTo(HaveOccurred())
	Expect(process.Start()).To(Succeed())

	acknowledged := make(map[int]int64)
	lines := bufio.NewScanner(output)
	for n := 0; lines.Scan(); n++ {
		Expect(lines.Text()).NotTo(HavePrefix("failed"))
		if n == after {
			Expect(process.Process.Kill()).To(Succeed()) // what it still said is read below
		}
		var worker int
		var done int64
		if _, err := fmt.Sscanf(lines.Text(), "%d %d", &worker, &done); err == nil && strings.Count(lines.Text(), " ") == 1 {
			acknowledged[worker] = max(acknowledged[worker], done)
		}
	}
	process.Wait() // it was killed: the error says no more
	Expect(acknowledged).To(HaveLen(crashWorkers))
	return acknowledged
}
