package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// own is a folder with one scenario file.
func own(yaml string) (folder, file string) {
	GinkgoHelper()
	folder = GinkgoT().TempDir()
	file = filepath.Join(folder, "own.yaml")
	Expect(os.WriteFile(file, []byte(yaml), 0o600)).To(Succeed())
	return folder, file
}

const ownScenario = `# Mine.
scenario: own-lengths
title: Lengths of my own
tags: [own]
generate: {kind: over-length, operations: [checkEligibility]}
`

var _ = Describe("vtsim scenario", func() {
	It("lists the shipped scenarios and those beside them, filtered, for people and as JSON", func() {
		r := vtsim("scenario", "list")
		Expect(r.code).To(BeZero(), r.err)
		Expect(r.out).To(MatchRegexp(`(?m)^eligibility-eligible +must +1 `))
		folder, file := own(ownScenario)
		var listed []map[string]any
		r = vtsim("scenario", "list", "--library", folder, "--tag", "own", "--operation", "checkEligibility", "--json")
		Expect(r.code).To(BeZero(), r.err)
		Expect(json.Unmarshal([]byte(r.out), &listed)).To(Succeed())
		Expect(listed).To(HaveLen(1))
		Expect(listed[0]).To(And(HaveKeyWithValue("name", "own-lengths"), HaveKeyWithValue("cases", BeNumerically(">", 3)),
			HaveKeyWithValue("operations", ConsistOf("checkEligibility")), HaveKeyWithValue("file", file+":2:1")))
		refused(vtsim("scenario", "list", "--tag", "ovn", "--library", folder), `"ovn"`, "own")
		refused(vtsim("scenario", "list", "--operation", "checkEligibilty"), "did you mean checkEligibility?")
	})

	It("shows a scenario as it is written, with what it cites, needs and generates", func() {
		folder, _ := own(ownScenario)
		r := vtsim("scenario", "show", "own-lengths", "--library", folder)
		Expect(r.code).To(BeZero(), r.err)
		Expect(r.out).To(And(ContainSubstring("# Mine.\nscenario: own-lengths\n"), ContainSubstring("cards     eligible"),
			ContainSubstring("  own-lengths/checkEligibility/panReferenceID\n")))
		Expect(vtsim("scenario", "show", "eligibility-eligible").out).To(ContainSubstring("checkEligibility p.143  Check Eligibility"))
		refused(vtsim("scenario", "show", "eligibility-eligble"), "did you mean eligibility-eligible?")
	})

	It("prints all mistakes with their places and exits 2", func() {
		folder, file := own("scenario: a\ntitle: t\ncites: [checkEligibility p.142]\nsteps:\n  - call: chekEligibility\n  - wait: soon\n")
		for _, args := range [][]string{{"scenario", "lint", file}, {"scenario", "lint", folder}, {"scenario", "list", "--library", folder}} {
			r := vtsim(args...)
			Expect(r.code).To(Equal(exitUsage))
			Expect(strings.Split(strings.TrimSpace(r.err), "\n")).To(HaveExactElements(
				And(HavePrefix(file+":5:11: "), HaveSuffix("did you mean checkEligibility?")), HavePrefix(file+":6:11: "), And(HavePrefix("vtsim: 2 mistakes"))))
		}
		Expect(vtsim("scenario", "lint", "no-such-folder").err).To(ContainSubstring("no-such-folder:1:1: can't be read"))
	})

	It("finds nothing wrong with what is right", func() {
		Expect(vtsim("scenario", "lint").out).To(MatchRegexp(`^\d+ scenarios, \d+ cases, nothing wrong\n$`))
		folder, _ := own(ownScenario)
		Expect(vtsim("scenario", "lint", folder).out).To(HavePrefix("1 scenarios, "))
	})

	It("prints the JSON Schema", func() {
		Expect(json.Valid([]byte(vtsim("scenario", "schema").out))).To(BeTrue())
	})

	It("completes names and tags, those beside the shipped ones too", func() {
		folder, _ := own(ownScenario)
		Expect(vtsim("__complete", "scenario", "show", "--library", folder, "").out).To(And(ContainSubstring("eligibility\n"), ContainSubstring("own-lengths\n")))
		Expect(vtsim("__complete", "scenario", "list", "--library", folder, "--tag", "").out).To(ContainSubstring("own\n"))
	})
})
