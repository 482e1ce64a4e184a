package stat

import (
	"fmt"
	"math"
	"sort"
)

// mostRounds bounds SampleSize: who needs more has asked for the impossible.
const mostRounds = 10_000_000

func checkDesign(delta, sd, alpha float64) error {
	if err := checkPositive("delta", delta); err != nil {
		return err
	}
	if err := checkPositive("standard deviation", sd); err != nil {
		return err
	}
	if err := checkPositive("delta over standard deviation", delta/sd); err != nil {
		return err
	}
	return checkAlpha(alpha)
}

// checkAlpha refuses test levels that no test has; above 0.5 a test finds what is
// not there.
func checkAlpha(alpha float64) error {
	if !(alpha > 0 && alpha <= 0.5) {
		return fmt.Errorf("%w: test level %v is not between 0 and 0.5", ErrRange, alpha)
	}
	return nil
}

// power is the chance that a one-sided one-sample t-test of level alpha finds a shift
// of effect standard deviations in n values.
func power(n int, effect, alpha float64) float64 {
	nu := float64(n - 1)
	critical := -tQuantile(alpha, nu)
	shift := effect * math.Sqrt(float64(n))
	if shift > critical+40 {
		return 1
	}
	return 1 - noncentralTCDF(critical, nu, shift)
}

// SampleSize returns the smallest number of values, at least 2, in which a one-sided
// one-sample t-test of level alpha finds a true shift delta with the power asked
// for; sd is the standard deviation of the values, in the unit of delta. As R's
// power.t.test with type "one.sample", alternative "one.sided". It returns ErrRange
// if the power asked for is not above alpha, ErrTooMany above ten million.
//
// For non-inferiority with true ratio 1, delta is ln(1+margin) and sd that of the
// log ratios. The signed-rank test needs about 5 % more values on normal noise,
// fewer on heavy tails, and never decides anything at 5 % with fewer than 5.
func SampleSize(delta, sd, alpha, wanted float64) (int, error) {
	err := checkDesign(delta, sd, alpha)
	if err == nil {
		err = checkWanted(wanted, alpha)
	}
	if err != nil {
		return 0, fmt.Errorf("sample size: %w", err)
	}
	reached := func(n int) bool { return power(n, delta/sd, alpha) >= wanted }
	n := 2
	for ; !reached(n); n *= 2 {
		if n > mostRounds {
			return 0, fmt.Errorf("sample size: %w: more than %d for a shift of %v standard deviations", ErrTooMany, mostRounds, delta/sd)
		}
	}
	least := n/2 + 1
	if n == 2 {
		return n, nil
	}
	return least + sort.Search(n-least, func(i int) bool { return reached(least + i) }), nil
}

func checkWanted(wanted, alpha float64) error {
	if !(wanted > alpha && wanted < 1) {
		return fmt.Errorf("%w: power %v is not between the test level %v and 1", ErrRange, wanted, alpha)
	}
	return nil
}

// MinimumDetectableEffect returns the shift that n values of standard deviation sd
// find with the power asked for, by a one-sided t-test of level alpha. It has the
// unit of sd; of log ratios, exp of it less 1 is the relative change.
func MinimumDetectableEffect(n int, sd, alpha, wanted float64) (float64, error) {
	err := checkPositive("standard deviation", sd)
	if err == nil {
		err = checkAlpha(alpha)
	}
	if err == nil {
		err = checkWanted(wanted, alpha)
	}
	if err == nil && n < 2 {
		err = fmt.Errorf("%w: %d, at least 2 needed", ErrTooFew, n)
	}
	if err != nil {
		return 0, fmt.Errorf("minimum detectable effect of %d values: %w", n, err)
	}
	hi := 1.0
	for power(n, hi, alpha) < wanted {
		if hi *= 2; hi > 1e12 {
			return 0, fmt.Errorf("minimum detectable effect of %d values: %w", n, ErrUnbounded)
		}
	}
	effect := bisect(0, hi, func(effect float64) bool { return power(n, effect, alpha) >= wanted })
	if err := checkFinite(effect * sd); err != nil {
		return 0, fmt.Errorf("minimum detectable effect of %d values: %w", n, err)
	}
	return effect * sd, nil
}
