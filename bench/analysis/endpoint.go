package analysis

import (
	"fmt"
	"slices"

	"cri-stats-bench/bench"
)

// An endpoint is one number of an arm that is set against the baseline's.
type endpoint struct{ mine, theirs Series }

// endpoints are those that tables of ratios show.
func endpoints(g, base *group) []endpoint {
	var out []endpoint
	for _, m := range []Metric{CPUCores, CPUPerCall, PSS} {
		s := Series{Metric: m, Component: Total}
		out = append(out, endpoint{s, s})
	}
	for _, c := range g.collectors {
		if theirs, ok := opponent(c, base.collectors); ok {
			out = append(out, endpoint{Series{Metric: ResponseP50, Collector: c}, Series{Metric: ResponseP50, Collector: theirs}})
		}
	}
	return out
}

// exploratory are further ones, of arms that get a verdict: where a difference
// comes from.
func (b *builder) exploratory() []endpoint {
	var out []endpoint
	for _, m := range []Metric{CPUCores, PSS} {
		for _, c := range b.report.Parts {
			s := Series{Metric: m, Component: c}
			out = append(out, endpoint{s, s})
		}
	}
	node := Series{Metric: CPUCores, Component: bench.ComponentNode}
	return append(out, endpoint{node, node})
}

// compare sets an arm against the baseline of its cell.
func (b *builder) compare(g *group) error {
	base := g.cell.groups[b.report.Baseline]
	if base == nil || base == g || g.empty() {
		return nil // the row says why
	}
	judged := b.rival(g) && g.reads()
	for _, p := range endpoints(g, base) {
		e, err := b.versus(g, base, p)
		if err != nil {
			return err
		}
		c, err := b.comparison(g, base, contest{e.kind, p.mine, p.theirs}, e)
		if err != nil {
			return err
		}
		g.result.Comparisons = append(g.result.Comparisons, c)
		if judged {
			e.notes = c.Estimate.Notes
			if err := b.judge(g, p.mine, &e); err != nil {
				return fmt.Errorf("judge %s of %s in %s: %w", p.mine, g.arm.Name, g.cell.cell, err)
			}
		}
	}
	if !judged {
		return nil
	}
	for _, p := range b.exploratory() {
		e, err := b.versus(g, base, p)
		if err == nil && (!e.absent() || len(e.notes) > 0) {
			err = b.judge(g, p.mine, &e)
		}
		if err != nil {
			return fmt.Errorf("judge %s of %s in %s: %w", p.mine, g.arm.Name, g.cell.cell, err)
		}
	}
	return nil
}

// versus is the ratio of an arm to the baseline. Where one of them is taken from
// slices and the other from trials of its own, it is the ratio of what each costs
// above the idle arm that runs in both. Without such an idle arm, it is that of
// trials of their own, and a note says so.
func (b *builder) versus(g, base *group, p endpoint) (effect, error) {
	e, err := b.ratio(g, base, p)
	if err != nil {
		return effect{}, fmt.Errorf("ratio of %s of %s to %s in %s: %w", p.mine, g.arm.Name, base.arm.Name, g.cell.cell, err)
	}
	if p.mine.Metric == CPUCores && g.arm.Interval != base.arm.Interval {
		e.notes = addID(e.notes, b.notes.rule(NoteCadence, fmt.Sprintf("calls every %v against every %v: CPU time is compared at these intervals, CPU per call is not touched by them",
			g.arm.Interval, base.arm.Interval)))
	}
	return e, nil
}

func (b *builder) ratio(g, base *group, p endpoint) (effect, error) {
	mine, theirs := g.set(p.mine.Metric), base.set(p.theirs.Metric)
	c := contest{Ratio, p.mine, p.theirs}
	if mine.regime == theirs.regime || base.empty() {
		return b.direct(mine, base.in(mine.regime), c)
	}
	idle := g.cell.groups[b.report.Idle]
	if idle == g || idle == base {
		return b.direct(g.trials, base.trials, c)
	}
	if idle != nil && len(idle.trials.used) > 0 && len(idle.slices.used) > 0 {
		return b.joined(g, base, idle, p)
	}
	note := b.notes.rule(NoteRegime, "one arm has slices and the other one has not, and no idle arm has both: the ratio is that of trials of their own")
	if regimes := []bool{len(g.trials.used) > 0, len(base.trials.used) > 0}; slices.Contains(regimes, false) {
		note = b.notes.rule(NoteRegime, "one arm has slices alone and the other one has none, and no idle arm has both: there is no ratio")
		return effect{kind: Ratio, notes: []int{note}}, nil
	}
	e, err := b.direct(g.trials, base.trials, c)
	e.notes = addID(e.notes, note)
	return e, err
}

// joined is the ratio of an arm with slices to one without, or the other way
// round. What an arm's latency is above that of a clock may be next to nothing:
// where there is no ratio of that, it is that of trials of their own.
func (b *builder) joined(g, base, idle *group, p endpoint) (effect, error) {
	e, err := b.overheadRatio(g, base, idle, p.mine, p.theirs)
	if err != nil || !p.mine.Metric.quantile() || len(g.trials.used) == 0 {
		return e, err
	}
	if !e.absent() {
		if _, err := e.estimate(intervalLevel); err == nil {
			return e, nil
		}
	}
	own, err := b.direct(g.trials, base.trials, contest{Ratio, p.mine, p.theirs})
	if err != nil || own.absent() {
		return e, err
	}
	own.notes = addID(own.notes, b.notes.rule(NoteRegime, "latency above the idle arm's cannot be told from zero: the ratio is that of trials of their own"))
	return own, nil
}
