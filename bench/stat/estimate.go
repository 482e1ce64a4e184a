package stat

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// Errors of this package. They are wrapped with what was attempted on what;
// match them with errors.Is.
var (
	// ErrTooFew: fewer values than the method, or the level asked for, needs.
	ErrTooFew = errors.New("too few values")
	// ErrTooMany: more values than the method handles in reasonable memory.
	ErrTooMany = errors.New("too many values")
	// ErrNotFinite: a value is NaN or infinite, or the result would be.
	ErrNotFinite = errors.New("not a finite number")
	// ErrNotPositive: a value has no logarithm.
	ErrNotPositive = errors.New("not a positive number")
	// ErrConstant: no spread where the method estimates from spread.
	ErrConstant = errors.New("no spread in the values")
	// ErrLengths: values that belong together come in different numbers.
	ErrLengths = errors.New("different numbers of values")
	// ErrRange: a parameter (level, probability, margin, ...) is outside its range.
	ErrRange = errors.New("parameter out of range")
	// ErrUnbounded: the data do not bound the quantity, every interval would be infinite.
	ErrUnbounded = errors.New("no finite interval")
)

// A Warning qualifies a result that is a number all the same. It travels beside
// the result, possibly wrapped with figures; match it with errors.Is.
type Warning string

// Error returns the text of the footnote.
func (w Warning) Error() string { return string(w) }

// The warnings.
const (
	WarnTies       Warning = "equal values: the distribution is conditional on the ties, the interval conservative"
	WarnPerfectFit Warning = "the line fits perfectly: its interval has no width"
)

// An Interval is a two-sided confidence interval, closed at both ends, with equal
// tails.
type Interval struct {
	Lo, Hi float64
	// Level is the level asked for, such as 0.95.
	Level float64
	// Coverage is the level the method reaches when its assumptions hold. Rank
	// methods cannot hit every level: theirs is the next one at or above Level.
	// All others aim at Level itself, and Coverage equals it.
	Coverage float64
}

// Contains says whether v lies in the closed interval.
func (i Interval) Contains(v float64) bool { return i.Lo <= v && v <= i.Hi }

// Width returns Hi - Lo.
func (i Interval) Width() float64 { return i.Hi - i.Lo }

// An Estimate is a value with its interval, the number of values it rests on, and
// what has to be said about it.
type Estimate struct {
	Value float64
	CI    Interval
	// N counts the values used (pairs, if paired).
	N        int
	Warnings []error
}

// Exp returns the estimate of exp(θ) from that of θ: a ratio from a log ratio.
func (e Estimate) Exp() Estimate {
	e.Value = math.Exp(e.Value)
	e.CI.Lo, e.CI.Hi = math.Exp(e.CI.Lo), math.Exp(e.CI.Hi)
	return e
}

// A Test is what a hypothesis test found.
type Test struct {
	// Statistic is the test's own, such as t or U.
	Statistic float64
	// N counts the values the statistic rests on.
	N int
	// PLess is the p-value against "the true value is less" than the hypothesis,
	// PGreater against "greater", PTwoSided twice the smaller one, at most 1.
	PLess, PGreater, PTwoSided float64
	Warnings                   []error
}

func newTest(statistic float64, n int, less, greater float64, warnings []error) Test {
	return Test{
		Statistic: statistic,
		N:         n,
		PLess:     math.Min(less, 1),
		PGreater:  math.Min(greater, 1),
		PTwoSided: math.Min(1, 2*math.Min(less, greater)),
		Warnings:  warnings,
	}
}

// checkValues refuses fewer than least values and values that are not finite.
func checkValues(least int, x []float64) error {
	if len(x) < least {
		return fmt.Errorf("%w: %d, at least %d needed", ErrTooFew, len(x), least)
	}
	for i, v := range x {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("%w: value %d is %v", ErrNotFinite, i, v)
		}
	}
	return nil
}

// checkPairs is checkValues for two columns of the same rows.
func checkPairs(least int, x, y []float64) error {
	if len(x) != len(y) {
		return fmt.Errorf("%w: %d and %d", ErrLengths, len(x), len(y))
	}
	if err := checkValues(least, x); err != nil {
		return fmt.Errorf("first column: %w", err)
	}
	if err := checkValues(least, y); err != nil {
		return fmt.Errorf("second column: %w", err)
	}
	return nil
}

// rounding is the relative spread that arithmetic alone puts into equal values; R's
// t.test uses the same.
const rounding = 10 * 0x1p-52

// checkSpread refuses values that are equal, or equal but for rounding: ratios
// that are the same in every round differ in their last digit.
func checkSpread(x []float64) error {
	lo, hi := slices.Min(x), slices.Max(x)
	if hi-lo <= rounding*math.Max(math.Abs(lo), math.Abs(hi)) {
		return fmt.Errorf("%w: all are %v", ErrConstant, lo)
	}
	return nil
}

// checkOpen refuses what is not strictly between 0 and 1. NaN is not.
func checkOpen(name string, p float64) error {
	if !(p > 0 && p < 1) {
		return fmt.Errorf("%w: %s %v is not between 0 and 1", ErrRange, name, p)
	}
	return nil
}

// checkPositive refuses a parameter that is not a positive finite number.
func checkPositive(name string, v float64) error {
	if !(v > 0) || math.IsInf(v, 1) {
		return fmt.Errorf("%w: %s %v is not positive", ErrRange, name, v)
	}
	return nil
}

// checkFinite refuses a result that overflowed.
func checkFinite(results ...float64) error {
	for _, v := range results {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("%w: result %v", ErrNotFinite, v)
		}
	}
	return nil
}

// finite returns the estimate, or an error if one of its numbers is none.
func (e Estimate) finite() (Estimate, error) {
	if err := checkFinite(e.Value, e.CI.Lo, e.CI.Hi); err != nil {
		return Estimate{}, err
	}
	return e, nil
}

// hasTies says whether the ascending values hold a value twice.
func hasTies(sorted []float64) bool {
	for i := 1; i < len(sorted); i++ {
		if sorted[i] == sorted[i-1] {
			return true
		}
	}
	return false
}
