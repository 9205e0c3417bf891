package report

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/vtsim/vtsim/conformance"
	"github.com/vtsim/vtsim/conformance/judge"
)

// TerminalOptions say how Terminal writes.
type TerminalOptions struct {
	// Color uses ANSI colours; the caller knows whether there is a terminal.
	Color bool
	// Width in characters; 0 means 100.
	Width int
}

// Terminal writes the Result as plain text, worst first, the verdict and what
// to do next last. It is made for a terminal and for the log of a CI system.
func Terminal(w io.Writer, result *conformance.Result, options TerminalOptions) error {
	width := options.Width
	if width <= 0 {
		width = 100
	}
	buffered := bufio.NewWriter(w)
	t := &terminal{out: buffered, color: options.Color, width: max(width, 40)}
	t.write(digestOf(result))
	return buffered.Flush()
}

// terminal writes; errors stick to the buffered writer.
type terminal struct {
	out   *bufio.Writer
	color bool
	width int
}

// ANSI colours that are used.
const (
	red, yellow, green, bold, faint = "31", "33", "32", "1", "2"
)

func (t *terminal) write(d *digest) {
	t.head(d)
	t.broken(d)
	t.rules("FAILED", red, d.Failed)
	t.mute(d.Mute)
	t.rules("WARNED", yellow, d.Warned)
	t.known(d)
	t.noted(d.Noted)
	t.policies(d)
	t.skipped(d)
	if d.Counts.Passed > 0 {
		t.section("PASSED "+strconv.Itoa(d.Counts.Passed), green)
	}
	t.score(d)
	t.verdict(d)
}

func (t *terminal) head(d *digest) {
	t.wrap(0, 2, fmt.Sprintf("vtsim %s, spec %s, issuer %s at %s", d.Tool.Version, d.Spec, d.Issuer.Name, d.Issuer.Endpoint))
	plan := fmt.Sprintf("profile %s, seed %s, %s in %s", d.Plan.Profile, d.Plan.Seed, counted(len(d.Cases), "case"), duration(d.DurationMS))
	if d.Plan.Filter != "" {
		plan += ", filter " + d.Plan.Filter
	}
	t.wrap(0, 2, plan)
	if d.Interrupted {
		t.painted(0, yellow, partial)
	}
}

func (t *terminal) broken(d *digest) {
	if len(d.Broke) == 0 {
		return
	}
	t.section(fmt.Sprintf("BROKEN %d (this side's fault, never the issuer's)", len(d.Broke)), red)
	reasons := map[string][]*conformance.Case{}
	order := []string{}
	for _, c := range d.Broke {
		key := operationOf(c) + "\x00" + c.Reason
		if reasons[key] == nil {
			order = append(order, key)
		}
		reasons[key] = append(reasons[key], c)
	}
	for _, key := range order {
		cases := reasons[key]
		t.wrap(2, 4, operationOf(cases[0])+": "+orElse(cases[0].Reason, "no reason is known"))
		t.cases(cases)
	}
}

func (t *terminal) rules(title, color string, groups []byOperation) {
	n := 0
	for _, group := range groups {
		n += len(group.Rules)
	}
	if n == 0 {
		return
	}
	t.section(title+" "+counted(n, "rule"), color)
	for _, group := range groups {
		t.painted(2, bold, group.Operation)
		for _, rule := range group.Rules {
			t.rule(rule, color)
		}
	}
}

func (t *terminal) rule(rule *brokenRule, color string) {
	where := string(rule.Level)
	if cited := place(rule.Cite); cited != "" {
		where += ", " + cited
	}
	t.painted(4, color, fmt.Sprintf("%s (%s)", rule.Rule, where))
	for _, message := range rule.Messages {
		t.message(message)
	}
	if rest := rule.All - len(rule.Messages); rest > 0 && len(rule.Messages) == shownMessages {
		t.wrap(6, 6, fmt.Sprintf("%s shown of %d", counted(len(rule.Messages), "message"), rule.All))
	}
	if rule.Interpretation != "" {
		t.field("reading", fmt.Sprintf("%s; vtsim contract show %s says why, and what else is possible", rule.Interpretation, rule.Interpretation))
	}
	if rule.Treated != "" {
		t.field("treated", rule.Treated)
	}
	t.cases(rule.Cases)
}

func (t *terminal) message(f judge.Finding) {
	t.wrap(6, 8, shortened(f.Message, 600))
	if f.Location != "" && !strings.Contains(f.Message, f.Location) {
		t.field("where", f.Location)
	}
	if f.Actual != "" {
		t.field("came", shortened(f.Actual, 300))
	}
	if f.Expected != "" {
		t.field("allowed", shortened(f.Expected, 300))
	}
}

// cases lists the first cases and how to run the first one again.
func (t *terminal) cases(cases []*conformance.Case) {
	title := "case"
	if len(cases) > 1 {
		title = counted(len(cases), "case")
	}
	t.field(title, firstCases(cases, 3))
	if cases[0].Rerun != "" {
		// A command is copied, so it stays on one line.
		t.line(6, fmt.Sprintf("%-10s%s", "again", oneLine(cases[0].Rerun)))
	}
}

func (t *terminal) mute(cases []*conformance.Case) {
	if len(cases) == 0 {
		return
	}
	t.section(fmt.Sprintf("WITHOUT A FINDING %d", len(cases)), red)
	for _, c := range cases {
		t.wrap(2, 4, fmt.Sprintf("%s %s: %s", c.Outcome, c.ID, orElse(c.Reason, c.Title)))
	}
}

func (t *terminal) known(d *digest) {
	if len(d.KnownFailures) == 0 && len(d.Known) == 0 {
		return
	}
	t.section("KNOWN FAILURES", faint)
	for _, group := range d.Known {
		for _, rule := range group.Rules {
			t.wrap(2, 4, fmt.Sprintf("%s, %s in %s: %s", group.Operation, rule.Rule, firstCases(rule.Cases, 3), d.excuse(rule.Cases[0])))
		}
	}
	for _, use := range d.KnownFailures {
		entry := fmt.Sprintf("(%s, owner %s, expires %s)", use.Reason, use.Owner, use.Expires)
		if use.Problem != "" {
			t.painted(2, red, fmt.Sprintf("entry %s: %s %s", entryName(use), use.Problem, entry))
			continue
		}
		t.wrap(2, 4, fmt.Sprintf("entry %s: excuses %s %s", entryName(use), counted(use.Uses, "finding"), entry))
	}
}

// entryName is the pattern of a known failure.
func entryName(use conformance.KnownFailureUse) string {
	switch {
	case use.Case != "" && use.Rule != "":
		return "case " + use.Case + ", rule " + use.Rule
	case use.Case != "":
		return "case " + use.Case
	}
	return "rule " + use.Rule
}

func (t *terminal) noted(groups []byOperation) {
	if len(groups) == 0 {
		return
	}
	t.section("NOTED (these never count)", faint)
	for _, group := range groups {
		for _, rule := range group.Rules {
			t.wrap(2, 4, fmt.Sprintf("%s: %s (%s, %s)", rule.Rule, shortened(rule.Message, 300), place(rule.Cite), counted(len(rule.Cases), "case")))
		}
	}
}

func (t *terminal) skipped(d *digest) {
	if len(d.Skips) == 0 {
		return
	}
	t.section(fmt.Sprintf("SKIPPED %d", d.Counts.Skipped), faint)
	for _, s := range d.Skips {
		t.wrap(2, 8, fmt.Sprintf("%4d  %s", len(s.Cases), orElse(s.Reason, "no reason is known")))
	}
}

func (t *terminal) score(d *digest) {
	t.section("SCORE", bold)
	for _, area := range d.Score {
		line := fmt.Sprintf("%-12s %5d of %d", area.Name, area.Passed, area.Total)
		if area.Skipped > 0 {
			line += fmt.Sprintf(", %d skipped", area.Skipped)
		}
		t.wrap(2, 4, line)
	}
	t.wrap(2, 4, fmt.Sprintf("%-12s %5d of %d exercised, %d proven", "rules", d.Rules.Exercised, d.Rules.Total, d.Rules.Proven))
}

func (t *terminal) verdict(d *digest) {
	color := map[conformance.Verdict]string{conformance.Conformant: green, conformance.NotConformant: red}[d.Verdict]
	t.section(strings.ToUpper(verdictWords(d.Verdict))+": "+countWords(d.Counts), orElse(color, yellow))
	t.wrap(2, 2, d.Reason)
	if d.Interrupted {
		t.wrap(2, 2, partial)
	}
	if d.Mend != "" {
		t.wrap(2, 2, d.Mend)
	}
	if len(d.NextSteps) > 0 {
		t.line(0, "")
		t.line(0, "Next")
	}
	for i, step := range d.NextSteps {
		t.wrap(2, 5, fmt.Sprintf("%d. %s", i+1, step))
	}
}

func (t *terminal) section(title, color string) {
	t.line(0, "")
	t.painted(0, color, title)
}

func (t *terminal) field(name, text string) {
	const indent, column = 6, 10
	t.wrap(indent, indent+column, fmt.Sprintf("%-*s%s", column, name, text))
}

func (t *terminal) painted(indent int, color, text string) {
	if !t.color {
		t.wrap(indent, indent+2, text)
		return
	}
	t.out.WriteString("\x1b[" + color + "m")
	t.wrap(indent, indent+2, text)
	t.out.WriteString("\x1b[0m")
}

// wrap writes a text in lines of the width: the first line with the one
// indent, the others with the other. A word that is longer than a line keeps
// its line, so that a path or a command can be copied.
func (t *terminal) wrap(first, rest int, text string) {
	var line strings.Builder
	used, indent := 0, first
	flush := func() {
		t.line(indent, line.String())
		line.Reset()
		used, indent = 0, rest
	}
	for _, word := range words(text) {
		length := utf8.RuneCountInString(word)
		if used > 0 && strings.TrimSpace(line.String()) != "" && indent+used+length > t.width {
			flush()
			word = strings.TrimLeft(word, " ")
			length = utf8.RuneCountInString(word)
		}
		line.WriteString(word)
		used += length
	}
	flush()
}

// words splits a text before every space and keeps the spaces, so that columns
// stay columns; newlines and tabs become spaces.
func words(text string) []string {
	text = strings.TrimRight(strings.NewReplacer("\n", " ", "\t", " ").Replace(text), " ")
	all := []string{}
	start := 0
	for i := 1; i < len(text); i++ {
		if text[i] == ' ' && text[i-1] != ' ' {
			all = append(all, text[start:i])
			start = i
		}
	}
	return append(all, text[start:])
}

// line writes one line. CI systems take lines that begin with :: or ## as
// commands; a line of an answer must not become one.
func (t *terminal) line(indent int, text string) {
	text = strings.TrimRight(text, " ")
	if trimmed := strings.TrimLeft(text, " "); strings.HasPrefix(trimmed, "::") || strings.HasPrefix(trimmed, "##") {
		text = `\` + trimmed
	}
	if text != "" {
		t.out.WriteString(strings.Repeat(" ", indent))
	}
	t.out.WriteString(text + "\n")
}

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}

// duration of so many milliseconds, as people say it.
func duration(ms int64) string {
	d := time.Duration(ms) * time.Millisecond
	if d >= time.Minute {
		return d.Round(time.Second).String()
	}
	return d.Round(time.Millisecond).String()
}
