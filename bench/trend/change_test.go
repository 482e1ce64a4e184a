package trend

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSplits(t *testing.T) {
	f := func(what string, x []float64, want ...int) {
		t.Helper()
		at, p := splits(x)
		if diff := cmp.Diff(want, at); diff != "" || len(p) != len(at) {
			t.Errorf("%s (-want +got):\n%s p %v", what, diff, p)
		}
	}
	steps := func(levels ...float64) []float64 {
		random := rand.New(rand.NewPCG(1, 1))
		var x []float64
		for _, level := range levels {
			for range 20 {
				x = append(x, level+0.01*random.NormFloat64())
			}
		}
		return x
	}
	f("nothing", nil)
	f("too few", []float64{1, 1, 1, 9, 9})
	f("all the same", make([]float64, 20))
	f("one level", steps(1))
	f("two levels", steps(1, 1.2), 20)
	f("three levels", steps(1, 1.2, 1.1), 20, 40)
	// Each side is a mixture, and no better divided than a shuffled series: what has gone
	// again is told while it lasts, and not for ever.
	f("up and back", steps(1, 1.2, 1))
	one := steps(1, 1)
	one[9] = 3
	f("an outlier is no level", one)
}

// The statistic is what its definition says.
func TestDivide(t *testing.T) {
	x := []float64{1, 2, 1.5, 4, 5, 4.5, 4.2}
	got := divide(distances(x), identity(len(x)))
	mean := func(a, b []float64) float64 {
		sum, n := 0.0, 0.0
		for i := range a {
			for j := range b {
				if &a[0] != &b[0] || i < j {
					sum, n = sum+math.Pow(math.Abs(a[i]-b[j]), 1.5), n+1
				}
			}
		}
		return sum / n
	}
	want := split{q: math.Inf(-1)}
	for at := leastSegment; at <= len(x)-leastSegment; at++ {
		a, b := x[:at], x[at:]
		l, r := float64(len(a)), float64(len(b))
		if q := l * r / (l + r) * (2*mean(a, b) - mean(a, a) - mean(b, b)); q > want.q {
			want = split{at, q}
		}
	}
	if got.at != want.at || math.Abs(got.q-want.q) > 1e-12 {
		t.Errorf("%+v, want %+v", got, want)
	}
}

const (
	seriesOfNights = 200
	nights         = 60
	changed        = 30 // the first night that is not like the others
)

// Each night is looked at with all nights before it: how often is there an alarm where
// nothing has changed, and how soon where something has? What is promised is promised of
// numbers that scatter by 1.5 % from night to night; the last two say what 2 and 3 % make of it.
func TestRates(t *testing.T) {
	count := seriesOfNights
	if raceDetector {
		count /= 10
	}
	f := func(name string, noise float64, shape func(night int) float64, from, to int, least, most float64) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found := 0
			for series := range count {
				random := rand.New(rand.NewPCG(uint64(series), 7))
				x := make([]float64, nights)
				for i := range x {
					x[i] = shape(i) + noise*random.NormFloat64()
				}
				for n := from; n <= to; n++ {
					if at, _ := splits(x[:n]); len(at) > 0 {
						found++
						break
					}
				}
			}
			share := float64(found) / float64(count)
			t.Logf("%.1f %% of %d series", 100*share, count)
			if !raceDetector && (share < least || share > most) {
				t.Errorf("%s: found in %.1f %% of %d series, want %g to %g %%", name, 100*share, count, 100*least, 100*most)
			}
		})
	}
	nothing := func(int) float64 { return 0 }
	step := func(night int) float64 {
		if night < changed {
			return 0
		}
		return math.Log(1.05)
	}
	slide := func(night int) float64 { return math.Log(1.01) * float64(max(0, night-changed+1)) }
	f("nothing changes: any alarm in 60 nights", 0.015, nothing, 1, nights, 0, 0.05)
	f("a step by 5 %: found within five nights", 0.015, step, changed+1, changed+5, 0.9, 1)
	f("a slide by 1 % a night: found before it is 10 %", 0.015, slide, changed+1, changed+9, 0.9, 1)
	f("a step by 5 % at 2 %: found within five nights", 0.02, step, changed+1, changed+5, 0.75, 1)
	f("a step by 5 % at 3 %: found within ten nights", 0.03, step, changed+1, changed+10, 0.6, 1)
}
