package plot

import (
	"math"

	"gonum.org/v1/plot/vg"

	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/reports/format"
)

// A row is one ratio with its interval. Several of them below the name of an arm
// are what forests are made of.
type row struct {
	label string
	ratio analysis.Estimate
	// why stands where there is no ratio.
	why string
	// paint is that of the word.
	paint paint
	word  string
	// qualifier follows the word in tables.
	qualifier string
	look      look
	// lo and hi are the ends of what is shaded behind the row, none if equal.
	lo, hi float64
}

// A group is the rows of one arm; a heading opens a new part of the picture.
type group struct {
	heading string
	name    string
	rows    []row
}

const (
	rowHeight vg.Length = 15
	// ratioRadius is less than that of other points: most intervals are short.
	ratioRadius vg.Length = 3.3
)

// reach is by how many times an interval may be longer than all ratios are apart,
// before it is cut off: one that runs to nothing would squeeze all others.
const reach = 6

// ratioScale is the axis for the rows: it has 1 in it, and what is shaded.
func ratioScale(groups []group) (scale, []tick) {
	lo, hi := 1.0, 1.0
	each := func(f func(r row)) {
		for _, g := range groups {
			for _, r := range g.rows {
				f(r)
			}
		}
	}
	widen := func(v, least, most float64) {
		v = math.Min(math.Max(v, max(least, 1/beyond)), min(most, beyond))
		lo, hi = math.Min(lo, v), math.Max(hi, v)
	}
	each(func(r row) {
		if positive(r.ratio) {
			widen(r.ratio.Value, 0, beyond)
		}
		if r.lo < r.hi {
			widen(r.lo, 0, beyond)
			widen(r.hi, 0, beyond)
		}
	})
	least, most := lo/reach, hi*reach
	each(func(r row) {
		if i := inUnit(r.ratio.Interval, format.One); positive(r.ratio) && i != nil {
			widen(i.Lo, least, most)
			widen(i.Hi, least, most)
		}
	})
	return logScale(lo, hi)
}

// intervals draws the groups below one another, on one logarithmic axis. Ratios
// stand in figures beside their intervals, and verdicts at the right.
func (e *canvas) intervals(groups []group, title string) {
	var labels, figures, words vg.Length
	for _, g := range groups {
		for _, r := range g.rows {
			labels = max(labels, e.fonts.width(r.label, smallSize, false))
			figures = max(figures, e.fonts.width(r.figures(), smallSize, false))
			words = max(words, e.fonts.width(r.word, smallSize, true))
		}
	}
	const most = 96
	labels = min(labels, most)
	x, ticks := ratioScale(groups)
	x.from = margin + labels + 10
	x.to = pageWidth - margin - figures - 8
	if words > 0 {
		x.to -= words + 8
	}
	right := pageWidth - margin

	for i, g := range groups {
		if g.heading != "" {
			e.down(6)
			e.heading(g.heading)
		}
		if i == 0 { // with many rows the lower axis is on another screen
			e.tickLabels(x, ticks, e.y+12)
			e.down(16)
		}
		e.group(g, x, ticks, labels, right, words)
	}
	e.down(2)
	e.draw(shape{path: lineOf(pt(x.from, e.y), pt(x.to, e.y)), stroke: rule, width: 1})
	e.tickLabels(x, ticks, e.y+14)
	e.down(20)
	e.remark(title)
}

// leastShade is how wide what is shaded is at least, to be seen.
const leastShade vg.Length = 3

func (e *canvas) group(g group, x scale, ticks []tick, labels, right, words vg.Length) {
	const name = 18
	bottom := e.y + name + rowHeight*vg.Length(len(g.rows))
	e.gridLines(x, ticks, e.y, bottom)
	for i, r := range g.rows {
		if r.lo < r.hi && positive(r.ratio) {
			from, to := x.at(x.within(r.lo)), x.at(x.within(r.hi))
			width := max(to-from, leastShade)
			e.draw(shape{path: rectangle((from+to-width)/2, e.y+name+rowHeight*vg.Length(i), width, rowHeight), fill: shade})
		}
	}
	e.draw(shape{path: lineOf(pt(x.at(1), e.y), pt(x.at(1), bottom)), stroke: ink, width: 0.9})
	// The name stands on paper, for the grid not to run through it.
	text := e.fit(g.name, right-margin, textSize, true)
	e.draw(shape{path: rectangle(margin, e.y+3, e.fonts.width(text, textSize, true)+4, name-4), fill: paper})
	e.text(margin, e.y+14, text, textSize, true, ink)
	e.down(name)
	for _, r := range g.rows {
		middle := e.y + rowHeight/2
		e.text(margin+2, middle+4, e.fit(r.label, labels, smallSize, false), smallSize, false, ink)
		if positive(r.ratio) {
			e.span(r.look.paint, 2, x, inUnit(r.ratio.Interval, format.One), func(at vg.Length) vg.Point { return pt(at, middle) })
			e.points(r.look, ratioRadius, pt(x.at(r.ratio.Value), middle))
		} else {
			e.text(x.from+4, middle+4, e.fit(r.why, x.to-x.from, smallSize, false), smallSize, false, muted)
		}
		end := right
		if words > 0 {
			e.text(right-words, middle+4, r.word, smallSize, true, r.paint)
			end -= words + 8
		}
		e.aligned(end, middle+4, r.figures(), smallSize, false, ink, fromRight)
		e.down(rowHeight)
	}
}

// figures writes the ratio with its interval.
func (r row) figures() string {
	if !positive(r.ratio) {
		return ""
	}
	text := format.One.Number(r.ratio.Value)
	if i := r.ratio.Interval; i != nil {
		text += " " + format.One.Interval(i.Lo, i.Hi)
	}
	return text
}

// verdictPaint sets good and bad verdicts apart, for those who see it; the word
// says it to all.
func verdictPaint(v analysis.Verdict) paint {
	switch v {
	case analysis.Better:
		return solid(0x006b4e, 0x2cc79a)
	case analysis.NonInferior:
		return solid(0x005d93, 0x4fa8e8)
	case analysis.Inferior:
		return solid(0xb04a00, 0xf5813d)
	}
	return muted
}

// absence says in a few words why a ratio is absent.
func (s *renderer) absence(e analysis.Estimate) string {
	for _, i := range e.Notes {
		if i < 0 || i >= len(s.report.Notes) {
			continue
		}
		switch s.report.Notes[i].Kind {
		case analysis.NoteFewTrials, analysis.NotePairs:
			return "too few rounds"
		case analysis.NoteFailedCalls:
			return "calls failed"
		}
	}
	return "no ratio"
}
