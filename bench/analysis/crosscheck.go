package analysis

import (
	"fmt"

	"cri-stats-bench/bench"
)

// A CrossCheck sets what slices say of an arm beside what trials of its own say.
// Tables show slices; this shows whether that matters.
type CrossCheck struct {
	Cell   bench.Cell `json:"cell"`
	Arm    string     `json:"arm"`
	Series Series     `json:"series"`
	// Above is the idle arm where the number is the difference to it, empty where it
	// is a mean.
	Above  string   `json:"above,omitempty"`
	Slices Estimate `json:"slices"`
	Trials Estimate `json:"trials"`
	// Disagree says that the two intervals have nothing in common.
	Disagree bool `json:"disagree,omitempty"`
}

// crossChecks compares the two regimes of each arm that has both.
func (b *builder) crossChecks() error {
	for _, c := range b.cells {
		idle := c.groups[b.report.Idle]
		for _, g := range c.order {
			if len(g.trials.used) == 0 || len(g.slices.used) == 0 {
				continue
			}
			series := []Series{{Metric: CPUCores, Component: Total}}
			if g != idle && len(g.collectors) > 0 {
				series = append(series, Series{Metric: ResponseP50, Collector: g.collectors[0]})
			}
			for _, s := range series {
				if err := b.crossCheck(g, idle, s); err != nil {
					return fmt.Errorf("slices against trials of %s in %s: %w", g.arm.Name, c.cell, err)
				}
			}
		}
	}
	return nil
}

func (b *builder) crossCheck(g, idle *group, s Series) error {
	check := CrossCheck{Cell: g.cell.cell, Arm: g.arm.Name, Series: s}
	above := s.Component == Total && idle != nil && idle != g && len(idle.trials.used) > 0 && len(idle.slices.used) > 0
	for _, side := range []struct {
		set *set
		out *Estimate
	}{{g.slices, &check.Slices}, {g.trials, &check.Trials}} {
		var err error
		if above {
			check.Above = idle.arm.Name
			var e effect
			if e, err = b.direct(side.set, idle.in(side.set.regime), contest{Difference, s, s}); err == nil {
				*side.out, err = b.estimateOf(&e, intervalLevel)
			}
		} else {
			*side.out, err = b.mean(g, side.set, s)
		}
		if err != nil {
			return err
		}
	}
	if x, y := check.Slices.Interval, check.Trials.Interval; x != nil && y != nil {
		check.Disagree = x.Hi < y.Lo || y.Hi < x.Lo
	}
	if check.Disagree {
		note := b.notes.at(NoteDisagree, fmt.Sprintf("slices and trials of its own disagree on %s", s.Metric), g.placeOf(0, 0, InSlices))
		g.result.Notes = addID(g.result.Notes, note)
		for i := range g.result.Judgements {
			if j := &g.result.Judgements[i]; j.Series == s {
				j.Ratio.Notes = addID(j.Ratio.Notes, note)
			}
		}
	}
	b.report.CrossChecks = append(b.report.CrossChecks, check)
	return nil
}
