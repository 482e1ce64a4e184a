package plot

import (
	"cmp"
	"fmt"
	"slices"

	"gonum.org/v1/plot/vg"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/reports/format"
	"cri-stats-bench/reports/table"
)

// components draws who spends the CPU in the primary cell: one bar per arm, of the
// parts that its total sums over.
func (s *renderer) components() {
	c := s.primary()
	if c == nil || len(s.report.Parts) == 0 {
		return
	}
	var arms []*analysis.ArmResult
	most := 0.0
	var n []int
	for i := range c.Arms {
		if a := &c.Arms[i]; given(a.Total.CPU) {
			arms = append(arms, a)
			n = append(n, a.Total.CPU.N)
			most = max(most, highest(a.Total.CPU))
		}
	}
	if len(arms) == 0 {
		return
	}
	slices.SortStableFunc(arms, func(a, b *analysis.ArmResult) int { return cmp.Compare(b.Total.CPU.Value, a.Total.CPU.Value) })
	e := s.canvas()
	e.heading("CPU, millicores, at " + s.place(c.Cell))
	e.down(5)
	e.swatches(s.report.Parts)
	x, ticks := linearScale(most / format.Millicores.Size)
	x.from, x.to = margin, pageWidth-margin-8
	top := e.y
	const name, bar, gap = 17, 15, 5
	e.gridLines(x, ticks, top, top+vg.Length(len(arms))*(name+bar+gap))
	t := table.Table{Caption: "CPU, mcores, " + s.place(c.Cell), Header: []string{"arm", "total\n[" + s.level() + "]"}}
	for _, part := range s.report.Parts {
		t.Header = append(t.Header, string(part))
	}
	for _, a := range arms {
		e.title(short(a.Arm, nameLength), format.Millicores.Number(a.Total.CPU.Value), name)
		row := table.Row{table.Plain(short(a.Arm, nameLength)), table.Measured(format.Millicores, a.Total.CPU)}
		from := 0.0
		for i, part := range s.report.Parts {
			cost := a.Component(part).CPU
			row = append(row, table.Measured(format.Millicores, cost))
			if given(cost) && cost.Value > 0 {
				to := from + cost.Value/format.Millicores.Size
				e.segment(i, x.at(x.within(from)), x.at(x.within(to)), bar)
				from = to
			}
		}
		middle := e.y + bar/2.0
		e.span(ink, 1.3, x, inUnit(a.Total.CPU.Interval, format.Millicores), func(at vg.Length) vg.Point { return pt(at, middle) })
		e.down(bar + gap)
		t.Rows = append(t.Rows, row)
	}
	e.horizontal(x, ticks, e.y, "millicores")
	s.hang("components", "Who spends the CPU", fmt.Sprintf(
		"CPU time by component in millicores at %s, mean over trials (%s); the line over the end of each bar is the %s interval of the total. The axis is linear and begins at zero. Arms that only wake up (%s) show what the node costs anyway.%s",
		s.place(c.Cell), trials(n), s.level(), format.OrAbsent(short(s.report.Idle, nameLength)),
		s.without([]*analysis.Cell{c}, func(a *analysis.ArmResult) bool { return given(a.Total.CPU) })), t, e)
}

// title writes the name and the figure of a bar above it, in a line of its own.
func (e *canvas) title(text, figure string, height vg.Length) {
	right := e.fonts.width(figure, textSize, true)
	text = e.fit(text, pageWidth-2*margin-right-12, textSize, false)
	e.draw(shape{path: rectangle(margin, e.y+3, pageWidth-2*margin, height-3), fill: paper})
	e.text(margin, e.y+13.5, text, textSize, false, ink)
	e.aligned(pageWidth-margin, e.y+13.5, figure, textSize, true, ink, fromRight)
	e.down(height)
}

// componentPaints are those of the parts in their order: dark, middle, light, so
// that they differ in print, too.
func componentPaints() []paint {
	return []paint{solid(0x0072b2, 0x4fa8e8), solid(0xe69f00, 0xf2b632), solid(0xd5dbe1, 0x46505a)}
}

// segment draws one part of a bar. The second part is hatched and the third has an
// edge, so that colour is not the only mark.
func (e *canvas) segment(part int, from, to, height vg.Length) {
	paints := componentPaints()
	style := paints[part%len(paints)]
	e.draw(shape{path: rectangle(from, e.y, to-from, height), fill: style, stroke: paper, width: 0.8})
	switch part % len(paints) {
	case 1:
		var hatch vg.Path
		left, right, up, high := from+0.8, to-0.8, e.y+0.8, height-1.6 // inside of the edge
		for x := left - high + 4; x < right; x += 5 {
			// From the lower edge up to the right, cut off at both sides.
			if a, b := max(x, left), min(x+high, right); b > a {
				hatch.Move(pt(a, up+high-(a-x)))
				hatch.Line(pt(b, up+high-(b-x)))
			}
		}
		if len(hatch) > 0 {
			e.draw(shape{path: hatch, stroke: solid(0x7a5200, 0x6b4a00), width: 0.8})
		}
	case 2:
		if to-from > 2 {
			e.draw(shape{path: rectangle(from+0.6, e.y+0.6, to-from-1.2, height-1.2), stroke: muted, width: 0.8})
		}
	}
}

// swatches explains the parts of bars.
func (e *canvas) swatches(parts []bench.Component) {
	x := margin
	for i, part := range parts {
		e.segment(i, x, x+22, 12)
		e.text(x+28, e.y+10, string(part), smallSize, false, ink)
		x += 28 + e.fonts.width(string(part), smallSize, false) + 18
	}
	e.down(20)
}
