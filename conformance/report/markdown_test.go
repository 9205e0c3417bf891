package report_test

import (
	"regexp"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("The Markdown report", func() {
	It("is a table of findings with page, what came, what was allowed, and how to run it again", func() {
		text := string(formats["md"](failing()))
		Expect(text).To(HavePrefix("## vtsim: not conformant\n"))
		Expect(text).To(MatchRegexp(`(?m)^\| retrieveStepUpMethods \| <code>.*maxLength</code> \| p\.171 \| .*came.*allowed.*at most 32.* \| .*step-up-methods\.01.*and 4 more.*vtsim certify.* \|$`))
	})

	It("has nothing of the issuer's mean anything", func() {
		text := string(formats["md"](hostile()))
		ours := regexp.MustCompile(`</?(code|details|summary)>|<br>|&#\d+;`)
		rest := ours.ReplaceAllString(text, "")
		Expect(rest).NotTo(ContainSubstring("<"))
		Expect(rest).NotTo(ContainSubstring("`"))
		Expect(rest).NotTo(MatchRegexp(`&|@|\[|\]\(|://|www\.|\$|\\`))
		Expect(strings.Count(rest, "**") % 2).To(BeZero())
		Expect(rest).NotTo(ContainSubstring("**bold**"))
	})

	It("keeps every row at the columns of its table", func() {
		columns, rows := 0, 0
		for _, line := range strings.Split(string(formats["md"](hostile())), "\n") {
			if !strings.HasPrefix(line, "|") {
				Expect(line).NotTo(ContainSubstring("|"))
				columns = 0
				continue
			}
			if columns == 0 {
				columns = strings.Count(line, "|")
			}
			Expect(strings.Count(line, "|")).To(Equal(columns), line)
			rows++
		}
		Expect(rows).To(BeNumerically(">", 10))
	})

	It("has headings of its own only", func() {
		for _, line := range strings.Split(string(formats["md"](hostile())), "\n") {
			if strings.HasPrefix(strings.TrimSpace(line), "#") {
				Expect(line).To(BeElementOf("## vtsim: not conformant", "### Next", "### Broken", "### Known failures", "### Failed", "### Warned", "### Score"))
			}
		}
	})

	It("stays far below what a CI summary may hold", func() {
		result := hostile()
		for len(result.Cases) < 500 {
			c := result.Cases[0]
			c.Findings = append(c.Findings[:0:0], c.Findings...)
			c.Findings[0].Rule += strings.Repeat("x", len(result.Cases))
			c.Findings[0].Message = strings.Repeat(nasty, 50)
			result.Cases = append(result.Cases, c)
		}
		Expect(len(formats["md"](result))).To(BeNumerically("<", 1<<20))
	})
})
