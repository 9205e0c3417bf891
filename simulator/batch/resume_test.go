package batch_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/simulator/batch"
)

var _ = Describe("A batch file that was interrupted", func() {
	var l *lab
	BeforeEach(func() {
		l = newLab() // four rows a transaction
		l.given(fileName, fileOf(goodRows(1, 10)...))
	})

	// whole expects that each of the ten rows was done, once, and answered.
	whole := func(result *batch.Result, err error) {
		GinkgoHelper()
		Expect(err).NotTo(HaveOccurred())
		Expect([]int{result.Rows, result.Success, result.Failure}).To(Equal([]int{10, 10, 0}))
		r := l.response(responseName)
		Expect(r.Header.SuccessCount).To(Equal(10))
		Expect(r.Details).To(HaveLen(10))
		for i, id := range []string{"1", "2", "3", "4", "5", "6", "7", "8", "9", "10"} {
			Expect(r.Details[i].RowID).To(Equal(id))
			Expect(r.Details[i].ResponseDetails).To(ConsistOf(HaveField("TaskID", "task-"+id)))
		}
		Expect(l.applied(bank)).To(HaveLen(10))
	}
	unanswered := func() {
		GinkgoHelper()
		Expect(l.files()).To(ConsistOf(fileName))
	}

	It("goes on after the last chunk that was committed", func() {
		ctx, cancel := context.WithCancel(context.Background())
		var told []int
		l.config.Progress = func(_ string, done, rows int) {
			told = append(told, done)
			Expect(rows).To(Equal(10))
			if done == 4 {
				cancel()
			}
		}
		_, err := l.processor().Process(ctx, filepath.Join(l.folder, fileName), "")
		Expect(err).To(MatchError(context.Canceled))
		Expect(l.applied(bank)).To(ConsistOf("1", "2", "3", "4"))
		unanswered()

		result, err := l.process(fileName)
		whole(result, err)
		Expect(result.Before).To(Equal(4))
		Expect(result.FinishedBefore).To(BeZero())
		Expect(told).To(Equal([]int{0, 4, 4, 8, 10}))
		Expect(l.applier.calls).To(Equal(10))
	})

	It("stops already while it is looked through", func() {
		ctx, cancel := context.WithCancel(context.Background())
		l.vault.issuers = cancel
		l.vault.update = func(func() error) error { return errors.New("too late") }
		_, err := l.processor().Process(ctx, filepath.Join(l.folder, fileName), "")
		Expect(err).To(MatchError(context.Canceled))
	})

	It("is not begun when there is no folder for its response", func() {
		_, err := l.processor().Process(context.Background(), filepath.Join(l.folder, fileName), filepath.Join(l.folder, "none", "answer.json"))
		Expect(err).To(MatchError(And(ContainSubstring("answer.json"), ContainSubstring("not there"))))
		Expect(l.applier.calls).To(BeZero())
	})

	It("goes on with chunks of another size", func() {
		l.applier.fail["6"] = errors.New("power cut")
		_, err := l.process(fileName)
		Expect(err).To(MatchError(ContainSubstring("row 6: power cut")))
		delete(l.applier.fail, "6")
		l.config.ChunkRows = 5
		whole(l.process(fileName))
	})

	It("undoes the whole chunk in which the applier broke down", func() {
		l.applier.fail["7"] = errors.New("power cut")
		_, err := l.process(fileName)
		Expect(err).To(MatchError(ContainSubstring("power cut")))
		Expect(l.applied(bank)).To(ConsistOf("1", "2", "3", "4"))
		unanswered()
		delete(l.applier.fail, "7")
		whole(l.process(fileName))
	})

	It("does no row twice when a commit succeeded that seemed to fail", func() {
		for nth := 1; nth <= 5; nth++ { // beginning, three chunks, the end
			count := 0
			l.vault.update = func(run func() error) error {
				err := run()
				if count++; count == nth && err == nil {
					return errors.New("connection lost")
				}
				return err
			}
			_, err := l.process(fileName)
			Expect(err).To(MatchError(ContainSubstring("connection lost")), "update %d", nth)
			l.vault.update = nil
			whole(l.process(fileName))
			Expect(l.vault.Reset(context.Background(), bank)).To(Succeed())
			Expect(os.Remove(filepath.Join(l.folder, responseName))).To(Succeed())
		}
	})

	It("does every row when a commit failed", func() {
		for nth := 1; nth <= 5; nth++ {
			count := 0
			l.vault.update = func(run func() error) error {
				if count++; count == nth {
					return errors.New("disk full")
				}
				return run()
			}
			_, err := l.process(fileName)
			Expect(err).To(MatchError(ContainSubstring("disk full")), "update %d", nth)
			l.vault.update = nil
			whole(l.process(fileName))
			Expect(l.vault.Reset(context.Background(), bank)).To(Succeed())
			Expect(os.Remove(filepath.Join(l.folder, responseName))).To(Succeed())
		}
	})

	It("still knows the rowIds of the rows done before", func() {
		l.given(fileName, fileOf(append(goodRows(1, 6), goodRow(2))...))
		l.applier.fail["6"] = errors.New("power cut")
		_, err := l.process(fileName)
		Expect(err).To(HaveOccurred())
		delete(l.applier.fail, "6")
		result, err := l.process(fileName)
		Expect(err).NotTo(HaveOccurred())
		Expect([]int{result.Success, result.Failure}).To(Equal([]int{6, 1}))
		Expect(l.response(responseName).locations(6)).To(ConsistOf("rowId"))
	})

	It("counts its warnings over both runs", func() {
		past := map[string]any{"cardMetadataInfo": map[string]any{"labelColor": "rgb(112,533,123)"}}
		l.given(fileName, fileOf(goodRow(1, past), goodRow(2), goodRow(3, past), goodRow(4), goodRow(5, past), goodRow(6)))
		l.applier.fail["6"] = errors.New("power cut")
		_, err := l.process(fileName)
		Expect(err).To(HaveOccurred())
		delete(l.applier.fail, "6")
		result, err := l.process(fileName)
		Expect(err).NotTo(HaveOccurred())
		Expect(result.Warnings).To(ConsistOf(And(HaveField("Count", 3), HaveField("Line", 1))))
	})
})

var _ = Describe("A batch file that was processed", func() {
	var (
		l     *lab
		first string
	)
	BeforeEach(func() {
		l = newLab()
		l.given(fileName, fileOf(goodRows(1, 10)...))
		_, err := l.process(fileName)
		Expect(err).NotTo(HaveOccurred())
		first = l.response(responseName).text
	})

	It("is not processed again", func() {
		before, err := os.Stat(filepath.Join(l.folder, responseName))
		Expect(err).NotTo(HaveOccurred())
		result, err := l.process(fileName)
		Expect(err).NotTo(HaveOccurred())
		Expect(*result).To(And(HaveField("FinishedBefore", noon), HaveField("Before", 10), HaveField("Success", 10)))
		Expect(l.applier.calls).To(Equal(10))
		Expect(l.response(responseName).text).To(Equal(first))
		after, err := os.Stat(filepath.Join(l.folder, responseName))
		Expect(err).NotTo(HaveOccurred())
		Expect(os.SameFile(before, after)).To(BeTrue())
		rows, _, err := l.vault.Traffic(context.Background(), trafficOf(bank))
		Expect(err).NotTo(HaveOccurred())
		Expect(rows).To(HaveLen(1))
	})

	It("gets the same response again when that was lost", func() {
		Expect(os.Remove(filepath.Join(l.folder, responseName))).To(Succeed())
		_, err := l.process(fileName)
		Expect(err).NotTo(HaveOccurred())
		Expect(l.response(responseName).text).To(Equal(first))
		Expect(l.applier.calls).To(Equal(10))
	})

	It("never overwrites another file, and loses nothing by that", func() {
		for _, content := range []string{"mine", first[:len(first)-1] + " ", first + " ", ""} {
			l.given(responseName, content)
			_, err := l.process(fileName)
			Expect(err).To(MatchError(And(ContainSubstring(responseName), ContainSubstring("other content"), ContainSubstring("second run"))))
			Expect(os.ReadFile(filepath.Join(l.folder, responseName))).To(BeEquivalentTo(content))
			Expect(l.files()).To(ConsistOf(fileName, responseName))
		}
	})

	It("is another file when its content differs", func() {
		l.given(fileName, fileOf(goodRows(11, 12)...))
		result, err := l.processor().Process(context.Background(), filepath.Join(l.folder, fileName), filepath.Join(l.folder, "second.json"))
		Expect(err).NotTo(HaveOccurred())
		Expect(*result).To(And(HaveField("Rows", 2), HaveField("Before", 0), HaveField("FinishedBefore", BeZero())))
		Expect(l.applied(bank)).To(HaveLen(12))
	})

	It("is another file under another time", func() {
		l.applier.calls, l.applier.again = 0, true
		name := "UCM_REQ_" + bankID + "_2026-06-01T12.00.01.json"
		l.given(name, fileOf(goodRows(1, 10)...))
		result, err := l.process(name)
		Expect(err).NotTo(HaveOccurred())
		Expect(result.Before).To(BeZero())
		Expect(l.applier.calls).To(Equal(10))
	})

	It("is another file of another issuer", func() {
		l.applier.calls = 0
		name := "UCM_REQ_" + otherID + "_2026-06-01T12.00.00.json"
		l.given(name, fileOf(goodRows(1, 10)...))
		result, err := l.process(name)
		Expect(err).NotTo(HaveOccurred())
		Expect(result.Issuer).To(Equal(other))
		Expect(l.applier.calls).To(Equal(10))
		Expect(l.applied(other)).To(HaveLen(10))
	})
})

var _ = Describe("A batch file that others touch while it is processed", func() {
	It("is done once when two runs work at it", func() {
		l := newLab()
		l.given(fileName, fileOf(goodRows(1, 10)...))
		inner := l.processor()
		var innerResult *batch.Result
		l.config.Progress = func(_ string, done, _ int) {
			if done == 4 && innerResult == nil {
				var err error
				innerResult, err = inner.Process(context.Background(), filepath.Join(l.folder, fileName), "")
				Expect(err).NotTo(HaveOccurred())
			}
		}
		_, err := l.process(fileName)
		Expect(err).To(MatchError(ContainSubstring("another run is processing the same file")))
		Expect(innerResult.Before).To(Equal(4))
		Expect(l.applied(bank)).To(HaveLen(10))
		Expect(l.applier.calls).To(Equal(10))
		Expect(l.response(responseName).Details).To(HaveLen(10))
	})

	It("is answered and noted once when another run ends first", func() {
		l := newLab()
		l.given(fileName, fileOf(goodRows(1, 10)...))
		inner, ran := l.processor(), false
		l.config.Progress = func(_ string, done, _ int) {
			if done == 10 && !ran {
				ran = true
				_, err := inner.Process(context.Background(), filepath.Join(l.folder, fileName), "")
				Expect(err).NotTo(HaveOccurred())
			}
		}
		result, err := l.process(fileName)
		Expect(err).NotTo(HaveOccurred())
		Expect(result.Success).To(Equal(10))
		rows, _, err := l.vault.Traffic(context.Background(), trafficOf(bank))
		Expect(err).NotTo(HaveOccurred())
		Expect(rows).To(HaveLen(1))
	})

	DescribeTable("is not answered when it changed meanwhile", func(change func(file string) error) {
		l := newLab()
		l.given(fileName, fileOf(goodRows(1, 2000)...)) // more than is read ahead
		l.config.Progress = func(_ string, done, _ int) {
			if done == 4 {
				Expect(change(filepath.Join(l.folder, fileName))).To(Succeed())
			}
		}
		_, err := l.process(fileName)
		Expect(err).To(MatchError(ContainSubstring("changed while it was read")))
		Expect(l.files()).To(ConsistOf(fileName))
	},
		Entry("cut short", func(file string) error { return os.Truncate(file, 200_000) }),
		Entry("with another last row", func(file string) error {
			content := fileOf(append(goodRows(1, 1999), goodRow(2001))...)
			out, err := os.OpenFile(file, os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			_, err = out.WriteString(content)
			return errors.Join(err, out.Close())
		}),
	)
})
