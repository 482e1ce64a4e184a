package stat

import (
	"fmt"
	"math"
	"slices"
	"sort"

	"gonum.org/v1/gonum/mathext"
)

// Quantile returns the p-quantile of x by linear interpolation between order
// statistics, type 7 of Hyndman and Fan: R's default. p runs from 0 to 1, both
// included. x may be in any order and is not changed.
func Quantile(x []float64, p float64) (float64, error) {
	sorted, err := sortedCopy(x)
	if err == nil && !(p >= 0 && p <= 1) {
		err = fmt.Errorf("%w: p %v", ErrRange, p)
	}
	if err != nil {
		return 0, fmt.Errorf("quantile of %d values: %w", len(x), err)
	}
	return quantile7(sorted, p), nil
}

// quantile7 interpolates in ascending values.
func quantile7(sorted []float64, p float64) float64 {
	at := p * float64(len(sorted)-1)
	lo := int(math.Floor(at))
	hi := min(lo+1, len(sorted)-1)
	h := at - float64(lo)
	// As a weighted sum, not lo + h*(hi-lo): the difference may overflow.
	return clamp((1-h)*sorted[lo]+h*sorted[hi], sorted[lo], sorted[hi])
}

func sortedCopy(x []float64) ([]float64, error) {
	if err := checkValues(1, x); err != nil {
		return nil, err
	}
	sorted := slices.Clone(x)
	slices.Sort(sorted)
	return sorted, nil
}

// NearestRank returns the smallest value of x that at least a share p of the
// values do not exceed: a value that was measured, for p99 and beyond, where
// interpolation would invent one. p is above 0 and at most 1.
func NearestRank(x []float64, p float64) (float64, error) {
	sorted, err := sortedCopy(x)
	if err == nil && !(p > 0 && p <= 1) {
		err = fmt.Errorf("%w: p %v", ErrRange, p)
	}
	if err != nil {
		return 0, fmt.Errorf("nearest rank of %d values: %w", len(x), err)
	}
	n := float64(len(x))
	rank := math.Ceil(p * n)
	if (rank-1)/n >= p {
		rank-- // p*n rounded up past a whole number: 0.07*100 is 7.000000000000001
	}
	return sorted[int(rank)-1], nil
}

// Ranks are the order statistics that bound a quantile, counted from 1. A rank of
// 0 means that no such rank exists: the sample is too small to bound the
// quantile on that side.
type Ranks struct {
	Lo, Hi int
	// Level is the level asked for. Coverage is the exact one for independent
	// values of a continuous distribution, at or above Level; it is meaningless
	// (and 0) unless both ranks exist.
	Level, Coverage float64
}

// QuantileRanks returns the ranks whose order statistics hold the p-quantile of n
// independent values with at least the level, with equal tails: the largest Lo
// and the smallest Hi with P(B < Lo) <= α/2 and P(B >= Hi) <= α/2, where B is
// binomial (n, p) and α = 1 - level.
func QuantileRanks(n int, p, level float64) (Ranks, error) {
	err := checkOpen("p", p)
	if err == nil {
		err = checkOpen("level", level)
	}
	if err == nil && n < 1 {
		err = ErrTooFew
	}
	if err != nil {
		return Ranks{}, fmt.Errorf("ranks for a quantile of %d values: %w", n, err)
	}
	tail := (1 - level) / 2
	r := Ranks{Level: level}
	// Both tails are monotone in the rank.
	r.Lo = sort.Search(n, func(i int) bool { return binomialCDF(i, n, p) > tail })
	hi := 1 + sort.Search(n, func(i int) bool { return binomialSurvival(i, n, p) <= tail })
	if hi <= n {
		r.Hi = hi
	}
	if r.Lo > 0 && r.Hi > 0 {
		r.Coverage = binomialCDF(r.Hi-1, n, p) - binomialCDF(r.Lo-1, n, p)
	}
	return r, nil
}

// binomialCDF returns P(B <= k).
func binomialCDF(k, n int, p float64) float64 {
	switch {
	case k < 0:
		return 0
	case k >= n:
		return 1
	}
	return mathext.RegIncBeta(float64(n-k), float64(k+1), 1-p)
}

// binomialSurvival returns P(B > k).
func binomialSurvival(k, n int, p float64) float64 {
	switch {
	case k < 0:
		return 1
	case k >= n:
		return 0
	}
	return mathext.RegIncBeta(float64(k+1), float64(n-k), p)
}

// QuantileIntervalEffective returns Quantile with its order-statistic interval for
// values that are worth only effective independent ones (EffectiveSampleSize), as
// calls inside one window are. The ranks are those of effective values, rounded
// down, and are stretched outwards onto all of x. effective is at least 1 and at
// most len(x), which stands for independent values. It returns ErrTooFew if
// effective is too small for the level: 72 are needed for p95 at 95 %, 368 for p99.
func QuantileIntervalEffective(x []float64, p, level, effective float64) (Estimate, error) {
	e, err := quantileInterval(x, p, level, effective)
	if err != nil {
		return Estimate{}, fmt.Errorf("interval of quantile %v of %d values: %w", p, len(x), err)
	}
	return e, nil
}

func quantileInterval(x []float64, p, level, effective float64) (Estimate, error) {
	sorted, err := sortedCopy(x)
	if err != nil {
		return Estimate{}, err
	}
	n := len(sorted)
	if !(effective >= 1 && effective <= float64(n)) {
		return Estimate{}, fmt.Errorf("%w: effective sample size %v", ErrRange, effective)
	}
	m := int(effective)
	r, err := QuantileRanks(m, p, level)
	if err != nil {
		return Estimate{}, err
	}
	if r.Lo == 0 || r.Hi == 0 {
		return Estimate{}, fmt.Errorf("%w: %d independent values cannot bound it at level %v", ErrTooFew, m, level)
	}
	if err := checkSpread(sorted); err != nil {
		return Estimate{}, err
	}
	lo := (r.Lo-1)*n/m + 1
	hi := (r.Hi*n + m - 1) / m
	e := Estimate{
		Value: quantile7(sorted, p),
		CI:    Interval{Lo: sorted[lo-1], Hi: sorted[hi-1], Level: level, Coverage: r.Coverage},
		N:     n,
	}
	if hasTies(sorted) {
		e.Warnings = append(e.Warnings, WarnTies)
	}
	return e, nil
}
