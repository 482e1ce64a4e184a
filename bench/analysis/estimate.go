package analysis

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/stat"
)

// intervalLevel is the level of every interval in a report.
const intervalLevel = 0.95

// mean is the arithmetic mean over the trials of an arm with Student's t interval,
// of a quantity that cannot be negative. Trials without an observation are noted.
func (b *builder) mean(g *group, s Series) (Estimate, error) {
	e := b.count(g, s)
	if e.N < 2 {
		if e.N == 1 {
			e.Notes = addID(e.Notes, b.notes.rule(NoteFewTrials, fewTrials))
		}
		return e, nil
	}
	interval, note, err := b.interval(stat.MeanT(values(g.columns[s]), intervalLevel))
	if err != nil {
		return Estimate{}, fmt.Errorf("mean %s: %w", s, err)
	}
	if interval != nil {
		// Both ends below zero would mean a negative mean, which costs do not have.
		interval.Lo = max(interval.Lo, 0)
		e.Interval = interval
	} else {
		e.Notes = addID(e.Notes, note)
	}
	return e, nil
}

// count is the arithmetic mean over trials of what is counted, not sampled: it
// has no interval.
func (b *builder) count(g *group, s Series) Estimate {
	observations := g.columns[s]
	e := Estimate{N: len(observations)}
	if of := len(g.used); e.N < of {
		e.Notes = addID(e.Notes, b.notes.at(NoteAbsent, b.absentText(s), g.placeOf(of-e.N, of)))
	}
	if e.N > 0 {
		e.Value = arithmeticMean(values(observations))
	}
	return e
}

// absentText says why a trial has no observation of a series.
func (b *builder) absentText(s Series) string {
	switch {
	case s.Component == Total:
		return fmt.Sprintf("there is no total where one of its parts (%s) was not metered", joined(b.report.Parts))
	case s.Component != "":
		return fmt.Sprintf("the component %s was not metered", s.Component)
	case s.Collector == "":
		return "a collector gave no answer"
	}
	return fmt.Sprintf("%s gave no answer", s.Collector)
}

// joined lists components.
func joined(parts []bench.Component) string {
	names := make([]string, len(parts))
	for i, part := range parts {
		names[i] = string(part)
	}
	return strings.Join(names, ", ")
}

func arithmeticMean(x []float64) float64 {
	mean := 0.0
	for i, v := range x {
		n := float64(i + 1)
		if step := (v - mean) / n; finite(step) {
			mean += step
		} else { // v and mean are at opposite ends of what floating point has
			mean += v/n - mean/n
		}
	}
	return mean
}

func finite(values ...float64) bool {
	for _, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return false
		}
	}
	return true
}

const (
	fewTrials = "an interval needs at least 2 trials, a comparison at least 2 rounds"
	notFinite = "the values are too far apart to calculate with"
	noSpread  = "all values are equal: there is no spread to make an interval from"
)

// interval takes the interval from an estimate, or the note that says why there
// is none.
func (b *builder) interval(e stat.Estimate, err error) (*Interval, int, error) {
	switch {
	case errors.Is(err, stat.ErrTooFew):
		return nil, b.notes.rule(NoteFewTrials, fewTrials), nil
	case errors.Is(err, stat.ErrConstant):
		return nil, b.notes.rule(NoteNoSpread, noSpread), nil
	case errors.Is(err, stat.ErrNotFinite):
		return nil, b.notes.rule(NoteNotFinite, notFinite), nil
	case err != nil:
		return nil, 0, err
	}
	return &Interval{e.CI.Lo, e.CI.Hi}, 0, nil
}
