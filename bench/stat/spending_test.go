package stat_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"

	"cri-stats-bench/bench/stat"
)

func spending(t testing.TB, fractions ...float64) *stat.Spending {
	t.Helper()
	s, err := stat.NewSpending(fractions, 1)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The bounds that are published for this function at one-sided 2.5 % and five equal
// looks (R: gsDesign(k = 5, test.type = 1, alpha = 0.025, sfu = sfLDOF)).
func TestSpendingLevels(t *testing.T) {
	s := spending(t, 0.2, 0.4, 0.6, 0.8, 1)
	for i, level := range s.Levels(0.025) {
		want := []float64{4.8769, 3.3569, 2.6803, 2.2898, 2.0310}[i]
		if got := distuv.UnitNormal.Quantile(1 - level); math.Abs(got-want) > 2e-3 {
			t.Errorf("look %d: bound %.4f, want %.4f", i+1, got, want)
		}
	}
	if got := spending(t, 1).Levels(0.05)[0]; got != 0.05 {
		t.Errorf("one look has level %g", got)
	}
}

func TestSequential(t *testing.T) {
	s := spending(t, 0.5, 0.75, 1)
	for _, alpha := range []float64{1e-5, 0.001, 0.0125, 0.025, 0.05, 0.1} {
		for k, level := range s.Levels(alpha) {
			p := make([]float64, k+1)
			for i := range p {
				p[i] = 1
			}
			p[k] = level
			if got := s.Sequential(p); math.Abs(math.Log(got/alpha)) > 0.03 {
				t.Errorf("p %g at look %d has sequential p-value %g, want %g", level, k+1, got, alpha)
			}
		}
	}
	if got := spending(t, 1).Sequential([]float64{0.03}); got != 0.03 {
		t.Errorf("the p-value of one look becomes %g", got)
	}
	if got := s.Sequential(nil); got != 1 {
		t.Errorf("without a look the p-value is %g", got)
	}
	for _, bad := range [][]float64{nil, {0.5}, {0, 1}, {0.5, 0.5, 1}, {0.7, 0.6, 1}} {
		if _, err := stat.NewSpending(bad, 1); !errors.Is(err, stat.ErrRange) {
			t.Errorf("looks at %v give %v", bad, err)
		}
	}
}

// What is allowed for is taken off the level of several looks, in the levels as in the
// p-values, and off that of one look alone nothing.
func TestSpendingAllowance(t *testing.T) {
	fractions := []float64{0.5, 0.75, 1}
	allowed, err := stat.NewSpending(fractions, 1.25)
	if err != nil {
		t.Fatal(err)
	}
	levels := allowed.Levels(0.05)
	for k, want := range spending(t, fractions...).Levels(0.04) {
		if math.Abs(levels[k]/want-1) > 1e-9 {
			t.Errorf("look %d: level %g, want that of 4 %%, %g", k+1, levels[k], want)
		}
	}
	if got := allowed.Sequential([]float64{1, 1, levels[2]}); math.Abs(math.Log(got/0.05)) > 0.03 {
		t.Errorf("the last level has sequential p-value %g, want 0.05", got)
	}
	one, err := stat.NewSpending([]float64{1}, 1.25)
	if err != nil || one.Levels(0.05)[0] != 0.05 || one.Sequential([]float64{0.03}) != 0.03 {
		t.Errorf("one look has level %g, %v", one.Levels(0.05)[0], err)
	}
	for _, bad := range []float64{0, 0.9, math.NaN()} {
		if _, err := stat.NewSpending(fractions, bad); !errors.Is(err, stat.ErrRange) {
			t.Errorf("an allowance of %g gives %v", bad, err)
		}
	}
}

// Whoever looks at t-tests five times claims wrongly in 5 % of experiments, not more.
func TestSpendingHoldsLevel(t *testing.T) {
	looks := []int{8, 12, 16, 20, 24}
	s := spending(t, 8./24, 12./24, 16./24, 20./24, 1)
	random := rand.New(rand.NewPCG(11, 1))
	const experiments = 20_000
	wrong := 0
	for range experiments {
		var x []float64
		var p []float64
		for _, n := range looks {
			for len(x) < n {
				x = append(x, random.NormFloat64())
			}
			test, err := stat.StudentT(x, 0)
			if err != nil {
				t.Fatal(err)
			}
			p = append(p, test.PLess)
		}
		if s.Sequential(p) < 0.05 {
			wrong++
		}
	}
	if share := float64(wrong) / experiments; share < 0.044 || share > 0.056 {
		t.Errorf("%.4f of the experiments claim wrongly, want 0.05", share)
	}
}

func BenchmarkNewSpending(b *testing.B) {
	for b.Loop() {
		spending(b, 0.2, 0.4, 0.6, 0.8, 1)
	}
}
