package latency_test

import (
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance/report/latency"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestLatency(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "conformance/report/latency")
}

// element is one element of the picture.
type element struct {
	Name, Class, Text string
	Attributes        map[string]string
}

func draw(a latency.Answers) string {
	GinkgoHelper()
	svg, err := latency.SVG(a)
	Expect(err).NotTo(HaveOccurred())
	return svg
}

// elements reads the picture as XML.
func elements(svg string) []element {
	GinkgoHelper()
	var all []element
	decoder := xml.NewDecoder(strings.NewReader(svg))
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return all
		}
		Expect(err).NotTo(HaveOccurred())
		switch t := token.(type) {
		case xml.StartElement:
			one := element{Name: t.Name.Local, Attributes: map[string]string{}}
			for _, a := range t.Attr {
				one.Attributes[a.Name.Local] = a.Value
			}
			one.Class = one.Attributes["class"]
			all = append(all, one)
		case xml.CharData:
			all[len(all)-1].Text += string(t)
		}
	}
}

// of picks elements by class.
func of(all []element, class string) []element {
	var picked []element
	for _, one := range all {
		if one.Class == class {
			picked = append(picked, one)
		}
	}
	return picked
}

func spread(n int, from, step int64) []int64 {
	times := make([]int64, n)
	for i := range times {
		times[i] = from + int64(n-i)*step
	}
	return times
}

var _ = Describe("The plot of one operation's answers", func() {
	answers := latency.Answers{Name: "checkEligibility", Times: append(spread(50, 2_000, 700), 1_702_311), Budget: 1_500_000}

	It("is as the golden file, and the same each time", func() {
		path, got := filepath.Join("testdata", "late.svg"), draw(answers)
		if *update {
			Expect(os.MkdirAll("testdata", 0o755)).To(Succeed())
			Expect(os.WriteFile(path, []byte(got), 0o644)).To(Succeed())
		}
		want, err := os.ReadFile(path)
		Expect(err).NotTo(HaveOccurred(), "make it with: go test ./conformance/report/latency -update")
		Expect(got).To(Equal(string(want)))
		Expect(draw(answers)).To(Equal(got))
	})

	It("has the budget as a line with its time, and what came later in another colour", func() {
		all := elements(draw(answers))
		Expect(of(all, "stroke budget")).To(HaveExactElements(HaveField("Attributes", HaveKey("stroke-dasharray"))))
		Expect(of(all, "fill budget")).To(HaveExactElements(HaveField("Text", "budget 1.5 s")))
		Expect(of(all, "stroke curve")).To(HaveLen(1))
		Expect(of(all, "stroke over")).To(HaveLen(1))
	})

	It("has nothing in the colour of late answers when all came in time, and none in time when all came late", func() {
		Expect(of(elements(draw(latency.Answers{Name: "x", Times: []int64{3_000, 1_500_000}, Budget: 1_500_000})), "stroke over")).To(BeEmpty())
		Expect(of(elements(draw(latency.Answers{Name: "x", Times: []int64{3_000_000}, Budget: 1_500_000})), "stroke curve")).To(BeEmpty())
	})

	It("has no budget where the operation has none", func() {
		all := elements(draw(latency.Answers{Name: "x", Times: []int64{3_000, 4_000}}))
		Expect(append(of(all, "stroke budget"), of(all, "fill budget")...)).To(BeEmpty())
	})

	It("stays within the picture and has no style, script, address or colour of its own", func() {
		for _, times := range [][]int64{{0}, {1}, {9_999_999_999}, spread(5000, 0, 3), {7_000, 7_000, 7_000}} {
			svg := draw(latency.Answers{Name: "x", Times: times, Budget: 1_500_000})
			Expect(svg).NotTo(MatchRegexp(`style=|href|url\(|#[0-9a-f]{3}|NaN|Inf`))
			for _, one := range elements(svg) {
				Expect(one.Name).To(BeElementOf("svg", "path", "text"))
			}
			Expect(len(svg)).To(BeNumerically("<", 8_000))
		}
	})

	It("says in words what it shows, whatever the name is", func() {
		svg := draw(latency.Answers{Name: `"><script>alert(1)</script>`, Times: []int64{3_000}, Budget: 500_000})
		Expect(elements(svg)[0].Attributes).To(And(HaveKeyWithValue("role", "img"),
			HaveKeyWithValue("aria-label", `"><script>alert(1)</script>: share of 1 answers by time, budget 500 ms`)))
	})

	It("is empty without an answer", func() {
		Expect(draw(latency.Answers{Name: "x", Budget: 1})).To(BeEmpty())
	})

	It("leaves the times as they were", func() {
		times := []int64{3, 1, 2}
		draw(latency.Answers{Name: "x", Times: times})
		Expect(times).To(Equal([]int64{3, 1, 2}))
	})
})
