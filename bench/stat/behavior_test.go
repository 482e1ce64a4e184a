package stat

import (
	"errors"
	"math"
	"slices"
	"testing"
)

func TestNearestRank(t *testing.T) {
	x := make([]float64, 100)
	for i := range x {
		x[i] = float64(100 - i)
	}
	f := func(p, want float64) {
		t.Helper()
		if got := must[float64](t)(NearestRank(x, p)); got != want {
			t.Errorf("NearestRank(1..100, %v) = %v, want %v", p, got, want)
		}
	}
	f(1e-9, 1)
	f(0.01, 1)
	f(0.07, 7) // 0.07*100 is 7.000000000000001
	f(0.29, 29)
	f(0.5, 50)
	f(0.985, 99)
	f(0.99, 99)
	f(0.999, 100)
	f(1, 100)
}

// One effective value in five: ranks of 20 values, spread over 100.
func TestQuantileIntervalEffective(t *testing.T) {
	x := make([]float64, 100)
	for i := range x {
		x[i] = float64(i + 1)
	}
	plain := must[Estimate](t)(QuantileIntervalEffective(x, 0.5, 0.95, 100))
	wide := must[Estimate](t)(QuantileIntervalEffective(x, 0.5, 0.95, 20.9))
	if want := (Interval{Lo: 40, Hi: 61, Level: 0.95, Coverage: plain.CI.Coverage}); plain.CI != want {
		t.Errorf("independent: %+v, want %+v", plain.CI, want)
	}
	// Ranks 6 and 15 of 20.
	if want := (Interval{Lo: 26, Hi: 75, Level: 0.95, Coverage: wide.CI.Coverage}); wide.CI != want {
		t.Errorf("20 effective: %+v, want %+v", wide.CI, want)
	}
	if !near(wide.CI.Coverage, 0.958610534667969, 1e-12) {
		t.Errorf("coverage %v", wide.CI.Coverage)
	}
}

// What qualifies a result is said.
func TestWarnings(t *testing.T) {
	f := func(what string, got []error, want ...Warning) {
		t.Helper()
		if len(got) != len(want) {
			t.Errorf("%s: %v, want %v", what, got, want)
			return
		}
		for i := range want {
			if !errors.Is(got[i], want[i]) {
				t.Errorf("%s: %v, want %v", what, got[i], want[i])
			}
		}
	}
	tied := []float64{1, 2, 2, 3, -1, 4, 0, 0, 5, 6}
	f("HodgesLehmann", must[Estimate](t)(HodgesLehmann(tied, 0.9)).Warnings, WarnTies)
	f("MannWhitney", must[Test](t)(MannWhitney(tied, sample(1, 5, 0, 1))).Warnings, WarnTies)
	f("QuantileIntervalEffective", must[Estimate](t)(QuantileIntervalEffective(tied, 0.5, 0.9, 10)).Warnings, WarnTies)
	f("TheilSen", must[MedianLine](t)(TheilSen(densities(10), tied, 0.9)).Slope.Warnings, WarnTies)
	f("HodgesLehmann of 301", must[Estimate](t)(HodgesLehmann(sample(1, 301, 0, 1), 0.9)).Warnings, WarnNormalApprox)
	f("HodgesLehmannShift of 101", must[Estimate](t)(HodgesLehmannShift(sample(1, 50, 0, 1), sample(2, 51, 0, 1), 0.9)).Warnings, WarnNormalApprox)
	f("TheilSen of 201", must[MedianLine](t)(TheilSen(sample(1, 201, 0, 1), sample(2, 201, 0, 1), 0.9)).Slope.Warnings, WarnNormalApprox)
	f("a perfect line", must[Line](t)(OLS([]float64{1, 2, 3}, []float64{2, 4, 6}, 0.9)).Slope.Warnings, WarnPerfectFit)
}

func TestSteadyConstant(t *testing.T) {
	x := slices.Repeat([]float64{7}, 30)
	s := must[Steadiness](t)(Steady(x, 0.01))
	if s.State != StateSteady || s.Drift.Value != 0 || len(s.Drift.Warnings) != 1 || !errors.Is(s.Drift.Warnings[0], WarnPerfectFit) {
		t.Errorf("constant series: %+v", s)
	}
	// One jump in an otherwise constant series moves the level of a half.
	for i := 15; i < 30; i++ {
		x[i] = 9
	}
	if s := must[Steadiness](t)(Steady(x, 0.01)); s.State == StateSteady {
		t.Errorf("a jump by 2 in 7 is called steady: %+v", s)
	}
}

// A long series is batched; its period comes back in values.
func TestSteadyLong(t *testing.T) {
	x := sample(5, 10_000, 10, 0.1)
	for i := range x {
		x[i] += 2 * math.Sin(2*math.Pi*float64(i)/500)
	}
	s := must[Steadiness](t)(Steady(x, 0.02))
	if s.State != StateCyclic || math.Abs(s.Period-500) > 10 {
		t.Errorf("a wave of period 500: %+v", s)
	}
}
