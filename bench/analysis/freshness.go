package analysis

import (
	"slices"

	"cri-stats-bench/bench/agreement"
)

// Freshness is how old an arm's values are, and what new ones cost.
type Freshness struct {
	// Age is that of containers' CPU time when the answer is there, by the kernel's own
	// counter; of several collectors that of the one whose values are oldest. Nil
	// where it could not be told.
	Age *agreement.Spread `json:"age_seconds,omitempty"`
	// Stamped says that Age is by timestamps, since counters come in steps too coarse
	// to read an age from.
	Stamped bool `json:"age_by_timestamps,omitempty"`
	// Share is the part of a container's values in an answer that are newer than those
	// of the answer before, at the interval of the first arm that has the collector; of
	// several collectors, over all their answers.
	Share float64 `json:"fresh_share"`
	// PerSecond is how many new container samples the arm gets.
	PerSecond float64 `json:"fresh_samples_per_second"`
	// CPUPerSample is CPU seconds per new container sample: of what the arm costs above
	// the idle arm, or in all where Total is set, since there is no idle arm.
	CPUPerSample Estimate `json:"cpu_seconds_per_fresh_sample"`
	Total        bool     `json:"of_total,omitempty"`
}

// freshness says of each arm how old its values are and what new ones cost.
func (b *builder) freshness() error {
	for _, c := range b.cells {
		for _, g := range c.order {
			g.result.Freshness = b.freshnessOf(g)
		}
	}
	return nil
}

// freshnessOf is nil where an answer of the arm was not checked, or its freshness
// could not be told: part of the new samples would be no number.
func (b *builder) freshnessOf(g *group) *Freshness {
	checks := b.checksOf(g)
	if g.empty() || len(checks) == 0 || len(checks) < len(g.collectors) {
		return nil
	}
	f := &Freshness{}
	samples := 0.0
	for _, check := range checks {
		i := slices.IndexFunc(g.result.Collectors, func(r CollectorResult) bool { return r.Collector == check.Collector })
		if check.Source == nil || check.Source.Fresh == nil || i < 0 || g.result.Collectors[i].Containers.Absent() {
			return nil
		}
		if age := check.Source.Age; age != nil && (f.Age == nil || age.P95 > f.Age.P95) {
			f.Age, f.Stamped = age, check.Source.Stamped
		}
		perSecond := g.result.Collectors[i].Containers.Value / g.arm.IntervalOf(check.Collector).Seconds()
		samples += perSecond
		f.PerSecond += perSecond * check.Source.Fresh.Value
	}
	if samples == 0 || f.PerSecond == 0 {
		return f
	}
	f.Share = f.PerSecond / samples
	cost := g.result.Total.CPU
	f.Total = true
	if above := g.result.AboveIdle.CPU; !above.Absent() {
		cost, f.Total = above, false
	}
	f.CPUPerSample = cost.scaled(1 / f.PerSecond)
	return f
}

// scaled is an estimate in another unit.
func (e Estimate) scaled(by float64) Estimate {
	e.Value *= by
	if e.Interval != nil {
		e.Interval = &Interval{e.Interval.Lo * by, e.Interval.Hi * by}
	}
	return e
}
