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
	s, err := stat.NewSpending(fractions, 1)
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
