package stat

import (
	"errors"
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
	f("QuantileIntervalEffective", must[Estimate](t)(QuantileIntervalEffective(tied, 0.5, 0.9, 10)).Warnings, WarnTies)
	f("a perfect line", must[Line](t)(OLS([]float64{1, 2, 3}, []float64{2, 4, 6}, 0.9)).Slope.Warnings, WarnPerfectFit)
}
