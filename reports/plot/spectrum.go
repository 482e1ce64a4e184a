package plot

import (
	"fmt"
	"math"

	"gonum.org/v1/plot/vg"

	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/reports/format"
	"cri-stats-bench/reports/table"
)

// spectrum draws how response time is distributed in the primary cell: the slowest
// calls get as much room as all others, since x is 1/(1-p) on a logarithmic axis
// (the percentile spectrum of HdrHistogram).
func (s *studio) spectrum() {
	c := s.primary()
	if c == nil {
		return
	}
	var curves []curve
	lo, hi, end := math.Inf(1), 0.0, 0.0
	var calls []int
	for _, k := range s.lines() {
		for _, sp := range s.report.Spectra {
			if sp.Cell != c.Cell || sp.Arm != k.arm || sp.Collector != k.collector || len(sp.Points) < 2 || sp.Points[0].Seconds <= 0 {
				continue
			}
			curves = append(curves, curve{k, sp})
			last := sp.Points[len(sp.Points)-1]
			lo, hi, end = math.Min(lo, sp.Points[0].Seconds), math.Max(hi, last.Seconds), math.Max(end, last.P)
			calls = append(calls, sp.Calls)
		}
	}
	if len(curves) == 0 {
		return
	}
	e := s.easel()
	y, yTicks := logScale(lo/format.Milliseconds.Size, hi/format.Milliseconds.Size)
	x := scale{log: true, lo: 1, hi: 1.1 / (1 - end)}
	var ticks []tick
	for _, q := range []struct {
		p    float64
		name string
	}{{0, "fastest"}, {0.5, "p50"}, {0.75, "p75"}, {0.9, "p90"}, {0.95, "p95"}, {0.99, "p99"}, {0.999, "p99.9"}} {
		if q.p <= end {
			ticks = append(ticks, tick{1 / (1 - q.p), q.name})
		}
	}
	p := e.plane(axis{scale: x, ticks: ticks, title: "share of calls that were answered faster (log scale of 1/(1-p)), " + s.place(c.Cell)},
		axis{scale: y, ticks: yTicks, title: "response time, ms (log scale)"}, 320)
	t := table.Table{Caption: "Response time, ms, " + s.place(c.Cell), Header: []string{"arm", "calls", "failed"}}
	for _, q := range percentiles() {
		t.Header = append(t.Header, q.name+"\n["+s.level()+"]")
	}
	t.Header = append(t.Header, "max")
	var keys []key
	for _, k := range curves {
		keys = append(keys, key{k.line.look, k.line.name, true})
		if row := k.draw(e, p, c); row != nil {
			t.Rows = append(t.Rows, row)
		}
	}
	e.legend(keys)
	s.hang("spectrum", "Response time from the fastest to the slowest calls", fmt.Sprintf(
		"Quantiles of response time in milliseconds at %s, over all calls of a collector (%s); the further to the right, the fewer calls are slower. Points have %s intervals where there are enough calls. A line ends where less than one call lies beyond.",
		s.place(c.Cell), trials(calls), s.level()), t, e)
}

// A curve is how the response time of a line of the pictures is distributed.
type curve struct {
	line     line
	spectrum analysis.Spectrum
}

// draw draws a curve and the quantiles on it, and returns its row of the table.
func (k curve) draw(e *easel, p plane, c *analysis.Cell) table.Row {
	var points []vg.Point
	for _, q := range k.spectrum.Points {
		points = append(points, p.at(1/(1-q.P), q.Seconds/format.Milliseconds.Size))
	}
	e.line(k.line.look, 1.6, points...)
	row := table.Row{plain(k.line.name), plain(fmt.Sprint(k.spectrum.Calls)), plain(fmt.Sprint(k.spectrum.Failed))}
	r := k.line.of(c)
	if r == nil {
		return nil
	}
	var marks []vg.Point
	for _, q := range percentiles() {
		v := q.of(r.Response)
		row = append(row, cell(format.Milliseconds, v))
		if !positive(v) || q.p > k.spectrum.Points[len(k.spectrum.Points)-1].P {
			continue // a point needs its line
		}
		point := p.at(1/(1-q.p), v.Value/format.Milliseconds.Size)
		e.span(k.line.look.paint, 1.3, p.y, inUnit(v.Interval, format.Milliseconds), func(y vg.Length) vg.Point { return pt(point.X, y) })
		marks = append(marks, point)
	}
	e.points(k.line.look, markRadius, marks...)
	return append(row, cell(format.Milliseconds, r.Response.Max))
}
