package suite

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/onsi/ginkgo/v2"

	"github.com/vtsim/vtsim/conformance"
)

// broken begins what this side does wrong.
const broken = "broken: not the issuer's fault: "

// show tells Ginkgo what became of the case; it does not return unless the
// case passed.
func (s *certification) show(one conformance.Case, exchanges []conformance.Exchange) {
	if cites := citesOf(one); cites != "" {
		ginkgo.AddReportEntry("cites", s.at, ginkgo.ReportEntryVisibilityFailureOrVerbose, plain(cites))
	}
	if len(exchanges) > 0 && one.Outcome != conformance.Passed {
		ginkgo.AddReportEntry("transcript", s.at, ginkgo.ReportEntryVisibilityFailureOrVerbose, plain(transcript(exchanges)))
	}
	switch one.Outcome {
	case conformance.Passed:
	case conformance.Skipped:
		ginkgo.Skip(printable(one.Reason))
	case conformance.Warned:
		ginkgo.AddReportEntry("warned", s.at, ginkgo.ReportEntryVisibilityAlways, plain(s.told(one)))
	case conformance.Failed:
		if one.Known != "" {
			ginkgo.AddReportEntry("known failure: "+printable(one.Known), s.at, ginkgo.ReportEntryVisibilityAlways, plain(s.told(one)))
			return
		}
		s.failed, s.obstacle = true, one.Reason
		ginkgo.Fail(s.told(one))
	default:
		s.broken(one)
	}
}

// broken tells of a case that could not be judged. What is in the way of all
// that follow fails one spec; Ginkgo does the same when a BeforeAll fails.
func (s *certification) broken(one conformance.Case) {
	s.failed = true
	if one.Reason == s.obstacle || one.Reason == s.cases.Down() {
		ginkgo.Skip("not run: " + printable(one.Reason))
	}
	s.obstacle = one.Reason
	ginkgo.Fail(s.why(one))
}

// why says why a case could not be judged.
func (s *certification) why(one conformance.Case) string {
	text := broken + printable(one.Reason)
	if mend := s.cases.Mend(); mend != "" {
		text += "\nto mend it: " + printable(mend)
	}
	return text + "\n" + s.again(one)
}

// told are the findings, and how to see them again.
func (s *certification) told(one conformance.Case) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", one.Outcome, one.ID)
	if one.Reason != "" {
		fmt.Fprintln(&b, printable(one.Reason))
	}
	for _, f := range one.Findings {
		fmt.Fprintf(&b, "  %s %s (%s, p.%d)\n    %s\n", f.Outcome, printable(f.Rule), f.Level, f.Cite.Page, printable(f.Message))
		for _, line := range []struct{ name, text string }{{"at", f.Location}, {"came", f.Actual}, {"allowed", f.Expected}, {"reading", f.Interpretation}} {
			if line.text != "" {
				fmt.Fprintf(&b, "    %-8s %s\n", line.name+":", printable(line.text))
			}
		}
	}
	b.WriteString(s.again(one))
	return b.String()
}

// again says how to run just this case.
func (s *certification) again(one conformance.Case) string {
	text := "  run it again: " + one.Rerun + "\n  or here:      -ginkgo.focus='" + regexp.QuoteMeta(one.ID+":") + "'"
	if s.config.Seed == "" {
		text += " -ginkgo.seed=" + s.setup.Seed
	}
	return text
}

func citesOf(one conformance.Case) string {
	cites := make([]string, len(one.Cites))
	for i, cite := range one.Cites {
		cites[i] = fmt.Sprintf("%s p.%d", cite.Operation, cite.Page)
	}
	return strings.Join(cites, ", ")
}
