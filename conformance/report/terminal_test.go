package report_test

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance"
	"github.com/vtsim/vtsim/conformance/report"
)

var _ = Describe("The terminal report", func() {
	It("has the worst first and ends with score, verdict and next steps", func() {
		r := failing()
		r.Cases = append(r.Cases, conformance.Case{ID: "late", Operations: []string{"sendPasscode"}, Outcome: conformance.Broken, Reason: "no card"})
		text := string(formats["txt"](r))
		at := 0
		for _, part := range []string{"BROKEN 1", "FAILED 3", "WARNED 1", "SKIPPED 3", "PASSED 1", "SCORE", "NOT CONFORMANT", "3 must rules are broken", "Next", "1. Shorten", "2. Answer", "3. Give"} {
			next := strings.Index(text[at:], part)
			Expect(next).To(BeNumerically(">=", 0), part)
			at += next
		}
	})

	It("says a rule that many cases break once, with how many there are", func() {
		text := string(formats["txt"](huge(40)))
		Expect(strings.Count(text, "identifier of the second step-up method")).To(Equal(3))
		Expect(text).To(MatchRegexp(`3 messages shown of 40`))
		Expect(text).To(MatchRegexp(`40 cases +case-00000, case-00001, case-00002 and 37 more`))
		Expect(strings.Count(text, "\n")).To(BeNumerically("<", 40))
	})

	It("has no failed case go unmentioned that no finding explains", func() {
		r := clean()
		r.Cases[0].Outcome, r.Cases[0].Reason = conformance.Failed, "the connection fell"
		Expect(string(formats["txt"](r))).To(ContainSubstring("failed approveProvisioning.good: the connection fell"))
	})

	It("colours only when asked, and is the same text then", func() {
		colored := terminal(failing(), report.TerminalOptions{Color: true})
		Expect(string(colored)).To(ContainSubstring("\x1b[31m"))
		Expect(regexp.MustCompile(`\x1b\[\d+m`).ReplaceAllString(string(colored), "")).To(Equal(string(formats["txt"](failing()))))
		Expect(string(formats["txt"](failing()))).NotTo(ContainSubstring("\x1b"))
	})

	It("wraps at the width, and keeps what one copies on one line", func() {
		for _, width := range []int{40, 72, 100} {
			for _, line := range strings.Split(string(terminal(failing(), report.TerminalOptions{Width: width})), "\n") {
				longest := 0
				for _, word := range strings.Fields(line) {
					longest = max(longest, utf8.RuneCountInString(word))
				}
				if strings.Contains(line, "again ") || longest > width-18 {
					continue
				}
				Expect(utf8.RuneCountInString(line)).To(BeNumerically("<=", width), line)
			}
		}
	})

	It("lets nothing of the issuer's move the cursor or speak to CI", func() {
		for width := 40; width < 140; width++ {
			text := string(terminal(hostile(), report.TerminalOptions{Width: width}))
			Expect(strings.IndexFunc(text, func(r rune) bool { return r != '\n' && !unicode.IsGraphic(r) })).To(Equal(-1))
			Expect(text).NotTo(MatchRegexp(`(?m)^\s*(::|##)`), fmt.Sprint("width ", width))
		}
	})
})
