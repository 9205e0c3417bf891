package report

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/vtsim/vtsim/conformance"
	"github.com/vtsim/vtsim/conformance/coverage"
)

//go:embed html/report.tmpl html/parts.tmpl html/style.css html/filter.js
var htmlFiles embed.FS

// HTML writes the Result as one self-contained page: no request leaves it, all
// of it reads without JavaScript, which only filters.
func HTML(w io.Writer, result *conformance.Result) error {
	page, err := newPage(result)
	if err != nil {
		return err
	}
	parsed, err := template.New("report.tmpl").Funcs(page.functions()).ParseFS(htmlFiles, "html/*.tmpl")
	if err != nil {
		return fmt.Errorf("the HTML report: %w", err)
	}
	out := bufio.NewWriterSize(w, 64<<10)
	if err := parsed.Execute(out, page); err != nil {
		return fmt.Errorf("write the HTML report: %w", err)
	}
	return out.Flush()
}

// page is what the template reads.
type page struct {
	*digest
	Style  template.CSS
	Script template.JS
	// Policy is the Content-Security-Policy: nothing but the page's own style
	// and script.
	Policy string
	// Coverage of the specification, and which cases exercise a rule.
	Coverage coverage.Coverage
	Rules    []ruleCases
	// Timings by operation.
	Timings []plotted
	// Told says which transcripts the page holds.
	Told        string
	transcripts map[*conformance.Case][]talk
}

func newPage(result *conformance.Result) (*page, error) {
	style, err := htmlFiles.ReadFile("html/style.css")
	if err != nil {
		return nil, fmt.Errorf("the HTML report: %w", err)
	}
	script, err := htmlFiles.ReadFile("html/filter.js")
	if err != nil {
		return nil, fmt.Errorf("the HTML report: %w", err)
	}
	style, script = bytes.TrimSpace(style), bytes.TrimSpace(script)
	p := &page{digest: digestOf(result), Style: template.CSS(style), Script: template.JS(script),
		Policy: fmt.Sprintf("default-src 'none'; style-src '%s'; script-src '%s'; base-uri 'none'; form-action 'none'", hashed(style), hashed(script))}
	p.Coverage, p.Rules = coverage.Of(p.Result.Rules), rulesOf(p.Sorted, p.Result.Rules)
	if p.Timings, err = plotsOf(p.Exchanges); err != nil {
		return nil, fmt.Errorf("the HTML report: %w", err)
	}
	p.keepTranscripts()
	return p, nil
}

// hashed is a content as a Content-Security-Policy names it.
func hashed(content []byte) string {
	sum := sha256.Sum256(content)
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

func (p *page) functions() template.FuncMap {
	return template.FuncMap{
		"words": verdictWords, "duration": duration, "place": place, "operationOf": operationOf, "counted": counted, "short": shortened, "entryName": entryName, "countWords": countWords,
		"policySummary": func() string { return sentence(p.PolicySummary()) },
		"partial":       func() string { return partial },
		"utc":           func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") },
		"clock":         func(t time.Time) string { return t.UTC().Format("15:04:05.000") },
		"join":          strings.Join,
		"share":         share, "micro": micro,
		"data":  filterData,
		"text":  markup,
		"gaps":  gapWords,
		"slot":  func(p *page, c *conformance.Case) slot { return slot{p, c} },
		"first": func(cases []*conformance.Case) []*conformance.Case { return cases[:min(len(cases), namedCases)] },
		"more":  func(cases []*conformance.Case) int { return len(cases) - namedCases },
	}
}

// namedCases of a broken rule; the filter finds all.
const namedCases = 10

// share of a whole in percent, for a bar.
func share(part, whole int) int {
	if whole <= 0 {
		return 0
	}
	return min(100, part*100/whole)
}

// slot is a case and the page that it stands on.
type slot struct {
	Page *page
	Case *conformance.Case
}

// filters are what a case can be found by, each a list of words in lines.
type filters struct{ Operations, Levels, Rules, Pages string }

func filterData(c *conformance.Case) filters {
	levels, rules, pages := []string{}, []string{}, []string{}
	for _, f := range c.Findings {
		levels = append(levels, string(f.Level))
		rules = append(rules, f.Rule)
		if f.Cite.Page > 0 {
			pages = append(pages, fmt.Sprint(f.Cite.Page))
		}
	}
	for _, cite := range c.Cites {
		pages = append(pages, fmt.Sprint(cite.Page))
	}
	return filters{lines(c.Operations), lines(levels), lines(rules), lines(pages)}
}

// lines joins each different word once.
func lines(all []string) string {
	all = slices.Clone(all)
	slices.Sort(all)
	return strings.Join(slices.Compact(all), "\n")
}

// OperationNames of all cases, for the filter.
func (p *page) OperationNames() []string {
	all := []string{}
	for _, c := range p.Sorted {
		all = append(all, c.Operations...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
