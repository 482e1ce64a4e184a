package analysis

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cri-stats-bench/bench/stat"
)

// series is a run of n cycles in so many blocks. Neighbours are correlated by rho,
// and blocks differ by so many standard deviations of a cycle.
func series(seed uint64, blocks, n int, rho, block float64) []pair {
	random := rand.New(rand.NewPCG(seed, 7))
	var out []pair
	for i := range blocks {
		level, noise := block*random.NormFloat64(), random.NormFloat64()
		for cycle := range n / blocks {
			out = append(out, pair{turn: turn{0, i, cycle + 1}, x: level + noise})
			noise = rho*noise + math.Sqrt(1-rho*rho)*random.NormFloat64()
		}
	}
	return out
}

// How often 90 % intervals of a mean hold the truth, by how cycles follow each
// other. Below six blocks a difference between them may go unseen; a block alone
// can never show it.
func TestDivide(t *testing.T) {
	const runs = 500
	f := func(blocks, n int, rho, block, least float64) {
		t.Helper()
		held := 0
		for seed := range runs {
			units, _, err := divide(series(uint64(seed), blocks, n, rho, block), alone(CPUCores))
			if err != nil {
				t.Fatal(err)
			}
			values, _ := reduced(units, alone(CPUCores))
			e, err := stat.MeanT(values, 0.90)
			if err != nil {
				t.Fatal(err)
			}
			if e.CI.Contains(0) {
				held++
			}
		}
		share := float64(held) / runs
		t.Logf("%2d blocks, %3d cycles, correlation %.1f, blocks differ by %.1f: %.3f", blocks, n, rho, block, share)
		if share < least {
			t.Errorf("%d blocks of %d cycles, correlation %g, blocks differ by %g: %.3f of the intervals hold the truth, want %.2f", blocks, n, rho, block, share, least)
		}
	}
	for _, n := range []int{60, 300} {
		f(6, n, 0, 0, 0.87)
		f(6, n, 0.7, 0, 0.87)
		f(6, n, 0, 0.5, 0.87)
		f(10, n, 0.7, 0.5, 0.87)
	}
	f(1, 12, 0, 0, 0.87)
	f(1, 30, 0, 0, 0.87)
	f(1, 300, 0, 0, 0.87)
	f(1, 300, 0.5, 0, 0.87)
	f(1, 300, 0.7, 0, 0.85)
	f(1, 60, 0.5, 0, 0.77)
	f(3, 9, 0, 0, 0.87)
	f(3, 90, 0, 0, 0.87)
	f(3, 300, 0.5, 0, 0.87)
	f(3, 300, 0, 0.5, 0.80)
}

// Every pair is in one unit, and no unit spans two blocks.
func FuzzDivide(f *testing.F) {
	f.Add(uint64(1), uint8(3), uint16(40), false)
	f.Add(uint64(2), uint8(12), uint16(40), true)
	f.Fuzz(func(t *testing.T, seed uint64, blocks uint8, n uint16, trials bool) {
		if blocks == 0 || n > 2000 {
			return
		}
		random := rand.New(rand.NewPCG(seed, 1))
		pairs := series(seed, int(blocks), int(n), 0.5, 0.5)
		pairs = slices.DeleteFunc(pairs, func(pair) bool { return random.IntN(4) == 0 })
		if trials {
			pairs = slices.CompactFunc(pairs, func(a, b pair) bool { return a.block() == b.block() })
			for i := range pairs {
				pairs[i].cycle = 0
			}
		}
		if len(pairs) == 0 {
			return
		}
		units, basis, err := divide(pairs, alone(CPUCores))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(pairs, slices.Concat(units...), cmp.AllowUnexported(pair{}, turn{})); diff != "" {
			t.Errorf("pairs before and after (-want +got):\n%s", diff)
		}
		for _, u := range units {
			if u[0].block() != u[len(u)-1].block() {
				t.Errorf("a unit reaches from %v to %v", u[0].turn, u[len(u)-1].turn)
			}
		}
		if basis.Count != len(units) || basis.Effective > float64(len(pairs)) || math.IsNaN(basis.Correlation) {
			t.Errorf("%d units: %+v", len(units), basis)
		}
	})
}

// Values that cannot be calculated with are no reason to stop.
func TestDivideOdd(t *testing.T) {
	f := func(values []float64, value reduction, want int) {
		t.Helper()
		var pairs []pair
		for i, v := range values {
			pairs = append(pairs, pair{turn{0, 0, i + 1}, v, 1})
		}
		units, basis, err := divide(pairs, value)
		if err != nil {
			t.Errorf("%v: %v", values, err)
		}
		got, _ := reduced(units, value)
		if len(got) != want || math.IsNaN(basis.Correlation) || math.IsNaN(basis.Effective) {
			t.Errorf("%v: %d units have a value, want %d; %+v", values, len(got), want, basis)
		}
	}
	f(nil, alone(CPUCores), 0)
	f([]float64{1}, alone(CPUCores), 1)
	f([]float64{1, 1, 1, 1}, alone(CPUCores), 4)
	f([]float64{0, -1, 2, 4}, logRatio(CPUCores), 2)
	f([]float64{0, 0}, logRatio(PSS), 0)
	f([]float64{1e300, -1e300, 1e300, 5}, alone(CPUCores), 4)
	f([]float64{1, 2, 3}, difference(ResponseP50), 3)
}

func TestQuotient(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	const runs, n = 2000, 10
	held, heldPaired := 0, 0
	for range runs {
		above, below := make([]float64, n), make([]float64, n)
		for i := range n {
			round := 0.2 * random.NormFloat64()
			above[i], below[i] = 3+3*round+0.3*random.NormFloat64(), 2+2*round+0.2*random.NormFloat64()
		}
		q, err := pairedQuotientOf(above, below)
		if err != nil {
			t.Fatal(err)
		}
		e, err := q.estimate(0.90)
		if err != nil {
			t.Fatal(err)
		}
		if e.CI.Contains(1.5) {
			heldPaired++
		}
		// The ends of an interval are where the tests turn.
		p, _, err := q.tails(e.CI.Hi)
		if _, r, _ := q.tails(e.CI.Lo); err != nil || math.Abs(p-0.05) > 1e-9 || math.Abs(r-0.05) > 1e-9 {
			t.Fatalf("p-values at the ends of %v are %g and %g (%v)", e.CI, p, r, err)
		}
		random.Shuffle(n, func(i, j int) { above[i], above[j] = above[j], above[i] })
		for i := range below {
			below[i] = 2 + 0.3*random.NormFloat64()
		}
		q, err = quotientOf(above, below)
		if err != nil {
			t.Fatal(err)
		}
		if e, err = q.estimate(0.90); err != nil {
			t.Fatal(err)
		}
		if e.CI.Contains(1.5) {
			held++
		}
	}
	for name, count := range map[string]int{"independent": held, "paired": heldPaired} {
		most := 0.92
		if name == "independent" {
			most = 0.94 // with the degrees of freedom of one mean alone
		}
		if share := float64(count) / runs; share < 0.88 || share > most {
			t.Errorf("%s: %.3f of the 90 %% intervals hold the truth", name, share)
		}
	}
}

func TestQuotientRefuses(t *testing.T) {
	f := func(above, below []float64, paired bool) {
		t.Helper()
		quotient := quotientOf
		if paired {
			quotient = pairedQuotientOf
		}
		q, err := quotient(above, below)
		if err == nil {
			_, err = q.estimate(0.9)
		}
		if err == nil {
			t.Errorf("%v over %v gives a ratio", above, below)
		}
	}
	for _, paired := range []bool{false, true} {
		f(nil, nil, paired)
		f([]float64{1}, []float64{1}, paired)
		f([]float64{1, 1}, []float64{1, 1}, paired)
		f([]float64{1, 2, 3}, []float64{-1, 0, 1}, paired)
		f([]float64{1, 2, 3}, []float64{-1, -2, -3}, paired)
		f([]float64{1, math.NaN(), 3}, []float64{1, 2, 3}, paired)
		f([]float64{1, 2, 3}, []float64{1, 2, math.Inf(1)}, paired)
		f([]float64{1e308, -1e308, 1e308}, []float64{1, 2, 3}, paired)
	}
	f([]float64{1, 2}, []float64{1, 2, 3}, true)
}
