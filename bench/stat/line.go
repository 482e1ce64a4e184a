package stat

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
)

// A Line is a least-squares fit y = Intercept + Slope·x.
type Line struct {
	Intercept, Slope Estimate
	// InterceptSE and SlopeSE are the standard errors, Covariance that of the two
	// estimates.
	InterceptSE, SlopeSE, Covariance float64
	// DF is the degrees of freedom of the residuals.
	DF float64
	// ResidualSD is the standard deviation around the line: in units of y (OLS), or
	// relative to the line (RelativeLine).
	ResidualSD float64
	// R2 is the share of the (weighted) variance of y that the line accounts for.
	R2 float64
}

// Noise says how the scatter around a line depends on where one stands on it. An
// interval made for the wrong one is wrong: CALIBRATION.md shows by how much.
type Noise string

// The kinds of noise.
const (
	// NoiseAbsolute: the same everywhere.
	NoiseAbsolute Noise = "absolute"
	// NoiseRelative: a share of the value, as costs have it. Weights 1/fitted².
	NoiseRelative Noise = "relative"
)

// OLS fits a line by ordinary least squares, with the t intervals of R's lm and
// confint, for absolute noise. At least 3 points with different x and y are
// needed. A line through every point carries WarnPerfectFit.
func OLS(x, y []float64, level float64) (Line, error) {
	l, _, err := fit(x, y, nil)
	if err == nil {
		l, err = l.at(level)
	}
	if err != nil {
		return Line{}, fmt.Errorf("least squares of %d points: %w", len(x), err)
	}
	return l, nil
}

// RelativeLine fits a line by least squares of relative deviations: weights are
// 1/fitted², found by iteration (quasi-likelihood of a constant coefficient of
// variation). It is for cost against pods, where the noise is a share of the cost:
// there OLS lets the highest density decide and claims far too much precision. All
// y, and the line at all x, must be positive, else ErrNotPositive.
func RelativeLine(x, y []float64, level float64) (Line, error) {
	l, err := relativeLine(x, y, level)
	if err != nil {
		return Line{}, fmt.Errorf("relative least squares of %d points: %w", len(x), err)
	}
	return l, nil
}

func relativeLine(x, y []float64, level float64) (Line, error) {
	weights, err := relativeWeights(x, y)
	if err != nil {
		return Line{}, err
	}
	l, residuals, err := fit(x, y, weights)
	if err != nil {
		return Line{}, err
	}
	shares := 0.0
	for i, r := range residuals {
		shares += r / (y[i] - r) * (r / (y[i] - r))
	}
	l.ResidualSD = math.Sqrt(shares / l.DF)
	return l.at(level)
}

// weightsFor returns the weights of the kind of noise around a line through x and
// y, nil for equal ones.
func weightsFor(noise Noise, x, y []float64) ([]float64, error) {
	switch noise {
	case NoiseAbsolute:
		return nil, nil
	case NoiseRelative:
		return relativeWeights(x, y)
	}
	return nil, fmt.Errorf("%w: noise %q", ErrRange, noise)
}

// relativeWeights returns 1/fitted² of the line that these weights lead to, scaled
// so that the largest is 1.
func relativeWeights(x, y []float64) ([]float64, error) {
	if err := checkPoints(x, y); err != nil {
		return nil, err
	}
	for i, v := range y {
		if v <= 0 {
			return nil, fmt.Errorf("%w: y %d is %v", ErrNotPositive, i, v)
		}
	}
	weights := slices.Repeat([]float64{1}, len(x))
	for moved, round := 1.0, 0; moved > 1e-12 && round < 100; round++ {
		intercept, slope := stat.LinearRegression(x, y, weights, false)
		// A line is lowest at one of its ends.
		least := intercept + slope*slices.Min(x)
		if slope < 0 {
			least = intercept + slope*slices.Max(x)
		}
		if err := checkFinite(intercept, slope); err != nil {
			return nil, err
		}
		if least <= 0 {
			return nil, fmt.Errorf("%w: the line falls to %v", ErrNotPositive, least)
		}
		moved = 0
		for i := range weights {
			share := least / (intercept + slope*x[i])
			moved = math.Max(moved, math.Abs(share*share-weights[i]))
			weights[i] = share * share
		}
	}
	return weights, nil
}

// checkPoints refuses points that no line can be drawn through.
func checkPoints(x, y []float64) error {
	if err := checkPairs(3, x, y); err != nil {
		return err
	}
	if err := checkSpread(x); err != nil {
		return fmt.Errorf("x: %w", err)
	}
	if err := checkSpread(y); err != nil {
		return fmt.Errorf("y: %w", err)
	}
	return nil
}

// fit returns the least-squares line with the weights (nil: equal), still without
// intervals, and its residuals.
func fit(x, y, weights []float64) (Line, []float64, error) {
	if err := checkPoints(x, y); err != nil {
		return Line{}, nil, err
	}
	intercept, slope := stat.LinearRegression(x, y, weights, false)
	meanX, meanY := stat.Mean(x, weights), stat.Mean(y, weights)
	residuals := make([]float64, len(x))
	var sum, sxx, syy, rss float64
	for i := range x {
		w := weightAt(weights, i)
		residuals[i] = y[i] - (intercept + slope*x[i])
		sum += w
		rss += w * residuals[i] * residuals[i]
		sxx += w * (x[i] - meanX) * (x[i] - meanX)
		syy += w * (y[i] - meanY) * (y[i] - meanY)
	}
	df := float64(len(x) - 2)
	variance := rss / df
	l := Line{
		Intercept:   Estimate{Value: intercept, N: len(x)},
		Slope:       Estimate{Value: slope, N: len(x)},
		InterceptSE: math.Sqrt(variance * (1/sum + meanX*meanX/sxx)),
		SlopeSE:     math.Sqrt(variance / sxx),
		Covariance:  -meanX * variance / sxx,
		DF:          df,
		ResidualSD:  math.Sqrt(variance),
		R2:          1 - rss/syy,
	}
	if err := checkFinite(intercept, slope, l.InterceptSE, l.SlopeSE, l.Covariance, l.ResidualSD, l.R2); err != nil {
		return Line{}, nil, err
	}
	if rss <= rounding*rounding*syy {
		l.Slope.Warnings = []error{WarnPerfectFit}
		l.Intercept.Warnings = []error{WarnPerfectFit}
	}
	return l, residuals, nil
}

// at returns the line with t intervals of the level.
func (l Line) at(level float64) (Line, error) {
	if err := checkOpen("level", level); err != nil {
		return Line{}, err
	}
	t := tQuantile((1+level)/2, l.DF)
	l.Slope.CI = around(l.Slope.Value, t*l.SlopeSE, level)
	l.Intercept.CI = around(l.Intercept.Value, t*l.InterceptSE, level)
	if err := checkFinite(l.Slope.CI.Lo, l.Slope.CI.Hi, l.Intercept.CI.Lo, l.Intercept.CI.Hi); err != nil {
		return Line{}, err
	}
	return l, nil
}

func weightAt(weights []float64, i int) float64 {
	if weights == nil {
		return 1
	}
	return weights[i]
}
