package stat

import (
	"fmt"
	"math"
	"slices"
)

// Holm returns the p-values adjusted by Holm's step-down method, in the order
// given: rejecting those at most α keeps the chance of any false rejection at
// most α, however the tests depend on each other. As R's p.adjust(p, "holm").
func Holm(p []float64) ([]float64, error) {
	order, err := ascendingP(p)
	if err != nil {
		return nil, fmt.Errorf("Holm adjustment of %d p-values: %w", len(p), err)
	}
	adjusted := make([]float64, len(p))
	highest := 0.0
	for rank, i := range order {
		highest = math.Max(highest, p[i]*float64(len(p)-rank))
		adjusted[i] = math.Min(1, highest)
	}
	return adjusted, nil
}

// BenjaminiHochberg returns the p-values adjusted by Benjamini and Hochberg's
// step-up method, in the order given: rejecting those at most q keeps the expected
// share of false ones among the rejections at most q, for independent or
// positively dependent tests. As R's p.adjust(p, "BH").
func BenjaminiHochberg(p []float64) ([]float64, error) {
	order, err := ascendingP(p)
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

// ascendingP returns the indexes of p in ascending order of value.
func ascendingP(p []float64) ([]int, error) {
	if len(p) == 0 {
		return nil, ErrTooFew
	}
	order := make([]int, len(p))
	for i, v := range p {
		if !(v >= 0 && v <= 1) {
			return nil, fmt.Errorf("%w: p-value %d is %v", ErrRange, i, v)
		}
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case p[a] < p[b]:
			return -1
		case p[a] > p[b]:
			return 1
		}
		return 0
	})
	return order, nil
}
