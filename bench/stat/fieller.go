package stat

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat"
)

// SlopeRatio returns the slope of one line over that of another, fitted to other
// measurements: how much more each pod costs. The interval is Fieller's, with
// Welch-Satterthwaite degrees of freedom, and rests on the standard errors that the
// lines carry (OLS or RelativeLine). It returns ErrUnbounded if the slope below the
// bar is not different from 0 at the level.
//
// Arms that took turns in the same rounds share the noise of the round: use
// PairedSlopeRatio.
func SlopeRatio(above, below Line, level float64) (Estimate, error) {
	f := fraction{
		above: above.Slope.Value, below: below.Slope.Value,
		varAbove: above.SlopeSE * above.SlopeSE, varBelow: below.SlopeSE * below.SlopeSE,
		n: above.Slope.N + below.Slope.N,
	}
	f.df = f.satterthwaite(above.DF, below.DF)
	e, err := f.fieller(level)
	if err != nil {
		return Estimate{}, fmt.Errorf("ratio of slopes: %w", err)
	}
	return e, nil
}

// PairedSlopeRatio is SlopeRatio of two arms measured in the same rounds: above[i]
// and below[i] belong to x[i] and to one round. What the arms share of the noise
// cancels. With NoiseRelative both lines are fitted with the weights
// 1/(fitted above · fitted below).
func PairedSlopeRatio(x, above, below []float64, noise Noise, level float64) (Estimate, error) {
	e, err := pairedSlopeRatio(x, above, below, noise, level)
	if err != nil {
		return Estimate{}, fmt.Errorf("paired ratio of slopes: %w", err)
	}
	return e, nil
}

func pairedSlopeRatio(x, above, below []float64, noise Noise, level float64) (Estimate, error) {
	weights, err := pairedWeights(x, above, below, noise)
	if err != nil {
		return Estimate{}, err
	}
	a, residualsA, err := fit(x, above, weights)
	if err != nil {
		return Estimate{}, fmt.Errorf("line above: %w", err)
	}
	b, residualsB, err := fit(x, below, weights)
	if err != nil {
		return Estimate{}, fmt.Errorf("line below: %w", err)
	}
	meanX := stat.Mean(x, weights)
	var shared, sxx float64
	for i := range x {
		w := weightAt(weights, i)
		shared += w * residualsA[i] * residualsB[i]
		sxx += w * (x[i] - meanX) * (x[i] - meanX)
	}
	return fraction{
		above: a.Slope.Value, below: b.Slope.Value,
		varAbove: a.SlopeSE * a.SlopeSE, varBelow: b.SlopeSE * b.SlopeSE,
		covariance: shared / a.DF / sxx,
		df:         a.DF, n: len(x),
	}.fieller(level)
}

// pairedWeights returns weights that serve two lines at once.
func pairedWeights(x, a, b []float64, noise Noise) ([]float64, error) {
	if err := checkPairs(3, a, b); err != nil {
		return nil, err
	}
	wa, err := weightsFor(noise, x, a)
	if err != nil {
		return nil, err
	}
	wb, err := weightsFor(noise, x, b)
	if err != nil || wa == nil {
		return nil, err
	}
	for i := range wa {
		wa[i] = math.Sqrt(wa[i] * wb[i])
	}
	return wa, nil
}

// Crossing returns the x at which two lines, fitted to different measurements,
// meet: the number of pods from which the other arm is cheaper. The interval is
// Fieller's. It returns ErrUnbounded if the slopes are not different at the
// level. A crossing outside the measured densities is an extrapolation.
func Crossing(a, b Line, level float64) (Estimate, error) {
	f := fraction{
		above:      a.Intercept.Value - b.Intercept.Value,
		below:      b.Slope.Value - a.Slope.Value,
		varAbove:   a.InterceptSE*a.InterceptSE + b.InterceptSE*b.InterceptSE,
		varBelow:   a.SlopeSE*a.SlopeSE + b.SlopeSE*b.SlopeSE,
		covariance: -a.Covariance - b.Covariance,
		n:          a.Slope.N + b.Slope.N,
	}
	// Both sides of the bar come from both lines: the variance of a line's share is
	// split as its slope's is.
	va, vb := a.SlopeSE*a.SlopeSE, b.SlopeSE*b.SlopeSE
	f.df = welch(va, a.DF, vb, b.DF)
	e, err := f.fieller(level)
	if err != nil {
		return Estimate{}, fmt.Errorf("crossing of two lines: %w", err)
	}
	return e, nil
}

// PairedCrossing is Crossing of two arms measured in the same rounds: where the
// line through their differences a[i]-b[i] against x meets 0. Weights as in
// PairedSlopeRatio.
func PairedCrossing(x, a, b []float64, noise Noise, level float64) (Estimate, error) {
	e, err := pairedCrossing(x, a, b, noise, level)
	if err != nil {
		return Estimate{}, fmt.Errorf("paired crossing of two lines: %w", err)
	}
	return e, nil
}

func pairedCrossing(x, a, b []float64, noise Noise, level float64) (Estimate, error) {
	weights, err := pairedWeights(x, a, b, noise)
	if err != nil {
		return Estimate{}, err
	}
	differences := make([]float64, len(a))
	for i := range a {
		differences[i] = a[i] - b[i]
	}
	l, _, err := fit(x, differences, weights)
	if err != nil {
		return Estimate{}, fmt.Errorf("line through differences: %w", err)
	}
	return fraction{
		above: l.Intercept.Value, below: -l.Slope.Value,
		varAbove: l.InterceptSE * l.InterceptSE, varBelow: l.SlopeSE * l.SlopeSE,
		covariance: -l.Covariance,
		df:         l.DF, n: len(x),
	}.fieller(level)
}

// A fraction is a ratio of two normal estimates.
type fraction struct {
	above, below                   float64
	varAbove, varBelow, covariance float64
	df                             float64
	n                              int
}

// satterthwaite returns the degrees of freedom of above - θ·below at the estimated
// ratio θ, two independent estimates.
func (f fraction) satterthwaite(dfAbove, dfBelow float64) float64 {
	if f.below == 0 {
		return dfAbove + dfBelow // no ratio; fieller will say so
	}
	theta := f.above / f.below
	return welch(f.varAbove, dfAbove, theta*theta*f.varBelow, dfBelow)
}

// welch returns the degrees of freedom of a sum of two variance estimates.
func welch(v1, df1, v2, df2 float64) float64 {
	if v1+v2 == 0 {
		return df1 + df2
	}
	a, b := v1/(v1+v2), v2/(v1+v2)
	return 1 / (a*a/df1 + b*b/df2)
}

// fieller returns the ratio θ with all values that a t-test of above - θ·below
// does not reject: those between the roots of
// (below² - t²v)θ² - 2(above·below - t²c)θ + (above² - t²u).
func (f fraction) fieller(level float64) (Estimate, error) {
	if err := checkOpen("level", level); err != nil {
		return Estimate{}, err
	}
	if err := checkFinite(f.above, f.below, f.varAbove, f.varBelow, f.covariance); err != nil {
		return Estimate{}, err
	}
	if !(f.df >= 1) {
		return Estimate{}, fmt.Errorf("%w: %v degrees of freedom", ErrTooFew, f.df)
	}
	t := tQuantile((1+level)/2, f.df)
	square := f.below*f.below - t*t*f.varBelow
	if square <= 0 {
		return Estimate{}, fmt.Errorf("%w: what is divided by is not different from 0 at level %v", ErrUnbounded, level)
	}
	middle := f.above*f.below - t*t*f.covariance
	constant := f.above*f.above - t*t*f.varAbove
	root := math.Sqrt(math.Max(0, middle*middle-square*constant))
	e := Estimate{
		Value: f.above / f.below,
		CI:    Interval{Lo: (middle - root) / square, Hi: (middle + root) / square, Level: level, Coverage: level},
		N:     f.n,
	}
	if root == 0 {
		e.Warnings = []error{WarnPerfectFit}
	}
	return e.finite()
}
