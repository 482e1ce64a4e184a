package analysis

import (
	"fmt"
	"slices"
	"strings"

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
		if err := b.equallyFresh(c); err != nil {
			return err
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

// An EqualFreshness sets an arm that reads the CRI against one that reads cAdvisor,
// at the same interval and with values of the same age: what is left is the cost.
type EqualFreshness struct {
	Arm     string `json:"arm"`
	Against string `json:"against"`
	// Age and AgainstAge are the 95th percentiles, in seconds.
	Age        float64 `json:"age_p95_seconds"`
	AgainstAge float64 `json:"against_age_p95_seconds"`
	// Ratios are those of CPU and PSS total.
	Ratios []Comparison `json:"ratios"`
}

// ageSlack is how much the ages of two arms may differ and still count as the same:
// less than a user of either would notice at the shortest interval in use.
const ageSlack = 0.5 // seconds

// equallyFresh compares the arms of a cell that are as fresh as each other.
func (b *builder) equallyFresh(c *cellGroup) error {
	of := func(g *group, prefix string) bool {
		return len(g.collectors) == 1 && len(g.result.Untrue) == 0 && strings.HasPrefix(g.collectors[0], prefix) && b.again[g.arm.Name] == "" &&
			g.result.Freshness != nil && g.result.Freshness.Age != nil
	}
	for _, cadvisor := range c.order {
		for _, cri := range c.order {
			if !of(cadvisor, "cadvisor") || !of(cri, "cri-") || cri.arm.Interval != cadvisor.arm.Interval || !cri.alike(cadvisor) {
				continue
			}
			e := EqualFreshness{
				Arm: cri.arm.Name, Against: cadvisor.arm.Name,
				Age: cri.result.Freshness.Age.P95, AgainstAge: cadvisor.result.Freshness.Age.P95,
			}
			if d := e.Age - e.AgainstAge; d > ageSlack || d < -ageSlack {
				continue
			}
			for _, m := range []Metric{CPUCores, PSS} {
				s := Series{Metric: m, Component: Total}
				effect, err := b.against(cri, b.standing(cadvisor), contest{Ratio, s}, allRounds)
				if err != nil {
					return err
				}
				ratio := Comparison{Kind: Ratio, Series: s, Against: cadvisor.arm.Name, Possible: len(effect.values) + len(effect.missing), Dropped: drops(effect.missing)}
				if ratio.Estimate, err = b.estimateOf(&effect, intervalLevel); err != nil {
					return fmt.Errorf("compare %s with %s, which is as fresh: %w", e.Arm, e.Against, err)
				}
				e.Ratios = append(e.Ratios, ratio)
			}
			c.equal = append(c.equal, e)
		}
	}
	return nil
}
