package analysis_test

import (
	"fmt"
	"testing"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/analysis/analysistest"
	"cri-stats-bench/bench/plan"
)

const duelPlan = `
name: duel
experiment: api
seed: 1
pods: [10]
rounds: {min: %d, max: %d}
interval: 1s
window: 1s
warm_up: 0s
arms: [base, rival]
baseline: base
margin: 2%%
`

const slicedDuelPlan = duelPlan + `
slices: {calls: 1, cycles: %d, own_trials: all}
`

const joinedDuelPlan = `
name: duel
experiment: api
seed: 1
pods: [10]
rounds: {min: %d, max: %d}
slices: {calls: 1, cycles: %d, own_trials: all}
interval: 1s
window: 1s
warm_up: 0s
arms: [idle, rival, {name: base, slice: false}]
baseline: base
idle: idle
margin: 2%%
`

// duel is a run of two arms whose costs have a true ratio.
func duel(t testing.TB, ratio float64, source string, args ...any) analysistest.Run {
	t.Helper()
	p, err := plan.Decode("duel.yaml", fmt.Appendf(nil, source, args...), plan.Names{})
	if err != nil {
		t.Fatal(err)
	}
	truth := func(cost float64) analysistest.Truth {
		line := map[bench.Component]analysistest.Line{bench.ComponentAgent: {Fixed: 0.05 * cost}}
		memory := map[bench.Component]analysistest.Line{bench.ComponentAgent: {Fixed: 5e7 * cost}}
		return analysistest.Truth{CPU: line, PSS: memory, Service: analysistest.Line{Fixed: 0.002}, Bytes: analysistest.Line{PerPod: 1}}
	}
	return analysistest.Run{
		Plan: p, Drift: 0.1, Noise: 0.02, Jitter: 0.1, SliceNoise: 0.05,
		Truth: map[string]analysistest.Truth{"base": truth(1), "rival": truth(ratio)},
	}
}

// joinedDuel is a duel in which the rival has slices and the baseline has not: the
// ratio is that of what is above the idle arm.
func joinedDuel(t testing.TB, ratio float64, args ...any) analysistest.Run {
	t.Helper()
	const idle = 0.1
	run := duel(t, ratio, joinedDuelPlan, args...)
	of := func(cost float64) analysistest.Truth { return duel(t, cost, duelPlan, 2, 2).Truth["rival"] }
	run.SliceNoise = run.Noise // or means, which noise makes larger, would differ by themselves
	run.Truth["idle"], run.Truth["rival"] = of(idle), of(idle+(1-idle)*ratio)
	return run
}

// How often verdicts are wrong, from records to verdict: 2,000 experiments each
// with lognormal noise. Better where the true ratio is 1, and NonInferior where it is
// at the margin, must be said in 5 % ± 1 % of them.
func TestVerdictRates(t *testing.T) {
	if testing.Short() {
		t.Skip("thousands of experiments")
	}
	const runs, margin = 2000, 0.02
	f := func(name string, metric analysis.Metric, duel func(ratio float64) analysistest.Run) {
		for _, c := range []struct {
			ratio float64
			want  analysis.Verdict
		}{{1, analysis.Better}, {1 + margin, analysis.NonInferior}} {
			t.Run(name+" "+string(c.want), func(t *testing.T) {
				t.Parallel()
				run := duel(c.ratio)
				n := 0
				for seed := range runs {
					run.Seed = uint64(seed)
					in := run.Input()
					in.Host.Simulated = false
					r, err := in.Decide()
					if err != nil {
						t.Fatal(err)
					}
					j := arm(t, r, "rival", 10).Judged(total(metric))
					if j.Class != analysis.Primary {
						t.Fatalf("the endpoint is %s", j.Class)
					}
					if j.Verdict == c.want || c.want == analysis.NonInferior && j.Verdict == analysis.Better {
						n++
					}
				}
				share := float64(n) / runs
				t.Logf("true ratio %.3g: %s in %.3f", c.ratio, c.want, share)
				if share < 0.04 || share > 0.06 {
					t.Errorf("true ratio %.3g: %s in %.3f of the experiments, want 0.05 ± 0.01", c.ratio, c.want, share)
				}
			})
		}
	}
	f("10 rounds", analysis.CPUCores, func(ratio float64) analysistest.Run { return duel(t, ratio, duelPlan, 10, 10) })
	f("2 rounds of 10 cycles", analysis.CPUCores, func(ratio float64) analysistest.Run { return duel(t, ratio, slicedDuelPlan, 2, 2, 10) })
	f("10 rounds, joined with blocks of 3 cycles", analysis.CPUCores, func(ratio float64) analysistest.Run { return joinedDuel(t, ratio, 10, 10, 3) })
}
