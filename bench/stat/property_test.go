package stat

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// sample returns n normal values, the same for the same seed.
func sample(seed uint64, n int, center, sd float64) []float64 {
	rng := rand.New(rand.NewPCG(seed, 1))
	x := make([]float64, n)
	for i := range x {
		x[i] = center + sd*rng.NormFloat64()
	}
	return x
}

func exps(x []float64) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = math.Exp(v)
	}
	return y
}

func must[T any](t *testing.T) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// closeTo compares estimates but for rounding.
func closeTo(t *testing.T, what string, got, want Estimate) {
	t.Helper()
	for i, pair := range [][2]float64{{got.Value, want.Value}, {got.CI.Lo, want.CI.Lo}, {got.CI.Hi, want.CI.Hi}} {
		if math.Abs(pair[0]-pair[1]) > 1e-9*(1+math.Abs(pair[1])) {
			t.Errorf("%s: part %d is %v, want %v", what, i, pair[0], pair[1])
		}
	}
}

// ratioEstimators estimate a ratio from log ratios.
func ratioEstimators() map[string]func(d []float64) (Estimate, error) {
	return map[string]func(d []float64) (Estimate, error){
		"GeometricMeanRatio": func(d []float64) (Estimate, error) { return GeometricMeanRatio(d, 0.9) },
	}
}

// A over B is one over B over A, and a change of unit changes nothing.
func TestRatioSymmetry(t *testing.T) {
	for seed := range uint64(20) {
		base, treat := exps(sample(seed, 12, 4, 0.2)), exps(sample(seed+100, 12, 4.02, 0.2))
		for name, estimate := range ratioEstimators() {
			forth := must[Estimate](t)(estimate(must[[]float64](t)(LogRatios(base, treat))))
			back := must[Estimate](t)(estimate(must[[]float64](t)(LogRatios(treat, base))))
			inverse := Estimate{Value: 1 / back.Value, CI: Interval{Lo: 1 / back.CI.Hi, Hi: 1 / back.CI.Lo}}
			closeTo(t, name+" inverted", forth, inverse)
			unit := must[Estimate](t)(estimate(must[[]float64](t)(LogRatios(scale(base, 0, 1e9), scale(treat, 0, 1e9)))))
			closeTo(t, name+" in another unit", unit, forth)
		}
	}
}

// The order of rounds carries no information.
func TestPermutationInvariance(t *testing.T) {
	for seed := range uint64(20) {
		d := sample(seed, 15, 0.01, 0.03)
		shuffled := slices.Clone(d)
		rand.New(rand.NewPCG(seed, 9)).Shuffle(len(d), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		f := func(what string, method func(d []float64) (Estimate, error)) {
			t.Helper()
			closeTo(t, what, must[Estimate](t)(method(shuffled)), must[Estimate](t)(method(d)))
		}
		f("MeanT", func(d []float64) (Estimate, error) { return MeanT(d, 0.95) })
		f("QuantileIntervalEffective", func(d []float64) (Estimate, error) { return independentQuantile(d, 0.5, 0.95) })
	}
}

// Estimates follow a change of unit and zero.
func TestEquivariance(t *testing.T) {
	const factor, shift = 250.0, -3.0
	for seed := range uint64(20) {
		x, y := sample(seed, 14, 1, 2), sample(seed+30, 9, 0, 2)
		moved := func(v []float64) []float64 { return scale(v, shift, factor) }
		f := func(what string, location bool, method func(x, y []float64) (Estimate, error)) {
			t.Helper()
			want := must[Estimate](t)(method(x, y))
			at := 0.0
			if location {
				at = shift
			}
			want.Value = at + factor*want.Value
			want.CI.Lo, want.CI.Hi = at+factor*want.CI.Lo, at+factor*want.CI.Hi
			closeTo(t, what, must[Estimate](t)(method(moved(x), moved(y))), want)
		}
		f("MeanT", true, func(x, _ []float64) (Estimate, error) { return MeanT(x, 0.95) })
		f("QuantileIntervalEffective", true, func(x, _ []float64) (Estimate, error) { return independentQuantile(x, 0.5, 0.95) })
		pods := densities(14)
		f("OLS slope", false, func(x, _ []float64) (Estimate, error) {
			l, err := OLS(pods, x, 0.95)
			return l.Slope, err
		})
	}
}

// A one-sided test at 5 % and the upper end of the 90 % interval are the same
// decision.
func TestTestsAndIntervalsAgree(t *testing.T) {
	decided := map[bool]int{}
	for seed := range uint64(400) {
		d := sample(seed, 8+int(seed%20), 0, 0.03)
		mean := must[Estimate](t)(MeanT(d, 0.9))
		for _, bound := range []float64{math.Log1p(0.02), -math.Log1p(0.02)} {
			test := must[Test](t)(StudentT(d, bound))
			if (test.PLess < 0.05) != (mean.CI.Hi < bound) || (test.PGreater < 0.05) != (mean.CI.Lo > bound) {
				t.Errorf("seed %d, bound %v: %+v but interval %+v", seed, bound, test, mean.CI)
			}
			decided[test.PLess < 0.05]++
		}
	}
	if decided[true] < 50 || decided[false] < 50 {
		t.Errorf("too one-sided to mean anything: %v", decided)
	}
}

// Adjusted p-values: never below the raw ones, in the same order, Holm's above
// Benjamini and Hochberg's.
func TestAdjustOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 50 {
		p := make([]float64, 1+rng.IntN(20))
		for i := range p {
			p[i] = math.Pow(rng.Float64(), 3)
		}
		holm, bh := must[[]float64](t)(Holm(p)), must[[]float64](t)(BenjaminiHochberg(p))
		for i := range p {
			if !(p[i] <= bh[i] && bh[i] <= holm[i] && holm[i] <= 1) {
				t.Errorf("p %v, BH %v, Holm %v", p[i], bh[i], holm[i])
			}
			for j := range p {
				if p[i] < p[j] && (holm[i] > holm[j] || bh[i] > bh[j]) {
					t.Errorf("order of %v and %v lost", p[i], p[j])
				}
			}
		}
	}
}
