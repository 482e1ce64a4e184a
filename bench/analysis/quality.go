package analysis

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/stat"
)

// A SelfCheck sets an arm against itself: the same collectors, interval and window
// under another name (an A/A comparison). What it finds is noise.
type SelfCheck struct {
	Cell bench.Cell `json:"cell"`
	// Arm is the copy, Of what it repeats.
	Arm    string `json:"arm"`
	Of     string `json:"of"`
	Series Series `json:"series"`
	// Ratio has a 90 % interval, as verdicts have. One in ten misses 1 by chance.
	Ratio    Estimate `json:"ratio"`
	HoldsOne bool     `json:"holds_one"`
	// P is that of no difference, Adjusted after Holm over all self checks. Failed
	// says that it is below 5 %: verdicts of this cell cannot be trusted.
	P        float64 `json:"p"`
	Adjusted float64 `json:"p_adjusted"`
	Failed   bool    `json:"failed,omitempty"`
	// HalfWidth is that of the interval, relative: the noise floor. 0.02 is ± 2 %.
	HalfWidth float64 `json:"half_width"`
}

// A ControlCheck sets the positive control against the arm that it is made of: the
// difference is known.
type ControlCheck struct {
	Cell   bench.Cell `json:"cell"`
	Arm    string     `json:"arm"`
	Of     string     `json:"of"`
	Series Series     `json:"series"`
	// Planted is the difference that was put in, Found the one that came out, with a
	// 90 % interval, both in the unit of the series.
	Planted float64  `json:"planted"`
	Found   Estimate `json:"found"`
	// Detected says that Found is above zero, Agrees that its interval holds what was
	// planted.
	Detected bool `json:"detected"`
	Agrees   bool `json:"agrees"`
}

// isControl says that an arm is a positive control: it runs a collector that adds a
// known cost.
func isControl(a bench.Arm) bool {
	return slices.Contains(a.Collectors, bench.ControlCollector)
}

// copies finds arms that repeat another one under another name: same collectors,
// interval and window. The later one of the plan is the copy, unless it has a part
// to play as baseline or idle arm, or is asked for.
func copies(arms []bench.Arm, baseline, idle string, asked []string) map[string]string {
	out := make(map[string]string)
	plays := func(a bench.Arm) bool { return a.Name == baseline || a.Name == idle || slices.Contains(asked, a.Name) }
	for i, a := range arms {
		for _, of := range arms[:i] {
			if out[of.Name] != "" || !equalWindows(a, of) || a.Treatment != of.Treatment || !sameCalls(a, of) {
				continue
			}
			if plays(a) && !plays(of) {
				out[of.Name] = a.Name
			} else {
				out[a.Name] = of.Name
			}
			break
		}
	}
	return out
}

// sameCalls says whether two arms make the same calls at the same intervals.
func sameCalls(a, b bench.Arm) bool {
	return a.Interval == b.Interval && max(1, a.Clients) == max(1, b.Clients) && slices.Equal(a.Collectors, b.Collectors) && maps.Equal(a.Intervals, b.Intervals)
}

// selfChecks compares arms with themselves.
func (b *builder) selfChecks() error {
	for _, c := range b.cells {
		for _, arm := range b.arms {
			if of := b.again[arm.Name]; of != "" {
				if err := b.selfCheck(c.groups[arm.Name], c.groups[of]); err != nil {
					return fmt.Errorf("compare %s with %s in %s: %w", arm.Name, of, c.cell, err)
				}
			}
		}
	}
	all := b.report.SelfChecks
	if len(all) == 0 {
		return nil
	}
	p := make([]float64, len(all))
	for i := range all {
		p[i] = all[i].P
	}
	adjusted, err := stat.Holm(p)
	if err != nil {
		return fmt.Errorf("adjust self checks: %w", err)
	}
	for i := range all {
		all[i].Adjusted = adjusted[i]
		if all[i].Failed = adjusted[i] < alpha; all[i].Failed {
			b.distrust(&all[i])
		}
	}
	return nil
}

func (b *builder) selfCheck(g, of *group) error {
	if g.empty() || of.empty() {
		return nil
	}
	for _, s := range []Series{{Metric: CPUCores, Component: Total}, {Metric: PSS, Component: Total}, {Metric: ResponseP50}, {Metric: ReadCalls, Component: Total}} {
		e, err := b.against(g, []*group{of}, estimand{Ratio, s}, allRounds)
		if err != nil {
			return err
		}
		check := SelfCheck{Cell: g.cell.cell, Arm: g.arm.Name, Of: of.arm.Name, Series: s, P: 1}
		if check.Ratio, err = b.estimateOf(&e, verdictLevel); err != nil {
			return err
		}
		if check.Ratio.Absent() {
			continue
		}
		if i := check.Ratio.Interval; i != nil {
			below, above, err := e.tails(1)
			if err != nil {
				return err
			}
			check.P = math.Min(1, 2*math.Min(below, above))
			check.HoldsOne = i.Lo <= 1 && 1 <= i.Hi
			if half := math.Expm1((math.Log(i.Hi) - math.Log(i.Lo)) / 2); finite(half) {
				check.HalfWidth = half
			}
		}
		b.report.SelfChecks = append(b.report.SelfChecks, check)
	}
	return nil
}

// distrust notes a failed self check with every verdict on the same metric of its
// cell.
func (b *builder) distrust(check *SelfCheck) {
	for _, c := range b.cells {
		if c.cell != check.Cell {
			continue
		}
		note := b.notes.at(NoteSelfCheck, fmt.Sprintf("%s differs from itself (%s): numbers of this kind cannot be trusted here",
			check.Of, check.Series.Metric), c.groups[check.Arm].placeOf(0, 0))
		b.report.RunNotes = addID(b.report.RunNotes, note)
		for _, x := range c.pairings {
			for i := range x.result.Judgements {
				if j := &x.result.Judgements[i]; j.Series == check.Series {
					j.Ratio.Notes = addID(j.Ratio.Notes, note)
				}
			}
		}
	}
}

// controls compares positive controls with what they are made of.
func (b *builder) controls() error {
	for _, c := range b.cells {
		for _, g := range c.order {
			of := b.controlled(c, g)
			if of == nil {
				continue
			}
			if err := b.control(g, of); err != nil {
				return fmt.Errorf("compare the positive control %s with %s in %s: %w", g.arm.Name, of.arm.Name, c.cell, err)
			}
		}
	}
	return nil
}

// controlled returns the arm that a positive control is made of, nil where there is
// none or the arm is no control.
func (b *builder) controlled(c *cellGroup, control *group) *group {
	if !isControl(control.arm) {
		return nil
	}
	for _, g := range c.order {
		if slices.Equal(g.collectors, []string{bench.ControlOf}) && g.arm.Interval == control.arm.Interval && g.alike(control) && b.again[g.arm.Name] == "" {
			return g
		}
	}
	return nil
}

func (b *builder) control(g, of *group) error {
	if g.empty() || of.empty() {
		return nil
	}
	interval := g.arm.Interval.Seconds()
	for _, planted := range []struct {
		series Series
		of     Series
		value  float64
	}{
		{Series{Metric: CPUCores, Component: bench.ComponentAgent}, Series{Metric: CPUCores, Component: bench.ComponentAgent}, bench.ControlCPU.Seconds() / interval},
		{Series{Metric: ServiceP50, Collector: g.collectors[0]}, Series{Metric: ServiceP50, Collector: of.collectors[0]}, bench.ControlDelay.Seconds()},
	} {
		e := between(g, of, planted.series, planted.of)
		check := ControlCheck{Cell: g.cell.cell, Arm: g.arm.Name, Of: of.arm.Name, Series: planted.series, Planted: planted.value}
		var err error
		if check.Found, err = b.estimateOf(&e, verdictLevel); err != nil {
			return err
		}
		if i := check.Found.Interval; i != nil {
			check.Detected = i.Lo > 0
			check.Agrees = i.Lo <= planted.value && planted.value <= i.Hi
		}
		b.report.Controls = append(b.report.Controls, check)
	}
	return nil
}

// between is the difference of two series that are not of the same name.
func between(g, of *group, mine, theirs Series) effect {
	e := effect{kind: Difference, missing: make(map[turn]string)}
	x, y := g.byTurn(mine), of.byTurn(theirs)
	for _, at := range turnsOf([]*group{g, of}) {
		v, okV := x[at]
		w, okW := y[at]
		if okV && okW {
			e.values, e.turns, e.variances = append(e.values, v-w), append(e.turns, at), append(e.variances, 2)
		}
	}
	return e
}
