package report_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance"
	"github.com/vtsim/vtsim/conformance/report"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestReport(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "conformance/report")
}

// formats are all that a Result can be written as.
var formats = map[string]func(*conformance.Result) []byte{
	"txt": func(r *conformance.Result) []byte { return terminal(r, report.TerminalOptions{}) },
	"json": func(r *conformance.Result) []byte {
		var b bytes.Buffer
		ExpectWithOffset(1, report.JSON(&b, r)).To(Succeed())
		return b.Bytes()
	},
	"xml": func(r *conformance.Result) []byte {
		var b bytes.Buffer
		ExpectWithOffset(1, report.JUnit(&b, r)).To(Succeed())
		return b.Bytes()
	},
	"md": func(r *conformance.Result) []byte {
		var b bytes.Buffer
		ExpectWithOffset(1, report.Markdown(&b, r)).To(Succeed())
		return b.Bytes()
	},
	"html": func(r *conformance.Result) []byte {
		var b bytes.Buffer
		ExpectWithOffset(1, report.HTML(&b, r)).To(Succeed())
		return b.Bytes()
	},
}

func terminal(r *conformance.Result, options report.TerminalOptions) []byte {
	GinkgoHelper()
	var b bytes.Buffer
	Expect(report.Terminal(&b, r, options)).To(Succeed())
	return b.Bytes()
}

var examples = map[string]func() *conformance.Result{
	"clean": clean, "failing": failing, "incomplete": incomplete, "interrupted": interrupted, "hostile": hostile,
}

var _ = Describe("Every report", func() {
	for example, build := range examples {
		for format, write := range formats {
			It("of a "+example+" run as "+format+" is as the golden file", func() {
				golden(example+"."+format, write(build()))
			})
			It("of a "+example+" run as "+format+" is the same each time", func() {
				first := write(build())
				for range 3 {
					Expect(bytes.Equal(write(build()), first)).To(BeTrue())
				}
			})
		}
	}

	for format, write := range formats {
		It("as "+format+" shows no card number, passcode or secret of a masked Result", func() {
			for _, build := range examples {
				written := write(build())
				for _, secret := range secrets {
					Expect(bytes.Contains(written, []byte(secret))).To(BeFalse(), secret)
				}
				Expect(cardNumbers(written)).To(BeEmpty())
			}
		})
		It("as "+format+" marks a run that was interrupted, and no other", func() {
			mark := "PARTIAL"
			if format == "json" {
				mark = `"interrupted": true`
			}
			Expect(string(write(interrupted()))).To(ContainSubstring(mark))
			Expect(string(write(failing()))).NotTo(ContainSubstring(mark))
		})
		It("as "+format+" leaves the Result as it was", func() {
			result := hostile()
			write(result)
			Expect(result).To(Equal(hostile()))
		})
		It("as "+format+" is written of an empty Result, too", func() {
			Expect(write(&conformance.Result{})).NotTo(BeEmpty())
		})
		It("as "+format+" says when it can't be written", func() {
			Expect(writers[format](refusing{}, failing())).To(MatchError(ContainSubstring("disk is full")))
		})
	}
})

// golden compares with a file, or writes it anew.
func golden(name string, got []byte) {
	GinkgoHelper()
	path := filepath.Join("testdata", name)
	if *update {
		Expect(os.MkdirAll("testdata", 0o755)).To(Succeed())
		Expect(os.WriteFile(path, got, 0o644)).To(Succeed())
		return
	}
	want, err := os.ReadFile(path)
	Expect(err).NotTo(HaveOccurred(), "make it with: go test ./conformance/report -update")
	Expect(string(got)).To(Equal(string(want)), "differs from %s; if that is right: go test ./conformance/report -update", path)
}
