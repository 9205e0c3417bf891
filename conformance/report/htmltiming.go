package report

import (
	"html/template"

	"github.com/vtsim/vtsim/conformance"
	"github.com/vtsim/vtsim/conformance/report/latency"
)

// plotted is how fast the issuer answered one operation, with a picture where
// there is a budget.
type plotted struct {
	timing
	Plot template.HTML
}

func plotsOf(exchanges []conformance.Exchange) ([]plotted, error) {
	all := []plotted{}
	for _, t := range timingsOf(exchanges) {
		one := plotted{timing: t}
		if t.Budget > 0 {
			svg, err := latency.SVG(latency.Answers{Name: t.Operation, Times: t.all, Budget: t.Budget})
			if err != nil {
				return nil, err
			}
			one.Plot = template.HTML(svg) // escaped where it is made
		}
		all = append(all, one)
	}
	return all, nil
}
