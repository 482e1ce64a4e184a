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

// latency returns the quantiles over all calls of one collector in the usable
// trials of a cell, given in the order of time.
func (b *builder) latency(windows []bench.Calls, of func(bench.Call) time.Duration, failed []int) (Latency, error) {
	var inTime []float64
	trials := 0
	for _, calls := range windows {
		inTime = appendTimes(inTime, calls, of)
		if len(calls) > 0 {
			trials++
		}
	}
	if len(inTime) == 0 {
		return Latency{}, nil
	}
	ascending := slices.Clone(inTime)
	slices.Sort(ascending)

	var out [5]Estimate
	for i, l := range levels() {
		e, err := b.quantile(l, inTime, ascending, failed)
		if err != nil {
			return Latency{}, fmt.Errorf("%s of %d calls: %w", l.name, len(inTime), err)
		}
		if !e.Absent() {
			e.N, e.Calls = trials, len(inTime)
		}
		out[i] = e
	}
	return Latency{out[0], out[1], out[2], out[3], out[4]}, nil
}

// quantile returns one quantile with the interval of its order statistics.
// failed are the notes to refer to where failed calls take the number away.
func (b *builder) quantile(l level, inTime, ascending []float64, failed []int) (Estimate, error) {
	if len(ascending) < l.calls {
		note := b.notes.rule(NoteFewCalls, fmt.Sprintf("%s is shown from %d calls on", l.name, l.calls))
		return Estimate{Notes: []int{note}}, nil
	}
	if l.p == 1 {
		return longest(ascending, failed), nil
	}
	v, ok, err := l.of(ascending)
	if err != nil || !ok {
		return Estimate{Notes: failed}, err
	}
	e := Estimate{Value: v, N: 1}
	effective, err := effectiveCalls(inTime, v)
	if err == nil {
		e.Effective = effective
		var q stat.Estimate
		// WarnTies is not passed on: equal times only make the interval conservative.
		q, err = stat.QuantileIntervalEffective(ascending, l.p, intervalLevel, effective)
		if err == nil && q.CI.Hi >= unanswered {
			e.Notes = failed
			return e, nil
		}
		if err == nil {
			e.Interval = &Interval{q.CI.Lo, q.CI.Hi}
			return e, nil
		}
	}
	switch {
	case errors.Is(err, stat.ErrTooFew):
		e.Notes = []int{b.notes.rule(NoteFewCalls, fmt.Sprintf("the interval of %s needs at least %d calls that are independent of each other",
			l.name, neededCalls(l.p, intervalLevel)))}
	case errors.Is(err, stat.ErrConstant):
		e.Notes = []int{b.notes.rule(NoteNoSpread, noSpread)}
	default:
		return Estimate{}, err
	}
	return e, nil
}

// longest is the longest answer; notes say if calls failed beside it.
func longest(ascending []float64, failed []int) Estimate {
	answers, _ := slices.BinarySearch(ascending, unanswered)
	if answers == 0 {
		return Estimate{Notes: failed}
	}
	e := Estimate{Value: ascending[answers-1], N: 1}
	if answers < len(ascending) {
		e.Notes = failed
	}
	return e
}

// effectiveCalls returns how many independent calls would tell as much about
// where the quantile v lies. The interval of order statistics counts values at
// most v, so it is the correlation of that indicator that matters: a few huge
// values that stand alone would make the times themselves look independent.
func effectiveCalls(inTime []float64, v float64) (float64, error) {
	indicator := make([]float64, len(inTime))
	for i, x := range inTime {
		if x <= v {
			indicator[i] = 1
		}
	}
	return stat.EffectiveSampleSize(indicator)
}

// neededCalls is the least number of independent values that bound the
// p-quantile on both sides: p^n and (1-p)^n must not exceed half of 1 - level.
func neededCalls(p, level float64) int {
	return int(math.Ceil(math.Log((1-level)/2) / math.Log(max(p, 1-p))))
}
