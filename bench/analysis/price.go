package analysis

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"cri-stats-bench/bench"
)

// A Price is what one call of a collector costs, from an arm that has it alone and the
// idle arm with the same windows.
type Price struct {
	Cell      bench.Cell `json:"cell"`
	Collector string     `json:"collector"`
	// Arm is what was measured, read every Interval.
	Arm      string        `json:"arm"`
	Interval time.Duration `json:"interval"`
	// PerCall is CPU seconds of the total above the idle arm for each call, PerContainer
	// the same for each container of ours.
	PerCall      Estimate `json:"cpu_seconds_per_call"`
	PerContainer Estimate `json:"cpu_seconds_per_container"`
	// At is what is paid at other cadences, if a call costs the same at each.
	At []PriceAt `json:"at,omitempty"`
	// BreakEven is the interval in seconds at which the calls cost as much as cAdvisor's
	// own process does, which works whether it is asked or not; absent where the run has
	// no such arm in this cell, or the price cannot be told from zero.
	BreakEven Estimate `json:"break_even_seconds"`
}

// A PriceAt is a price at one cadence, in cores.
type PriceAt struct {
	Interval time.Duration `json:"interval"`
	Cores    Estimate      `json:"cpu_cores"`
}

// A PriceTest holds a price against what was paid at another cadence: Arm has the
// collectors of Against and Collectors besides, in the same windows.
type PriceTest struct {
	Cell       bench.Cell `json:"cell"`
	Arm        string     `json:"arm"`
	Against    string     `json:"against"`
	Collectors []string   `json:"collectors"`
	// Predicted is the sum of prices over intervals, Found the difference of the two
	// arms, in cores. Holds says that their difference cannot be told from zero.
	Predicted Estimate `json:"predicted_cores"`
	Found     Estimate `json:"found_cores"`
	Holds     bool     `json:"holds"`
}

// cadences are those that prices are stated at: a person's at the terminal, the
// kubelet's eviction manager, metrics-server, Prometheus.
var cadences = []time.Duration{time.Second, 10 * time.Second, 15 * time.Second, 30 * time.Second, time.Minute}

// aboveIdle is the mean of a series of an arm less that of the idle arm with the same
// windows, with Student's interval. Costs scatter in proportion to their size, so the
// spread is relative and, where it is known, that of all arms with these windows: few
// rounds say little of their own.
func (b *builder) aboveIdle(g, idle *group, s Series, level float64) (Estimate, error) {
	e, err := b.against(g, []*group{idle}, estimand{Difference, s}, allRounds)
	if err != nil || e.absent() {
		return Estimate{}, err
	}
	p, err := g.cell.pool(g, s, allRounds, false)
	if err != nil {
		return Estimate{}, err
	}
	n := len(e.values)
	if p == nil || n >= manyRounds {
		return b.estimateOf(&e, level)
	}
	mine, floor := arithmeticMean(values(g.columns[s])), arithmeticMean(values(idle.columns[s]))
	half := student(p.DF).Quantile((1+level)/2) * p.SD * math.Hypot(mine, floor) / math.Sqrt(float64(n))
	v := e.value()
	if !finite(v-half, v+half) {
		return Estimate{Notes: []int{b.notes.rule(NoteNotFinite, notFinite)}}, nil
	}
	return Estimate{Value: v, Interval: &Interval{v - half, v + half}, N: n, DF: p.DF, Notes: []int{b.notes.rule(NotePooled, pooledText)}}, nil
}

// aboves adds to each arm of a cell what it costs above the idle arm.
func (b *builder) aboves(c *cellGroup) error {
	for _, g := range c.order {
		idle := c.idle(g)
		if g.empty() || idle == nil {
			continue
		}
		out := Cost{Component: Total}
		for _, of := range []struct {
			metric Metric
			to     *Estimate
		}{{CPUCores, &out.CPU}, {PSS, &out.PSS}} {
			var err error
			if *of.to, err = b.aboveIdle(g, idle, TotalOf(of.metric), intervalLevel); err != nil {
				return fmt.Errorf("%s of %s above %s in %s: %w", of.metric, g.arm.Name, idle.arm.Name, c.cell, err)
			}
		}
		g.result.AboveIdle = out
	}
	return nil
}

// prices makes the price list: of each collector that an arm has alone, the arm that
// reads most often.
func (b *builder) prices() error {
	for _, c := range b.cells {
		list := make(map[string]*group)
		for _, g := range c.order {
			if len(g.collectors) != 1 || b.again[g.arm.Name] != "" || isControl(g.arm) || g.arm.Clients > 1 || g.arm.Treatment != "" || g.result.AboveIdle.CPU.Absent() || !g.reads() {
				continue
			}
			if other := list[g.collectors[0]]; other == nil || g.arm.Interval < other.arm.Interval {
				list[g.collectors[0]] = g
			}
		}
		prices := make(map[string]Price)
		for _, collector := range slices.Sorted(maps.Keys(list)) {
			if b.input.Host.Collector(collector).Background {
				continue
			}
			p := b.price(c, list[collector], collector)
			prices[collector] = p
			b.report.Prices = append(b.report.Prices, p)
		}
		if err := b.priceTests(c, prices); err != nil {
			return err
		}
	}
	return nil
}

// price states what one call costs. Calls are those that were made and answered.
func (b *builder) price(c *cellGroup, g *group, collector string) Price {
	out := Price{Cell: c.cell, Collector: collector, Arm: g.arm.Name, Interval: g.arm.Interval}
	calls, seconds, containers := 0, 0.0, 0
	for _, t := range g.used {
		calls += answers(t)
		seconds += t.Length.Seconds()
		containers += t.Containers
	}
	if calls == 0 {
		return out
	}
	out.PerCall = g.result.AboveIdle.CPU.scaled(seconds / float64(calls))
	if containers > 0 {
		out.PerContainer = out.PerCall.scaled(float64(len(g.used)) / float64(containers))
	}
	if i := out.PerCall.Interval; !finite(out.PerCall.Value) || i != nil && !finite(i.Lo, i.Hi) {
		out.PerCall = Estimate{Notes: []int{b.notes.rule(NoteNotFinite, notFinite)}}
		out.PerContainer = out.PerCall
		return out
	}
	for _, interval := range cadences {
		out.At = append(out.At, PriceAt{interval, out.PerCall.scaled(1 / interval.Seconds())})
	}
	out.BreakEven = b.breakEven(c, out.PerCall)
	return out
}

// breakEven divides a price by what the process of cAdvisor uses with its housekeeping: of
// several such arms the first of the plan.
// Both have an interval; that of the quotient is taken on the log scale, and there is
// none unless both are above zero.
func (b *builder) breakEven(c *cellGroup, price Estimate) Estimate {
	for _, g := range c.order {
		if len(g.collectors) != 1 || !b.input.Host.Collector(g.collectors[0]).Background || b.again[g.arm.Name] != "" || g.empty() {
			continue
		}
		own := g.result.Component(bench.ComponentAgent).CPU
		if own.Interval == nil || price.Interval == nil || own.Interval.Lo <= 0 || price.Interval.Lo <= 0 {
			return Estimate{}
		}
		logHalf := func(e Estimate) float64 { return (math.Log(e.Interval.Hi) - math.Log(e.Interval.Lo)) / 2 }
		half := math.Hypot(logHalf(own), logHalf(price))
		v := price.Value / own.Value
		if !finite(v, v*math.Exp(half)) {
			return Estimate{}
		}
		return Estimate{Value: v, Interval: &Interval{v * math.Exp(-half), v * math.Exp(half)}, N: min(own.N, price.N)}
	}
	return Estimate{}
}

// priceTests holds prices against pairs of arms that differ by collectors whose price
// is known.
func (b *builder) priceTests(c *cellGroup, prices map[string]Price) error {
	for _, g := range c.order {
		if b.again[g.arm.Name] != "" || g.empty() {
			continue
		}
		for _, o := range c.order {
			if o.empty() || b.again[o.arm.Name] != "" || !o.alike(g) || o.arm.Treatment != g.arm.Treatment {
				continue
			}
			more, ok := b.more(g, o, prices)
			if !ok {
				continue
			}
			t := PriceTest{Cell: c.cell, Arm: g.arm.Name, Against: o.arm.Name, Collectors: more}
			var err error
			if t.Found, err = b.aboveIdle(g, o, TotalOf(CPUCores), intervalLevel); err != nil {
				return err
			}
			t.predict(g, prices)
			if i := t.Predicted.Interval; t.Found.Interval != nil && finite(t.Predicted.Value, i.Lo, i.Hi) {
				b.report.PriceTests = append(b.report.PriceTests, t)
			}
		}
	}
	return nil
}

// more returns the collectors that an arm has besides those of another one, if all have
// a price that was not measured by these two arms themselves.
func (b *builder) more(g, o *group, prices map[string]Price) ([]string, bool) {
	for _, collector := range o.collectors {
		if collector != bench.IdleCollector && (!slices.Contains(g.collectors, collector) || g.arm.IntervalOf(collector) != o.arm.IntervalOf(collector)) {
			return nil, false
		}
	}
	var more []string
	for _, collector := range g.collectors {
		if slices.Contains(o.collectors, collector) {
			continue
		}
		if p, ok := prices[collector]; !ok || p.PerCall.Interval == nil || p.Arm == g.arm.Name {
			return nil, false
		}
		more = append(more, collector)
	}
	return more, len(more) > 0
}

// predict sums up prices over intervals, and says whether that is what was found.
func (t *PriceTest) predict(g *group, prices map[string]Price) {
	square := 0.0
	t.Predicted = Estimate{N: math.MaxInt}
	for _, collector := range t.Collectors {
		e := prices[collector].PerCall.scaled(1 / g.arm.IntervalOf(collector).Seconds())
		t.Predicted.Value += e.Value
		t.Predicted.N = min(t.Predicted.N, e.N)
		square += math.Pow((e.Interval.Hi-e.Interval.Lo)/2, 2)
	}
	half := math.Sqrt(square)
	t.Predicted.Interval = &Interval{t.Predicted.Value - half, t.Predicted.Value + half}
	if i := t.Found.Interval; i != nil {
		t.Holds = math.Abs(t.Found.Value-t.Predicted.Value) <= math.Hypot(half, (i.Hi-i.Lo)/2)
	}
}
