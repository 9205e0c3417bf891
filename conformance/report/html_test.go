package report_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"runtime"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance"
	"github.com/vtsim/vtsim/conformance/judge"
)

var _ = Describe("The HTML report", func() {
	It("has elements and attributes of its own only, whatever the issuer sent", func() {
		for name, build := range examples {
			walk(formats["html"](build()), func(element xml.StartElement) {
				Expect(element.Name.Local).To(BeElementOf("html", "head", "meta", "title", "style", "body", "header", "nav", "main", "section", "footer", "article", "h1", "h2", "h3", "h4", "h5", "p", "b",
					"code", "pre", "mark", "span", "div", "dl", "dt", "dd", "ol", "li", "a", "table", "thead", "tbody", "tr", "th", "td", "svg", "rect", "path", "text", "figure", "figcaption", "details", "summary", "form", "label", "select", "option", "input", "button", "output", "script"), name)
				for _, attribute := range element.Attr {
					Expect(attribute.Name.Local).NotTo(Or(HavePrefix("on"), Equal("style"), Equal("src"), Equal("srcset"), Equal("action")), name)
				}
			})
		}
	})

	It("asks nothing of any other host", func() {
		walk(formats["html"](hostile()), func(element xml.StartElement) {
			for _, attribute := range element.Attr {
				if attribute.Name.Local == "href" {
					Expect(attribute.Value).To(HavePrefix("#"))
				}
			}
		})
		Expect(string(formats["html"](clean()))).NotTo(MatchRegexp(`url\(|@import|<link`))
	})

	It("allows its own style and script only, by their hashes", func() {
		text := string(formats["html"](hostile()))
		policy := regexp.MustCompile(`Content-Security-Policy" content="([^"]*)"`).FindStringSubmatch(text)
		Expect(policy).To(HaveLen(2))
		Expect(policy[1]).To(HavePrefix("default-src &#39;none&#39;;"))
		for _, tag := range []string{"style", "script"} {
			contents := regexp.MustCompile(`(?s)<`+tag+`>(.*?)</`+tag+`>`).FindAllStringSubmatch(text, -1)
			Expect(contents).To(HaveLen(1))
			sum := sha256.Sum256([]byte(contents[0][1]))
			Expect(strings.ReplaceAll(policy[1], "&#43;", "+")).To(ContainSubstring(tag + "-src &#39;sha256-" + base64.StdEncoding.EncodeToString(sum[:])))
		}
	})

	It("shows each finding beside the member that it is about, in what was sealed", func() {
		text := string(formats["html"](failing()))
		Expect(text).To(MatchRegexp(`(?s)class="note failed">.*?identifier of the second.*?</div><pre><mark> +"identifier": "m2-`))
		By("and beside what is around a member that is missing")
		Expect(text).To(MatchRegexp(`(?s)class="note failed">.*?errorMessage is missing.*?</div><pre><mark>\{</mark></pre>`))
	})

	It("shows a finding about an inbound call beside the issuer's request", func() {
		r := failing()
		r.Exchanges[0].Direction = "inbound"
		r.Exchanges[0].Request, r.Exchanges[0].Response = *r.Exchanges[0].Response, &r.Exchanges[0].Request
		Expect(string(formats["html"](r))).To(MatchRegexp(`(?s)Issuer, request, opened.*?<mark> +"identifier": "m2-`))
	})

	It("puts a finding that has no place in the answer above it", func() {
		r := failing()
		r.Cases[0].Findings[0].Location = ""
		Expect(string(formats["html"](r))).To(MatchRegexp(`(?s)<article class="talk">.*?class="note failed">.*?identifier of the second.*?vtsim, request`))
		r.Exchanges[0].Response, r.Exchanges[0].Failure = nil, "the connection was cut"
		Expect(string(formats["html"](r))).To(ContainSubstring("No answer: the connection was cut"))
	})

	It("finds members by names that a pointer must escape", func() {
		r := clean()
		r.Cases[0].Outcome = conformance.Failed
		r.Cases[0].Findings = []judge.Finding{{Rule: "r", Level: "must", Outcome: judge.Failed, Message: "m", Location: "/a~1b/0/c~0d", Exchange: "x1"}}
		r.Exchanges[0].Response.Body = map[string]any{"a/b": []any{map[string]any{"c~d": 1, "e": 2}}}
		Expect(string(formats["html"](r))).To(ContainSubstring(`<mark>      "c~d": 1,</mark>`))
	})

	It("has what is covered by section and page, what is not with its reason, and the cases of each rule", func() {
		text := string(formats["html"](failing()))
		Expect(text).To(MatchRegexp(`<td>Approve Provisioning</td><td class="n">131</td><td class="n">2</td><td class="n">1</td><td class="n">1</td><td class="n">2</td><td class="n">1</td><td class="n">1</td>`))
		Expect(text).To(ContainSubstring("3 rules not exercised or not proven"))
		Expect(text).To(MatchRegexp(`<code>approveProvisioning/response/emailAddress#maxLength</code></td><td>must</td><td class="n">131</td><td>neither</td><td>no case makes`))
		Expect(text).To(MatchRegexp(`<tr><td class="n">25</td><td class="n">1</td>`))
		By("numbering the cases in the order of the page, for the filter")
		Expect(text).To(ContainSubstring(`<tr data-rule="sendPasscode/response#type" data-cases="0-9,11">`))
		Expect(text).To(MatchRegexp(`data-rule="approveProvisioning/errors#code" data-cases="0,2,4,6,9,11">.*?<td class="n"><a href="#exercises=approveProvisioning%2ferrors%23code">6</a>`))
	})

	It("has a plot with the budget for each operation that has one, and the figures in words", func() {
		text := string(formats["html"](failing()))
		Expect(strings.Count(text, `<svg class="plot"`)).To(Equal(4))
		Expect(text).To(MatchRegexp(`(?s)<figcaption><b>checkEligibility</b> 1 answer: half within 1.70 s, .*?budget 1.50 s, 1 over it</figcaption>\s*<svg class="plot".*?stroke over.*?budget 1.5 s`))
	})

	It("shows every known failure with reason, owner and expiry, excusing or not", func() {
		text := string(formats["html"](failing()))
		Expect(text).To(ContainSubstring(`<td>case known.one</td><td>BANK-1411</td><td>payments team</td><td>2026-05-31</td><td class="n">1</td>`))
		Expect(text).To(MatchRegexp(`<tr class="over"><td>rule tokenNotification/\*</td><td>BANK-1300</td><td>payments team</td><td>2026-01-31</td><td class="n">0</td><td>it expired`))
	})

	It("keeps the transcripts of all cases that did not pass, and of passed ones as long as the page stays small", func() {
		r := huge(1200)
		for i := range r.Cases {
			if i >= 20 {
				r.Cases[i].Outcome, r.Cases[i].Findings = conformance.Passed, nil
			}
		}
		text := string(formats["html"](r))
		Expect(len(text)).To(BeNumerically("<", 2<<20))
		Expect(text).To(MatchRegexp(`transcripts of all 20 cases that did not pass and of [1-9]\d+ of 1180 cases that passed; the others stand in the JSON result`))
		Expect(strings.Count(text, "The transcript is left out")).To(And(BeNumerically(">", 500), BeNumerically("<", 1180)))
		Expect(string(formats["html"](failing()))).NotTo(ContainSubstring("This page holds"))
	})

	It("cuts a body that is too long to read and says so", func() {
		for _, body := range []any{strings.Repeat("x", 1<<20), []any{strings.Repeat("x", 1<<17), strings.Repeat("y", 10)}} {
			r := clean()
			r.Exchanges[0].Response.Body = body
			written := formats["html"](r)
			Expect(len(written)).To(BeNumerically("<", 200_000))
			Expect(string(written)).To(MatchRegexp(`… \d+ bytes more stand in the JSON result`))
		}
	})
})

var _ = Describe("A run of 5,000 failed cases", Serial, func() {
	It("is written in every format without holding the whole text in memory", func() {
		result := huge(5000)
		for format, write := range writers {
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			var size counter
			peak := &peakMemory{next: &size}
			Expect(write(peak, result)).To(Succeed())
			runtime.ReadMemStats(&after)
			Expect(int64(size)).To(BeNumerically(">", 500), format)
			Expect(int64(size)).To(BeNumerically("<", 60<<20), format)
			Expect(int64(peak.heap)-int64(before.HeapAlloc)).To(BeNumerically("<", 256<<20), format)
		}
	})

	It("whose transcripts would fill 36 MB has those of the first, and says of the others where theirs are", func() {
		result := huge(300)
		for i := range result.Exchanges {
			result.Exchanges[i].Response.Body = strings.Repeat("x", 60_000)
		}
		text := string(formats["html"](result))
		Expect(len(text)).To(BeNumerically("<", 12<<20))
		Expect(strings.Count(text, "The transcript is left out of this page")).To(And(BeNumerically(">", 100), BeNumerically("<", 299)))
	})
})

// counter counts bytes.
type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

// peakMemory looks at the heap every 100 writes.
type peakMemory struct {
	next   io.Writer
	writes int
	heap   uint64
}

func (p *peakMemory) Write(b []byte) (int, error) {
	if p.writes++; p.writes%100 == 1 {
		var now runtime.MemStats
		runtime.ReadMemStats(&now)
		p.heap = max(p.heap, now.HeapAlloc)
	}
	return p.next.Write(b)
}

// walk reads the page as XML, which it is but for its style and script, and
// checks that it closes what it opens.
func walk(written []byte, visit func(xml.StartElement)) {
	GinkgoHelper()
	text := strings.TrimPrefix(string(written), "<!DOCTYPE html>")
	for _, tag := range []string{"style", "script"} {
		text = regexp.MustCompile(`(?s)<`+tag+`>.*?</`+tag+`>`).ReplaceAllString(text, "<"+tag+"></"+tag+">")
	}
	decoder := xml.NewDecoder(strings.NewReader(text))
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		Expect(err).NotTo(HaveOccurred())
		if element, ok := token.(xml.StartElement); ok {
			visit(element)
		}
	}
}
