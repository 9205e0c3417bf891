package report_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"unicode/utf8"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance"
)

// junitCounts are what a reader counts in a JUnit document, beside what the
// document says of itself.
type junitCounts struct{ Cases, Failures, Errors, Skipped int }

var _ = Describe("JUnit XML", func() {
	DescribeTable("says for each run what CI should see", func(build func() *conformance.Result, want junitCounts) {
		counts, said := readJUnit(formats["xml"](build()))
		Expect(counts).To(Equal(want))
		Expect(said).To(Equal(want))
	},
		Entry("clean", clean, junitCounts{Cases: 4, Skipped: 1}),
		Entry("failing: the expired known failure fails, the one in use is skipped", failing, junitCounts{Cases: 13, Failures: 7, Skipped: 4}),
		Entry("incomplete: the run itself is an error", incomplete, junitCounts{Cases: 3, Errors: 3}),
		Entry("interrupted", interrupted, junitCounts{Cases: 5, Errors: 1, Skipped: 1}),
		Entry("hostile", hostile, junitCounts{Cases: 5, Failures: 2, Errors: 1, Skipped: 1}),
		Entry("nothing ran", func() *conformance.Result { return &conformance.Result{Verdict: conformance.Incomplete} }, junitCounts{Cases: 1, Errors: 1}),
	)

	It("is never green when the verdict isn't, whatever the cases say", func() {
		for _, verdict := range []conformance.Verdict{conformance.NotConformant, conformance.Incomplete} {
			result := clean()
			result.Verdict = verdict
			counts, _ := readJUnit(formats["xml"](result))
			Expect(counts.Failures + counts.Errors).To(Equal(1))
		}
	})

	It("passes a warned case and says the warning in its output", func() {
		Expect(string(formats["xml"](failing()))).To(MatchRegexp(`(?s)<testcase[^>]*name="eligibility.good[^>]*>\s*<system-out>warned\s.*p\.25`))
	})

	It("is XML 1.0 for every single character that an issuer can send", func() {
		result := clean()
		for i := range 0x300 {
			checkXML(result, string(rune(i)))
			checkXML(result, string([]byte{byte(i)}))
		}
		for _, text := range []string{"]]>", "\xed\xa0\x80", "\ufffe\uffff", "\U0001f4a9", "&#0;", "<!DOCTYPE a>"} {
			checkXML(result, text)
		}
	})

	It("reads with a parser of another language", func() {
		for name, build := range examples {
			written := formats["xml"](build())
			want, _ := readJUnit(written)
			Expect(readElsewhere(written)).To(Equal(want), name)
		}
	})
})

func checkXML(result *conformance.Result, text string) {
	GinkgoHelper()
	result.Cases[0].Outcome = conformance.Broken
	result.Cases[0].Title, result.Cases[0].Reason = "a"+text+"b", "a"+text+"b"
	readJUnit(formats["xml"](result))
}

// readJUnit reads strictly, token by token, and counts.
func readJUnit(written []byte) (counts, said junitCounts) {
	GinkgoHelper()
	Expect(utf8.Valid(written)).To(BeTrue())
	decoder := xml.NewDecoder(bytes.NewReader(written))
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return counts, said
		}
		Expect(err).NotTo(HaveOccurred())
		element, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		switch element.Name.Local {
		case "testsuites":
			said = junitCounts{number(element, "tests"), number(element, "failures"), number(element, "errors"), number(element, "skipped")}
		case "testcase":
			counts.Cases++
		case "failure":
			counts.Failures++
		case "error":
			counts.Errors++
		case "skipped":
			counts.Skipped++
		case "testsuite", "properties", "property", "system-out":
		default:
			Fail("unexpected element " + element.Name.Local)
		}
	}
}

func number(element xml.StartElement, name string) (n int) {
	GinkgoHelper()
	for _, attribute := range element.Attr {
		if attribute.Name.Local == name {
			Expect(json.Unmarshal([]byte(attribute.Value), &n)).To(Succeed())
			return n
		}
	}
	Fail("no attribute " + name)
	return 0
}

const pythonReader = `
import sys, json, xml.etree.ElementTree as t
r = t.fromstring(sys.stdin.buffer.read())
n = lambda e: len(list(r.iter(e)))
print(json.dumps({"Cases": n("testcase"), "Failures": n("failure"), "Errors": n("error"), "Skipped": n("skipped")}))`

// readElsewhere reads with Python's parser. Without Python the spec is
// skipped, but not on CI.
func readElsewhere(written []byte) (counts junitCounts) {
	GinkgoHelper()
	python, err := exec.LookPath("python3")
	if err != nil {
		if os.Getenv("CI") != "" {
			Fail("python3 is not installed, and CI must read the JUnit XML with an independent parser")
		}
		Skip("python3 is not installed, so no independent parser reads the JUnit XML")
	}
	command := exec.Command(python, "-c", pythonReader)
	command.Stdin = bytes.NewReader(written)
	var complaint strings.Builder
	command.Stderr = &complaint
	out, err := command.Output()
	Expect(err).NotTo(HaveOccurred(), complaint.String())
	Expect(json.Unmarshal(out, &counts)).To(Succeed())
	return counts
}
