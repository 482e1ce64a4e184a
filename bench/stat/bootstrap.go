package stat

import (
	"fmt"
	"math"
	"slices"
	"sort"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Replicates are the values of a statistic over bootstrap resamples, and what is
// needed to make intervals of any level from them.
type Replicates struct {
	// Value is the statistic of the sample itself.
	Value float64
	// N counts the units that were resampled: values, pairs, clusters.
	N int

	values   []float64 // of the resamples, ascending, finite
	warnings []error
	// leaveOneOut returns the statistic without each unit in turn; nil where units
	// cannot be left out one by one (series).
	leaveOneOut func() []float64
}

// Values returns a copy of the replicates in ascending order.
func (r *Replicates) Values() []float64 { return slices.Clone(r.values) }

// StandardError returns the standard deviation of the replicates.
func (r *Replicates) StandardError() float64 { return stat.StdDev(r.values, nil) }

// Percentile returns the statistic with the interval between two quantiles of the
// replicates. It is the plainest interval, and the one for BootstrapSeries. Up to
// 25 units it carries WarnSmallSample.
func (r *Replicates) Percentile(level float64) (Estimate, error) {
	if err := checkOpen("level", level); err != nil {
		return Estimate{}, fmt.Errorf("percentile interval: %w", err)
	}
	e := r.between((1-level)/2, (1+level)/2, level)
	e.Warnings = append(e.Warnings, r.smallSample()...)
	return e, nil
}

// smallBootstrap is the size up to which a bootstrap interval that takes no account
// of it falls short of its level by more than two points; see CALIBRATION.md.
const smallBootstrap = 25

func (r *Replicates) smallSample() []error {
	if r.N <= smallBootstrap {
		return []error{WarnSmallSample}
	}
	return nil
}

// BCa returns the statistic with Efron's bias-corrected and accelerated interval,
// as R's boot.ci. Up to 25 units it carries WarnSmallSample: use HodgesLehmann or
// ExpandedBCa there. Do not use it for the median of fewer than 20 values
// (WarnFewValues).
func (r *Replicates) BCa(level float64) (Estimate, error) {
	if err := checkOpen("level", level); err != nil {
		return Estimate{}, fmt.Errorf("BCa interval: %w", err)
	}
	e, err := r.bca((1-level)/2, level)
	if err != nil {
		return Estimate{}, fmt.Errorf("BCa interval: %w", err)
	}
	e.Warnings = append(e.Warnings, r.smallSample()...)
	return e, nil
}

// ExpandedBCa is BCa with its tails moved outwards to what n units deserve: the
// normal quantile z becomes t(n-1)·sqrt(n/(n-1)) before the correction
// (after Hesterberg's expanded percentile interval, 2015). For the mean
// of normal values it holds its level down to 10 of them, where BCa loses five
// points. Above some hundred units the two are the same.
func (r *Replicates) ExpandedBCa(level float64) (Estimate, error) {
	if err := checkOpen("level", level); err != nil {
		return Estimate{}, fmt.Errorf("expanded BCa interval: %w", err)
	}
	n := float64(r.N)
	z := -math.Sqrt(n/(n-1)) * tQuantile((1+level)/2, n-1)
	e, err := r.bca(distuv.UnitNormal.CDF(z), level)
	if err != nil {
		return Estimate{}, fmt.Errorf("expanded BCa interval: %w", err)
	}
	return e, nil
}

// bca returns the BCa interval whose nominal tail probability is tail.
func (r *Replicates) bca(tail, level float64) (Estimate, error) {
	acceleration, err := r.acceleration()
	if err != nil {
		return Estimate{}, err
	}
	z0, err := r.bias()
	if err != nil {
		return Estimate{}, err
	}
	adjust := func(z float64) (float64, error) {
		denominator := 1 - acceleration*(z0+z)
		if denominator <= 0 {
			return 0, fmt.Errorf("%w: acceleration %.3g is too large for the level", ErrUnbounded, acceleration)
		}
		return distuv.UnitNormal.CDF(z0 + (z0+z)/denominator), nil
	}
	z := distuv.UnitNormal.Quantile(tail)
	lo, err := adjust(z)
	if err != nil {
		return Estimate{}, err
	}
	hi, err := adjust(-z)
	if err != nil {
		return Estimate{}, err
	}
	return r.between(lo, hi, level), nil
}

// bias returns z0, the normal quantile of the share of replicates below the
// statistic; equal ones count a half.
func (r *Replicates) bias() (float64, error) {
	below := sort.SearchFloat64s(r.values, r.Value)
	upTo := sort.Search(len(r.values), func(i int) bool { return r.values[i] > r.Value })
	share := float64(below+upTo) / 2 / float64(len(r.values))
	if share == 0 || share == 1 {
		return 0, fmt.Errorf("%w: all replicates lie on one side of the statistic", ErrUnbounded)
	}
	return distuv.UnitNormal.Quantile(share), nil
}

// acceleration returns a = Σl³ / 6(Σl²)^1.5 over the jackknife influences l.
func (r *Replicates) acceleration() (float64, error) {
	if r.leaveOneOut == nil {
		return 0, fmt.Errorf("%w: BCa needs units that are independent, use Percentile", ErrUnsupported)
	}
	jack := r.leaveOneOut()
	if err := checkValues(2, jack); err != nil {
		return 0, fmt.Errorf("statistic with one unit left out: %w", err)
	}
	if err := checkSpread(jack); err != nil {
		return 0, fmt.Errorf("statistic with one unit left out: %w", err)
	}
	mean := Mean(jack)
	scale := 0.0 // keeps the cubes in range
	for _, v := range jack {
		scale = math.Max(scale, math.Abs(mean-v))
	}
	var squares, cubes float64
	for _, v := range jack {
		l := (mean - v) / scale
		squares += l * l
		cubes += l * l * l
	}
	return cubes / (6 * math.Pow(squares, 1.5)), nil
}

// between returns the statistic with the interval between two quantiles of the
// replicates.
func (r *Replicates) between(lo, hi, level float64) Estimate {
	e := Estimate{
		Value:    r.Value,
		CI:       Interval{Level: level, Coverage: level},
		N:        r.N,
		Warnings: slices.Clone(r.warnings),
	}
	var loExtreme, hiExtreme bool
	e.CI.Lo, loExtreme = r.quantile(lo)
	e.CI.Hi, hiExtreme = r.quantile(hi)
	if loExtreme || hiExtreme {
		e.Warnings = append(e.Warnings, WarnExtremes)
	}
	return e
}

// quantile returns the p-quantile of the replicates, interpolated on the normal
// scale as R's boot does (Davison and Hinkley 1997), and whether it fell off the
// end of them.
func (r *Replicates) quantile(p float64) (v float64, extreme bool) {
	count := len(r.values)
	at := p * float64(count+1)
	k := int(at)
	switch {
	case k < 1:
		return r.values[0], true
	case k >= count:
		return r.values[count-1], true
	case at == float64(k):
		return r.values[k-1], false
	}
	z := func(rank int) float64 { return distuv.UnitNormal.Quantile(float64(rank) / float64(count+1)) }
	share := (distuv.UnitNormal.Quantile(p) - z(k)) / (z(k+1) - z(k))
	lo, hi := r.values[k-1], r.values[k]
	return clamp((1-share)*lo+share*hi, lo, hi), false // rounding must not leave them
}
