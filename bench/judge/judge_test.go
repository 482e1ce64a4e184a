package judge_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gonum.org/v1/gonum/stat/distuv"

	"cri-stats-bench/bench/judge"
	"cri-stats-bench/bench/stat"
)

func spending(t testing.TB, fractions ...float64) *stat.Spending {
	t.Helper()
	s, err := stat.NewSpending(fractions)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestDecideOne(t *testing.T) {
	f := func(p judge.Tails, want judge.Verdict, within, equivalent bool) {
		t.Helper()
		got, err := judge.Decide([]judge.Endpoint{{Weight: 3, Looks: []judge.Tails{p}}}, spending(t, 1))
		if err != nil {
			t.Fatal(err)
		}
		w := judge.Decision{Verdict: want, Unadjusted: want, WithinMargin: within, Equivalent: equivalent, Adjusted: p.NonInferior, Worse: p.Worse < judge.Alpha}
		if diff := cmp.Diff([]judge.Decision{w}, got); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", p, diff)
		}
	}
	const no = 0.5
	f(judge.Tails{Better: 0.01, NonInferior: 0.001, Inferior: 1, Worse: 1, NotLess: no}, judge.Better, false, false)
	f(judge.Tails{Better: 0.01, NonInferior: 0.001, Inferior: 1, Worse: 1, NotLess: 0.01}, judge.Better, false, true)
	f(judge.Tails{Better: no, NonInferior: 0.01, Inferior: 1, Worse: no, NotLess: 0.01}, judge.NonInferior, false, true)
	f(judge.Tails{Better: 1, NonInferior: 0.01, Inferior: 1, Worse: 0.01, NotLess: 0.001}, judge.NonInferior, true, true)
	f(judge.Tails{Better: 1, NonInferior: 1, Inferior: 0.01, Worse: 0.001, NotLess: 0.001}, judge.Inferior, false, false)
	f(judge.Tails{Better: no, NonInferior: no, Inferior: no, Worse: no, NotLess: no}, judge.Inconclusive, false, false)
	f(judge.Tails{Better: no, NonInferior: judge.Alpha, Inferior: no, Worse: no, NotLess: 0.01}, judge.Inconclusive, false, false)
}

// With equal weights it is Holm's procedure (R: p.adjust(p, "holm")).
func TestHolm(t *testing.T) {
	near := cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) < 1e-12 })
	f := func(p, weights, want []float64) {
		t.Helper()
		got, err := judge.Holm(p, weights)
		if diff := cmp.Diff(want, got, near); err != nil || diff != "" {
			t.Errorf("%v with weights %v: %v (-want +got):\n%s", p, weights, err, diff)
		}
	}
	f([]float64{0.01, 0.04, 0.03, 0.005}, []float64{1, 1, 1, 1}, []float64{0.03, 0.06, 0.06, 0.02})
	// By hand: 0.02/10 is first, of 11; then 0.02/1 of 1.
	f([]float64{0.02, 0.02}, []float64{10, 1}, []float64{0.022, 0.022})
	f([]float64{0.9, 0.004}, []float64{10, 1}, []float64{0.9, 0.044})
	f(nil, nil, []float64{})
	for _, bad := range []struct{ p, w []float64 }{{[]float64{0.1}, nil}, {[]float64{0.1}, []float64{0}}, {[]float64{math.NaN()}, []float64{1}}, {[]float64{2}, []float64{1}}} {
		if _, err := judge.Holm(bad.p, bad.w); err == nil {
			t.Errorf("%v is adjusted", bad)
		}
	}
}

func TestTogether(t *testing.T) {
	f := func(want judge.Verdict, verdicts ...judge.Verdict) {
		t.Helper()
		if got := judge.Together(verdicts...); got != want {
			t.Errorf("%q together are %q, want %q", verdicts, got, want)
		}
	}
	f(judge.NoVerdict)
	f(judge.Better, judge.Better, judge.Better)
	f(judge.NonInferior, judge.Better, judge.NonInferior)
	f(judge.Inconclusive, judge.Inconclusive, judge.NonInferior)
	f(judge.Inferior, judge.Better, judge.Inferior)
	f(judge.Inferior, judge.NoVerdict, judge.Inferior)
	f(judge.NoVerdict, judge.NoVerdict, judge.Better)
}

// Over all endpoints and looks, whatever weighs how much, a claim of one kind is wrong in
// at most 5 % of reports: here all ratios lie on the margin, so each claim of
// non-inferiority is wrong.
func TestFamilyHoldsLevel(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 5))
	fractions := []float64{0.5, 0.75, 1}
	looks := spending(t, fractions...)
	const reports, endpoints = 8000, 7
	wrong := 0
	for range reports {
		all := make([]judge.Endpoint, endpoints)
		for i := range all {
			all[i].Weight = 1
			if i < 3 {
				all[i].Weight = 10
			}
			sum, before := 0.0, 0.0
			for _, f := range fractions {
				sum += math.Sqrt(f-before) * random.NormFloat64()
				before = f
				p := distuv.UnitNormal.Survival(sum / math.Sqrt(f))
				all[i].Looks = append(all[i].Looks, judge.Tails{Better: 1, NonInferior: p, Inferior: 1 - p, Worse: 1 - p, NotLess: 1 - p})
			}
		}
		decisions, err := judge.Decide(all, looks)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range decisions {
			if d.Verdict == judge.NonInferior {
				wrong++
				break
			}
		}
	}
	if share := float64(wrong) / reports; share > 0.056 || share < 0.035 {
		t.Errorf("%.4f of the reports claim wrongly, want at most 0.05 and not far below", share)
	}
}
