package analysis

import (
	"errors"
	"fmt"
	"math"

	gonum "gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"

	"cri-stats-bench/bench/stat"
)

// A quotient is the ratio of two means, both with a variance: what one arm costs
// above the idle arm over what another one does. Its interval is Fieller's (J. R.
// Statist. Soc. B 16, 1954): all ratios θ that a t-test of above - θ·below does not
// reject. Unlike a mean of ratios it needs no single difference to be positive, as
// small overheads are not.
//
// Note: package stat has the same for slopes (SlopeRatio, PairedSlopeRatio).
type quotient struct {
	above, below                   float64
	varAbove, varBelow, covariance float64
	dfAbove, dfBelow               float64 // degrees of freedom
}

// quotientOf is that of two means of different rounds or cycles.
func quotientOf(above, below []float64) (quotient, error) {
	if len(above) < 2 || len(below) < 2 {
		return quotient{}, stat.ErrTooFew
	}
	na, nb := float64(len(above)), float64(len(below))
	q := quotient{
		above: gonum.Mean(above, nil), below: gonum.Mean(below, nil),
		varAbove: gonum.Variance(above, nil) / na, varBelow: gonum.Variance(below, nil) / nb,
		dfAbove: na - 1, dfBelow: nb - 1,
	}
	return q, q.check()
}

// pairedQuotientOf is that of two means of the same rounds or cycles.
func pairedQuotientOf(above, below []float64) (quotient, error) {
	if len(above) != len(below) {
		return quotient{}, stat.ErrLengths
	}
	q, err := quotientOf(above, below)
	if err == nil {
		q.covariance = gonum.Covariance(above, below, nil) / float64(len(above))
		if !finite(q.covariance) {
			return quotient{}, stat.ErrNotFinite
		}
	}
	return q, err
}

func (q quotient) check() error {
	if !finite(q.above, q.below, q.varAbove, q.varBelow) {
		return stat.ErrNotFinite
	}
	if q.varAbove+q.varBelow == 0 {
		return stat.ErrConstant
	}
	return nil
}

// df are the degrees of freedom of above - θ·below: of independent means those of
// the smaller one. Note: Welch and Satterthwaite allow more, but trust a variance
// from two or three rounds that happens to be small.
func (q quotient) df() float64 { return math.Min(q.dfAbove, q.dfBelow) }

func (q quotient) value() float64 { return q.above / q.below }

// estimate returns the ratio with its interval; ErrUnbounded if what is divided by
// cannot be told from 0.
func (q quotient) estimate(level float64) (stat.Estimate, error) {
	if q.below <= 0 {
		return stat.Estimate{}, fmt.Errorf("%w: what is divided by is not above 0", stat.ErrUnbounded)
	}
	t := distuv.StudentsT{Sigma: 1, Nu: q.df()}.Quantile((1 + level) / 2)
	square := q.below*q.below - t*t*q.varBelow
	if !(square > 0) {
		return stat.Estimate{}, fmt.Errorf("%w: what is divided by cannot be told from 0", stat.ErrUnbounded)
	}
	middle := q.above*q.below - t*t*q.covariance
	root := math.Sqrt(math.Max(0, middle*middle-square*(q.above*q.above-t*t*q.varAbove)))
	e := stat.Estimate{Value: q.value(), CI: stat.Interval{Lo: (middle - root) / square, Hi: (middle + root) / square, Level: level, Coverage: level}}
	if !finite(e.Value, e.CI.Lo, e.CI.Hi) {
		return stat.Estimate{}, stat.ErrNotFinite
	}
	return e, nil
}

// tails returns the p-values against "the ratio is below theta" and "above": each
// small if the data show just that.
func (q quotient) tails(theta float64) (below, above float64, err error) {
	variance := q.varAbove - 2*theta*q.covariance + theta*theta*q.varBelow
	if !(variance > 0) {
		return 0, 0, stat.ErrConstant
	}
	t := (q.above - theta*q.below) / math.Sqrt(variance)
	if math.IsNaN(t) {
		return 0, 0, stat.ErrNotFinite
	}
	dist := distuv.StudentsT{Sigma: 1, Nu: q.df()}
	return dist.CDF(t), dist.Survival(t), nil
}

// spread returns the standard error of the logarithm of the ratio, to first order,
// and the number of values that a mean with as many degrees of freedom has.
func (q quotient) spread() (se float64, n int, err error) {
	theta := q.value()
	variance := (q.varAbove - 2*theta*q.covariance + theta*theta*q.varBelow) / (q.above * q.above)
	if !(theta > 0) || !(variance > 0) || math.IsInf(variance, 0) {
		return 0, 0, errors.New("the ratio has no logarithm")
	}
	return math.Sqrt(variance), int(q.df()) + 1, nil
}
