package analysis

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/stat"
)

// A Settled says whether a series of an arm in a cell stayed at one level.
type Settled struct {
	// State is steady, drifting, cyclic or no-steady-state; empty where there are too
	// few values to tell.
	State stat.State `json:"state,omitempty"`
	// Drift is the change from the first value to the last, as a fraction of the
	// median: 0.02 is a rise by 2 %. Its interval is of level 99 %.
	Drift Estimate `json:"drift"`
	// Period of a cyclic series, in values.
	Period float64 `json:"period,omitempty"`
	// Values is how many values the series has.
	Values int `json:"values"`
}

// Steadiness is what calls did inside windows, and trials over the run.
type Steadiness struct {
	// Calls is about the service time of the first call, the second and so on: of
	// each the median over all windows, relative to its window's median. It shows a
	// warm-up that was too short.
	Calls Settled `json:"calls"`
	// Trials is about the CPU time of the trials in the order of time.
	Trials Settled `json:"trials"`
}

// fewestSteady is how many values package stat wants for a classification.
const fewestSteady = 10

// settled classifies the series of an arm.
func (b *builder) settled(g *group) error {
	if g.empty() {
		return nil
	}
	var err error
	s := &g.result.Steadiness
	if s.Calls, err = b.state(profile(g)); err != nil {
		return fmt.Errorf("steady state of calls: %w", err)
	}
	if s.Trials, err = b.state(inTime(g)); err != nil {
		return fmt.Errorf("steady state of trials: %w", err)
	}
	warn := func(kind NoteKind, what string, s Settled) {
		if s.State == "" || s.State == stat.StateSteady {
			return
		}
		text := fmt.Sprintf("%s: %s", what, s.State)
		g.result.Notes = addID(g.result.Notes, b.notes.at(kind, text, g.placeOf(0, 0)))
	}
	warn(NoteUnsteady, "service time over the calls of a window", s.Calls)
	warn(NoteUnsteady, "CPU time over the run", s.Trials)
	return nil
}

// state classifies one series.
func (b *builder) state(x []float64) (Settled, error) {
	out := Settled{Values: len(x)}
	if len(x) < fewestSteady {
		return out, nil
	}
	s, err := stat.Steady(x, b.tolerance())
	switch {
	case unanswerable(err), errors.Is(err, stat.ErrRange): // a median of zero has no relative change
		return out, nil
	case err != nil:
		return Settled{}, err
	}
	out.State, out.Period = s.State, s.Period
	out.Drift = Estimate{Value: s.Drift.Value, Interval: &Interval{s.Drift.CI.Lo, s.Drift.CI.Hi}, N: len(x)}
	return out, nil
}

// tolerance is the relative change that does not matter: the plan's margin.
func (b *builder) tolerance() float64 {
	if b.report.Margin > 0 {
		return b.report.Margin
	}
	return 0.02
}

// profile is the service time by place in the window: the median over windows of what each has relative to its own median, so that
// fast and slow windows count alike. A window with a failed call is left out.
func profile(g *group) []float64 {
	if len(g.collectors) == 0 {
		return nil
	}
	var at [][]float64
	var times []float64
	for _, t := range g.used {
		calls := callsOf(t, g.collectors[0])
		if len(calls) < fewestSteady || calls.Failed() > 0 {
			continue
		}
		times = appendTimes(times[:0], calls, service)
		at = append(at, relative(times))
	}
	return medians(at)
}

func callsOf(t *bench.Trial, collector string) bench.Calls {
	for i := range t.Agents {
		if t.Agents[i].Collector == collector {
			return t.Agents[i].Calls
		}
	}
	return nil
}

// relative divides values by their median; nil if that is not above 0.
func relative(values []float64) []float64 {
	m, err := stat.Median(values)
	if err != nil || !(m > 0) {
		return nil
	}
	out := make([]float64, len(values))
	for i, v := range values {
		out[i] = v / m
	}
	return out
}

// medians takes the median of each column of rows of equal length; shorter rows
// than the longest are left out.
func medians(rows [][]float64) []float64 {
	longest := 0
	for _, r := range rows {
		longest = max(longest, len(r))
	}
	rows = slices.DeleteFunc(rows, func(r []float64) bool { return len(r) < longest })
	var out []float64
	column := make([]float64, len(rows))
	for k := range longest {
		for i, r := range rows {
			column[i] = r[k]
		}
		if m, err := stat.Median(column); err == nil && !math.IsNaN(m) {
			out = append(out, m)
		}
	}
	return out
}

// inTime is the CPU time of used trials in the order of time, which is another one
// than that of rounds where densities are swept twice.
func inTime(g *group) []float64 {
	type at struct {
		start time.Time
		value float64
	}
	var all []at
	for _, o := range g.columns[Series{Metric: CPUCores, Component: Total}] {
		all = append(all, at{g.used[o.Trial].Start, o.Value})
	}
	slices.SortStableFunc(all, func(a, b at) int { return a.start.Compare(b.start) })
	out := make([]float64, len(all))
	for i, a := range all {
		out[i] = a.value
	}
	return out
}
