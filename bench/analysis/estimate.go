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

// mean is the arithmetic mean over trials with Student's t interval, of a
// quantity that cannot be negative. of is how many trials there are: those
// without an observation are noted.
func (b *builder) mean(s Series, observations []Observation, p Place) (Estimate, error) {
	e, err := b.count(s, observations, p)
	if err != nil || e.N < 2 {
		if e.N == 1 {
			e.Notes = addID(e.Notes, b.notes.rule(NoteFewTrials, fewTrials))
		}
		return e, err
	}
	interval, note, err := b.interval(stat.MeanT(values(observations), intervalLevel))
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
func (b *builder) count(s Series, observations []Observation, p Place) (Estimate, error) {
	e := Estimate{N: len(observations)}
	if e.N < p.Of {
		absent := p
		absent.Trials = p.Of - e.N
		e.Notes = addID(e.Notes, b.notes.at(NoteAbsent, b.absentText(s), absent))
	}
	if e.N == 0 {
		return e, nil
	}
	e.Value = arithmeticMean(values(observations))
	return e, nil
}

// absentText says why a trial has no observation of a series.
func (b *builder) absentText(s Series) string {
	switch {
	case s.Metric == CPUPerCall:
		return "there is no CPU per call where no call gave an answer or a part of the total was not metered"
	case s.Component == Total:
		return fmt.Sprintf("there is no total where one of its parts (%s) was not metered", joined(b.report.Parts))
	case s.Component != "":
		return fmt.Sprintf("the component %s was not metered", s.Component)
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
		mean += (v - mean) / float64(i+1)
	}
	return mean
}

const (
	fewTrials = "an interval needs at least 2 trials, a comparison at least 2 rounds"
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
	case err != nil:
		return nil, 0, err
	}
	return &Interval{e.CI.Lo, e.CI.Hi}, 0, nil
}

// ratio is the geometric mean of the ratios whose logarithms are d.
func (b *builder) ratio(d []float64) (Estimate, error) {
	e := Estimate{N: len(d)}
	if e.N == 0 {
		return e, nil
	}
	e.Value = math.Exp(arithmeticMean(d))
	return b.withInterval(e, stat.GeometricMeanRatio, d)
}

// difference is the mean of the differences d.
func (b *builder) difference(d []float64) (Estimate, error) {
	e := Estimate{N: len(d)}
	if e.N == 0 {
		return e, nil
	}
	e.Value = arithmeticMean(d)
	return b.withInterval(e, stat.MeanT, d)
}

func (b *builder) withInterval(e Estimate, method func([]float64, float64) (stat.Estimate, error), d []float64) (Estimate, error) {
	interval, note, err := b.interval(method(d, intervalLevel))
	if err != nil {
		return Estimate{}, err
	}
	if e.Interval = interval; interval == nil {
		e.Notes = addID(e.Notes, note)
	}
	return e, nil
}
