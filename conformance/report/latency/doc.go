// Package latency draws how long answers took: for one operation, the share of
// the answers that came within a time, with the line of the budget. It knows
// times and a name, and no Result.
//
//	answers, budget --gonum/plot--> canvas --> one svg element
//
// The element stands inside a page: it has no colours, fonts or styles of its
// own but names classes (ink, soft, curve, over, budget), which the page's
// style sheet paints, in light and in dark. It asks nothing of any host, and
// the same times always give the same bytes.
package latency
