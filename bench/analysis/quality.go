package analysis

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

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
	Regime Regime `json:"regime"`
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
	// Seconds is how long the windows of both arms took, ToMargin how long they would
	// have to take for a half width of the margin, as precision goes with the square
	// root of time.
	Seconds  float64 `json:"seconds"`
	ToMargin float64 `json:"seconds_to_margin,omitempty"`
}

// A ControlCheck sets the positive control against the arm that it is made of: the
// difference is known.
type ControlCheck struct {
	Cell   bench.Cell `json:"cell"`
	Arm    string     `json:"arm"`
	Of     string     `json:"of"`
	Series Series     `json:"series"`
	Regime Regime     `json:"regime"`
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
	return slices.ContainsFunc(a.Collectors, func(c string) bool { return strings.HasPrefix(c, bench.ControlCollector) })
}

// copies finds arms that repeat another one under another name: same collectors,
// interval and window. The later one of the plan is the copy, unless it has a part
// to play as baseline or idle arm.
func copies(arms []bench.Arm, baseline, idle string) map[string]string {
	out := make(map[string]string)
	plays := func(a bench.Arm) bool { return a.Name == baseline || a.Name == idle }
	for i, a := range arms {
		for _, of := range arms[:i] {
			if out[of.Name] != "" || a.Window != of.Window || a.Treatment != of.Treatment || !sameCalls(a, of) {
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
	return a.Interval == b.Interval && slices.Equal(a.Collectors, b.Collectors) && maps.Equal(a.Intervals, b.Intervals)
}

// checked are the regimes in which both arms have trials that count.
func checked(a, o *group) []Regime {
	var out []Regime
	for _, r := range []Regime{InTrials, InSlices} {
		if len(a.in(r).used) > 0 && len(o.in(r).used) > 0 {
			out = append(out, r)
		}
	}
	return out
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
	endpoints := []Series{{Metric: CPUCores, Component: Total}, {Metric: PSS, Component: Total}}
	for _, c := range g.collectors {
		endpoints = append(endpoints, Series{Metric: ResponseP50, Collector: c})
	}
	for _, regime := range checked(g, of) {
		for _, s := range endpoints {
			if s.Metric == PSS && regime == InSlices {
				continue
			}
			e, err := b.direct(g.in(regime), of.in(regime), contest{Ratio, s, s})
			if err != nil {
				return err
			}
			check := SelfCheck{Cell: g.cell.cell, Arm: g.arm.Name, Of: of.arm.Name, Series: s, Regime: regime, P: 1}
			if check.Ratio, err = b.estimateOf(&e, verdictLevel); err != nil {
				return err
			}
			if i := check.Ratio.Interval; i != nil {
				below, above, err := e.tails(1)
				if err != nil {
					return err
				}
				check.P = math.Min(1, 2*math.Min(below, above))
				check.HoldsOne = i.Lo <= 1 && 1 <= i.Hi
				check.Seconds = seconds(g.in(regime)) + seconds(of.in(regime))
				if half := math.Expm1((math.Log(i.Hi) - math.Log(i.Lo)) / 2); finite(half) {
					check.HalfWidth = half
					if b.report.Margin > 0 {
						check.ToMargin = check.Seconds * math.Pow(math.Log1p(half)/math.Log1p(b.report.Margin), 2)
					}
				}
			}
			b.report.SelfChecks = append(b.report.SelfChecks, check)
		}
	}
	return nil
}

// seconds is how long the windows took that count.
func seconds(s *set) float64 {
	sum := 0.0
	for _, t := range s.used {
		sum += t.Length.Seconds()
	}
	return sum
}

// distrust notes a failed self check with every verdict on the same metric of its
// cell.
func (b *builder) distrust(check *SelfCheck) {
	for _, c := range b.cells {
		if c.cell != check.Cell {
			continue
		}
		note := b.notes.at(NoteSelfCheck, fmt.Sprintf("%s differs from itself (%s, in %s): numbers of this kind cannot be trusted here",
			check.Of, check.Series.Metric, check.Regime), c.groups[check.Arm].placeOf(0, 0, check.Regime))
		b.report.RunNotes = addID(b.report.RunNotes, note)
		for _, g := range c.order {
			for i := range g.result.Judgements {
				if j := &g.result.Judgements[i]; j.Series.Metric == check.Series.Metric && j.Series.Component == check.Series.Component {
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
		if slices.Equal(g.collectors, []string{bench.ControlOf}) && g.arm.Interval == control.arm.Interval && b.again[g.arm.Name] == "" {
			return g
		}
	}
	return nil
}

func (b *builder) control(g, of *group) error {
	interval := g.arm.Interval.Seconds()
	for _, regime := range checked(g, of) {
		for _, planted := range []struct {
			mine, theirs Series
			value        float64
		}{
			{Series{Metric: CPUPerCall, Component: Total}, Series{Metric: CPUPerCall, Component: Total}, bench.ControlCPU.Seconds()},
			{Series{Metric: CPUCores, Component: bench.ComponentAgent}, Series{Metric: CPUCores, Component: bench.ComponentAgent}, bench.ControlCPU.Seconds() / interval},
			{Series{Metric: ServiceP50, Collector: g.collectors[0]}, Series{Metric: ServiceP50, Collector: of.collectors[0]}, bench.ControlDelay.Seconds()},
		} {
			e, err := b.direct(g.in(regime), of.in(regime), contest{Difference, planted.mine, planted.theirs})
			if err != nil {
				return err
			}
			check := ControlCheck{
				Cell: g.cell.cell, Arm: g.arm.Name, Of: of.arm.Name, Series: planted.mine, Regime: regime, Planted: planted.value,
			}
			if check.Found, err = b.estimateOf(&e, verdictLevel); err != nil {
				return err
			}
			if i := check.Found.Interval; i != nil {
				check.Detected = i.Lo > 0
				check.Agrees = i.Lo <= planted.value && planted.value <= i.Hi
			}
			b.report.Controls = append(b.report.Controls, check)
		}
	}
	return nil
}
