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

	Describe("certificate", func() {
		var folder, key, public, signed string
		BeforeEach(func() {
			folder = GinkgoT().TempDir()
			key, public, signed = filepath.Join(folder, "own.key"), filepath.Join(folder, "own.pub"), filepath.Join(folder, "c.jws")
			Expect(vtsim("report", "key", key).code).To(BeZero())
			r := vtsim("report", "certificate", sample("clean.json"), "--key", key, "--out", signed)
			Expect(r.code).To(BeZero(), r.err)
		})

		It("holds for the Result that was signed, and tells what it says", func() {
			r := vtsim("report", "verify", signed, sample("clean.json"), "--key", public)
			Expect(r.code).To(BeZero(), r.err)
			Expect(r.out).To(And(ContainSubstring("verdict    conformant"), MatchRegexp(`SHA-256 [0-9a-f]{64}`), ContainSubstring("first-bank")))
		})

		It("does not hold for another Result or another key: exit 1", func() {
			r := vtsim("report", "verify", signed, sample("failing.json"), "--key", public)
			Expect(r.code).To(Equal(exitRefused))
			Expect(r.err).To(And(ContainSubstring("does not hold"), ContainSubstring("not the one that was certified")))
			other := filepath.Join("..", "..", "fixtures", "keys", "testonly", "pki", "client.crt")
			r = vtsim("report", "verify", signed, sample("clean.json"), "--cert", other)
			Expect(r.code).To(Equal(exitRefused))
			Expect(r.err).To(ContainSubstring("another key"))
		})

		It("keeps a key that exists, and its private file to the owner", func() {
			refused(vtsim("report", "key", key), "not replaced")
			info, err := os.Stat(key)
			Expect(err).NotTo(HaveOccurred())
			Expect(info.Mode().Perm()).To(Equal(os.FileMode(0o600)))
		})

		It("says what is missing", func() {
			refused(vtsim("report", "verify", signed, sample("clean.json")), "--key")
			refused(vtsim("report", "certificate", sample("clean.json"), "--key", filepath.Join(folder, "none")), "vtsim report key")
			refused(vtsim("report", "certificate", sample("failing.html"), "--key", key), "not JSON")
			refused(vtsim("report", "verify", signed, sample("clean.json"), "--key", key), "private key")
		})
	})
})
