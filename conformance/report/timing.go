package report

import (
	"fmt"
	"slices"

	"github.com/vtsim/vtsim/conformance"
)

// timing is how fast the issuer answered one operation, in microseconds.
type timing struct {
	Operation                     string
	Calls, Over                   int
	Median, P95, P99, Max, Budget int64
	// all of them, in rising order.
	all []int64
}

// timingsOf the issuer's answers, by operation in alphabetical order.
func timingsOf(exchanges []conformance.Exchange) []timing {
	totals := map[string][]int64{}
	timings := map[string]*timing{}
	for _, exchange := range exchanges {
		if exchange.Direction == "inbound" || exchange.Response == nil {
			continue
		}
		t := timings[exchange.Operation]
		if t == nil {
			t = &timing{Operation: exchange.Operation}
			timings[exchange.Operation] = t
		}
		t.Calls++
		t.Budget = max(t.Budget, exchange.Timing.BudgetUS)
		if exchange.Timing.BudgetUS > 0 && exchange.Timing.TotalUS > exchange.Timing.BudgetUS {
			t.Over++
		}
		totals[exchange.Operation] = append(totals[exchange.Operation], exchange.Timing.TotalUS)
	}
	all := []timing{}
	for operation, t := range timings {
		sorted := totals[operation]
		slices.Sort(sorted)
		t.Median, t.P95, t.P99, t.Max = percentile(sorted, 50), percentile(sorted, 95), percentile(sorted, 99), sorted[len(sorted)-1]
		t.all = sorted
		all = append(all, *t)
	}
	slices.SortFunc(all, func(a, b timing) int {
		if a.Operation < b.Operation {
			return -1
		}
		return 1
	})
	return all
}

// percentile of sorted values: the smallest that so many percent don't exceed.
func percentile(sorted []int64, percent int) int64 {
	return sorted[max(0, (len(sorted)*percent+99)/100-1)]
}

// micro is a time in microseconds as people read it.
func micro(us int64) string {
	switch {
	case us == 0:
		return "-"
	case us < 10_000:
		return fmt.Sprintf("%.1f ms", float64(us)/1000)
	case us < 1_000_000:
		return fmt.Sprintf("%d ms", (us+500)/1000)
	}
	return fmt.Sprintf("%.2f s", float64(us)/1e6)
}
