package plot

import (
	"math"

	"gonum.org/v1/plot/vg"

	"cri-stats-bench/bench/analysis"
)

// A mark is the shape of a point.
type mark int

const (
	disc mark = iota
	square
	diamond
	triangle // tip up
	wedge    // tip down
	hexagon
	star
	plus
	cross // void, and nothing else
	none  // of a line without points
)

// markRadius is that of the usual point.
const markRadius vg.Length = 4

// append adds the outline of a mark of some radius at a point.
func (m mark) append(p vg.Path, at vg.Point, r vg.Length) vg.Path {
	switch m {
	case disc:
		p.Arc(at, 0.95*r, 0, 2*math.Pi)
		return p
	case cross:
		d := 0.9 * r
		p.Move(pt(at.X-d, at.Y-d))
		p.Line(pt(at.X+d, at.Y+d))
		p.Move(pt(at.X-d, at.Y+d))
		p.Line(pt(at.X+d, at.Y-d))
		return p
	}
	if m == plus {
		return plusAt(p, at, r)
	}
	corners, turn, size := 4, math.Pi/4, 1.2*r
	inner := vg.Length(0)
	switch m {
	case diamond:
		turn = 0
	case triangle:
		corners, turn = 3, -math.Pi/2
	case wedge:
		corners, turn = 3, math.Pi/2
	case hexagon:
		corners, turn, size = 6, 0, 1.1*r
	case star:
		corners, turn, size, inner = 5, -math.Pi/2, 1.35*r, 0.6*r
	}
	for i := range corners {
		a := turn + 2*math.Pi*float64(i)/float64(corners)
		corner := around(at, size, a)
		if i == 0 {
			p.Move(corner)
		} else {
			p.Line(corner)
		}
		if inner > 0 {
			p.Line(around(at, inner, a+math.Pi/float64(corners)))
		}
	}
	p.Close()
	return p
}

// plusAt adds a plus with arms a third as wide as it is.
func plusAt(p vg.Path, at vg.Point, r vg.Length) vg.Path {
	long, short := 1.15*r, 0.42*r
	for i, c := range [][2]vg.Length{
		{-short, -long}, {short, -long}, {short, -short}, {long, -short}, {long, short}, {short, short},
		{short, long}, {-short, long}, {-short, short}, {-long, short}, {-long, -short}, {-short, -short},
	} {
		if corner := at.Add(pt(c[0], c[1])); i == 0 {
			p.Move(corner)
		} else {
			p.Line(corner)
		}
	}
	p.Close()
	return p
}

func around(at vg.Point, r vg.Length, angle float64) vg.Point {
	sin, cos := math.Sincos(angle)
	return pt(at.X+r*vg.Length(cos), at.Y+r*vg.Length(sin))
}

// points draws marks of one look: one shape for all of them.
func (e *canvas) points(l look, r vg.Length, at ...vg.Point) {
	if len(at) == 0 || l.mark == none {
		return
	}
	var p vg.Path
	for _, point := range at {
		p = l.mark.append(p, point, r)
	}
	s := shape{path: p, fill: l.paint, stroke: paper, width: 0.7}
	switch {
	case l.mark == cross:
		s.fill, s.stroke, s.width = paint{}, l.paint, r/2
	case l.hollow:
		s.fill, s.stroke, s.width = paper, l.paint, 1.5
	}
	e.draw(s)
}

// line draws one through points.
func (e *canvas) line(l look, width vg.Length, at ...vg.Point) {
	if len(at) > 1 {
		e.draw(shape{path: lineOf(at...), stroke: l.paint, width: width, dashes: l.dashes.lengths()})
	}
}

// leastEnds is how long an interval is at least to have ends across it: those of
// shorter ones would stick out of their point.
const leastEnds vg.Length = 11

// span draws an interval along a scale, with ends across it, or with an arrow where
// it goes on beyond the scale. on is the point on the page for a place on the scale.
func (e *canvas) span(style paint, width vg.Length, s scale, i *analysis.Interval, on func(vg.Length) vg.Point) {
	if i == nil {
		return
	}
	from, to := s.at(s.within(i.Lo)), s.at(s.within(i.Hi))
	e.draw(shape{path: lineOf(on(from), on(to)), stroke: style, width: width})
	along := on(1).Sub(on(0))
	across := pt(-along.Y, along.X)
	if from > to { // a scale that runs up the page
		along = along.Scale(-1)
	}
	for _, end := range []struct {
		at  vg.Point
		out vg.Length // away from the interval
		cut bool
	}{{on(from), -1, i.Lo < s.lo}, {on(to), 1, i.Hi > s.hi}} {
		switch {
		case end.cut:
			tip, back := end.at.Add(along.Scale(end.out)), end.at.Sub(along.Scale(5*end.out))
			e.draw(shape{path: areaOf(tip, back.Add(across.Scale(3.5)), back.Sub(across.Scale(3.5))), fill: style})
		case max(from-to, to-from) > leastEnds:
			e.draw(shape{path: lineOf(end.at.Sub(across.Scale(3)), end.at.Add(across.Scale(3))), stroke: style, width: width})
		}
	}
}

// beside is how far from where it belongs the i-th line has its points: lines that
// are neighbours in a legend do not hide each other's intervals.
func beside(i int) vg.Length { return [...]vg.Length{0, -5, 5}[i%3] }

// A key is one entry of a legend.
type key struct {
	look look
	name string
	line bool
}

// keySample is how much of a key is its look.
const keySample vg.Length = 26

// legend explains looks below a picture, in as many columns as have room. What is
// wider than a column has a row of its own, after all others.
func (e *canvas) legend(keys []key) {
	const gap, most = 12, 3
	page := pageWidth - 2*margin
	width := func(k key) vg.Length { return keySample + e.fonts.width(k.name, smallSize, false) + gap }
	fitting := func(columns int) int {
		n := 0
		for _, k := range keys {
			if width(k) <= page/vg.Length(columns) {
				n++
			}
		}
		return n
	}
	columns := most
	for columns > 1 && fitting(columns) < len(keys) {
		columns--
	}
	if columns == 1 && 4*fitting(2) >= 3*len(keys) {
		columns = 2
	}
	var narrow, wide []key
	for _, k := range keys {
		k.name = e.fit(k.name, page-keySample, smallSize, false)
		if width(k) <= page/vg.Length(columns) {
			narrow = append(narrow, k)
		} else {
			wide = append(wide, k)
		}
	}
	rows := (len(narrow) + columns - 1) / columns
	e.down(6)
	for i, k := range narrow {
		e.key(k, margin+page/vg.Length(columns)*vg.Length(i/rows), e.y+16*vg.Length(i%rows))
	}
	e.down(16 * vg.Length(rows))
	for _, k := range wide {
		e.key(k, margin, e.y)
		e.down(16)
	}
	e.down(2)
}

func (e *canvas) key(k key, x, y vg.Length) {
	y += 8
	if k.line {
		e.line(k.look, 1.6, pt(x, y), pt(x+20, y))
	}
	e.points(k.look, markRadius, pt(x+10, y))
	e.text(x+keySample, y+4, k.name, smallSize, false, ink)
}
