package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/vtsim/vtsim/conformance"
	"github.com/vtsim/vtsim/conformance/policy"
)

// What the issuer's own decision table found stands apart in every report: it
// is about the issuer's word, and the verdict about the specification.
const policiesApart = "held against the issuer's own word; nothing here counts for verdict or score"

// shownDeviations of one row; the others are of the same make.
const shownDeviations = 3

func (t *terminal) policies(d *digest) {
	if len(d.Policies) == 0 {
		return
	}
	t.section("POLICIES ("+policiesApart+")", bold)
	t.wrap(2, 4, sentence(d.PolicySummary()))
	for _, row := range d.Policies {
		t.painted(2, map[bool]string{true: yellow, false: green}[row.Broken > 0], fmt.Sprintf("%s, %s: %s", row.Name, row.Path, policyCounts(row)))
		for i, f := range row.Findings {
			if i == shownDeviations {
				t.wrap(6, 6, fmt.Sprintf("%d more", len(row.Findings)-i))
				break
			}
			t.wrap(4, 6, f.Message)
			t.field("case", f.Title)
			t.line(6, fmt.Sprintf("%-10s%s", "again", oneLine(f.Rerun)))
		}
	}
}

// policyCounts says how the cases of a row went.
func policyCounts(row conformance.PolicyRow) string {
	words := []string{fmt.Sprintf("%d of %s kept", row.Kept, counted(row.Cases, "case"))}
	for _, part := range []struct {
		n    int
		what string
	}{{row.Broken, "broken"}, {row.Unjudged, "not judged"}, {row.LeftOut, "combinations left out"}} {
		if part.n > 0 {
			words = append(words, fmt.Sprintf("%d %s", part.n, part.what))
		}
	}
	return strings.Join(words, ", ")
}

func (d *digest) markdownPolicies(out io.Writer) {
	if len(d.Policies) == 0 {
		return
	}
	fmt.Fprintf(out, "\n### Decision table\n\n%s: %s.\n\n| Policy | Path | Cases | Kept | Broken | Not judged | First deviation |\n|---|---|---:|---:|---:|---:|---|\n",
		markdownText(sentence(d.PolicySummary())), policiesApart)
	for i, row := range d.Policies {
		if i == markdownRules {
			fmt.Fprintf(out, "| and %d more | | | | | | |\n", len(d.Policies)-i)
			break
		}
		first := ""
		if len(row.Findings) > 0 {
			first = markdownText(shortened(row.Findings[0].Message, 300)) + "<br>" + markdownCode(row.Findings[0].Rerun)
		}
		fmt.Fprintf(out, "| %s | %s | %d | %d | %d | %d | %s |\n", markdownText(row.Name), markdownText(row.Path), row.Cases, row.Kept, row.Broken, row.Unjudged, first)
	}
}

// junitPolicies is the suite of the decision table, one test case a row: its
// cases stand in the suites of their operations too, with what the
// specification says of them. Like the exit code, it is red only in a run that
// the table may fail.
func (d *digest) junitPolicies() junitSuite {
	suite := junitSuite{Name: "policies", Timestamp: d.StartedAt.UTC().Format("2006-01-02T15:04:05")}
	for _, row := range d.Policies {
		c := junitCase{Class: "vtsim.policies", Name: row.Name + ": " + row.Path, Time: seconds(0)}
		var text strings.Builder
		text.WriteString(policyCounts(row) + "\n")
		for _, f := range row.Findings {
			fmt.Fprintf(&text, "%s: %s\n  %s\nagain: %s\n", f.Case, f.Title, f.Message, f.Rerun)
		}
		switch {
		case row.Broken > 0 && d.PoliciesFail():
			c.Failure = &junitDetail{Message: "not kept: " + policyCounts(row), Type: policy.RulePrefix + row.Name, Text: characterData(text.String())}
		case row.Broken > 0:
			c.Skipped = &junitDetail{Message: "not kept, which is reported only: " + policyCounts(row)}
			c.Output = &junitOutput{characterData(text.String())}
		case row.Kept == 0:
			c.Skipped = &junitDetail{Message: policyCounts(row)}
		default:
			c.Output = &junitOutput{characterData(text.String())}
		}
		suite.add(c)
	}
	return suite
}

// sentence begins with a capital letter.
func sentence(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:]
}
