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

const twoArmPlan = `
name: two-arms
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

// twoArms is a run of two arms whose costs have a true ratio.
func twoArms(t testing.TB, ratio float64, source string, args ...any) analysistest.Run {
	t.Helper()
	p, err := plan.Decode("two-arms.yaml", fmt.Appendf(nil, source, args...), plan.Names{})
	if err != nil {
		t.Fatal(err)
	}
	truth := func(cost float64) analysistest.Truth {
		line := map[bench.Component]analysistest.Line{bench.ComponentAgent: {Fixed: 0.05 * cost}}
		memory := map[bench.Component]analysistest.Line{bench.ComponentAgent: {Fixed: 5e7 * cost}}
		return analysistest.Truth{CPU: line, PSS: memory, Service: analysistest.Line{Fixed: 0.002}, Bytes: analysistest.Line{PerPod: 1}}
	}
	return analysistest.Run{
		Plan: p, Drift: 0.1, Noise: 0.02, Jitter: 0.1,
		Truth: map[string]analysistest.Truth{"base": truth(1), "rival": truth(ratio)},
	}
}

// How often verdicts are wrong, from records to verdict: 2,000 experiments each
// with lognormal noise. Before the adjustment for many endpoints, Better where the true
// ratio is 1, and NonInferior where it is at the margin, must be said in 5 % ± 1 % of them.
func TestVerdictRates(t *testing.T) {
	runs := experiments(2000)
	f := func(name string, want analysis.Verdict, twoArms func(ratio float64) analysistest.Run) {
		t.Run(name+" "+string(want), func(t *testing.T) {
			t.Parallel()
			ratio := 1.0
			if want == analysis.NonInferior {
				ratio = 1.02 // the margin
			}
			run := twoArms(ratio)
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
				if j.Unadjusted == want || want == analysis.NonInferior && j.Unadjusted == analysis.Better {
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
	ten := func(ratio float64) analysistest.Run { return twoArms(t, ratio, twoArmPlan, 10, 10) }
	f("10 rounds", analysis.Better, ten)
	f("10 rounds", analysis.NonInferior, ten)
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
		r, j := judged(t, twoArms(t, ratio, twoArmPlan, rounds, rounds), "rival", total(analysis.CPUCores))
		if j.Verdict != want || j.WithinMargin != within || j.Equivalent != equivalent {
			t.Errorf("ratio %g, %d rounds: %s (unadjusted %s), within margin %v, equivalent %v; ratio found %v %v",
				ratio, rounds, j.Verdict, j.Unadjusted, j.WithinMargin, j.Equivalent, j.Ratio.Value, j.Ratio.Interval)
		}
		if j.Class != analysis.Primary || j.P > j.Adjusted || j.Detectable <= 0 || j.Ratio.N != rounds {
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
	f(0.99, 300, analysis.Better, false, true)
	f(1.00, 60, analysis.NonInferior, false, true)
	f(1.01, 200, analysis.NonInferior, true, true)
	f(1.00, 5, analysis.Inconclusive, false, false)
	f(1.10, 20, analysis.Inferior, false, false)
}

// What is said of numbers of rounds is true: as many as would settle it do, in four
// of five cases.
func TestSettles(t *testing.T) {
	run := twoArms(t, 1, twoArmPlan, 8, 8)
	_, j := judged(t, run, "rival", total(analysis.CPUCores))
	if j.Settles == 0 {
		t.Fatalf("%s, and nothing would settle it: %+v", j.Verdict, j)
	}
	settled := 0
	for seed := range 40 {
		again := twoArms(t, j.Ratio.Value, twoArmPlan, j.Settles, j.Settles)
		again.Seed, again.Noise = uint64(seed+1), j.SD/1.4142135623730951
		if _, k := judged(t, again, "rival", total(analysis.CPUCores)); k.Unadjusted != analysis.Inconclusive {
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
	in := headline(t, 3).Input()
	in.Host.Simulated = false
	for i := range in.Trials {
		if t := &in.Trials[i]; t.Arm.Name == "cri-container-stats-1s" {
			for k := range t.Agents[0].Calls {
				t.Agents[0].Calls[k].Containers = 0
			}
		}
	}
	r := analyse(t, in)
	if want := (bench.Cell{Pods: 110, ContainersPerPod: 1, Profile: "idle"}); r.Primary == nil || *r.Primary != want {
		t.Errorf("the primary cell is %v", r.Primary)
	}
	var got []string
	for _, p := range r.PrimaryCell().Pairings {
		line := fmt.Sprintf("%s to %s, planned %v, headline %v, copies %d:", p.Of, p.To, p.Planned, p.Headline, p.Copies)
		for _, j := range p.Judgements {
			line += fmt.Sprintf(" %s %s", j.Series.Metric, j.Class)
		}
		got = append(got, line)
	}
	const primary = " cpu_cores primary pss_bytes primary response_p50_seconds secondary"
	want := []string{
		"cri to today, planned true, headline true, copies 2:" + primary,
		"cri to cadvisor, planned true, headline true, copies 1:" + primary,
		"cri to cadvisor-ondemand, planned true, headline true, copies 1:" + primary,
		"cri-container-stats-1s to cadvisor-ondemand-1s, planned true, headline false, copies 1:",
		"cri-pod-stats-1s to cadvisor-ondemand-1s, planned true, headline false, copies 1: cpu_cores secondary pss_bytes secondary response_p50_seconds secondary",
		"cadvisor to today, planned false, headline false, copies 2: cpu_cores secondary pss_bytes secondary response_p50_seconds secondary",
		"cadvisor-ondemand to today, planned false, headline false, copies 2: cpu_cores secondary pss_bytes secondary response_p50_seconds secondary",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("pairings (-want +got):\n%s", diff)
	}
	if len(r.Headlines()) != 3 {
		t.Errorf("%d headlines", len(r.Headlines()))
	}
	if a := arm(t, r, "cadvisor-ondemand-1s", 110); !slices.Contains(noteKinds(r, a.Notes), analysis.NoteWindows) {
		t.Errorf("an arm with other windows than the baseline has notes %v", noteKinds(r, a.Notes))
	}
}

// Adjustment only ever makes claims weaker.
func TestAdjusted(t *testing.T) {
	in := headline(t, 10).Input()
	in.Host.Simulated = false
	r := analyse(t, in)
	rank := map[analysis.Verdict]int{analysis.Better: 3, analysis.NonInferior: 2}
	n := 0
	for _, c := range r.Cells {
		for _, p := range c.Pairings {
			for _, j := range p.Judgements {
				n++
				if j.Adjusted < j.P || j.P < 0 || j.Adjusted > 1 {
					t.Errorf("%s of %s in %s: p %g, adjusted %g", j.Series, p.Of, c.Cell, j.P, j.Adjusted)
				}
				if rank[j.Verdict] > rank[j.Unadjusted] {
					t.Errorf("%s of %s in %s: %s, unadjusted %s", j.Series, p.Of, c.Cell, j.Verdict, j.Unadjusted)
				}
			}
		}
	}
	if n == 0 {
		t.Error("nothing is judged")
	}
}

// A single odd round that decides the mean is told of.
func TestInfluence(t *testing.T) {
	run := twoArms(t, 1, twoArmPlan, 12, 12)
	r, j := judged(t, run, "rival", total(analysis.CPUCores))
	if kinds := noteKinds(r, j.Ratio.Notes); slices.Contains(kinds, analysis.NoteInfluence) {
		t.Errorf("without an odd round: %v", kinds)
	}
	run.Drift, run.Noise = 0.01, 0.001
	run.Spoil = func(t *bench.Trial) {
		if t.Arm.Name == "rival" && t.Round == 3 {
			t.Costs[bench.ComponentAgent][bench.CPUSeconds] *= 1000
		}
	}
	r, j = judged(t, run, "rival", total(analysis.CPUCores))
	if kinds := noteKinds(r, j.Ratio.Notes); !slices.Contains(kinds, analysis.NoteInfluence) {
		t.Errorf("ratio %g, notes %v", j.Ratio.Value, kinds)
	}
}
