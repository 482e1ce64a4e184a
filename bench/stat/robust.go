package stat

import (
	"fmt"
	"math"
	"slices"
)

// Median returns the 0.5-quantile of x.
func Median(x []float64) (float64, error) {
	sorted, err := sortedCopy(x)
	if err != nil {
		return 0, fmt.Errorf("median of %d values: %w", len(x), err)
	}
	return quantile7(sorted, 0.5), nil
}

// Mean returns the arithmetic mean of x: a statistic for Bootstrap, which passes
// non-empty values. The mean of no values is NaN.
func Mean(x []float64) float64 {
	s := 0.0
	for _, v := range x {
		s += v
	}
	return s / float64(len(x))
}

// TrimmedMean returns a statistic for Bootstrap: the mean without the
// floor(trim*n) smallest and largest values, as R's mean(x, trim). trim is at least
// 0 and less than 0.5.
func TrimmedMean(trim float64) (func(x []float64) float64, error) {
	if !(trim >= 0 && trim < 0.5) {
		return nil, fmt.Errorf("trimmed mean: %w: trim %v", ErrRange, trim)
	}
	return func(x []float64) float64 {
		cut := int(trim * float64(len(x)))
		sorted := slices.Clone(x)
		slices.Sort(sorted)
		return Mean(sorted[cut : len(sorted)-cut])
	}, nil
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

// A Class says where a value lies among the fences of its sample.
type Class int

// The classes, from low to high. Mild is beyond 1.5, severe beyond 3
// interquartile ranges from the nearer quartile.
const (
	LowSevere  Class = -2
	LowMild    Class = -1
	Inside     Class = 0
	HighMild   Class = 1
	HighSevere Class = 2
)

// String returns the class in words.
func (c Class) String() string {
	switch c {
	case LowSevere:
		return "low severe"
	case LowMild:
		return "low mild"
	case Inside:
		return "inside"
	case HighMild:
		return "high mild"
	case HighSevere:
		return "high severe"
	}
	return fmt.Sprintf("Class(%d)", int(c))
}

// Fences are Tukey's: values beyond them are odd, not wrong. They classify; no
// value is ever dropped for lying outside.
type Fences struct {
	LowSevere, LowMild, HighMild, HighSevere float64
}

// TukeyFences returns the fences of x at 1.5 and 3 interquartile ranges from the
// type 7 quartiles. At least 4 values are needed. If half of the values are equal
// the fences may fall together and every other value is severe.
func TukeyFences(x []float64) (Fences, error) {
	if err := checkValues(4, x); err != nil {
		return Fences{}, fmt.Errorf("fences (Tukey) of %d values: %w", len(x), err)
	}
	sorted := slices.Clone(x)
	slices.Sort(sorted)
	q1, q3 := quantile7(sorted, 0.25), quantile7(sorted, 0.75)
	iqr := q3 - q1
	f := Fences{LowSevere: q1 - 3*iqr, LowMild: q1 - 1.5*iqr, HighMild: q3 + 1.5*iqr, HighSevere: q3 + 3*iqr}
	if err := checkFinite(f.LowSevere, f.LowMild, f.HighMild, f.HighSevere); err != nil {
		return Fences{}, fmt.Errorf("fences (Tukey) of %d values: %w", len(x), err)
	}
	return f, nil
}

// Class says where v lies. A value on a fence is inside it.
func (f Fences) Class(v float64) Class {
	switch {
	case v < f.LowSevere:
		return LowSevere
	case v < f.LowMild:
		return LowMild
	case v > f.HighSevere:
		return HighSevere
	case v > f.HighMild:
		return HighMild
	}
	return Inside
}
