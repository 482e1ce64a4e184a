package stat

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Holm returns the p-values adjusted by Holm's step-down method, in the order
// given: rejecting those at most α keeps the chance of any false rejection at
// most α, however the tests depend on each other. As R's p.adjust(p, "holm").
func Holm(p []float64) ([]float64, error) {
	return WeightedHolm(p, slices.Repeat([]float64{1}, len(p)))
}

// WeightedHolm is Holm where hypotheses of larger weight, which is above 0, are adjusted
// less (Holm 1979; Benjamini, Hochberg. Multiple hypotheses testing with weights. Scand.
// J. Statistics 24 (1997), procedure of theorem 2 without weights in the error).
func WeightedHolm(p, weights []float64) ([]float64, error) {
	order, err := ascending(p, weights)
	if err != nil {
		return nil, fmt.Errorf("Holm adjustment of %d p-values with %d weights: %w", len(p), len(weights), err)
	}
	rest := 0.0
	for _, w := range weights {
		rest += w
	}
	adjusted, highest := make([]float64, len(p)), 0.0
	for _, i := range order {
		highest = max(highest, min(1, p[i]*(max(rest, weights[i])/weights[i])))
		adjusted[i] = highest
		rest -= weights[i]
	}
	return adjusted, nil
}

// BenjaminiHochberg returns the p-values adjusted by Benjamini and Hochberg's
// step-up method, in the order given: rejecting those at most q keeps the expected
// share of false ones among the rejections at most q, for independent or
// positively dependent tests. As R's p.adjust(p, "BH").
func BenjaminiHochberg(p []float64) ([]float64, error) {
	order, err := ascending(p, slices.Repeat([]float64{1}, len(p)))
	if err != nil {
		return nil, fmt.Errorf("Benjamini-Hochberg adjustment of %d p-values: %w", len(p), err)
	}
	adjusted := make([]float64, len(p))
	lowest := 1.0
	for rank := len(p); rank >= 1; rank-- {
		i := order[rank-1]
		lowest = math.Min(lowest, p[i]*(float64(len(p))/float64(rank)))
		adjusted[i] = lowest
	}
	return adjusted, nil
}

// ascending returns the indexes of p in the order of value over weight.
func ascending(p, weights []float64) ([]int, error) {
	if len(p) == 0 {
		return nil, ErrTooFew
	}
	if len(weights) != len(p) {
		return nil, ErrLengths
	}
	order := make([]int, len(p))
	for i, v := range p {
		if !(v >= 0 && v <= 1) || !(weights[i] > 0) {
			return nil, fmt.Errorf("%w: p-value %d is %v, its weight %v", ErrRange, i, v, weights[i])
		}
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(p[a]/weights[a], p[b]/weights[b]) })
	return order, nil
}
