package inbound

import (
	"fmt"
	"strings"
	"time"
)

// reportWindow reads the two times of the query and holds them against the
// bounds of the contract (p.112, INT-086). Details name each parameter that
// is wrong.
func (s *Server) reportWindow(call *Call) (from, to time.Time, err error) {
	window := call.Operation.Window
	if window == nil {
		return from, to, fmt.Errorf("the contract has no window of time for %s", call.Operation.ID)
	}
	var wrong []misfit
	if from, err = readReportTime(call.Parameter(window.From)); err != nil {
		wrong = append(wrong, unreadable(call, window.From))
	}
	if to, err = readReportTime(call.Parameter(window.To)); err != nil {
		wrong = append(wrong, unreadable(call, window.To))
	}
	if len(wrong) == 0 {
		wrong = outOfBounds(call, from, to)
	}
	return from, to, s.refuseMisfits(call, wrong)
}

func unreadable(call *Call, parameter string) misfit {
	return misfit{rule: call.Operation.ID + "/query/" + parameter + "#pattern", at: parameter, message: parameter + " must be a date and time that exist"}
}

// outOfBounds holds the window against the contract's bounds.
func outOfBounds(call *Call, from, to time.Time) []misfit {
	window := call.Operation.Window
	now := call.Now.UTC().Format(reportTimeLayout) + "Z"
	var wrong []misfit
	for _, bound := range []struct {
		broken             bool
		parameter, message string
	}{
		{from.After(call.Now), window.From, "must not lie after now, which is " + now + " here"},
		{from.Before(call.Now.Add(-window.MaxAge)), window.From, fmt.Sprintf("must not lie more than %d days before now, which is %s here", days(window.MaxAge), now)},
		{to.Before(from), window.To, "must not lie before " + window.From},
		{to.Sub(from) > window.MaxSpan, window.To, fmt.Sprintf("must not lie more than %d days after %s", days(window.MaxSpan), window.From)},
	} {
		if bound.broken {
			wrong = append(wrong, misfit{rule: call.Operation.ID + "/query#window", at: bound.parameter, message: bound.parameter + " " + bound.message})
		}
	}
	return wrong
}

func days(d time.Duration) int { return int(d / (24 * time.Hour)) }

// readReportTime reads a time of the query, with or without its Z (INT-085).
// The contract saw to its form, but not to the length of its month.
func readReportTime(text string) (time.Time, error) {
	return time.Parse(reportTimeLayout, strings.TrimRight(text, "Zz"))
}
