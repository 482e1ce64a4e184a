package agreement

import (
	"fmt"
	"math"
	"slices"

	"cri-stats-bench/bench"
)

// steps that counters of time are kept in, the coarsest first: seconds, ticks of
// USER_HZ, milliseconds.
var steps = []float64{1, 0.1, 0.01, 0.001}

// fewestDistinct is how many different values it takes to say what steps they
// come in: three values of nanosecond resolution are all whole milliseconds once
// in 10^18 times.
const fewestDistinct = 3

// coarsest step that is no finding: finer than anything that a rate over the
// shortest interval in use (1 s) would show.
const coarsest = 0.001

// A grain is what is known of how finely a metric's values come.
type grain struct {
	// step is what all values are multiples of, in seconds; 0 where that is finer than
	// a millisecond or cannot be told. distinct is how many different values it rests
	// on.
	step     float64
	distinct int
	// parts is of how many series a value is the sum: each may be off by a step.
	parts int
}

type grainKey struct {
	metric string
	level  Level
}

// step is how far the values of a metric may be below the truth for their steps.
func (s *subject) step(metric string, level Level) float64 {
	g := s.grain(metric, level)
	return g.step * float64(g.parts)
}

// grain finds the coarsest of steps that all values are multiples of.
func (s *subject) grain(metric string, level Level) grain {
	k := grainKey{metric, level}
	if g, ok := s.grains[k]; ok {
		return g
	}
	g := grain{parts: 1}
	var values []float64
	for _, t := range s.tracks {
		if t.metric.Name != metric || t.key.level() != level || t.metric.Unit != bench.Seconds || t.metric.Kind != bench.Counter {
			continue
		}
		g.parts = max(g.parts, t.most)
		for i := range t.readings {
			if v := t.readings[i].value; v != 0 {
				values = append(values, v)
			}
		}
	}
	slices.Sort(values)
	values = slices.Compact(values)
	g.distinct = len(values)
	if len(values) < fewestDistinct {
		// What the form cannot say is not there, however little was seen.
		if s.source.Form.Step > coarsest {
			g.step = s.source.Form.Step
		}
	} else {
		for _, step := range steps {
			if !slices.ContainsFunc(values, func(v float64) bool { return !isMultiple(v, step) }) {
				g.step = step
				break
			}
		}
	}
	s.grains[k] = g
	return g
}

func isMultiple(v, step float64) bool {
	n := v / step
	return math.Abs(n-math.Round(n)) < 1e-9*math.Max(1, n)
}

// checkResolution finds counters of time that come in coarse steps. Where the
// form can say no finer it is a limit of the form, else a defect.
func (s *subject) checkResolution() {
	for _, level := range levels {
		seen := make(map[string]bool)
		for _, t := range s.tracks {
			if t.key.level() != level || seen[t.metric.Name] {
				continue
			}
			seen[t.metric.Name] = true
			g := s.grain(t.metric.Name, level)
			if g.step <= coarsest || g.distinct < fewestDistinct || s.explained(t.metric.Name, level, WrongUnit) {
				continue
			}
			severity := Defect
			why := ""
			if g.step <= s.source.Form.Step {
				severity = Limit
			}
			if g.step == s.source.Form.Step {
				why = "; " + s.source.Form.Answers + " cannot say it finer"
			}
			s.found = append(s.found, hit{
				kind: Coarse, severity: severity, level: level, metric: t.metric.Name, weight: float64(g.distinct),
				evidence: fmt.Sprintf("all of %d different values are whole multiples of %g s%s", g.distinct, g.step, why),
			})
		}
	}
}
