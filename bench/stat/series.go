package stat

import (
	"fmt"
	"math"
)

// center returns x less its mean, scaled to at most 1, and the sum of its squares.
func center(x []float64) (centered []float64, square float64, err error) {
	if err := checkValues(2, x); err != nil {
		return nil, 0, err
	}
	if err := checkSpread(x); err != nil {
		return nil, 0, err
	}
	mean := 0.0
	for _, v := range x {
		mean += v / float64(len(x))
	}
	centered = make([]float64, len(x))
	scale := 0.0
	for i, v := range x {
		centered[i] = v - mean
		scale = math.Max(scale, math.Abs(centered[i]))
	}
	if err := checkFinite(scale); err != nil {
		return nil, 0, err
	}
	for i := range centered {
		centered[i] /= scale
		square += centered[i] * centered[i]
	}
	return centered, square, nil
}

// lagged returns the sum of products at distance k.
func lagged(x []float64, k int) float64 {
	s := 0.0
	for i := k; i < len(x); i++ {
		s += x[i] * x[i-k]
	}
	return s
}

// EffectiveSampleSize returns how many independent values would give a mean as
// precise as the n correlated ones of the series: n/(1+2Σρ), the sum running over
// pairs ρ(2k-1)+ρ(2k) until the first pair that is not positive (Geyer's initial
// positive sequence). It lies between 1 and n: correlation that helps, negative
// at lag 1, is not counted.
func EffectiveSampleSize(x []float64) (float64, error) {
	centered, square, err := center(x)
	if err != nil {
		return 0, fmt.Errorf("effective sample size of %d values: %w", len(x), err)
	}
	return effective(centered, square), nil
}

func effective(centered []float64, square float64) float64 {
	n := len(centered)
	sum := 0.0
	for k := 1; 2*k < n; k++ {
		pair := (lagged(centered, 2*k-1) + lagged(centered, 2*k)) / square
		if pair <= 0 {
			break
		}
		sum += pair
	}
	return math.Max(1, float64(n)/(1+2*sum))
}
