package latency

import (
	"fmt"
	"html"
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Answers are those of one operation.
type Answers struct {
	// Name of the operation.
	Name string
	// Times of all answers and the Budget in microseconds; no budget is 0.
	Times  []int64
	Budget int64
}

// Colours, told apart by the canvas; the page paints them.
var (
	ink    = color.RGBA{A: 255}
	soft   = color.RGBA{R: 1, A: 255}
	curve  = color.RGBA{R: 2, A: 255}
	over   = color.RGBA{R: 3, A: 255}
	budget = color.RGBA{R: 4, A: 255}
)

// Size in points, and how many steps a curve has at the most: more than a
// reader tells apart.
const (
	width    = 360 * vg.Length(1)
	height   = 150 * vg.Length(1)
	textSize = 9
	steps    = 120
	// shortest time that is drawn, in microseconds; the axis is logarithmic.
	shortest = 50
)

// SVG draws the share of answers that came within a time, over that time, with
// the budget as a dashed line and what came later in another colour. Without
// an answer it is empty.
func SVG(a Answers) (string, error) {
	if len(a.Times) == 0 {
		return "", nil
	}
	times := slices.Clone(a.Times)
	slices.Sort(times)
	p := plot.New()
	p.BackgroundColor = nil
	within, late := split(shares(times), a.Budget)
	for _, part := range []struct {
		points plotter.XYs
		color  color.Color
	}{{within, curve}, {late, over}} {
		if err := addLine(p, part.points, draw.LineStyle{Color: part.color, Width: 1.8}); err != nil {
			return "", fmt.Errorf("draw the times of %s: %w", a.Name, err)
		}
	}
	axes(p, times, a.Budget)
	if a.Budget > 0 {
		if err := addBudget(p, a.Budget); err != nil {
			return "", fmt.Errorf("draw the budget of %s: %w", a.Name, err)
		}
	}
	c := newCanvas(width, height)
	p.Draw(draw.New(c))
	return fmt.Sprintf(`<svg class="plot" viewBox="0 0 %s %s" role="img" aria-label="%s">%s</svg>`,
		number(float64(width)), number(float64(height)), html.EscapeString(label(a)), c.out.String()), nil
}

// label says in words what the picture is; the figures stand beside it.
func label(a Answers) string {
	text := fmt.Sprintf("%s: share of %d answers by time", a.Name, len(a.Times))
	if a.Budget > 0 {
		text += ", budget " + Time(a.Budget)
	}
	return text
}

// shares are the points of the curve: time in milliseconds, percent of the
// answers that came by then. It rises in steps.
func shares(sorted []int64) plotter.XYs {
	n := len(sorted)
	points := plotter.XYs{{X: milliseconds(sorted[0]), Y: 0}}
	for i := range min(n, steps) {
		last := (i+1)*n/min(n, steps) - 1
		x := milliseconds(sorted[last])
		points = append(points, plotter.XY{X: x, Y: points[len(points)-1].Y}, plotter.XY{X: x, Y: float64(last+1) * 100 / float64(n)})
	}
	return points
}

func milliseconds(us int64) float64 { return float64(max(us, shortest)) / 1000 }

// split cuts the curve where the budget ends; the second part begins where the
// first one ends.
func split(points plotter.XYs, budget int64) (within, late plotter.XYs) {
	if budget <= 0 {
		return points, nil
	}
	end := milliseconds(budget)
	i := slices.IndexFunc(points, func(p plotter.XY) bool { return p.X > end })
	switch {
	case i < 0:
		return points, nil
	case i == 0:
		return nil, points
	}
	corner := plotter.XY{X: end, Y: points[i-1].Y}
	return append(slices.Clone(points[:i]), corner), append(plotter.XYs{corner}, points[i:]...)
}

func addLine(p *plot.Plot, points plotter.XYs, style draw.LineStyle) error {
	if len(points) == 0 {
		return nil
	}
	line, err := plotter.NewLine(points)
	if err != nil {
		return err
	}
	line.LineStyle = style
	p.Add(line)
	return nil
}

// addBudget draws the line and writes its time to the left of it.
func addBudget(p *plot.Plot, us int64) error {
	x := milliseconds(us)
	if err := addLine(p, plotter.XYs{{X: x, Y: 0}, {X: x, Y: 100}}, draw.LineStyle{Color: budget, Width: 1.2, Dashes: []vg.Length{4, 3}}); err != nil {
		return err
	}
	labels, err := plotter.NewLabels(plotter.XYLabels{XYs: plotter.XYs{{X: x, Y: 8}}, Labels: []string{"budget " + Time(us)}})
	if err != nil {
		return err
	}
	labels.TextStyle[0] = style(p, budget)
	labels.TextStyle[0].XAlign = draw.XRight
	labels.Offset = vg.Point{X: -4}
	p.Add(labels)
	return nil
}

// style is sans serif, as the page is; only its widths matter here.
func style(p *plot.Plot, of color.Color) text.Style {
	return text.Style{Color: of, Font: font.Font{Typeface: "Liberation", Variant: "Sans", Size: textSize}, Handler: p.TextHandler}
}

// axes has time as powers of ten below and percent at the left.
func axes(p *plot.Plot, sorted []int64, budget int64) {
	first, last := milliseconds(sorted[0]), milliseconds(max(sorted[len(sorted)-1], budget))
	p.X.Min, p.X.Max = math.Pow(10, math.Floor(math.Log10(first))), last*1.25
	p.Y.Min, p.Y.Max = 0, 100
	p.X.Scale = plot.LogScale{}
	p.X.Tick.Marker = plot.ConstantTicks(timeTicks(p.X.Min, p.X.Max))
	p.Y.Tick.Marker = plot.ConstantTicks{{Value: 0, Label: "0 %"}, {Value: 50, Label: "50 %"}, {Value: 100, Label: "100 %"}}
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		aligned := axis.Tick.Label
		axis.Tick.Label = style(p, soft)
		axis.Tick.Label.XAlign, axis.Tick.Label.YAlign = aligned.XAlign, aligned.YAlign
		axis.Tick.LineStyle = draw.LineStyle{Color: soft, Width: .5}
		axis.LineStyle = draw.LineStyle{Color: soft, Width: .7}
		axis.Tick.Length = 4
	}
}

// timeTicks have a label at each power of ten, in milliseconds.
func timeTicks(from, to float64) []plot.Tick {
	var ticks []plot.Tick
	for decade := from; decade <= to; decade *= 10 {
		for i := 1; i < 10; i++ {
			value := decade * float64(i)
			if value > to {
				break
			}
			tick := plot.Tick{Value: value}
			if i == 1 {
				tick.Label = Time(int64(math.Round(value * 1000)))
			}
			ticks = append(ticks, tick)
		}
	}
	return ticks
}

// Time in microseconds as people read it.
func Time(us int64) string {
	switch {
	case us < 1000:
		return fmt.Sprintf("%g ms", float64(us)/1000)
	case us < 1_000_000:
		return fmt.Sprintf("%d ms", (us+500)/1000)
	}
	return fmt.Sprintf("%g s", math.Round(float64(us)/1e4)/100)
}
