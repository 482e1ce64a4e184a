package plot

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot/vg"

	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/reports/format"
	"cri-stats-bench/reports/table"
)

// A percentile is one quantile of response time that pictures show.
type percentile struct {
	name string
	p    float64
	of   func(analysis.Latency) analysis.Estimate
}

func percentiles() []percentile {
	return []percentile{
		{"p50", 0.5, func(l analysis.Latency) analysis.Estimate { return l.P50 }},
		{"p90", 0.9, func(l analysis.Latency) analysis.Estimate { return l.P90 }},
		{"p95", 0.95, func(l analysis.Latency) analysis.Estimate { return l.P95 }},
		{"p99", 0.99, func(l analysis.Latency) analysis.Estimate { return l.P99 }},
	}
}

// latencyOverPods draws p50, p95 and p99 of response time against density, one
// below the other, both axes logarithmic: where time goes with a power of density,
// lines are straight.
func (s *renderer) latencyOverPods() {
	for _, l := range s.ladders() {
		if l[0].Pods == 0 {
			l = l[1:] // no place on a logarithmic axis
		}
		if len(l) > 1 {
			s.latencyOver(l)
		}
	}
}

func (s *renderer) latencyOver(l ladder) {
	all := percentiles()
	panels := []percentile{all[0], all[2], all[3]}
	lo, hi := math.Inf(1), 0.0
	drawn := make(map[string]bool) // panels with a line in them
	var lines []line
	var n []int
	t := table.Table{Caption: "Response time, ms" + s.named(l), Header: []string{"arm", "quantile"}}
	for _, c := range l {
		t.Header = append(t.Header, fmt.Sprintf("%d pods\n[%s]", c.Pods, s.level()))
	}
	for _, k := range s.lines() {
		shown := false
		for _, panel := range panels {
			row := table.Row{table.Plain(k.name), table.Plain(panel.name)}
			points := 0
			for _, e := range k.over(l, panel) {
				row = append(row, table.Measured(format.Milliseconds, e))
				if positive(e) {
					points++
					lo, hi = widened(lo, hi, e)
					n = append(n, e.Calls)
				}
			}
			if points > 1 {
				drawn[panel.name], shown = true, true
				t.Rows = append(t.Rows, row)
			}
		}
		if shown {
			lines = append(lines, k)
		}
	}
	if len(lines) == 0 {
		return
	}
	e := s.canvas()
	x, _ := logScale(float64(l[0].Pods), float64(l[len(l)-1].Pods))
	y, yTicks := logScale(lo/format.Milliseconds.Size, hi/format.Milliseconds.Size)
	panels = slices.DeleteFunc(panels, func(q percentile) bool { return !drawn[q.name] })
	var names []string
	for i, panel := range panels {
		title := ""
		if i == len(panels)-1 {
			title = "pods on the node" + s.named(l) + " (log scale)"
		}
		p := e.plane(
			axis{scale: x, ticks: podTicks(l.pods()), title: title},
			axis{scale: y, ticks: yTicks, title: panel.name + " of response time, ms (log scale)"}, 170)
		for i, k := range lines {
			k.draw(e, p, l, panel, beside(i))
		}
		e.down(8)
		names = append(names, panel.name)
	}
	e.legend(keysOf(lines))
	s.hang("latency-pods", "Response time against pods"+s.named(l), fmt.Sprintf(
		"%s of the response time of one call in milliseconds, from when it was due, with %s intervals (%s calls); both axes are logarithmic. Points stand a little beside their density. Failed calls rank above every answer.",
		strings.Join(names, ", "), s.level(), trials(n)), t, e)
}

// keysOf explains lines.
func keysOf(lines []line) []key {
	var keys []key
	for _, k := range lines {
		keys = append(keys, key{k.look, k.name, true})
	}
	return keys
}

// widened is a range with an estimate in it, and as much of its interval as is within
// twice the value.
func widened(lo, hi float64, e analysis.Estimate) (float64, float64) {
	lo, hi = math.Min(lo, e.Value), math.Max(hi, e.Value)
	if i := e.Interval; i != nil {
		lo, hi = math.Min(lo, math.Max(i.Lo, e.Value/2)), math.Max(hi, math.Min(i.Hi, 2*e.Value))
	}
	return lo, hi
}

// over is one quantile at each density.
func (k line) over(l ladder, q percentile) []analysis.Estimate {
	out := make([]analysis.Estimate, len(l))
	for i, c := range l {
		if r := k.of(c); r != nil {
			out[i] = q.of(r.Response)
		}
	}
	return out
}

// draw draws one quantile, its points and intervals a little aside.
func (k line) draw(e *canvas, p plane, l ladder, q percentile, aside vg.Length) {
	var line, points []vg.Point
	for i, v := range k.over(l, q) {
		if !positive(v) {
			continue
		}
		at := p.at(float64(l[i].Pods), v.Value/format.Milliseconds.Size)
		point := at.Add(pt(aside, 0))
		e.span(k.look.paint, 1.3, p.y, inUnit(v.Interval, format.Milliseconds), func(y vg.Length) vg.Point { return pt(point.X, y) })
		line, points = append(line, at), append(points, point)
	}
	e.line(k.look, 1.6, line...)
	e.points(k.look, markRadius, points...)
}
