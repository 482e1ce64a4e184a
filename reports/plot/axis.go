package plot

import (
	"math"
	"strconv"

	"gonum.org/v1/plot/vg"
)

// A scale says where on a page values stand.
type scale struct {
	log      bool
	lo, hi   float64   // the first and the last value, above zero if log
	from, to vg.Length // where they stand
}

func (s scale) at(v float64) vg.Length {
	lo, hi := s.lo, s.hi
	if s.log {
		lo, hi, v = math.Log(lo), math.Log(hi), math.Log(v)
	}
	return s.from + vg.Length((v-lo)/(hi-lo))*(s.to-s.from)
}

// within cuts a value off at the ends of the scale.
func (s scale) within(v float64) float64 { return math.Min(math.Max(v, s.lo), s.hi) }

// A tick is a value on an axis; one without a label is a minor one.
type tick struct {
	value float64
	label string
}

// linearScale begins at zero and ends at a tick not below hi.
func linearScale(hi float64) (scale, []tick) {
	if hi <= 0 {
		hi = 1
	}
	step := niceStep(hi / 5)
	end := math.Ceil(hi/step-1e-9) * step
	var ticks []tick
	for i := 0; float64(i)*step <= end*(1+1e-9); i++ {
		ticks = append(ticks, tick{float64(i) * step, number(float64(i) * step)})
	}
	return scale{lo: 0, hi: end}, ticks
}

// niceStep is the least of 1, 2 and 5 times a power of ten that is not below v.
func niceStep(v float64) float64 {
	base := math.Pow(10, math.Floor(math.Log10(v)))
	for _, m := range []float64{1, 2, 5} {
		if m*base >= v*(1-1e-9) {
			return m * base
		}
	}
	return 10 * base
}

// Bounds of logarithmic scales: how many times the first value the last one is at
// which ticks change.
const (
	narrow = 4    // ticks in even steps
	medium = 300  // 1, 2 and 5
	wide   = 3e4  // every decade, 2 and 5 without labels
	least  = 1.02 // what a scale spans at least, so that it is one
)

// logScale has a little room beyond both values.
func logScale(lo, hi float64) (scale, []tick) {
	if span := hi / lo; span < least {
		lo, hi = lo/math.Sqrt(least), hi*math.Sqrt(least)
	}
	room := math.Pow(hi/lo, 0.05)
	s := scale{log: true, lo: lo / room, hi: hi * room}
	return s, s.logTicks()
}

func (s scale) logTicks() []tick {
	var ticks []tick
	add := func(v float64, labelled bool) {
		if v < s.lo || v > s.hi {
			return
		}
		t := tick{value: v}
		if labelled {
			t.label = number(v)
		}
		ticks = append(ticks, t)
	}
	span := s.hi / s.lo
	if span < narrow {
		step := niceStep((s.hi - s.lo) / 6)
		for i := math.Ceil(s.lo / step); i*step <= s.hi; i++ {
			add(i*step, true)
		}
		return ticks
	}
	first, last := int(math.Floor(math.Log10(s.lo))), int(math.Ceil(math.Log10(s.hi)))
	every := 1 + (last-first)/8
	for d := first; d <= last; d++ {
		decade := math.Pow(10, float64(d))
		for m := 1.0; m < 10; m++ {
			between := m == 2 || m == 5
			labelled := m == 1 && d%every == 0 || span < medium && between
			if m == 1 || span < wide && between {
				add(m*decade, labelled)
			}
		}
	}
	return ticks
}

// number writes a tick without the noise of floating point.
func number(v float64) string {
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 10, 64), 64)
	if err != nil {
		return ""
	}
	if a := math.Abs(rounded); a != 0 && (a < 1e-4 || a >= 1e7) {
		return strconv.FormatFloat(rounded, 'g', -1, 64)
	}
	return strconv.FormatFloat(rounded, 'f', -1, 64)
}

// podTicks label the densities that were measured.
func podTicks(pods []int) []tick {
	out := make([]tick, len(pods))
	for i, p := range pods {
		out[i] = tick{float64(p), strconv.Itoa(p)}
	}
	return out
}

// uncrowded takes labels away that would touch the one before.
func (e *canvas) uncrowded(s scale, ticks []tick) []tick {
	out := make([]tick, len(ticks))
	free := vg.Length(math.Inf(-1))
	for i, t := range ticks {
		half := e.fonts.width(t.label, smallSize, false) / 2
		if x := s.at(t.value); t.label != "" && x-half >= free {
			free = x + half + 5
		} else {
			t.label = ""
		}
		out[i] = t
	}
	return out
}

// horizontal draws an axis below a picture, with a grid up to its top.
func (e *canvas) horizontal(s scale, ticks []tick, top vg.Length, title string) {
	e.gridLines(s, ticks, top, e.y)
	e.draw(shape{path: lineOf(pt(s.from, e.y), pt(s.to, e.y)), stroke: rule, width: 1})
	e.tickLabels(s, ticks, e.y+14)
	e.down(18)
	if title != "" {
		lines := e.wrap(title, pageWidth-2*margin, smallSize, false)
		center := (s.from + s.to) / 2
		for _, line := range lines {
			half := e.fonts.width(line, smallSize, false) / 2
			x := min(max(center, margin+half), pageWidth-margin-half)
			e.aligned(x, e.y+smallSize, line, smallSize, false, muted, centered)
			e.down(lineHeight * smallSize)
		}
	}
}

func (e *canvas) gridLines(s scale, ticks []tick, top, bottom vg.Length) {
	for _, t := range ticks {
		p := grid
		if t.label == "" {
			p = p.faint(0.5)
		}
		x := s.at(t.value)
		e.draw(shape{path: lineOf(pt(x, top), pt(x, bottom)), stroke: p, width: 0.7})
	}
}

func (e *canvas) tickLabels(s scale, ticks []tick, baseline vg.Length) {
	for _, t := range e.uncrowded(s, ticks) {
		e.aligned(s.at(t.value), baseline, t.label, smallSize, false, ink, centered)
	}
}

// A plane is the part of a picture in which two scales hold.
type plane struct{ x, y scale }

func (p plane) at(x, y float64) vg.Point { return pt(p.x.at(x), p.y.at(y)) }

// An axis is what is known of one before the page is.
type axis struct {
	scale scale
	ticks []tick
	title string
	// room is kept free above a vertical axis.
	room vg.Length
}

// plane draws both axes and the grid for a picture of some height, and moves below
// them. The title of y stands above its axis, where it need not be turned.
func (e *canvas) plane(x, y axis, height vg.Length) plane {
	e.heading(y.title)
	e.down(4)
	left := vg.Length(0)
	for _, t := range y.ticks {
		left = max(left, e.fonts.width(t.label, smallSize, false))
	}
	left += margin + 6
	p := plane{x.scale, y.scale}
	p.x.from, p.x.to = left+6, pageWidth-margin-12
	p.y.from, p.y.to = e.y+height, e.y+6+y.room
	for _, t := range y.ticks {
		line := grid
		if t.label == "" {
			line = line.faint(0.5)
		}
		at := p.y.at(t.value)
		e.draw(shape{path: lineOf(pt(left, at), pt(p.x.to, at)), stroke: line, width: 0.7})
		e.aligned(left-5, at+4, t.label, smallSize, false, ink, fromRight)
	}
	e.y += height
	e.draw(shape{path: lineOf(pt(left, e.y), pt(p.x.from, e.y)), stroke: rule, width: 1})
	e.horizontal(p.x, x.ticks, p.y.to, x.title)
	return p
}
