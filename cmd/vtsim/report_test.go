package main

import (
	"os"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("vtsim report", func() {
	sample := func(name string) string {
		return filepath.Join("..", "..", "conformance", "report", "testdata", name)
	}

	DescribeTable("shows a Result", func(format, golden string) {
		want, err := os.ReadFile(sample(golden))
		Expect(err).NotTo(HaveOccurred())
		r := vtsim("report", "show", sample("failing.json"), "--format", format)
		Expect(r.code).To(BeZero(), r.err)
		Expect(r.out == string(want)).To(BeTrue())
	},
		Entry("for a terminal, without colour where there is none", "terminal", "failing.txt"),
		Entry("as Markdown", "markdown", "failing.md"),
		Entry("as JUnit XML", "junit", "failing.xml"),
		Entry("as HTML", "html", "failing.html"),
		Entry("as JSON", "json", "failing.json"),
	)

	It("reads standard input for -", func() {
		raw, err := os.ReadFile(sample("clean.json"))
		Expect(err).NotTo(HaveOccurred())
		Expect(vtsimWith(string(raw), "report", "show", "-").out).To(ContainSubstring("CONFORMANT"))
		refused(vtsimWith(string(raw[:300]), "report", "show", "-"), "standard input", "cut off")
	})

	It("compares two, and exits with 1 when the newer is worse", func() {
		r := vtsim("report", "compare", sample("failing.json"), sample("failing.json"))
		Expect(r.code).To(BeZero())
		Expect(r.out).To(ContainSubstring("nothing changed"))
		r = vtsim("report", "compare", sample("clean.json"), sample("failing.json"))
		Expect(r.code).To(Equal(exitRefused))
		Expect(r.out).To(And(ContainSubstring("new failures: 6"), ContainSubstring("no longer run: 3")))
		Expect(r.err).To(Equal("vtsim: the newer run has new failures or checked less, see above\n"))
	})

	It("prints the schema", func() {
		Expect(strings.HasPrefix(vtsim("report", "schema").out, "{\n  \"$schema\"")).To(BeTrue())
	})

	It("says what is wrong with a file that is none", func() {
		refused(vtsim("report", "show", "missing.json"), "missing.json", "vtsim certify")
		refused(vtsim("report", "show", sample("failing.html")), "failing.html", "not JSON")
		refused(vtsim("report", "show", sample("clean.json"), "--format", "pdf"), `"pdf"`, "junit")
	})
})
