package stat

import (
	"fmt"
	"math"
	"slices"
	"sort"

	"gonum.org/v1/gonum/stat/distuv"
)

// CliffsDelta returns P(x > y) - P(x < y) over all pairs of two samples without
// pairing: 1 if every x lies above every y, -1 if below, 0 if neither tends to.
// P(x < y) + P(x = y)/2 is (1-delta)/2.
//
// The interval is Feng and Cliff's asymmetric one (2004), from Cliff's consistent
// variance, with t of len(x)+len(y)-2 degrees of freedom. Where the samples do not
// overlap at all the variance says nothing; the inner end is then
// (b-t²)/(b+t²), b the smaller sample size.
func CliffsDelta(x, y []float64, level float64) (Estimate, error) {
	e, err := cliffsDelta(x, y, level)
	if err != nil {
		return Estimate{}, fmt.Errorf("delta (Cliff) of %d against %d values: %w", len(x), len(y), err)
	}
	return e, nil
}

func cliffsDelta(x, y []float64, level float64) (Estimate, error) {
	if err := checkOpen("level", level); err != nil {
		return Estimate{}, err
	}
	if err := checkTwo(2, x, y); err != nil {
		return Estimate{}, err
	}
	if err := checkEitherSpread(x, y); err != nil {
		return Estimate{}, err
	}
	m, n := float64(len(x)), float64(len(y))
	sx, sy := slices.Clone(x), slices.Clone(y)
	slices.Sort(sx)
	slices.Sort(sy)
	// Row i holds the mean of sign(x[i]-y[j]) over j, column j that over i.
	rows, columns := make([]float64, len(x)), make([]float64, len(y))
	var dominance, unequal int
	for i, v := range sx {
		below, above := countAround(sy, v)
		rows[i] = float64(below-above) / n
		dominance += below - above
		unequal += below + above // each such pair has sign² = 1
	}
	for j, v := range sy {
		below, above := countAround(sx, v)
		columns[j] = float64(above-below) / m
	}
	delta := float64(dominance) / (m * n)
	t := distuv.StudentsT{Sigma: 1, Nu: m + n - 2}.Quantile((1 + level) / 2)
	e := Estimate{Value: delta, N: len(x) + len(y), CI: Interval{Level: level, Coverage: level}}
	if math.Abs(delta) == 1 {
		b := math.Min(m, n)
		inner := (b - t*t) / (b + t*t)
		e.CI.Lo, e.CI.Hi = inner, 1
		if delta < 0 {
			e.CI.Lo, e.CI.Hi = -1, -inner
		}
		return e, nil
	}
	cells := float64(unequal) - m*n*delta*delta // sum of (sign - delta)²
	variance := (n*n*squaresAround(rows, delta) + m*m*squaresAround(columns, delta) - cells) / (m * n * (m - 1) * (n - 1))
	// The unbiased variance can fall below zero; Cliff bounds it.
	variance = math.Max(variance, (1-delta*delta)/(m*n-1))
	d2, z2s2 := delta*delta, t*t*variance
	half := t * math.Sqrt(variance) * math.Sqrt((1-d2)*(1-d2)+z2s2)
	e.CI.Lo = math.Max(-1, (delta*(1-d2)-half)/(1-d2+z2s2))
	e.CI.Hi = math.Min(1, (delta*(1-d2)+half)/(1-d2+z2s2))
	return e.finite()
}

// countAround counts the ascending values below and above v.
func countAround(sorted []float64, v float64) (below, above int) {
	below = sort.SearchFloat64s(sorted, v)
	above = len(sorted) - sort.Search(len(sorted), func(i int) bool { return sorted[i] > v })
	return below, above
}

func squaresAround(x []float64, center float64) float64 {
	s := 0.0
	for _, v := range x {
		s += (v - center) * (v - center)
	}
	return s
}
