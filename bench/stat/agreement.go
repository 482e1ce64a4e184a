package stat

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat"
)

// Agreement is a Bland-Altman analysis of differences between two sources of the
// same values.
type Agreement struct {
	// Bias is the mean difference with its t interval.
	Bias Estimate
	// Lower and Upper are the limits of agreement, bias ± 1.96 SD: between them lie
	// 95 % of normal differences. Their intervals are Carkeet's exact ones.
	Lower, Upper Estimate
	// SD is the standard deviation of the differences.
	SD float64
	// LimitSE is Bland and Altman's approximate standard error of a limit (1999):
	// SD·sqrt(1/n + 1.96²/(2(n-1))).
	LimitSE float64
}

const limitsZ = 1.96 // Bland and Altman's figure, not the quantile

// BlandAltman analyses differences, one per independent unit. For positive, skewed
// values pass LogRatios(reference, other): the bias is then a log ratio, and Exp of
// its parts are ratios. At least 3 differences are needed.
//
// Several readings of one container are not independent: average them first. That
// an interval holds 0 is no proof of agreement; that the limits lie inside what is
// acceptable is.
func BlandAltman(d []float64, level float64) (Agreement, error) {
	a, err := blandAltman(d, level)
	if err != nil {
		return Agreement{}, fmt.Errorf("Bland-Altman of %d differences: %w", len(d), err)
	}
	return a, nil
}

func blandAltman(d []float64, level float64) (Agreement, error) {
	if err := checkOpen("level", level); err != nil {
		return Agreement{}, err
	}
	if err := checkValues(3, d); err != nil {
		return Agreement{}, err
	}
	near, far := limitFactors(len(d), level)
	return agreement(d, level, near, far)
}

// limitFactors returns how many standard errors of the mean the ends of the
// interval of a limit lie from the bias. sqrt(n)(μ + 1.96σ - mean)/SD is noncentral
// t with n-1 degrees of freedom, shifted by 1.96·sqrt(n) (Carkeet 2015).
func limitFactors(n int, level float64) (near, far float64) {
	nu, shift := float64(n-1), limitsZ*math.Sqrt(float64(n))
	return noncentralTQuantile((1-level)/2, nu, shift), noncentralTQuantile((1+level)/2, nu, shift)
}

func agreement(d []float64, level, near, far float64) (Agreement, error) {
	mean, se, err := meanAndError(d)
	if err != nil {
		return Agreement{}, err
	}
	n := float64(len(d))
	sd := se * math.Sqrt(n)
	limit := func(value, lo, hi float64) Estimate {
		return Estimate{Value: value, CI: Interval{Lo: lo, Hi: hi, Level: level, Coverage: level}, N: len(d)}
	}
	a := Agreement{
		Bias:    tEstimate(mean, se, n-1, level, len(d)),
		Lower:   limit(mean-limitsZ*sd, mean-far*se, mean-near*se),
		Upper:   limit(mean+limitsZ*sd, mean+near*se, mean+far*se),
		SD:      sd,
		LimitSE: sd * math.Sqrt(1/n+limitsZ*limitsZ/(2*(n-1))),
	}
	if err := checkFinite(a.Bias.CI.Lo, a.Bias.CI.Hi, a.Lower.CI.Lo, a.Upper.CI.Hi); err != nil {
		return Agreement{}, err
	}
	return a, nil
}

// A StructuralLine is a line between two variables that both carry error.
type StructuralLine struct {
	Intercept, Slope Estimate
}

// Deming fits y = a + b·x where both carry normal error; lambda is the error
// variance of y over that of x (1 is orthogonal regression). The intervals are
// jackknife ones with t of n-2 degrees of freedom (Linnet 1990). At least 4 pairs
// are needed. If x and y do not vary together, ErrUnbounded.
func Deming(x, y []float64, lambda, level float64) (StructuralLine, error) {
	l, err := deming(x, y, lambda, level)
	if err != nil {
		return StructuralLine{}, fmt.Errorf("Deming line of %d pairs: %w", len(x), err)
	}
	return l, nil
}

func deming(x, y []float64, lambda, level float64) (StructuralLine, error) {
	if err := checkOpen("level", level); err != nil {
		return StructuralLine{}, err
	}
	if err := checkPositive("lambda", lambda); err != nil {
		return StructuralLine{}, err
	}
	if err := checkPairs(4, x, y); err != nil {
		return StructuralLine{}, err
	}
	if err := checkSpread(x); err != nil {
		return StructuralLine{}, fmt.Errorf("x: %w", err)
	}
	if err := checkSpread(y); err != nil {
		return StructuralLine{}, fmt.Errorf("y: %w", err)
	}
	slope, intercept, err := demingFit(x, y, lambda)
	if err != nil {
		return StructuralLine{}, err
	}
	n := float64(len(x))
	slopes, intercepts := make([]float64, len(x)), make([]float64, len(x))
	restX, restY := make([]float64, len(x)-1), make([]float64, len(x)-1)
	for i := range x {
		copy(restX, x[:i])
		copy(restX[i:], x[i+1:])
		copy(restY, y[:i])
		copy(restY[i:], y[i+1:])
		if slopes[i], intercepts[i], err = demingFit(restX, restY, lambda); err != nil {
			return StructuralLine{}, fmt.Errorf("without pair %d: %w", i, err)
		}
	}
	// The jackknife's standard error: sqrt((n-1)/n · Σ(θ(i) - mean)²).
	jackknife := func(value float64, without []float64) Estimate {
		se := math.Sqrt((n - 1) / n * squaresAround(without, stat.Mean(without, nil)))
		e := tEstimate(value, se, n-2, level, len(x))
		if se <= rounding*math.Abs(value) {
			e.Warnings = []error{WarnPerfectFit}
		}
		return e
	}
	l := StructuralLine{Slope: jackknife(slope, slopes), Intercept: jackknife(intercept, intercepts)}
	if err := checkFinite(l.Slope.CI.Lo, l.Slope.CI.Hi, l.Intercept.CI.Lo, l.Intercept.CI.Hi); err != nil {
		return StructuralLine{}, err
	}
	return l, nil
}

func demingFit(x, y []float64, lambda float64) (slope, intercept float64, err error) {
	meanX, meanY := stat.Mean(x, nil), stat.Mean(y, nil)
	var sxx, syy, sxy float64
	for i := range x {
		dx, dy := x[i]-meanX, y[i]-meanY
		sxx += dx * dx
		syy += dy * dy
		sxy += dx * dy
	}
	// A covariance that is rounding only would decide between a slope of 0 and an
	// infinite one.
	if math.Abs(sxy) <= rounding*math.Sqrt(sxx)*math.Sqrt(syy) {
		return 0, 0, fmt.Errorf("%w: x and y do not vary together", ErrUnbounded)
	}
	d := syy - lambda*sxx
	root := math.Hypot(d, 2*math.Sqrt(lambda)*sxy)
	if d >= 0 {
		slope = (d + root) / (2 * sxy)
	} else { // the same root without cancellation
		slope = 2 * lambda * sxy / (root - d)
	}
	intercept = meanY - slope*meanX
	if err := checkFinite(slope, intercept); err != nil {
		return 0, 0, err
	}
	return slope, intercept, nil
}

func squaresAround(x []float64, center float64) float64 {
	s := 0.0
	for _, v := range x {
		s += (v - center) * (v - center)
	}
	return s
}
