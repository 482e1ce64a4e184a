package stat

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// LogRatios returns ln(treat[i]/base[i]): one value per round, from which all
// paired effects are estimated. It returns ErrNotPositive for values that have no
// logarithm: a cost of zero was not measured or is below the detection limit.
func LogRatios(base, treat []float64) ([]float64, error) {
	if err := checkPairs(1, base, treat); err != nil {
		return nil, fmt.Errorf("log ratios: %w", err)
	}
	d := make([]float64, len(base))
	for i := range base {
		if base[i] <= 0 || treat[i] <= 0 {
			return nil, fmt.Errorf("log ratios: %w: round %d has %v over %v", ErrNotPositive, i, treat[i], base[i])
		}
		d[i] = math.Log(treat[i] / base[i])
		if math.Abs(d[i]) > 700 { // the quotient left the range of float64
			d[i] = math.Log(treat[i]) - math.Log(base[i])
		}
	}
	return d, nil
}

// meanAndError returns mean and standard error of values with spread.
func meanAndError(d []float64) (mean, se float64, err error) {
	if err := checkValues(2, d); err != nil {
		return 0, 0, err
	}
	if err := checkSpread(d); err != nil {
		return 0, 0, err
	}
	mean, sd := stat.MeanStdDev(d, nil)
	se = sd / math.Sqrt(float64(len(d)))
	if err := checkFinite(mean, se); err != nil {
		return 0, 0, err
	}
	if se <= rounding*math.Abs(mean) {
		return 0, 0, fmt.Errorf("%w beyond rounding", ErrConstant)
	}
	return mean, se, nil
}

// MeanT returns the arithmetic mean of d with Student's t interval.
func MeanT(d []float64, level float64) (Estimate, error) {
	if err := checkOpen("level", level); err != nil {
		return Estimate{}, fmt.Errorf("mean of %d values: %w", len(d), err)
	}
	mean, se, err := meanAndError(d)
	if err != nil {
		return Estimate{}, fmt.Errorf("mean of %d values: %w", len(d), err)
	}
	e, err := tEstimate(mean, se, float64(len(d)-1), level, len(d)).finite()
	if err != nil {
		return Estimate{}, fmt.Errorf("mean of %d values: %w", len(d), err)
	}
	return e, nil
}

// tEstimate is value ± t·se.
func tEstimate(value, se, df, level float64, n int) Estimate {
	return Estimate{Value: value, CI: around(value, tQuantile((1+level)/2, df)*se, level), N: n}
}

// around is center ± half.
func around(center, half, level float64) Interval {
	return Interval{Lo: center - half, Hi: center + half, Level: level, Coverage: level}
}

func tQuantile(p, df float64) float64 {
	return distuv.StudentsT{Sigma: 1, Nu: df}.Quantile(p)
}

// GeometricMeanRatio returns the geometric mean of the ratios whose logarithms are
// d (LogRatios), with the interval of the paired t-test on the log scale.
func GeometricMeanRatio(d []float64, level float64) (Estimate, error) {
	e, err := MeanT(d, level)
	if err == nil {
		e, err = e.Exp().finite()
	}
	if err != nil {
		return Estimate{}, fmt.Errorf("geometric-mean ratio: %w", err)
	}
	return e, nil
}

// StudentT is the one-sample t-test of the hypothesis that d has mean mu; of
// paired values, pass their differences or LogRatios.
func StudentT(d []float64, mu float64) (Test, error) {
	mean, se, err := meanAndError(d)
	if err == nil {
		err = checkFinite(mu)
	}
	if err != nil {
		return Test{}, fmt.Errorf("t-test of %d differences: %w", len(d), err)
	}
	t := (mean - mu) / se
	if err := checkFinite(t); err != nil {
		return Test{}, fmt.Errorf("t-test of %d differences: %w", len(d), err)
	}
	dist := distuv.StudentsT{Sigma: 1, Nu: float64(len(d) - 1)}
	return newTest(t, len(d), dist.CDF(t), dist.Survival(t), nil), nil
}
