package stat

import (
	"fmt"
	"math"
	"slices"
)

const (
	kendallExact = 200  // points up to which the exact distribution is computed
	theilSenMost = 3000 // points: 4.5 million slopes
)

// A MedianLine is Theil and Sen's: it does not follow outliers.
type MedianLine struct {
	// Slope is the median of the slopes of all pairs of points with different x.
	Slope Estimate
	// Intercept is median(y) - Slope·median(x). It has no interval.
	Intercept float64
}

// TheilSen fits a median line. The interval of the slope inverts Kendall's test
// for trend (Sen 1968). Points that share an x, several rounds at one density, say
// nothing about the slope among themselves; the distribution of the others is
// still exact (Terpstra 1952, Jonckheere 1954). Up to 200 points it is computed,
// beyond that the normal approximation takes its place (WarnNormalApprox). Equal y
// make the interval conservative (WarnTies). It needs 5 points with different x
// for level 0.95, else ErrTooFew; above 3000 points ErrTooMany.
func TheilSen(x, y []float64, level float64) (MedianLine, error) {
	l, err := theilSen(x, y, level)
	if err != nil {
		return MedianLine{}, fmt.Errorf("Theil-Sen line of %d points: %w", len(x), err)
	}
	return l, nil
}

func theilSen(x, y []float64, level float64) (MedianLine, error) {
	if err := checkOpen("level", level); err != nil {
		return MedianLine{}, err
	}
	if err := checkPairs(3, x, y); err != nil {
		return MedianLine{}, err
	}
	if len(x) > theilSenMost {
		return MedianLine{}, fmt.Errorf("%w: at most %d", ErrTooMany, theilSenMost)
	}
	if err := checkSpread(x); err != nil {
		return MedianLine{}, fmt.Errorf("x: %w", err)
	}
	if err := checkSpread(y); err != nil {
		return MedianLine{}, fmt.Errorf("y: %w", err)
	}
	slopes := pairSlopes(x, y)
	tail := (1 - level) / 2
	sortedY := slices.Clone(y)
	slices.Sort(sortedY)
	sortedX := slices.Clone(x)
	slices.Sort(sortedX)
	groups := runs(sortedX)
	var (
		warnings []error
		rank     int
		coverage float64
		err      error
	)
	if hasTies(sortedY) {
		warnings = append(warnings, WarnTies)
	}
	if len(x) <= kendallExact {
		rank, coverage, err = exactRank(shuffleNull(groups), tail)
	} else {
		mean, sd := concordantMoments(groups)
		rank, coverage, err = normalRank(mean, sd, tail)
		warnings = append(warnings, WarnNormalApprox)
	}
	if err != nil {
		return MedianLine{}, err
	}
	slope := Estimate{
		Value:    quantile7(slopes, 0.5),
		CI:       Interval{Lo: slopes[rank-1], Hi: slopes[len(slopes)-rank], Level: level, Coverage: coverage},
		N:        len(x),
		Warnings: warnings,
	}
	l := MedianLine{Slope: slope, Intercept: quantile7(sortedY, 0.5) - slope.Value*quantile7(sortedX, 0.5)}
	if err := checkFinite(slope.Value, slope.CI.Lo, slope.CI.Hi, l.Intercept); err != nil {
		return MedianLine{}, err
	}
	return l, nil
}

// pairSlopes returns the slopes of all pairs of points that do not share an x, ascending.
func pairSlopes(x, y []float64) []float64 {
	slopes := make([]float64, 0, len(x)*(len(x)-1)/2)
	for i := range x {
		for j := i + 1; j < len(x); j++ {
			if x[i] != x[j] {
				slopes = append(slopes, (y[j]-y[i])/(x[j]-x[i]))
			}
		}
	}
	slices.Sort(slopes)
	return slopes
}

// runs returns how often each different value of the ascending x occurs.
func runs(sorted []float64) []int {
	var sizes []int
	for i, v := range sorted {
		if i == 0 || v != sorted[i-1] {
			sizes = append(sizes, 0)
		}
		sizes[len(sizes)-1]++
	}
	return sizes
}

// concordantMoments returns mean and standard deviation of the number of pairs from
// different groups in ascending order, that of shuffleNull.
func concordantMoments(groups []int) (mean, sd float64) {
	variance, before := 0.0, float64(groups[0])
	for _, size := range groups[1:] {
		m := float64(size)
		mean += m * before / 2
		variance += m * before * (m + before + 1) / 12
		before += m
	}
	return mean, math.Sqrt(variance)
}
