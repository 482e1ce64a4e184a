package stat

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// A Term is one sample of a Contrast and the weight of its mean.
type Term struct {
	Weight float64
	Values []float64
}

// A Contrast is a weighted sum of the means of independent samples, whose spreads
// may differ. Of two samples with the weights 1 and -1 it is what Welch's test is
// about; of four it can be the difference of two differences. Of logarithms it is
// the logarithm of a ratio of geometric means.
type Contrast []Term

// Shift is the contrast of two samples without pairing: the mean of x less that of
// y.
func Shift(x, y []float64) Contrast { return Contrast{{1, x}, {-1, y}} }

// A Spread is a contrast's value, its standard error, and the degrees of freedom
// that this is known with.
type Spread struct {
	Value, SE, DF float64
	// N counts the values of all samples.
	N int
}

// Spread returns the value with its standard error and the degrees of freedom of
// Welch (Biometrika 34, 1947) and Satterthwaite (Biometrics Bulletin 2, 1946). Each
// sample needs two values, and one of them a spread.
func (c Contrast) Spread() (Spread, error) {
	s, err := c.spread()
	if err != nil {
		return Spread{}, fmt.Errorf("contrast of %d samples: %w", len(c), err)
	}
	return s, nil
}

func (c Contrast) spread() (Spread, error) {
	if len(c) == 0 {
		return Spread{}, fmt.Errorf("%w: no samples", ErrTooFew)
	}
	var out Spread
	var variance, squares, scale float64
	for i, t := range c {
		if err := checkFinite(t.Weight); err != nil {
			return Spread{}, fmt.Errorf("weight %d: %w", i, err)
		}
		if err := checkValues(2, t.Values); err != nil {
			return Spread{}, fmt.Errorf("sample %d: %w", i, err)
		}
		mean, sd := stat.MeanStdDev(t.Values, nil)
		if checkSpread(t.Values) != nil {
			sd = 0 // what rounding makes of equal values is no spread
		}
		n := float64(len(t.Values))
		v := t.Weight * t.Weight * sd * sd / n
		out.Value += t.Weight * mean
		scale = math.Max(scale, math.Abs(t.Weight*mean))
		variance += v
		squares += v * v / (n - 1)
		out.N += len(t.Values)
	}
	if err := checkFinite(out.Value, variance); err != nil {
		return Spread{}, err
	}
	out.SE = math.Sqrt(variance)
	if out.SE <= rounding*scale {
		return Spread{}, fmt.Errorf("%w of any sample", ErrConstant)
	}
	out.DF = variance * variance / squares
	return out, checkFinite(out.DF)
}

// Estimate returns the contrast with its t interval.
func (c Contrast) Estimate(level float64) (Estimate, error) {
	s, err := c.Spread()
	if err != nil {
		return Estimate{}, err
	}
	return s.Estimate(level)
}

// Estimate returns the value with its t interval.
func (s Spread) Estimate(level float64) (Estimate, error) {
	err := checkOpen("level", level)
	var e Estimate
	if err == nil {
		e, err = tEstimate(s.Value, s.SE, s.DF, level, s.N).finite()
	}
	if err != nil {
		return Estimate{}, fmt.Errorf("interval of a contrast of %d values: %w", s.N, err)
	}
	return e, nil
}

// Test is the t-test of the hypothesis that the contrast is mu. With Shift(x, y) it
// is Welch's test, as R's t.test(x, y).
func (c Contrast) Test(mu float64) (Test, error) {
	s, err := c.Spread()
	if err != nil {
		return Test{}, err
	}
	return s.Test(mu)
}

// Test is the t-test of the hypothesis that the value is mu.
func (s Spread) Test(mu float64) (Test, error) {
	t := (s.Value - mu) / s.SE
	if err := checkFinite(mu, t); err != nil {
		return Test{}, fmt.Errorf("t-test of a contrast of %d values: %w", s.N, err)
	}
	dist := distuv.StudentsT{Sigma: 1, Nu: s.DF}
	return newTest(t, s.N, dist.CDF(t), dist.Survival(t), nil), nil
}
