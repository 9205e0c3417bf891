package batch_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/simulator/batch"
)

// report is what a watcher told about a file.
type report struct {
	File   string
	Result *batch.Result
	Err    error
}

var _ = Describe("A watched folder", func() {
	var (
		l       *lab
		w       *batch.Watcher
		reports []report
	)
	BeforeEach(func() {
		l, reports = newLab(), nil
		w = &batch.Watcher{Processor: l.processor(), Folder: l.folder, Report: func(file string, result *batch.Result, err error) {
			reports = append(reports, report{file, result, err})
		}}
	})
	poll := func(times int) {
		GinkgoHelper()
		for range times {
			Expect(w.Poll(context.Background())).To(Succeed())
		}
	}
	in := func(folder string) []string {
		GinkgoHelper()
		entries, err := os.ReadDir(filepath.Join(l.folder, folder))
		Expect(err).To(Or(BeNil(), MatchError(os.ErrNotExist)))
		names := []string{}
		for _, entry := range entries {
			names = append(names, entry.Name())
		}
		return names
	}

	It("processes a file that stays as it is, and moves it to done", func() {
		l.given(fileName, fileOf(goodRows(1, 3)...))
		poll(1)
		Expect(reports).To(BeEmpty())
		poll(1)
		Expect(reports).To(ConsistOf(And(HaveField("File", fileName), HaveField("Err", BeNil()), HaveField("Result.Success", 3))))
		Expect(l.files()).To(ConsistOf("done", responseName))
		Expect(in("done")).To(ConsistOf(fileName))
		Expect(l.response(responseName).Header.SuccessCount).To(Equal(3))
		poll(3)
		Expect(reports).To(HaveLen(1))
	})

	It("waits while somebody writes to the file", func() {
		for last := 1; last <= 3; last++ {
			l.given(fileName, fileOf(goodRows(1, last)...))
			poll(1)
		}
		Expect(reports).To(BeEmpty())
		poll(1)
		Expect(reports).To(HaveLen(1))
		Expect(l.applied(bank)).To(HaveLen(3))
	})

	It("waits for the end of a file that stalls in the middle", func() {
		whole := fileOf(goodRows(1, 3)...)
		l.given(fileName, whole[:len(whole)-2])
		poll(5)
		Expect(reports).To(BeEmpty())
		l.given(fileName, whole+"\r\n\n")
		poll(2)
		Expect(reports).To(ConsistOf(HaveField("Result.Success", 3)))
	})

	It("gives up a file whose end never comes", func() {
		whole := fileOf(goodRows(1, 3)...)
		l.given(fileName, whole[:len(whole)-2])
		poll(10)
		Expect(reports).To(BeEmpty())
		poll(1)
		Expect(reports).To(ConsistOf(HaveField("Err", MatchError(ContainSubstring("ends too early")))))
		Expect(l.files()).To(ConsistOf("failed"))
		Expect(in("failed")).To(ConsistOf(fileName, fileName+".txt"))
	})

	It("moves a file that can't be processed to failed, with the reason beside it", func() {
		bad := "UCM_REQ_nobody_2026-06-01T12.00.00.json"
		l.given(bad, fileOf(goodRow(1)))
		l.given(fileName, fileOf(goodRow(1)))
		poll(2)
		Expect(in("failed")).To(ConsistOf(bad, bad+".txt"))
		Expect(os.ReadFile(filepath.Join(l.folder, "failed", bad+".txt"))).To(ContainSubstring("no issuer has"))
		Expect(in("done")).To(ConsistOf(fileName))
		Expect(reports).To(HaveLen(2))
	})

	It("leaves alone what is no request file", func() {
		names := []string{responseName, "notes.txt", fileName + ".part", "UCM_REQ_x"}
		for _, name := range names {
			l.given(name, "{}")
		}
		Expect(os.Mkdir(filepath.Join(l.folder, fileName), 0o755)).To(Succeed())
		poll(12)
		Expect(reports).To(BeEmpty())
		Expect(l.files()).To(ConsistOf(append(names, fileName)))
	})

	It("does not process a file again that comes a second time", func() {
		for range 2 {
			l.given(fileName, fileOf(goodRows(1, 3)...))
			poll(2)
		}
		Expect(reports).To(HaveLen(2))
		Expect(reports[1].Result.FinishedBefore).To(Equal(noon))
		Expect(l.applier.calls).To(Equal(3))
		Expect(in("done")).To(ConsistOf(fileName, fileName+".2"))
	})

	It("moves a file to failed whose response would replace another", func() {
		l.given(fileName, fileOf(goodRows(1, 3)...))
		poll(2)
		l.given(fileName, fileOf(goodRows(4, 5)...))
		poll(2)
		Expect(reports[1].Err).To(MatchError(ContainSubstring("other content")))
		Expect(in("failed")).To(ContainElement(fileName))
		Expect(l.response(responseName).Details).To(HaveLen(3))
	})

	It("puts responses elsewhere", func() {
		w.Responses = filepath.Join(l.folder, "responses")
		Expect(os.Mkdir(w.Responses, 0o755)).To(Succeed())
		l.given(fileName, fileOf(goodRow(1)))
		poll(2)
		Expect(in("responses")).To(ConsistOf(responseName))
	})

	It("tries a file again that failed through no fault of its own", func() {
		l.given(fileName, fileOf(goodRows(1, 10)...))
		l.applier.fail["7"] = errors.New("power cut")
		poll(2)
		Expect(reports).To(ConsistOf(HaveField("Err", MatchError(ContainSubstring("power cut")))))
		Expect(l.files()).To(ConsistOf(fileName))
		delete(l.applier.fail, "7")
		poll(1)
		Expect(reports[1].Result).To(And(HaveField("Before", 4), HaveField("Success", 10)))
		Expect(in("done")).To(ConsistOf(fileName))
	})

	It("takes the files in the order of their names", func() {
		later := "UCM_REQ_" + bankID + "_2026-06-01T12.00.01.json"
		l.given(later, fileOf(goodRow(2)))
		l.given(fileName, fileOf(goodRow(1)))
		poll(2)
		Expect(reports).To(HaveExactElements(HaveField("File", fileName), HaveField("File", later)))
	})

	It("polls at each tick and stops with its context", func() {
		l.given(fileName, fileOf(goodRows(1, 3)...))
		ctx, cancel := context.WithCancel(context.Background())
		ticks, ended := make(chan time.Time), make(chan error, 1)
		done := make(chan struct{})
		w.Report = func(string, *batch.Result, error) { close(done) }
		go func() { ended <- w.Run(ctx, ticks) }()
		ticks <- noon
		ticks <- noon
		Eventually(done).Should(BeClosed())
		cancel()
		Eventually(ended).Should(Receive(BeNil()))
	})

	It("stops in the middle of a file, which goes on later", func() {
		l.given(fileName, fileOf(goodRows(1, 10)...))
		ctx, cancel := context.WithCancel(context.Background())
		l.config.Progress = func(_ string, done, _ int) {
			if done == 4 {
				cancel()
			}
		}
		w.Processor = l.processor()
		ticks := make(chan time.Time, 2)
		ticks <- noon
		ticks <- noon
		Expect(w.Run(ctx, ticks)).To(Succeed())
		Expect(l.files()).To(ConsistOf(fileName))
		Expect(l.applied(bank)).To(HaveLen(4))
		poll(2)
		Expect(reports).To(ConsistOf(HaveField("Result.Before", 4)))
		Expect(l.applied(bank)).To(HaveLen(10))
	})

	It("is an error when the folder for responses is not there", func() {
		w.Responses = filepath.Join(l.folder, "responses")
		l.given(fileName, fileOf(goodRow(1)))
		Expect(w.Poll(context.Background())).To(MatchError(ContainSubstring("responses")))
		Expect(l.files()).To(ConsistOf(fileName))
	})

	It("is an error when the folder is not there", func() {
		w.Folder = filepath.Join(l.folder, "missing")
		ticks := make(chan time.Time, 1)
		ticks <- noon
		Expect(w.Run(context.Background(), ticks)).To(MatchError(And(ContainSubstring("missing"), ContainSubstring("must be there"))))
	})
})
