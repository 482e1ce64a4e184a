package analysis_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/plan"
)

func TestForesee(t *testing.T) {
	f := func(text string, want []analysis.Foresight) {
		t.Helper()
		p, err := plan.Decode("p.yaml", []byte(text), plan.Names{})
		if err != nil {
			t.Fatal(err)
		}
		got, err := analysis.Foresee(p)
		if err != nil {
			t.Fatal(err)
		}
		near := cmp.Comparer(func(a, b float64) bool { return a == b || math.Abs(a-b) < 5e-4 })
		if diff := cmp.Diff(want, got, near); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
	// R: exp(power.t.test(n = 300, sd = 0.105, power = 0.8, type = "one.sample",
	// alternative = "one.sided")$delta) - 1 is 0.01515; for n = 20, sd = 0.07 it is 0.0410.
	f("pods: 35\nrounds: {min: 20, max: 30}\nslices: {cycles: 15}\narms: [idle, a, b, {name: c, slice: false}]\n", []analysis.Foresight{
		{Regime: analysis.InSlices, Arms: []string{"a", "b"}, Least: analysis.Prospect{Pairs: 300, Effect: 0.0152}, Most: analysis.Prospect{Pairs: 450, Effect: 0.0124}},
		{Regime: analysis.InTrials, Arms: []string{"c"}, Least: analysis.Prospect{Pairs: 20, Effect: 0.0410}, Most: analysis.Prospect{Pairs: 30, Effect: 0.0331}},
	})
	f("pods: 35\nrounds: 1\narms: [a, b]\n", []analysis.Foresight{
		{Regime: analysis.InTrials, Arms: []string{"a", "b"}, Least: analysis.Prospect{Pairs: 1, Effect: math.Inf(1)}, Most: analysis.Prospect{Pairs: 1, Effect: math.Inf(1)}},
	})
	f("pods: 35\narms: [a]\nrounds: 5\n", nil)
}
