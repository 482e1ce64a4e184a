package plot

import (
	"fmt"
	"math"

	"gonum.org/v1/plot/vg"
)

// A scene is a picture before it has a format: shapes and texts in the order in
// which they are drawn. Lengths are points, x runs to the right and y down.
type scene struct {
	width, height vg.Length
	shapes        []shape
}

// A shape is a path, or a text if it has one.
type shape struct {
	path         vg.Path
	fill, stroke paint
	width        vg.Length
	dashes       []vg.Length

	text string
	at   vg.Point // where the baseline begins
	size vg.Length
	bold bool
	// length is how wide the text was laid out.
	length vg.Length
}

// check refuses a scene that has coordinates which are none.
func (s *scene) check() error {
	for _, shape := range s.shapes {
		if !drawable(shape.at) {
			return fmt.Errorf("text %q would stand at %v, %v", shape.text, shape.at.X, shape.at.Y)
		}
		for _, c := range shape.path {
			if c.Type != vg.CloseComp && !drawable(c.Pos) {
				return fmt.Errorf("a line would go through %v, %v", c.Pos.X, c.Pos.Y)
			}
		}
	}
	return nil
}

// drawable says that a point is one, and not so far out that formats lose it.
func drawable(p vg.Point) bool {
	return math.Abs(float64(p.X)) < 1e5 && math.Abs(float64(p.Y)) < 1e5
}

func pt(x, y vg.Length) vg.Point { return vg.Point{X: x, Y: y} }

// lineOf is the path through points.
func lineOf(points ...vg.Point) vg.Path {
	var p vg.Path
	for i, at := range points {
		if i == 0 {
			p.Move(at)
		} else {
			p.Line(at)
		}
	}
	return p
}

// areaOf is the path around points.
func areaOf(points ...vg.Point) vg.Path {
	p := lineOf(points...)
	p.Close()
	return p
}

func rectangle(x, y, width, height vg.Length) vg.Path {
	return areaOf(pt(x, y), pt(x+width, y), pt(x+width, y+height), pt(x, y+height))
}
