package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance/coverage"
)

var _ = Describe("vtsim contract coverage", func() {
	const rule = "approveProvisioning/response/actionCode#type"
	var folder, result string
	save := func(name, text string) string {
		GinkgoHelper()
		path := filepath.Join(folder, name)
		Expect(os.WriteFile(path, []byte(text), 0o600)).To(Succeed())
		return path
	}
	BeforeEach(func() {
		folder = GinkgoT().TempDir()
		text, err := os.ReadFile(filepath.Join("..", "..", "conformance", "report", "testdata", "clean.json"))
		Expect(err).NotTo(HaveOccurred())
		result = save("result.json", strings.Replace(string(text), `"outcome": "passed",`, `"outcome": "passed", "exercised": ["`+rule+`", "scenario:x#y"],`, 1))
	})
	read := func(arguments ...string) coverage.Coverage {
		GinkgoHelper()
		r := vtsim(append([]string{"contract", "coverage", "--json"}, arguments...)...)
		Expect(r.code).To(BeZero(), r.err)
		var c coverage.Coverage
		Expect(json.Unmarshal([]byte(r.out), &c)).To(Succeed())
		return c
	}

	It("counts what a Result exercised, by operation, section and page", func() {
		c := read("--result", result)
		Expect(c.Sum.Exercised).To(Equal(1))
		Expect(c.Unexercised).To(HaveLen(c.Sum.Total - 1))
		Expect(vtsim("contract", "coverage", "--result", result).out).To(MatchRegexp(`approveProvisioning +\d+ +1 +\d+`))
		Expect(vtsim("contract", "coverage", "--result", result, "--by", "section").out).To(MatchRegexp(`Approve Provisioning +\d+ +1 +\d+`))
		Expect(vtsim("contract", "coverage", "--result", result, "--by", "page").out).To(MatchRegexp(`(?m)^p\.\d+ +\d+ +1 +\d+`))
	})

	It("lists the unexercised and unproven rules with level and page", func() {
		r := vtsim("contract", "coverage", "--result", result, "--unexercised", "--unproven")
		Expect(r.out).To(And(MatchRegexp(`not exercised: \d+`), MatchRegexp(`not proven: \d+\n  \S+ +(must|should|info) +p\.\d+ +\S+`),
			ContainSubstring("no reason is given"), ContainSubstring("the finding names enum")))
	})

	It("counts as proven only what a mutation report says was caught", func() {
		caught := `{"proofs": [{"rule": "` + rule + `", "caught": true}, {"rule": "transport#keep-alive", "caught": false}]}`
		Expect(read("--proofs", save("proofs.json", caught)).Sum.Proven).To(Equal(1))
		Expect(read().Sum.Proven).To(BeNumerically(">", 100))
		refused(vtsim("contract", "coverage", "--proofs", save("none.json", "{}")), "no proofs", "vtsim mutation")
	})

	It("exits with 1 when a rule of the baseline is not exercised any more", func() {
		list := vtsim("contract", "coverage", "--result", result, "--exercised").out
		Expect(list).To(Equal(rule + "\n"))
		Expect(vtsim("contract", "coverage", "--result", result, "--baseline", save("list.txt", list)).code).To(BeZero())
		lost := vtsim("contract", "coverage", "--result", result, "--baseline", save("more.txt", list+"approveProvisioning/response/actionCode#enum\n"))
		Expect(lost.code).To(Equal(exitRefused))
		Expect(lost.err).To(ContainSubstring("1 rules of"))
		refused(vtsim("contract", "coverage", "--result", result, "--baseline", save("wrong.txt", "\nx#y\n")), "wrong.txt:2", "unknown rule")
	})

	It("says what is missing", func() {
		refused(vtsim("contract", "coverage", "--unexercised"), "--result")
		refused(vtsim("contract", "coverage", "--by", "colour"), `"colour"`, "section")
	})
})
