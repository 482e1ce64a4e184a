package plot

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"time"

	"gonum.org/v1/plot/vg"

	"cri-stats-bench/bench"
	"cri-stats-bench/reports/format"
	"cri-stats-bench/reports/table"
)

// A moment is a point of the picture: one trial.
type moment struct {
	arm   string
	at    time.Time
	ratio float64 // to the median of its kind
}

// runOrder draws every trial where it was in time. What differs between arms and
// densities is taken out, as each trial is divided by the median of its arm in its
// cell: drift of the node and the rounds that were disturbed are what is left.
func (s *renderer) runOrder() {
	r := s.report
	if len(r.Timeline) < 2 || !r.Last.After(r.First) {
		return
	}
	moments, voids := s.moments()
	if len(moments) < 2 {
		return
	}
	lo, hi := stretch(moments, voids)
	since, name := s.clock()
	e := s.canvas()
	x, xTicks := linearScale(since(r.Last))
	x.hi = since(r.Last) // time ends where the run does
	xTicks = slices.DeleteFunc(xTicks, func(t tick) bool { return t.value > x.hi })
	y, yTicks := logScale(lo, hi)
	p := e.plane(axis{scale: x, ticks: xTicks, title: name + " since the first window"},
		axis{scale: y, ticks: yTicks, title: "CPU over the median of the same arm and cell (log scale)", room: 18}, 280)
	s.cellMarks(e, p, since)
	e.draw(shape{path: lineOf(pt(p.x.from, p.y.at(1)), pt(p.x.to, p.y.at(1))), stroke: ink, width: 0.9})
	byArm := make(map[string][]vg.Point)
	for _, m := range moments {
		byArm[m.arm] = append(byArm[m.arm], p.at(since(m.at), m.ratio))
	}
	var keys []key
	for _, a := range r.Arms {
		if points := byArm[a.Name]; len(points) > 0 {
			e.points(s.looks[a.Name], 2.6, points...)
			keys = append(keys, key{s.looks[a.Name], short(a.Name, nameLength), false})
		}
	}
	if len(voids) > 0 {
		keys = append(keys, crosses(e, p, voids, since))
	}
	e.legend(keys)
	caption := fmt.Sprintf("CPU time of each trial over the median of its arm in its cell, in the order of time (%d trials; logarithmic axis). Without drift inside a cell the points lie around 1 all the time; what changes from one cell to the next cannot show here. Void trials (%d) are crosses; they enter no number, and those that have no reading or no median stand at the upper edge.",
		len(moments), len(voids))
	s.hang("run-order", "Trials in the order of time", caption, s.orderTable(moments, voids), e)
}

// stretch is the range of ratios to draw: void trials widen it to twice at most.
func stretch(shown, voids []moment) (lo, hi float64) {
	lo, hi = 1, 1
	for _, m := range shown {
		lo, hi = math.Min(lo, m.ratio), math.Max(hi, m.ratio)
	}
	for _, m := range voids {
		if !math.IsNaN(m.ratio) {
			lo, hi = math.Min(lo, math.Max(m.ratio, lo/2)), math.Max(hi, math.Min(m.ratio, hi*2))
		}
	}
	return lo, hi
}

// clock says how long after the first window something was, in a unit that suits the
// length of the run.
func (s *renderer) clock() (since func(time.Time) float64, name string) {
	r := s.report
	length, unit, name := r.Last.Sub(r.First), time.Minute, "minutes"
	if length > 4*time.Hour {
		unit, name = time.Hour, "hours"
	} else if length < 4*time.Minute {
		unit, name = time.Second, "seconds"
	}
	return func(t time.Time) float64 { return t.Sub(r.First).Seconds() / unit.Seconds() }, name
}

// crosses draws void trials.
func crosses(e *canvas, p plane, voids []moment, since func(time.Time) float64) key {
	crossed, size := look{paint: alarm, mark: cross}, vg.Length(3.2)
	if len(voids) > 60 { // so many would hide all else
		size = 2
	}
	var points []vg.Point
	for _, m := range voids {
		v := p.y.hi // without a reading
		if !math.IsNaN(m.ratio) {
			v = p.y.within(m.ratio)
		}
		points = append(points, p.at(since(m.at), v))
	}
	e.points(crossed, size, points...)
	return key{crossed, fmt.Sprintf("void (%d)", len(voids)), false}
}

// moments divides each trial by the median of those that count of the same arm and
// cell. A void trial without a reading has NaN.
func (s *renderer) moments() (counted, void []moment) {
	type kind struct {
		arm  string
		cell bench.Cell
	}
	values := make(map[kind][]float64)
	for _, m := range s.report.Timeline {
		if m.CPU != nil && *m.CPU > 0 && len(m.Void) == 0 {
			k := kind{m.Arm, m.Cell}
			values[k] = append(values[k], *m.CPU)
		}
	}
	for k := range values {
		sort.Float64s(values[k])
	}
	for _, m := range s.report.Timeline {
		out := moment{arm: m.Arm, at: m.Start, ratio: math.NaN()}
		k := kind{m.Arm, m.Cell}
		if all := values[k]; len(all) > 0 && m.CPU != nil && *m.CPU > 0 {
			if ratio := *m.CPU / all[len(all)/2]; ratio > 1/beyond && ratio < beyond {
				out.ratio = ratio
			}
		}
		switch {
		case len(m.Void) > 0:
			void = append(void, out)
		case !math.IsNaN(out.ratio):
			counted = append(counted, out)
		}
	}
	return counted, void
}

// mostChanges is how many changes of cell are marked.
const mostChanges = 24

// cellMarks draws a line where the density changed, and says to what.
func (s *renderer) cellMarks(e *canvas, p plane, since func(time.Time) float64) {
	type change struct {
		at   vg.Length
		text string
	}
	var changes []change
	var last bench.Cell
	for i, m := range s.report.Timeline {
		if i == 0 || m.Cell != last {
			changes = append(changes, change{p.x.at(since(m.Start)), fmt.Sprintf("%d pods", m.Cell.Pods)})
			last = m.Cell
		}
	}
	if len(changes) < 2 || len(changes) > mostChanges {
		return
	}
	free := vg.Length(0)
	for _, c := range changes {
		e.draw(shape{path: lineOf(pt(c.at, p.y.to-18), pt(c.at, p.y.from)), stroke: rule, width: 0.8, dashes: []vg.Length{3, 3}})
		if width := e.fonts.width(c.text, footSize, false); c.at+3 > free && c.at+3+width < pageWidth-margin {
			e.text(c.at+3, p.y.to-8, c.text, footSize, false, muted)
			free = c.at + 3 + width + 3
		}
	}
}

// orderTable says of each arm how far its trials lie from their median.
func (s *renderer) orderTable(counted, void []moment) table.Table {
	t := table.Table{Caption: "CPU over the median of the same arm and cell", Header: []string{"arm", "trials", "void", "least", "most"}}
	for _, a := range s.report.Arms {
		mine := func(all []moment) (ratios []float64) {
			for _, m := range all {
				if m.arm == a.Name {
					ratios = append(ratios, m.ratio)
				}
			}
			return ratios
		}
		used, voids := mine(counted), mine(void)
		if len(used)+len(voids) == 0 {
			continue
		}
		least, most := format.Absent, format.Absent
		if len(used) > 0 {
			least, most = format.One.Number(slices.Min(used)), format.One.Number(slices.Max(used))
		}
		t.Rows = append(t.Rows, table.Row{
			table.Plain(short(a.Name, nameLength)), table.Plain(fmt.Sprint(len(used))), table.Plain(fmt.Sprint(len(voids))), table.Plain(least), table.Plain(most),
		})
	}
	return t
}
