package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/vtsim/vtsim/conformance"
)

// markdownRules is how many rules a table shows; a CI summary may hold 1 MiB.
const markdownRules = 100

// Markdown writes the Result for the summary page of a CI system: verdict,
// next steps, a table of the broken rules, the score.
func Markdown(w io.Writer, result *conformance.Result) error {
	d := digestOf(result)
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "## vtsim: %s\n\n", verdictWords(d.Verdict))
	if d.Interrupted {
		fmt.Fprintf(out, "> **%s**\n\n", partial)
	}
	for _, sentence := range []string{d.Reason, d.Mend} {
		if sentence != "" {
			fmt.Fprintf(out, "**%s**\n\n", markdownText(sentence))
		}
	}
	fmt.Fprintf(out, "%s: issuer %s at %s, spec %s, profile %s, seed %s, %s\n", markdownText(countWords(d.Counts)), markdownCode(d.Issuer.Name),
		markdownCode(d.Issuer.Endpoint), markdownText(d.Spec), markdownCode(d.Plan.Profile), markdownCode(d.Plan.Seed), duration(d.DurationMS))
	if len(d.NextSteps) > 0 {
		fmt.Fprint(out, "\n### Next\n\n")
	}
	for i, step := range d.NextSteps {
		fmt.Fprintf(out, "%d. %s\n", i+1, markdownText(step))
	}
	d.markdownBroken(out)
	markdownFindings(out, "Failed", d.Failed)
	markdownFindings(out, "Warned", d.Warned)
	d.markdownPolicies(out)
	d.markdownRest(out)
	d.markdownScore(out)
	return out.Flush()
}

func (d *digest) markdownBroken(out io.Writer) {
	cases := append(append([]*conformance.Case{}, d.Broke...), d.Mute...)
	if len(cases) == 0 {
		return
	}
	fmt.Fprint(out, "\n### Broken\n\nThis side's fault, never the issuer's.\n\n| Case | Reason | Again |\n|---|---|---|\n")
	for i, c := range cases {
		if i == markdownRules {
			fmt.Fprintf(out, "| and %d more | | |\n", len(cases)-i)
			break
		}
		fmt.Fprintf(out, "| %s | %s | %s |\n", markdownCode(c.ID), markdownText(shortened(c.Reason, 500)), markdownCode(c.Rerun))
	}
}

func markdownFindings(out io.Writer, title string, groups []byOperation) {
	if len(groups) == 0 {
		return
	}
	fmt.Fprintf(out, "\n### %s\n\n| Operation | Rule | Page | What came, what was allowed | Cases |\n|---|---|---|---|---|\n", title)
	n, all := 0, 0
	for _, group := range groups {
		all += len(group.Rules)
	}
	for _, group := range groups {
		for _, rule := range group.Rules {
			if n++; n > markdownRules {
				fmt.Fprintf(out, "| | and %d rules more | | | |\n", all-markdownRules)
				return
			}
			page := "-"
			if rule.Cite.Page > 0 {
				page = fmt.Sprintf("p.%d", rule.Cite.Page)
			}
			fmt.Fprintf(out, "| %s | %s | %s | %s | %s |\n", markdownText(group.Operation), markdownCode(rule.Rule), page, markdownMessage(rule), markdownCases(rule))
		}
	}
}

func markdownMessage(rule *brokenRule) string {
	cell := markdownText(shortened(rule.Message, 500))
	if rule.Actual != "" {
		cell += "<br>came " + markdownCode(shortened(rule.Actual, 200))
	}
	if rule.Expected != "" {
		cell += "<br>allowed " + markdownCode(shortened(rule.Expected, 200))
	}
	if rule.Interpretation != "" {
		cell += "<br>reading " + markdownText(rule.Interpretation)
	}
	return cell
}

func markdownCases(rule *brokenRule) string {
	first := rule.Cases[0]
	cell := markdownCode(first.ID)
	if n := len(rule.Cases); n > 1 {
		cell += fmt.Sprintf(" and %d more", n-1)
	}
	if first.Rerun != "" {
		cell += "<br>" + markdownCode(first.Rerun)
	}
	return cell
}

// markdownRest are known failures and skips, folded away.
func (d *digest) markdownRest(out io.Writer) {
	if len(d.KnownFailures) > 0 {
		fmt.Fprint(out, "\n### Known failures\n\n| Entry | Reason | Owner | Expires | Excused | Problem |\n|---|---|---|---|---:|---|\n")
	}
	for i, use := range d.KnownFailures {
		if i == markdownRules {
			fmt.Fprintf(out, "| and %d more | | | | | |\n", len(d.KnownFailures)-i)
			break
		}
		fmt.Fprintf(out, "| %s | %s | %s | %s | %d | %s |\n", markdownCode(entryName(use)), markdownText(use.Reason), markdownText(use.Owner),
			markdownText(use.Expires), use.Uses, markdownBold(use.Problem))
	}
	if len(d.Known) > 0 {
		markdownFindings(out, "Excused", d.Known)
	}
	if len(d.Skips) == 0 {
		return
	}
	fmt.Fprintf(out, "\n<details><summary>Skipped: %d</summary>\n\n| Cases | Reason |\n|---:|---|\n", d.Counts.Skipped)
	for i, s := range d.Skips {
		if i == markdownRules {
			fmt.Fprintf(out, "| | and %d reasons more |\n", len(d.Skips)-i)
			break
		}
		fmt.Fprintf(out, "| %d | %s |\n", len(s.Cases), markdownText(shortened(s.Reason, 300)))
	}
	fmt.Fprint(out, "\n</details>\n")
}

func (d *digest) markdownScore(out io.Writer) {
	fmt.Fprint(out, "\n### Score\n\n| Area | Passed | Of | Skipped |\n|---|---:|---:|---:|\n")
	for _, area := range d.Score {
		fmt.Fprintf(out, "| %s | %d | %d | %d |\n", markdownText(area.Name), area.Passed, area.Total, area.Skipped)
	}
	fmt.Fprintf(out, "\nRules: %d of %d exercised, %d proven.\n", d.Rules.Exercised, d.Rules.Total, d.Rules.Proven)
}

// markdownMeaning are the characters that mean something to Markdown inside a
// line, to HTML in it, or to the sites that show it (mentions, issue numbers,
// formulas). An entity never means anything but its character.
const markdownMeaning = "\\`*_[]<>|~&@#${}"

// markdownText escapes a text and keeps it on one line. A colon is one before
// a space; elsewhere it could begin the address of a link or a pictogram.
func markdownText(text string) string {
	var b strings.Builder
	text = strings.ReplaceAll(oneLine(text), "www.", "www\u2060.")
	for i, r := range text {
		if r < 0x80 && strings.ContainsRune(markdownMeaning, r) || r == ':' && !strings.HasPrefix(text[i+1:], " ") {
			fmt.Fprintf(&b, "&#%d;", r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// markdownCode shows a text as code. The element takes entities, which a code
// span in backticks doesn't.
func markdownCode(text string) string {
	if oneLine(text) == "" {
		return ""
	}
	return "<code>" + markdownText(text) + "</code>"
}

// markdownBold is a text in bold, and nothing of none.
func markdownBold(text string) string {
	if text == "" {
		return ""
	}
	return "**" + markdownText(text) + "**"
}
