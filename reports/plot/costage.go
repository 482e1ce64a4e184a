package plot

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/plot/vg"

	"cri-stats-bench/bench/agreement"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/reports/format"
	"cri-stats-bench/reports/table"
)

const (
	// leastAge is where younger values stand: no reading of the kernel's counters tells
	// such ages apart, and a logarithmic axis has no zero.
	leastAge = 1e-3 // seconds
	// young and old are ages that every axis has: a few milliseconds more or less must
	// not look like much in one run and like nothing in another.
	young, old = 1e-2, 20
)

// A freshCost is how old an arm's values are and what new ones cost.
type freshCost struct {
	arm  string
	age  agreement.Spread
	cost analysis.Estimate
	// share is the part of its values that are new.
	share float64
	// untrue says that the values are not worth their cost, however low it is.
	untrue bool
}

// at is the age that the arm is drawn at.
func (b freshCost) at() float64 { return max(b.age.P95, leastAge) }

// costAge sets what a new sample costs against how old it is, in the primary cell:
// one point per arm. What lies left and below of another point is better in both.
func (s *renderer) costAge() {
	c := s.primary()
	all := freshCosts(c)
	if len(all) < 2 {
		return
	}
	youngest, oldest, lo, hi := young, float64(old), math.Inf(1), 0.0
	for _, b := range all {
		youngest, oldest = min(youngest, b.at()), max(oldest, b.at())
		lo, hi = min(lo, b.cost.Value), max(hi, b.cost.Value)
		if i := inUnit(b.cost.Interval, format.One); i != nil {
			lo, hi = min(lo, max(i.Lo, b.cost.Value/2)), max(hi, min(i.Hi, 2*b.cost.Value))
		}
	}
	what := "CPU above idle"
	if total := slices.ContainsFunc(c.Arms, func(a analysis.ArmResult) bool { return a.Freshness != nil && a.Freshness.Total }); total {
		what = "CPU"
	}
	e := s.canvas()
	x, xTicks := logScale(youngest, oldest)
	y, yTicks := logScale(lo/format.Microseconds.Size, hi/format.Microseconds.Size)
	p := e.plane(
		axis{scale: x, ticks: xTicks, title: "age of values when the answer is there, 95th percentile, s (log scale)"},
		axis{scale: y, ticks: yTicks, title: what + " per new container sample, µs (log scale), at " + s.place(c.Cell)}, 260)
	e.frontier(p, unbeaten(all))
	t := table.Table{
		Caption: "Age of values and cost of new ones, " + s.place(c.Cell),
		Header:  []string{"arm", "age p50\ns", "age p95\ns", "fresh\n%", what + "\nper new sample, µs\n[" + s.level() + "]"},
	}
	keys := make([]key, len(all))
	var n []int
	for i, b := range all {
		look := s.looks[b.arm]
		at := p.at(b.at(), b.cost.Value/format.Microseconds.Size)
		e.span(look.paint, 1.3, p.y, inUnit(b.cost.Interval, format.Microseconds), func(y vg.Length) vg.Point { return pt(at.X, y) })
		e.points(look, markRadius, at)
		name := short(b.arm, nameLength)
		if b.untrue {
			name += " (answers not true)"
		}
		keys[i] = key{look, name, false}
		n = append(n, b.cost.N)
		t.Rows = append(t.Rows, table.Row{
			table.Plain(name), table.Plain(format.One.Number(b.age.P50)), table.Plain(format.One.Number(b.age.P95)), table.Plain(format.Hundredths.Number(b.share)), table.Measured(format.Microseconds, b.cost),
		})
	}
	e.legend(keys)
	s.hang("cost-age", "What new values cost, and how old they are", fmt.Sprintf(
		"%s of %s per container sample that is new since the answer before, with its %s interval (%s), against the age that 95 %% of the values of CPU time stay below, by the kernel's own counter or, where that comes in steps too coarse, by timestamps that were held against it; at %s, both axes are logarithmic. "+
			"Left is fresher, lower is cheaper; no arm with true answers is both than those on the stepped line. What is younger than 1 ms stands at 1 ms.%s",
		what, s.report.TotalName(), s.level(), trials(n), s.place(c.Cell),
		s.without([]*analysis.Cell{c}, func(a *analysis.ArmResult) bool { _, ok := freshCostOf(a); return ok })), t, e)
}

// freshCosts are those of a cell, the freshest first.
func freshCosts(c *analysis.Cell) []freshCost {
	if c == nil {
		return nil
	}
	var out []freshCost
	for i := range c.Arms {
		if b, ok := freshCostOf(&c.Arms[i]); ok {
			out = append(out, b)
		}
	}
	slices.SortStableFunc(out, func(a, b freshCost) int {
		return cmp.Or(cmp.Compare(a.at(), b.at()), cmp.Compare(a.cost.Value, b.cost.Value))
	})
	return out
}

func freshCostOf(a *analysis.ArmResult) (freshCost, bool) {
	f := a.Freshness
	if f == nil || f.Age == nil || !(f.Age.P95 < beyond) || !positive(f.CPUPerSample) {
		return freshCost{}, false
	}
	return freshCost{a.Arm, *f.Age, f.CPUPerSample, f.Share, len(a.Untrue) > 0}, true
}

// unbeaten are the arms that no other one is both fresher and cheaper than, the
// freshest first. Those whose answers are not true beat nobody, and are not among them.
func unbeaten(all []freshCost) []freshCost {
	var out []freshCost
	for _, b := range all { // the freshest first
		if !b.untrue && (len(out) == 0 || b.cost.Value < out[len(out)-1].cost.Value) {
			out = append(out, b)
		}
	}
	return out
}

// frontier draws a line of steps through the unbeaten.
func (e *canvas) frontier(p plane, best []freshCost) {
	if len(best) == 0 {
		return
	}
	steps := []vg.Point{pt(p.x.at(best[0].at()), p.y.to)}
	for i, b := range best {
		at := p.at(b.at(), b.cost.Value/format.Microseconds.Size)
		if i > 0 {
			steps = append(steps, pt(at.X, steps[len(steps)-1].Y))
		}
		steps = append(steps, at)
	}
	steps = append(steps, pt(p.x.to, steps[len(steps)-1].Y))
	e.draw(shape{path: lineOf(steps...), stroke: rule, width: 1.2, dashes: dashed.lengths()})
}
