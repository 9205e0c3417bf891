package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/vtsim/vtsim/conformance"
	"github.com/vtsim/vtsim/conformance/judge"
)

// JUnit writes the Result as JUnit XML: one suite an operation, one test case
// a case, and a suite of the issuer's own decision table. Failed is a failure, broken an error, skipped and known failures are
// skipped, warned passes and says so in its output. A verdict that no case
// explains is a test case of its own, so that a run that never reached the
// issuer is not green.
func JUnit(w io.Writer, result *conformance.Result) error {
	d := digestOf(result)
	suites := junitSuites{Name: "vtsim " + d.Issuer.Name, Time: seconds(d.DurationMS)}
	names, by := casesByOperation(d.Sorted)
	if run := d.junitRun(); len(run.Cases) > 0 {
		suites.add(run)
	}
	for _, name := range names {
		suite := junitSuite{Name: name, Timestamp: d.StartedAt.UTC().Format("2006-01-02T15:04:05")}
		for _, c := range by[name] {
			suite.add(d.junitOf(c))
		}
		suites.add(suite)
	}
	if suite := d.junitPolicies(); len(suite.Cases) > 0 {
		suites.add(suite)
	}
	if len(suites.Suites) > 0 {
		suites.Suites[0].Properties = d.junitProperties()
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	encoder := xml.NewEncoder(w)
	encoder.Indent("", "  ")
	if err := encoder.Encode(suites); err != nil {
		return fmt.Errorf("write JUnit XML: %w", err)
	}
	_, err := io.WriteString(w, "\n")
	return err
}

type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"`
	Skipped  int          `xml:"skipped,attr"`
	Time     string       `xml:"time,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name       string           `xml:"name,attr"`
	Tests      int              `xml:"tests,attr"`
	Failures   int              `xml:"failures,attr"`
	Errors     int              `xml:"errors,attr"`
	Skipped    int              `xml:"skipped,attr"`
	Time       string           `xml:"time,attr"`
	Timestamp  string           `xml:"timestamp,attr"`
	Properties *junitProperties `xml:"properties"`
	Cases      []junitCase      `xml:"testcase"`
	elapsedMS  int64
}

type junitProperties struct {
	Properties []junitProperty `xml:"property"`
}

type junitProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type junitCase struct {
	Class     string       `xml:"classname,attr"`
	Name      string       `xml:"name,attr"`
	Time      string       `xml:"time,attr"`
	Failure   *junitDetail `xml:"failure"`
	Error     *junitDetail `xml:"error"`
	Skipped   *junitDetail `xml:"skipped"`
	Output    *junitOutput `xml:"system-out"`
	elapsedMS int64
}

type junitDetail struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",innerxml"`
}

type junitOutput struct {
	Text string `xml:",innerxml"`
}

// characterData escapes a text, which is visible already, and leaves its lines
// lines, so that people can read the file, too.
func characterData(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a strings.Builder takes all
	return strings.NewReplacer("&#xA;", "\n", "&#x9;", "\t", "&#34;", `"`, "&#39;", "'").Replace(b.String())
}

func (s *junitSuites) add(suite junitSuite) {
	suite.Time = seconds(suite.elapsedMS)
	s.Suites = append(s.Suites, suite)
	s.Tests += suite.Tests
	s.Failures += suite.Failures
	s.Errors += suite.Errors
	s.Skipped += suite.Skipped
}

func (s *junitSuite) add(c junitCase) {
	s.Cases = append(s.Cases, c)
	s.Tests++
	s.elapsedMS += c.elapsedMS
	switch {
	case c.Error != nil:
		s.Errors++
	case c.Failure != nil:
		s.Failures++
	case c.Skipped != nil:
		s.Skipped++
	}
}

// junitRun is the suite of what concerns the run and no single case.
func (d *digest) junitRun() junitSuite {
	suite := junitSuite{Name: noOperation, Timestamp: d.StartedAt.UTC().Format("2006-01-02T15:04:05")}
	c := junitCase{Class: "vtsim", Name: "verdict", Time: seconds(0)}
	reason := characterData(strings.TrimSpace(d.Reason + " " + d.Mend))
	switch {
	case d.Interrupted:
		c.Error = &junitDetail{Message: partial, Type: "interrupted", Text: reason}
	case d.Verdict == conformance.Incomplete:
		c.Error = &junitDetail{Message: d.Reason, Type: string(d.Verdict), Text: reason}
	case d.Verdict == conformance.NotConformant && len(d.Failed) == 0:
		c.Failure = &junitDetail{Message: d.Reason, Type: string(d.Verdict), Text: reason}
	}
	if c.Error != nil || c.Failure != nil {
		suite.add(c)
	}
	for _, use := range d.KnownFailures {
		if use.Problem != "" {
			suite.add(junitCase{Class: "vtsim", Name: "known failure: " + entryName(use), Time: seconds(0),
				Failure: &junitDetail{Message: use.Problem, Type: "known-failures",
					Text: characterData(fmt.Sprintf("%s (%s, owner %s, expires %s)", use.Problem, use.Reason, use.Owner, use.Expires))}})
		}
	}
	return suite
}

func (d *digest) junitProperties() *junitProperties {
	p := &junitProperties{}
	for _, property := range []junitProperty{{"verdict", string(d.Verdict)}, {"reason", d.Reason}, {"interrupted", fmt.Sprint(d.Interrupted)}, {"seed", d.Plan.Seed},
		{"profile", d.Plan.Profile}, {"spec", d.Spec}, {"tool", d.Tool.Version}, {"endpoint", d.Issuer.Endpoint}} {
		if property.Value != "" {
			p.Properties = append(p.Properties, property)
		}
	}
	return p
}

func (d *digest) junitOf(c *conformance.Case) junitCase {
	j := junitCase{Class: "vtsim." + operationOf(c), Name: c.ID, Time: seconds(c.ElapsedMS), elapsedMS: c.ElapsedMS}
	if c.Title != "" {
		j.Name += ": " + c.Title
	}
	details := characterData(junitText(c))
	switch {
	case c.Outcome == conformance.Broken:
		j.Error = &junitDetail{Message: orElse(c.Reason, "broken"), Type: string(c.Outcome), Text: details}
	case c.Outcome == conformance.Skipped:
		j.Skipped = &junitDetail{Message: c.Reason}
	case c.Known != "":
		j.Skipped = &junitDetail{Message: "known failure: " + d.excuse(c)}
		j.Output = &junitOutput{details}
	case c.Outcome == conformance.Failed:
		j.Failure = &junitDetail{Message: orElse(c.Reason, "failed"), Type: string(c.Outcome), Text: details}
		if f, ok := worst(c); ok {
			j.Failure.Message, j.Failure.Type = shortened(f.Message, 500), f.Rule
		}
	case len(c.Findings) > 0:
		j.Output = &junitOutput{string(c.Outcome) + "\n" + details}
	}
	return j
}

// worst is the first finding that failed, or else the first.
func worst(c *conformance.Case) (judge.Finding, bool) {
	for _, f := range c.Findings {
		if f.Outcome == judge.Failed {
			return f, true
		}
	}
	if len(c.Findings) == 0 {
		return judge.Finding{}, false
	}
	return c.Findings[0], true
}

// junitText says all of a case; a thousand findings of one case help nobody.
func junitText(c *conformance.Case) string {
	const most = 50
	var b strings.Builder
	if c.Reason != "" {
		b.WriteString(c.Reason + "\n")
	}
	for i, f := range c.Findings {
		if i == most {
			fmt.Fprintf(&b, "and %d findings more\n", len(c.Findings)-most)
			break
		}
		fmt.Fprintf(&b, "%s: %s (%s, %s)\n  %s\n", f.Outcome, f.Rule, f.Level, place(f.Cite), f.Message)
		for _, line := range [][2]string{{"where", f.Location}, {"came", f.Actual}, {"allowed", f.Expected}, {"reading", f.Interpretation}, {"treated", f.Treated}} {
			if line[1] != "" {
				fmt.Fprintf(&b, "  %s: %s\n", line[0], line[1])
			}
		}
	}
	if c.Rerun != "" {
		b.WriteString("again: " + c.Rerun + "\n")
	}
	return b.String()
}

// seconds of milliseconds, as JUnit writes a time.
func seconds(ms int64) string {
	return fmt.Sprintf("%.3f", (time.Duration(ms) * time.Millisecond).Seconds())
}
