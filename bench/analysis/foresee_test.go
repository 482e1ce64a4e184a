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
	// R: with sd = 0.145 / sqrt(30) * sqrt(1 + 1/2), for n = 24:
	// exp(power.t.test(n = 24, sd = sd, power = 0.8, type = "one.sample", alternative = "one.sided")$delta) - 1.
	f("pods: 35\nrounds: {min: 8, max: 24, every: 4}\nwindow: 30s\narms: [{name: a, collectors: [x]}, {name: again, collectors: [x]}, b]\nbaseline: a\ncomparisons: [{of: b, to: a}]\n", []analysis.Foresight{{
		Comparison: plan.Comparison{Of: "b", To: "a"}, Least: analysis.Prospect{Rounds: 8, Effect: 0.0323}, Most: analysis.Prospect{Rounds: 24, Effect: 0.0171},
	}})
	f("pods: 35\nrounds: 1\narms: [a, b]\ncomparisons: [{of: b, to: a}]\n", []analysis.Foresight{{
		Comparison: plan.Comparison{Of: "b", To: "a"}, Least: analysis.Prospect{Rounds: 1, Effect: math.Inf(1)}, Most: analysis.Prospect{Rounds: 1, Effect: math.Inf(1)},
	}})
	f("pods: 35\narms: [a, b]\nrounds: 5\n", nil)
}
