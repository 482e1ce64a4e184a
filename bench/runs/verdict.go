package runs

import (
	"errors"
	"fmt"
	"math"

	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/stat"
)

// A Verdict is what can be said of a new run against an old one. Costs are better
// when smaller.
type Verdict string

// The verdicts. L and U are the ends of the 90 % interval of the ratio new to old,
// m is the margin.
const (
	// NoVerdict: there is nothing to judge, or one may not (a simulated run).
	NoVerdict    Verdict = ""
	Regressed    Verdict = "Regressed"    // L > 1+m
	Improved     Verdict = "Improved"     // U < 1/(1+m)
	Same         Verdict = "Same"         // 1/(1+m) < L and U < 1+m
	Inconclusive Verdict = "Inconclusive" // none of these
)

// A Class says what an endpoint is for.
type Class string

// The classes.
const (
	// Primary endpoints have a verdict: CPU and PSS totals and the median latency of
	// every arm that reads containers, in every cell. Regressed and Improved are
	// adjusted by Holm over all of them.
	Primary Class = "primary"
	// Exploratory: where a difference comes from (components), and whether it is there
	// against the baseline as well. No verdict; q-values are Benjamini and Hochberg's.
	Exploratory Class = "exploratory"
)

const (
	// alpha is the level of each one-sided test, and of all that can raise an alarm
	// together; verdictLevel that of the two-sided interval whose ends say the same.
	alpha        = 0.05
	verdictLevel = 1 - 2*alpha
	// power is what numbers of rounds and detectable changes are stated for.
	power = 0.8
)

// tails are the p-values that verdicts rest on, each small if the data show just
// that. The zero value of a test that was not made would show everything: use
// noTails.
type tails struct {
	regressed float64 // the ratio is above 1+m
	improved  float64 // below 1/(1+m)
	below     float64 // below 1+m
	above     float64 // above 1/(1+m)
	worse     float64 // above 1
	less      float64 // below 1
}

func noTails() tails { return tails{1, 1, 1, 1, 1, 1} }

// test sets a contrast of logarithms against the margin, and says what ratio it is.
func test(c stat.Contrast, margin float64) (analysis.Estimate, tails, error) {
	s, err := c.Spread()
	if err != nil {
		return analysis.Estimate{}, noTails(), err
	}
	ratio, err := estimate(s)
	if err != nil {
		return analysis.Estimate{}, noTails(), err
	}
	t, err := tailsOf(s, margin)
	return ratio, t, err
}

func tailsOf(s stat.Spread, margin float64) (tails, error) {
	var t tails
	for _, at := range []struct {
		shift        float64
		below, above *float64
	}{
		{math.Log1p(margin), &t.below, &t.regressed},
		{-math.Log1p(margin), &t.improved, &t.above},
		{0, &t.less, &t.worse},
	} {
		test, err := s.Test(at.shift)
		if err != nil {
			return noTails(), err
		}
		*at.below, *at.above = test.PLess, test.PGreater
	}
	return t, nil
}

// decide turns p-values into a verdict. Regressed and Improved are adjusted for all
// that could have raised an alarm. Same is not: that a run is the same is said only
// where all endpoints are (intersection-union test).
func (t tails) decide(regressed, improved float64) Verdict {
	switch {
	case regressed < alpha:
		return Regressed
	case improved < alpha:
		return Improved
	case t.below < alpha && t.above < alpha:
		return Same
	}
	return Inconclusive
}

// unanswerable says that statistics have no answer, where that is no fault.
func unanswerable(err error) bool {
	for _, e := range []error{stat.ErrTooFew, stat.ErrConstant, stat.ErrNotFinite, stat.ErrUnbounded} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// estimate is a contrast of logarithms as a ratio with its interval.
func estimate(s stat.Spread) (analysis.Estimate, error) {
	e, err := s.Estimate(verdictLevel)
	if err != nil {
		return analysis.Estimate{}, err
	}
	e = e.Exp()
	if math.IsInf(e.CI.Hi, 1) || e.CI.Lo == 0 {
		return analysis.Estimate{}, fmt.Errorf("ratio: %w", stat.ErrNotFinite)
	}
	return analysis.Estimate{Value: e.Value, Interval: &analysis.Interval{Lo: e.CI.Lo, Hi: e.CI.Hi}, N: e.N}, nil
}
