package stat

import (
	"fmt"
	"math"
	"slices"
)

// A State says what a series did over a window.
type State string

// The states.
const (
	// StateSteady: no drift, no cycle, both halves alike.
	StateSteady State = "steady"
	// StateDrifting: a slope that is there and matters.
	StateDrifting State = "drifting"
	// StateCyclic: the series repeats itself at Period.
	StateCyclic State = "cyclic"
	// StateNone: the halves differ, in level or spread, without a clear slope.
	StateNone State = "no-steady-state"
)

// Steadiness is what Steady found.
type Steadiness struct {
	State State
	// Drift is the change over the whole series by a Theil-Sen line, relative to
	// the median: 0.02 means that the series rose by 2 % of it. Its N counts the
	// batches the line was drawn through.
	Drift Estimate
	// HalfShift is the largest relative change of a quartile (first, median, third)
	// from the first half to the second, relative to the median of all.
	HalfShift float64
	// SpreadRatio is the median absolute deviation of the second half over that of
	// the first; 0 if a half has none.
	SpreadRatio float64
	// Period is the length of the cycle in values of the series, 0 if there is none.
	Period float64
	// Effective is the effective sample size, that of the halves added: a step or a
	// drift is not taken for correlation.
	Effective float64
}

const (
	steadyLevel   = 0.99
	steadyLeast   = 10
	steadyBatches = 60   // points of the Theil-Sen line
	steadyMost    = 2000 // longer series are batched first: correlations cost n²
)

// Steady classifies a series of at least 10 values at equal distances. tolerance is
// the relative change that does not matter, such as 0.02.
//
// In this order: it is drifting if the 99 % Theil-Sen interval of the slope leaves
// out 0 and the drift exceeds the tolerance; the line is drawn through as many batch
// means as there are effective values (10 to 60), as neighbors are correlated. It
// is cyclic if the autocorrelation, once it has fallen to 0, rises again above 0.3
// and above three standard errors (Bartlett) at a lag of at most a third of the
// series. It has no steady state if a quartile moves from half to half by more than
// the tolerance, or the spread changes by more than the tolerance and by more than
// half, each beyond three standard errors (pyperf's rules with a guard for noise).
// Else it is steady.
//
// A constant series is steady; its Drift carries WarnPerfectFit. A median of 0 has
// no relative drift and is ErrRange.
func Steady(x []float64, tolerance float64) (Steadiness, error) {
	s, err := steady(x, tolerance)
	if err != nil {
		return Steadiness{}, fmt.Errorf("steady state of %d values: %w", len(x), err)
	}
	return s, nil
}

func steady(x []float64, tolerance float64) (Steadiness, error) {
	if err := checkPositive("tolerance", tolerance); err != nil {
		return Steadiness{}, err
	}
	if err := checkValues(steadyLeast, x); err != nil {
		return Steadiness{}, err
	}
	if checkSpread(x) != nil {
		return Steadiness{
			State: StateSteady,
			Drift: Estimate{
				CI:       Interval{Level: steadyLevel, Coverage: steadyLevel},
				N:        len(x),
				Warnings: []error{WarnPerfectFit},
			},
			Effective: float64(len(x)),
		}, nil
	}
	level, err := Median(x)
	if err != nil {
		return Steadiness{}, err
	}
	if level == 0 {
		return Steadiness{}, fmt.Errorf("%w: the median is 0, a relative change is undefined", ErrRange)
	}
	perPoint := 1.0
	if len(x) > steadyMost {
		perPoint = float64(len(x)) / steadyMost
		x = batchMeans(x, steadyMost)
	}
	centered, square, err := center(x)
	if err != nil {
		return Steadiness{}, err
	}
	halves, err := compareHalves(x, math.Abs(level))
	if err != nil {
		return Steadiness{}, err
	}
	s := Steadiness{
		State:       StateSteady,
		HalfShift:   halves.shift,
		SpreadRatio: halves.spreadRatio,
		Effective:   halves.effective * perPoint,
	}
	if s.Drift, err = drift(x, halves.effective, level); err != nil {
		return Steadiness{}, err
	}
	period := cycle(centered, square)
	switch {
	case !s.Drift.CI.Contains(0) && math.Abs(s.Drift.Value) > tolerance:
		s.State = StateDrifting
	case period > 0:
		s.State = StateCyclic
		s.Period = float64(period) * perPoint
	case halves.differ(tolerance):
		s.State = StateNone
	}
	return s, nil
}

// drift draws a Theil-Sen line through batch means and returns the change over the
// whole series relative to level.
func drift(x []float64, effective, level float64) (Estimate, error) {
	count := min(len(x), max(steadyLeast, int(math.Min(effective, steadyBatches))))
	means := batchMeans(x, count)
	at := make([]float64, count)
	for i := range at {
		at[i] = float64(i) / float64(count) // the whole series is 1 long
	}
	if checkSpread(means) != nil {
		return Estimate{
			CI: Interval{Level: steadyLevel, Coverage: steadyLevel}, N: count, Warnings: []error{WarnPerfectFit},
		}, nil
	}
	line, err := TheilSen(at, means, steadyLevel)
	if err != nil {
		return Estimate{}, err
	}
	e := line.Slope
	scale := math.Abs(level)
	e.Value, e.CI.Lo, e.CI.Hi = e.Value/scale, e.CI.Lo/scale, e.CI.Hi/scale
	return e.finite()
}

// comparison is what two halves of a series differ in, relative to its level.
type comparison struct {
	shift, shiftNoise  float64 // largest change of a quartile, its standard error
	spreads            [2]float64
	spreadRatio, noise float64 // MAD of the second over the first; standard error of its logarithm
	effective          float64
}

// differ applies the half-split rules.
func (c comparison) differ(tolerance float64) bool {
	if math.Abs(c.shift) > tolerance+3*c.shiftNoise {
		return true
	}
	return c.spreadRatio > 0 &&
		math.Abs(c.spreads[1]-c.spreads[0]) > tolerance &&
		math.Abs(math.Log(c.spreadRatio)) > math.Log(1.5)+3*c.noise
}

// compareHalves takes standard errors from normal noise: 1.36σ/sqrt(m) for a
// quartile of m values, 1.17/sqrt(m) for the logarithm of a median absolute
// deviation (its efficiency is 37 %: sqrt(1/(2·0.37))).
func compareHalves(x []float64, level float64) (comparison, error) {
	var (
		c      comparison
		sorted [2][]float64
	)
	for i, half := range [2][]float64{x[:len(x)/2], x[len(x)/2:]} {
		m := float64(len(half))
		if centered, square, err := center(half); err == nil {
			m = effective(centered, square)
		} // else constant: every value is as good as the next
		mad, err := MAD(half)
		if err != nil {
			return c, err
		}
		c.effective += m
		c.spreads[i] = 1.4826 * mad / level
		c.shiftNoise += 1.36 * c.spreads[i] * 1.36 * c.spreads[i] / m
		c.noise += 1.17 * 1.17 / m
		sorted[i] = slices.Clone(half)
		slices.Sort(sorted[i])
	}
	c.shiftNoise, c.noise = math.Sqrt(c.shiftNoise), math.Sqrt(c.noise)
	for _, p := range []float64{0.25, 0.5, 0.75} {
		moved := (quantile7(sorted[1], p) - quantile7(sorted[0], p)) / level
		if math.Abs(moved) > math.Abs(c.shift) {
			c.shift = moved
		}
	}
	if c.spreads[0] > 0 && c.spreads[1] > 0 {
		c.spreadRatio = c.spreads[1] / c.spreads[0]
	}
	return c, checkFinite(c.shift, c.spreads[0], c.spreads[1], c.spreadRatio)
}

// cycle returns the lag at which the series repeats itself, 0 if it does not.
func cycle(centered []float64, square float64) int {
	n := len(centered)
	lag, squares := 1, 0.0
	for ; lag <= n/3; lag++ {
		rho := lagged(centered, lag) / square
		if rho <= 0 {
			break
		}
		squares += rho * rho
	}
	threshold := math.Max(0.3, 3*math.Sqrt((1+2*squares)/float64(n)))
	period, peak := 0, threshold
	for lag++; lag <= n/3; lag++ {
		if rho := lagged(centered, lag) / square; rho > peak {
			period, peak = lag, rho
		}
	}
	return period
}
