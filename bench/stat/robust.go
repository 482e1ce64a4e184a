package stat

import (
	"fmt"
	"math"
)

// Median returns the 0.5-quantile of x.
func Median(x []float64) (float64, error) {
	sorted, err := sortedCopy(x)
	if err != nil {
		return 0, fmt.Errorf("median of %d values: %w", len(x), err)
	}
	return quantile7(sorted, 0.5), nil
}

// MAD returns the median absolute deviation from the median, raw: times 1.4826 it
// estimates the standard deviation of normal values. 0 means that more than half
// of the values are equal.
func MAD(x []float64) (float64, error) {
	center, err := Median(x)
	if err != nil {
		return 0, fmt.Errorf("median absolute deviation: %w", err)
	}
	deviations := make([]float64, len(x))
	for i, v := range x {
		deviations[i] = math.Abs(v - center)
	}
	mad, err := Median(deviations)
	if err != nil {
		return 0, fmt.Errorf("median absolute deviation: %w", err)
	}
	return mad, nil
}
