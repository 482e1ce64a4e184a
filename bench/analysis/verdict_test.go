package analysis_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

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
	runs := experiments(2000)
	f := func(name string, want analysis.Verdict, duel func(ratio float64) analysistest.Run) {
		t.Run(name+" "+string(want), func(t *testing.T) {
			t.Parallel()
			ratio := 1.0
			if want == analysis.NonInferior {
				ratio = 1.02 // the margin
			}
			run := duel(ratio)
			n := 0
			for seed := range runs {
				run.Seed = uint64(seed)
				in := run.Input()
				in.Host.Simulated = false
				r, err := in.Decide()
				if err != nil {
					t.Fatal(err)
				}
				j := arm(t, r, "rival", 10).Judged(total(analysis.CPUCores))
				if j.Class != analysis.Primary {
					t.Fatalf("the endpoint is %s", j.Class)
				}
				if j.Verdict == want || want == analysis.NonInferior && j.Verdict == analysis.Better {
					n++
				}
			}
			share := float64(n) / float64(runs)
			t.Logf("true ratio %.3g: %s in %.3f", ratio, want, share)
			if !raceDetector && (share < 0.04 || share > 0.06) {
				t.Errorf("true ratio %.3g: %s in %.3f of the experiments, want 0.05 ± 0.01", ratio, want, share)
			}
		})
	}
	trials := func(ratio float64) analysistest.Run { return duel(t, ratio, duelPlan, 10, 10) }
	f("10 rounds", analysis.Better, trials)
	f("10 rounds", analysis.NonInferior, trials)
	f("2 rounds of 10 cycles", analysis.Better, func(ratio float64) analysistest.Run { return duel(t, ratio, slicedDuelPlan, 2, 2, 10) })
	f("8 rounds, joined with blocks of 2 cycles", analysis.NonInferior, func(ratio float64) analysistest.Run { return joinedDuel(t, ratio, 8, 8, 2) })
}

// judged is what is said of an arm in the first cell, by a run that is not
// simulated.
func judged(t testing.TB, run analysistest.Run, name string, s analysis.Series) (*analysis.Report, *analysis.Judgement) {
	t.Helper()
	in := run.Input()
	in.Host.Simulated = false
	r := analyse(t, in)
	j := arm(t, r, name, run.Plan.Pods[0]).Judged(s)
	if j == nil {
		t.Fatalf("%s of %s has no judgement", s, name)
	}
	return r, j
}

func TestVerdicts(t *testing.T) {
	f := func(ratio float64, rounds int, want analysis.Verdict, within, equivalent bool) {
		t.Helper()
		r, j := judged(t, duel(t, ratio, duelPlan, rounds, rounds), "rival", total(analysis.CPUCores))
		if j.Verdict != want || j.Unadjusted != want || j.WithinMargin != within || j.Equivalent != equivalent {
			t.Errorf("ratio %g, %d rounds: %s (unadjusted %s), within margin %v, equivalent %v; ratio found %v %v",
				ratio, rounds, j.Verdict, j.Unadjusted, j.WithinMargin, j.Equivalent, j.Ratio.Value, j.Ratio.Interval)
		}
		if j.Class != analysis.Primary || j.P != j.Adjusted || j.Twin == nil || j.Detectable <= 0 || j.Ratio.N != rounds {
			t.Errorf("ratio %g: judgement %+v", ratio, j)
		}
		if (j.Verdict == analysis.Inconclusive) != (j.Settles > 0) || j.Settles > 0 && j.Settles <= rounds {
			t.Errorf("ratio %g: %s after %d rounds would be settled by %d", ratio, j.Verdict, rounds, j.Settles)
		}
		if got := arm(t, r, "rival", 10).Together; got != want && got != analysis.Inconclusive {
			t.Errorf("ratio %g: %s, and together with memory %s", ratio, want, got)
		}
	}
	f(0.90, 20, analysis.Better, false, false)
	f(0.99, 200, analysis.Better, false, true)
	f(1.00, 60, analysis.NonInferior, false, true)
	f(1.01, 200, analysis.NonInferior, true, true)
	f(1.00, 5, analysis.Inconclusive, false, false)
	f(1.10, 20, analysis.Inferior, false, false)
}

// What is said of numbers of rounds is true: as many as would settle it do, in four
// of five cases.
func TestSettles(t *testing.T) {
	run := duel(t, 1, duelPlan, 8, 8)
	_, j := judged(t, run, "rival", total(analysis.CPUCores))
	if j.Settles == 0 {
		t.Fatalf("%s, and nothing would settle it: %+v", j.Verdict, j)
	}
	settled := 0
	for seed := range 40 {
		again := duel(t, j.Ratio.Value, duelPlan, j.Settles, j.Settles)
		again.Seed, again.Noise = uint64(seed+1), j.SD/1.4142135623730951
		if _, k := judged(t, again, "rival", total(analysis.CPUCores)); k.Verdict != analysis.Inconclusive {
			settled++
		}
	}
	if settled < 26 || settled > 38 {
		t.Errorf("%d rounds settle %d of 40 runs, want about 32", j.Settles, settled)
	}
}

// A simulated run has ratios and no verdict.
func TestNoVerdictWhereSimulated(t *testing.T) {
	r := analyse(t, example(t, 12, 5).Input())
	for _, c := range r.Cells {
		for _, a := range c.Arms {
			if a.Together != analysis.NoVerdict {
				t.Errorf("%s is %s", a.Arm, a.Together)
			}
			for _, j := range a.Judgements {
				if j.Verdict != analysis.NoVerdict || j.Unadjusted != analysis.NoVerdict || j.WithinMargin || j.Equivalent || j.Settles != 0 {
					t.Errorf("%s of %s: %+v", j.Series, a.Arm, j)
				}
			}
		}
	}
}

// Who is judged, on what, and as what.
func TestEndpoints(t *testing.T) {
	run := sliced(t, 3, 4)
	in := run.Input()
	in.Host.Simulated = false
	for i := range in.Trials {
		if t := &in.Trials[i]; t.Arm.Name == "cri-container-stats" {
			for k := range t.Agents[0].Calls {
				t.Agents[0].Calls[k].Containers = 0
			}
		}
	}
	r := analyse(t, in)
	if want := (bench.Cell{Pods: 110, ContainersPerPod: 1, Profile: "idle"}); r.Primary == nil || *r.Primary != want {
		t.Errorf("the primary cell is %v", r.Primary)
	}
	for _, name := range []string{"idle", "cadvisor", "control", "cri-pod-stats-again", "cri-container-stats"} {
		if a := arm(t, r, name, 110); len(a.Judgements) > 0 {
			t.Errorf("%s is judged", name)
		}
	}
	classes := func(pods int) map[analysis.Series]analysis.Class {
		got := make(map[analysis.Series]analysis.Class)
		for _, j := range arm(t, r, "cri-pod-stats", pods).Judgements {
			got[j.Series] = j.Class
			if j.Class == analysis.Exploratory && j.Verdict != analysis.NoVerdict {
				t.Errorf("%s is exploratory and %s", j.Series, j.Verdict)
			}
		}
		return got
	}
	p50 := analysis.Series{Metric: analysis.ResponseP50, Collector: "cri-pod-stats"}
	want := map[analysis.Series]analysis.Class{
		total(analysis.CPUCores): analysis.Primary, total(analysis.PSS): analysis.Primary, p50: analysis.Secondary,
		total(analysis.CPUPerCall): analysis.Exploratory,
	}
	for _, m := range []analysis.Metric{analysis.CPUCores, analysis.PSS} {
		for _, c := range r.Parts {
			want[analysis.Series{Metric: m, Component: c}] = analysis.Exploratory
		}
	}
	want[analysis.Series{Metric: analysis.CPUCores, Component: bench.ComponentNode}] = analysis.Exploratory
	if diff := cmp.Diff(want, classes(110)); diff != "" {
		t.Errorf("at 110 pods (-want +got):\n%s", diff)
	}
	want[total(analysis.CPUCores)], want[total(analysis.PSS)] = analysis.Secondary, analysis.Secondary
	if diff := cmp.Diff(want, classes(10)); diff != "" {
		t.Errorf("at 10 pods (-want +got):\n%s", diff)
	}
}

// Adjustment only ever makes claims weaker.
func TestAdjusted(t *testing.T) {
	in := sliced(t, 10, 4).Input()
	in.Host.Simulated = false
	r := analyse(t, in)
	n := 0
	for _, c := range r.Cells {
		for _, a := range c.Arms {
			for _, j := range a.Judgements {
				n++
				if j.Adjusted < j.P || j.P < 0 || j.Adjusted > 1 {
					t.Errorf("%s of %s in %s: p %g, adjusted %g", j.Series, a.Arm, c.Cell, j.P, j.Adjusted)
				}
				if j.Verdict != j.Unadjusted && (j.Class == analysis.Primary || j.Verdict == analysis.Better) {
					t.Errorf("%s of %s in %s: %s, unadjusted %s", j.Series, a.Arm, c.Cell, j.Verdict, j.Unadjusted)
				}
			}
		}
	}
	if n == 0 {
		t.Error("nothing is judged")
	}
}

// An odd round moves the mean and not the Hodges-Lehmann estimate.
func TestTwin(t *testing.T) {
	run := duel(t, 1, duelPlan, 12, 12)
	_, j := judged(t, run, "rival", total(analysis.CPUCores))
	if j.Twin == nil || j.TwinDiffers {
		t.Errorf("without an odd round: %+v", j.Twin)
	}
	run.Drift, run.Noise = 0.01, 0.001
	run.Spoil = func(t *bench.Trial) {
		if t.Arm.Name == "rival" && t.Round == 3 {
			t.Costs[bench.ComponentAgent][bench.CPUSeconds] *= 1000
		}
	}
	r, j := judged(t, run, "rival", total(analysis.CPUCores))
	near(t, "Hodges-Lehmann", j.Twin.Value, 1, 0.01)
	if kinds := noteKinds(r, j.Ratio.Notes); !j.TwinDiffers || !slices.Contains(kinds, analysis.NoteTwin) {
		t.Errorf("ratio %g, twin %g: differ %v, notes %v", j.Ratio.Value, j.Twin.Value, j.TwinDiffers, kinds)
	}
}
