package latency

import (
	"fmt"
	"html"
	"image"
	"image/color"
	"math"
	"strconv"
	"strings"

	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
)

// canvas writes what gonum draws as elements of an SVG whose colours are
// classes. gonum's own SVG canvas writes style attributes, which a page under
// a Content-Security-Policy ignores, and colours that are right for one
// background only.
type canvas struct {
	out           strings.Builder
	width, height vg.Length
	state         state
	saved         []state
}

// state is what Push saves.
type state struct {
	line vg.Length
	dash []vg.Length
	// class that stands for the colour.
	class string
	// at is the affine map from what is drawn to points: x' = a*x + c*y + e,
	// y' = b*x + d*y + f.
	at [6]float64
}

// classes of the colours that this package draws in. A colour is no more than
// a name here; any other is ink.
var classes = map[color.RGBA]string{ink: "ink", soft: "soft", curve: "curve", over: "over", budget: "budget"}

func newCanvas(width, height vg.Length) *canvas {
	return &canvas{width: width, height: height, state: state{line: 1, class: classes[ink], at: [6]float64{1, 0, 0, 1, 0, 0}}}
}

func (c *canvas) Size() (vg.Length, vg.Length) { return c.width, c.height }

func (c *canvas) SetLineWidth(width vg.Length) { c.state.line = width }

// SetLineDash ignores the offset, which no line here has.
func (c *canvas) SetLineDash(pattern []vg.Length, _ vg.Length) { c.state.dash = pattern }

func (c *canvas) SetColor(of color.Color) {
	c.state.class = classes[ink]
	if of == nil {
		return
	}
	if class, ok := classes[color.RGBAModel.Convert(of).(color.RGBA)]; ok {
		c.state.class = class
	}
}

func (c *canvas) Rotate(radians float64) {
	sin, cos := math.Sincos(radians)
	c.transform([6]float64{cos, sin, -sin, cos, 0, 0})
}

func (c *canvas) Translate(by vg.Point) {
	c.transform([6]float64{1, 0, 0, 1, float64(by.X), float64(by.Y)})
}

func (c *canvas) Scale(x, y float64) { c.transform([6]float64{x, 0, 0, y, 0, 0}) }

// transform puts another map before the present one.
func (c *canvas) transform(m [6]float64) {
	a := c.state.at
	c.state.at = [6]float64{a[0]*m[0] + a[2]*m[1], a[1]*m[0] + a[3]*m[1], a[0]*m[2] + a[2]*m[3], a[1]*m[2] + a[3]*m[3],
		a[0]*m[4] + a[2]*m[5] + a[4], a[1]*m[4] + a[3]*m[5] + a[5]}
}

func (c *canvas) Push() { c.saved = append(c.saved, c.state) }

func (c *canvas) Pop() {
	last := len(c.saved) - 1
	c.state, c.saved = c.saved[last], c.saved[:last]
}

func (c *canvas) Stroke(path vg.Path) {
	if c.state.line <= 0 {
		return
	}
	fmt.Fprintf(&c.out, `<path class="stroke %s" stroke-width="%s"`, c.state.class, number(float64(c.state.line)))
	if len(c.state.dash) > 0 {
		parts := make([]string, len(c.state.dash))
		for i, length := range c.state.dash {
			parts[i] = number(float64(length))
		}
		fmt.Fprintf(&c.out, ` stroke-dasharray="%s"`, strings.Join(parts, " "))
	}
	fmt.Fprintf(&c.out, ` d="%s"/>`, c.data(path))
}

func (c *canvas) Fill(path vg.Path) {
	fmt.Fprintf(&c.out, `<path class="fill %s" d="%s"/>`, c.state.class, c.data(path))
}

// FillString gives the width as it was measured: the reader's font is another.
func (c *canvas) FillString(face font.Face, at vg.Point, text string) {
	if face.Font.Size == 0 {
		return
	}
	x, y := c.place(at)
	fmt.Fprintf(&c.out, `<text class="fill %s" font-size="%s" x="%s" y="%s" textLength="%s" lengthAdjust="spacingAndGlyphs"`,
		c.state.class, number(face.Font.Size.Points()), number(x), number(y), number(face.Width(text).Points()))
	if turned := -math.Atan2(c.state.at[1], c.state.at[0]) * 180 / math.Pi; math.Abs(turned) > 0.01 {
		fmt.Fprintf(&c.out, ` transform="rotate(%s %s %s)"`, number(turned), number(x), number(y))
	}
	fmt.Fprintf(&c.out, ">%s</text>", html.EscapeString(text))
}

// DrawImage draws nothing: no plot here has an image.
func (c *canvas) DrawImage(vg.Rectangle, image.Image) {}

// place of a point in the SVG, whose origin is the upper left corner.
func (c *canvas) place(p vg.Point) (x, y float64) {
	a, px, py := c.state.at, float64(p.X), float64(p.Y)
	return a[0]*px + a[2]*py + a[4], float64(c.height) - (a[1]*px + a[3]*py + a[5])
}

// data of a path in the words of SVG.
func (c *canvas) data(path vg.Path) string {
	var b strings.Builder
	point := func(p vg.Point) {
		x, y := c.place(p)
		b.WriteString(number(x) + " " + number(y))
	}
	for _, part := range path {
		switch part.Type {
		case vg.MoveComp:
			b.WriteByte('M')
			point(part.Pos)
		case vg.LineComp:
			b.WriteByte('L')
			point(part.Pos)
		case vg.CurveComp:
			b.WriteByte(" QC"[len(part.Control)])
			for _, control := range part.Control {
				point(control)
				b.WriteByte(' ')
			}
			point(part.Pos)
		case vg.ArcComp:
			arc(&b, part, point)
		case vg.CloseComp:
			b.WriteByte('Z')
		}
	}
	return b.String()
}

// arc draws an arc as lines, from the point where the path is; only marks are
// arcs, and they are small.
func arc(b *strings.Builder, part vg.PathComp, point func(vg.Point)) {
	const steps = 24
	for i := range steps + 1 {
		sin, cos := math.Sincos(part.Start + part.Angle*float64(i)/steps)
		b.WriteByte('L')
		point(vg.Point{X: part.Pos.X + part.Radius*vg.Length(cos), Y: part.Pos.Y + part.Radius*vg.Length(sin)})
	}
}

// number has one decimal: a tenth of a point is less than anyone sees.
func number(value float64) string {
	text := strconv.FormatFloat(value, 'f', 1, 64)
	if text = strings.TrimSuffix(text, ".0"); text == "-0" {
		return "0"
	}
	return text
}
