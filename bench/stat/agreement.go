package stat

import (
	"fmt"
	"math"
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
