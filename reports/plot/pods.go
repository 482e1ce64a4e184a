package plot

import (
	"cmp"
	"fmt"
	"slices"

	"gonum.org/v1/plot/vg"

	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/reports/format"
	"cri-stats-bench/reports/table"
)

// A quantity is a cost that grows with density.
type quantity struct {
	id     string
	metric analysis.Metric
	name   string
	unit   format.Unit
	// long names the unit on the axis.
	long string
	of   func(analysis.Cost) analysis.Estimate
}

func (s *renderer) cpuOverPods() {
	s.overPods(quantity{"cpu-pods", analysis.CPUCores, "CPU", format.Millicores, "millicores", func(c analysis.Cost) analysis.Estimate { return c.CPU }})
}

func (s *renderer) pssOverPods() {
	s.overPods(quantity{"pss-pods", analysis.PSS, "Memory (PSS)", format.MiB, "MiB", func(c analysis.Cost) analysis.Estimate { return c.PSS }})
}

// overPods draws each ladder of densities.
func (s *renderer) overPods(q quantity) {
	for _, l := range s.ladders() {
		s.costOver(q, l)
	}
}

// A growth is what one arm costs at each density.
type growth struct {
	arm  string
	at   []analysis.Estimate // one per cell of the ladder, absent ones among them
	line *analysis.Scaling   // nil where none was fitted
}

// last is the cost at the highest density that has one.
func (g growth) last() float64 {
	for _, e := range slices.Backward(g.at) {
		if given(e) {
			return e.Value
		}
	}
	return 0
}

// growths are those of arms with numbers at two densities or more, the most
// expensive one first: the order in which lines end at the right.
func (s *renderer) growths(q quantity, l ladder) []growth {
	var out []growth
	for _, arm := range s.report.Arms {
		g := growth{arm: arm.Name}
		n := 0
		for _, c := range l {
			var e analysis.Estimate
			if a := c.Arm(arm.Name); a != nil {
				e = q.of(a.Total)
			}
			if given(e) {
				n++
			}
			g.at = append(g.at, e)
		}
		for i := range s.report.Scaling {
			c := &s.report.Scaling[i]
			if c.Arm == arm.Name && c.Series == analysis.TotalOf(q.metric) && c.Profile == l[0].Profile && c.ContainersPerPod == l[0].ContainersPerPod {
				g.line = c
			}
		}
		if n > 1 {
			out = append(out, g)
		}
	}
	slices.SortStableFunc(out, func(a, b growth) int { return cmp.Compare(b.last(), a.last()) })
	return out
}

func (s *renderer) costOver(q quantity, l ladder) {
	all := s.growths(q, l)
	if len(all) == 0 {
		return
	}
	e := s.canvas()
	most := 0.0
	for _, g := range all {
		for _, cost := range g.at {
			if given(cost) {
				most = max(most, highest(cost))
			}
		}
	}
	y, yTicks := linearScale(most / q.unit.Size)
	x, _ := linearScale(float64(l[len(l)-1].Pods))
	x.hi = float64(l[len(l)-1].Pods) // ends where the measurements do
	p := e.plane(
		axis{scale: x, ticks: append(zero(l), podTicks(l.pods())...), title: "pods on the node" + s.named(l)},
		axis{scale: y, ticks: yTicks, title: fmt.Sprintf("%s of %s, %s", q.name, s.report.TotalName(), q.long)}, 300)
	keys := make([]key, len(all))
	for i, g := range slices.Backward(all) { // the cheapest lies on top where many are alike
		s.growth(e, p, q, l, g, beside(i))
		keys[i] = key{s.looks[g.arm], short(g.arm, nameLength), true}
	}
	e.legend(keys)

	t, n := s.growthTable(q, l, all)
	cells := []*analysis.Cell(l)
	s.hang(q.id, q.name+" against pods"+s.named(l), fmt.Sprintf(
		"%s of %s in %s, at each density: mean over trials with its %s interval (%s), and the fitted line with the interval of the line, as far as was measured; points stand a little beside their density. Both axes are linear and begin at zero.%s",
		q.name, s.report.TotalName(), q.long, s.level(), trials(n),
		s.without(cells, func(a *analysis.ArmResult) bool { return given(q.of(a.Total)) })), t, e)
}

// highest is how high an axis should reach for a cost: to the end of its interval,
// but no wild one may squeeze all others.
func highest(e analysis.Estimate) float64 {
	if i := inUnit(e.Interval, format.One); i != nil {
		return max(e.Value, min(i.Hi, 1.5*e.Value))
	}
	return e.Value
}

// zero is the tick at no pods, unless that was measured.
func zero(l ladder) []tick {
	if l[0].Pods == 0 {
		return nil
	}
	return []tick{{0, "0"}}
}

// bandSteps is of how many straight pieces the edge of a band is made.
const bandSteps = 24

// growth draws one arm: band, line, intervals, points, these a little aside.
func (s *renderer) growth(e *canvas, p plane, q quantity, l ladder, g growth, aside vg.Length) {
	look := s.looks[g.arm]
	at := func(pods, v float64) vg.Point { return p.at(pods, p.y.within(v/q.unit.Size)) }
	if g.line != nil && len(g.line.Densities) > 1 {
		first, last := float64(g.line.Densities[0]), float64(g.line.Densities[len(g.line.Densities)-1])
		var upper, lower []vg.Point
		for i := range bandSteps + 1 {
			pods := first + (last-first)*float64(i)/bandSteps
			if v := g.line.At(pods); given(v) && v.Interval != nil {
				upper = append(upper, at(pods, v.Interval.Hi))
				lower = append(lower, at(pods, v.Interval.Lo))
			}
		}
		if len(upper) > 1 {
			slices.Reverse(lower)
			e.draw(shape{path: areaOf(append(upper, lower...)...), fill: look.paint.faint(0.16)})
			from, to := g.line.At(first), g.line.At(last)
			e.line(look, 1.7, at(first, from.Value), at(last, to.Value))
		}
	}
	var points []vg.Point
	for i, cost := range g.at {
		if !given(cost) {
			continue
		}
		point := at(float64(l[i].Pods), cost.Value).Add(pt(aside, 0))
		e.span(look.paint, 1.3, p.y, inUnit(cost.Interval, q.unit), func(y vg.Length) vg.Point { return pt(point.X, y) })
		points = append(points, point)
	}
	if g.line == nil || g.line.Fixed.Interval == nil {
		e.line(look, 1.7, points...)
	}
	e.points(look, markRadius, points...)
}

func (s *renderer) growthTable(q quantity, l ladder, all []growth) (table.Table, []int) {
	level := "[" + s.level() + "]"
	t := table.Table{Caption: fmt.Sprintf("%s, %s%s", q.name, q.unit.Name, s.named(l)), Header: []string{"arm"}}
	for _, c := range l {
		t.Header = append(t.Header, fmt.Sprintf("%d pods\n%s", c.Pods, level))
	}
	t.Header = append(t.Header, "per pod\n"+level, "at 0 pods\n"+level)
	var n []int
	for _, g := range all {
		row := table.Row{table.Plain(short(g.arm, nameLength))}
		for _, cost := range g.at {
			row = append(row, table.Measured(q.unit, cost))
			if given(cost) {
				n = append(n, cost.N)
			}
		}
		var fit analysis.Scaling
		if g.line != nil {
			fit = *g.line
		}
		t.Rows = append(t.Rows, append(row, table.Measured(q.unit, fit.PerPod), table.Measured(q.unit, fit.Fixed)))
	}
	return t, n
}
