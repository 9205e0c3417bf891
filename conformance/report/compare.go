package report

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/vtsim/vtsim/conformance"
)

// Comparison is what changed from an older Result to a newer one. Lists are in
// alphabetical order.
type Comparison struct {
	OldVerdict, NewVerdict conformance.Verdict
	// NewFailures are cases that are failed or broken now and were not; Fixed
	// those that were and pass now. Known failures count as neither.
	NewFailures, Fixed []string
	// NotRun are cases that ran before, and are skipped or missing now.
	NotRun []string
	// NoLongerExercised are rules that no exchange could have broken this
	// time.
	NoLongerExercised []string
	// Slower are operations whose answers take much longer.
	Slower []Slowdown
	// Interrupted says that one of the two is a part of a run, so that what is
	// missing may not have been lost.
	Interrupted bool
}

// Slowdown is an operation that became slower: the times within which 95 % of
// its answers came, in microseconds.
type Slowdown struct {
	Operation string
	Old, New  int64
}

// A slowdown is one by half and by 20 ms, so that noise isn't; and only where
// both runs made calls enough for a 95 %.
const (
	slowerPercent = 150
	slowerUS      = 20_000
	slowerCalls   = 20
)

// Worse says whether the newer run is one to look at: new failures, or less
// checked.
func (c Comparison) Worse() bool {
	return len(c.NewFailures)+len(c.NotRun)+len(c.NoLongerExercised) > 0
}

// Compare says what changed between two Results of one issuer.
func Compare(older, newer *conformance.Result) Comparison {
	before, after := byCase(older), byCase(newer)
	c := Comparison{OldVerdict: older.Verdict, NewVerdict: newer.Verdict, Interrupted: older.Interrupted || newer.Interrupted}
	for id, now := range after {
		was, existed := before[id]
		switch {
		case isBad(now) && (!existed || !isBad(was)):
			c.NewFailures = append(c.NewFailures, id)
		case existed && isBad(was) && isGood(now):
			c.Fixed = append(c.Fixed, id)
		}
	}
	for id, was := range before {
		if now, exists := after[id]; was.Outcome != conformance.Skipped && (!exists || now.Outcome == conformance.Skipped) {
			c.NotRun = append(c.NotRun, id)
		}
	}
	had, has := exercised(older), exercised(newer)
	for rule := range had {
		if !has[rule] {
			c.NoLongerExercised = append(c.NoLongerExercised, rule)
		}
	}
	for _, list := range [][]string{c.NewFailures, c.Fixed, c.NotRun, c.NoLongerExercised} {
		slices.Sort(list)
	}
	c.Slower = slower(timingsOf(older.Exchanges), timingsOf(newer.Exchanges))
	return c
}

func byCase(result *conformance.Result) map[string]conformance.Case {
	by := make(map[string]conformance.Case, len(result.Cases))
	for _, c := range result.Cases {
		by[c.ID] = c
	}
	return by
}

func isBad(c conformance.Case) bool {
	return c.Known == "" && (c.Outcome == conformance.Failed || c.Outcome == conformance.Broken)
}

func isGood(c conformance.Case) bool {
	return c.Outcome == conformance.Passed || c.Outcome == conformance.Warned
}

func exercised(result *conformance.Result) map[string]bool {
	rules := map[string]bool{}
	for _, c := range result.Cases {
		for _, rule := range c.Exercised {
			rules[rule] = true
		}
	}
	return rules
}

func slower(older, newer []timing) []Slowdown {
	all := []Slowdown{}
	for _, now := range newer {
		for _, was := range older {
			if was.Operation == now.Operation && min(was.Calls, now.Calls) >= slowerCalls &&
				now.P95*100 >= was.P95*slowerPercent && now.P95-was.P95 >= slowerUS {
				all = append(all, Slowdown{now.Operation, was.P95, now.P95})
			}
		}
	}
	return all
}

// Write the comparison as plain text.
func (c Comparison) Write(w io.Writer) error {
	out := bufio.NewWriter(w)
	if c.Interrupted {
		fmt.Fprintln(out, "PARTIAL: one of the two runs was interrupted; what is missing may be missing for that")
	}
	lists := []struct {
		title string
		names []string
	}{{"new failures", c.NewFailures}, {"fixed", c.Fixed}, {"no longer run", c.NotRun}, {"rules no longer exercised", c.NoLongerExercised}, {"slower", c.slowerLines()}}
	same := true
	for _, list := range lists {
		if len(list.names) == 0 {
			continue
		}
		same = false
		fmt.Fprintf(out, "%s: %d\n", list.title, len(list.names))
		for _, name := range list.names {
			fmt.Fprintf(out, "  %s\n", oneLine(visible(name)))
		}
	}
	if same {
		fmt.Fprintln(out, "nothing changed")
	}
	verdict := verdictWords(c.NewVerdict)
	if c.OldVerdict != c.NewVerdict {
		verdict = strings.Join([]string{verdictWords(c.OldVerdict), verdict}, " before, now ")
	}
	fmt.Fprintln(out, "verdict:", verdict)
	return out.Flush()
}

func (c Comparison) slowerLines() []string {
	lines := []string{}
	for _, s := range c.Slower {
		lines = append(lines, fmt.Sprintf("%s: 95 %% within %s, was %s, %.1f times as long", s.Operation, micro(s.New), micro(s.Old), float64(s.New)/float64(max(s.Old, 1))))
	}
	return lines
}
