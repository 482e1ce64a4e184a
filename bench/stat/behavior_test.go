package stat

import (
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
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
	plain := must[Estimate](t)(QuantileInterval(x, 0.5, 0.95))
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

func TestTukeyFences(t *testing.T) {
	f := must[Fences](t)(TukeyFences([]float64{1, 2, 3, 4, 5}))
	if diff := cmp.Diff(Fences{LowSevere: -4, LowMild: -1, HighMild: 7, HighSevere: 10}, f); diff != "" {
		t.Errorf("fences of 1..5 (-want +got):\n%s", diff)
	}
	for v, want := range map[float64]string{
		-4.1: "low severe", -4: "low mild", -1.1: "low mild", -1: "inside", 3: "inside", 7: "inside",
		7.1: "high mild", 10: "high mild", 10.1: "high severe",
	} {
		if got := f.Class(v).String(); got != want {
			t.Errorf("Class(%v) = %s, want %s", v, got, want)
		}
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
	f("SignedRank", must[Test](t)(SignedRank(tied, 0)).Warnings, WarnZeros, WarnTies)
	f("SignedRank off the values", must[Test](t)(SignedRank(tied, 0.3)).Warnings, WarnTies)
	f("HodgesLehmann", must[Estimate](t)(HodgesLehmann(tied, 0.9)).Warnings, WarnTies)
	f("MannWhitney", must[Test](t)(MannWhitney(tied, sample(1, 5, 0, 1))).Warnings, WarnTies)
	f("QuantileInterval", must[Estimate](t)(QuantileInterval(tied, 0.5, 0.9)).Warnings, WarnTies)
	f("TheilSen", must[MedianLine](t)(TheilSen(densities(10), tied, 0.9)).Slope.Warnings, WarnTies)
	f("SignedRank of 301", must[Test](t)(SignedRank(sample(1, 301, 0, 1), 0)).Warnings, WarnNormalApprox)
	f("HodgesLehmann of 301", must[Estimate](t)(HodgesLehmann(sample(1, 301, 0, 1), 0.9)).Warnings, WarnNormalApprox)
	f("HodgesLehmannShift of 101", must[Estimate](t)(HodgesLehmannShift(sample(1, 50, 0, 1), sample(2, 51, 0, 1), 0.9)).Warnings, WarnNormalApprox)
	f("TheilSen of 201", must[MedianLine](t)(TheilSen(sample(1, 201, 0, 1), sample(2, 201, 0, 1), 0.9)).Slope.Warnings, WarnNormalApprox)
	f("a perfect line", must[Line](t)(OLS([]float64{1, 2, 3}, []float64{2, 4, 6}, 0.9)).Slope.Warnings, WarnPerfectFit)

	few := must[*Replicates](t)(Bootstrap(sample(1, 25, 0, 1), Mean, BootstrapOptions{Replicates: 1000}))
	many := must[*Replicates](t)(Bootstrap(sample(1, 26, 0, 1), Mean, BootstrapOptions{Replicates: 1000}))
	f("BCa of 25", must[Estimate](t)(few.BCa(0.9)).Warnings, WarnSmallSample)
	f("Percentile of 25", must[Estimate](t)(few.Percentile(0.9)).Warnings, WarnSmallSample)
	f("ExpandedBCa of 25", must[Estimate](t)(few.ExpandedBCa(0.9)).Warnings)
	f("BCa of 26", must[Estimate](t)(many.BCa(0.9)).Warnings)
	f("BCa at 99.99 %", must[Estimate](t)(many.BCa(0.9999)).Warnings, WarnExtremes)
	median := func(x []float64) float64 {
		slices.Sort(x)
		return x[len(x)/2]
	}
	lumpy := must[*Replicates](t)(Bootstrap(sample(1, 41, 0, 1), median, BootstrapOptions{Replicates: 1000}))
	f("BCa of a median", must[Estimate](t)(lumpy.BCa(0.9)).Warnings, WarnFewValues)
	pods := densities(40)
	rare := must[*Replicates](t)(BootstrapIndex(40, func(index []int) float64 {
		s := 0.0
		for _, i := range index {
			s += pods[i]
		}
		if s > 5200 {
			return math.NaN()
		}
		return s
	}, BootstrapOptions{Replicates: 2000}))
	f("a statistic that fails now and then", must[Estimate](t)(rare.Percentile(0.9)).Warnings, WarnResamples)
	long := must[*Replicates](t)(BootstrapSeries(sample(1, 90, 0, 1), Mean, 10, BootstrapOptions{Replicates: 1000}))
	f("nine blocks", must[Estimate](t)(long.Percentile(0.9)).Warnings, WarnFewBlocks)
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

// Cliff's delta of samples that do not overlap has an interval all the same.
func TestCliffSeparated(t *testing.T) {
	e := must[Estimate](t)(CliffsDelta([]float64{5, 6, 7, 8}, []float64{1, 2, 3, 4, 4.5}, 0.95))
	square := math.Pow(tQuantile(0.975, 7), 2)
	want := Interval{Lo: (4 - square) / (4 + square), Hi: 1, Level: 0.95, Coverage: 0.95}
	if e.Value != 1 || e.CI != want {
		t.Errorf("%+v, want 1 %+v", e, want)
	}
}

// A statistic over clusters sees whole clusters.
func TestBootstrapClusters(t *testing.T) {
	clusters := [][]float64{{1, 1}, {2}, {4, 4, 4}}
	sums := map[float64]bool{}
	r := must[*Replicates](t)(BootstrapClusters(clusters, func(x []float64) float64 {
		s := 0.0
		for _, v := range x {
			s += v
		}
		return s
	}, BootstrapOptions{Replicates: 2000}))
	for _, v := range r.Values() {
		sums[v] = true
	}
	// Three draws of 2, 2 and 12.
	if diff := cmp.Diff(map[float64]bool{6: true, 16: true, 26: true, 36: true}, sums); diff != "" || r.Value != 16 || r.N != 3 {
		t.Errorf("value %v of %d clusters, sums (-want +got):\n%s", r.Value, r.N, diff)
	}
}
