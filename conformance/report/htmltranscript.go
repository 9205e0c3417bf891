package report

import (
	"fmt"
	"html/template"
	"strings"

	"github.com/vtsim/vtsim/conformance"
)

// How many bytes of transcripts an HTML report holds: of cases that did not
// pass as much as a browser still opens, of cases that passed as much as keeps
// the page small to mail and quick to open. Cases come worst first, so passed
// ones get what is left.
const (
	transcriptLimit       = 8 << 20
	passedTranscriptLimit = 768 << 10
	// talkMarkup is about what the page writes around one exchange.
	talkMarkup = 1600
)

// keepTranscripts chooses the cases whose transcripts the page holds.
func (p *page) keepTranscripts() {
	p.transcripts = map[*conformance.Case][]talk{}
	used, kept, with := 0, [2]int{}, [2]int{}
	for _, c := range p.Sorted {
		if len(c.Exchanges) == 0 {
			continue
		}
		passed, limit := 0, transcriptLimit
		if c.Outcome == conformance.Passed {
			passed, limit = 1, passedTranscriptLimit
		}
		with[passed]++
		if used >= limit {
			continue
		}
		kept[passed]++
		for _, id := range c.Exchanges {
			if exchange := p.byID[id]; exchange != nil {
				one := talkOf(exchange, c.Findings)
				used += one.size
				p.transcripts[c] = append(p.transcripts[c], one)
			}
		}
	}
	if kept != with {
		p.Told = fmt.Sprintf("This page holds the transcripts of %s that did not pass and of %s that passed; the others stand in the JSON result.",
			ofAll(kept[0], with[0]), ofAll(kept[1], with[1]))
	}
}

// ofAll is "all 3 cases" or "2 of 3 cases".
func ofAll(n, all int) string {
	if n == all {
		return "all " + counted(all, "case")
	}
	return fmt.Sprintf("%d of %s", n, counted(all, "case"))
}

// Transcript of a case, or nil when the page has no room for it.
func (p *page) Transcript(c *conformance.Case) []talk { return p.transcripts[c] }

// Excuse of a case that is a known failure.
func (p *page) Excuse(c *conformance.Case) string { return p.excuse(c) }

// markupEscapes are the characters that mean something between two tags.
// Quotes do not, and transcripts are full of them.
var markupEscapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\x00", "\ufffd")

// markup escapes a text that stands between two tags, and never in one.
func markup(text string) template.HTML { return template.HTML(markupEscapes.Replace(text)) }
