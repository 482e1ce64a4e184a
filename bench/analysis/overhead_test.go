package analysis_test

import (
	"math"
	"slices"
	"testing"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/analysis/analysistest"
)

// floorRun is a run of an idle arm, a baseline and a rival that costs a little more
// than nothing.
func floorRun(t testing.TB, above float64) analysistest.Run {
	t.Helper()
	run := duel(t, 1, joinedDuelPlan, 12, 12, 3)
	of := func(cost float64) analysistest.Truth { return duel(t, cost, duelPlan, 2, 2).Truth["rival"] }
	run.Truth["idle"], run.Truth["rival"] = of(0.1), of(0.1+above)
	return run
}

func TestOverhead(t *testing.T) {
	run := floorRun(t, 0.5)
	run.SliceNoise = run.Noise
	r := analyse(t, run.Input())
	a := arm(t, r, "rival", 10)
	cpu, pss := a.Overhead(analysis.CPUCores), a.Overhead(analysis.PSS)
	// 0.05 cores and 5e7 bytes are a cost of 1; idle costs 0.1.
	near(t, "CPU above idle", cpu.Net.Estimate.Value, 0.05*0.5, 0.1)
	near(t, "CPU above idle over the baseline's", cpu.Ratio.Estimate.Value, 0.5/0.9, 0.02)
	near(t, "PSS above idle over the baseline's", pss.Ratio.Estimate.Value, 0.5/0.9, 0.05)
	if cpu.Below || cpu.Limit <= 0 || cpu.Limit > 0.001 || cpu.Net.Regime != analysis.InSlices || pss.Net.Regime != analysis.InTrials {
		t.Errorf("overheads %+v, %+v", cpu, pss)
	}
	if i := cpu.Ratio.Estimate.Interval; i.Lo > 0.5/0.9 || i.Hi < 0.5/0.9 {
		t.Errorf("the interval of the ratio is %v", *i)
	}
}

// Below the detection limit there is a note instead of a ratio.
func TestBelowDetectionLimit(t *testing.T) {
	f := func(above float64, below bool) {
		t.Helper()
		r := analyse(t, floorRun(t, above).Input())
		o := arm(t, r, "rival", 10).Overhead(analysis.CPUCores)
		if o.Below != below || o.Ratio.Estimate.Absent() != below {
			t.Errorf("above %g: net %g, limit %g, below %v, ratio %+v", above, o.Net.Estimate.Value, o.Limit, o.Below, o.Ratio.Estimate)
		}
		if kinds := noteKinds(r, o.Ratio.Estimate.Notes); slices.Contains(kinds, analysis.NoteBelowLimit) != below {
			t.Errorf("above %g: notes %v", above, kinds)
		}
	}
	f(0.5, false)
	f(0.05, false)
	f(0.0001, true)
	f(-0.05, true)

	// A baseline that costs nothing is nothing to divide by.
	run := floorRun(t, 0.5)
	run.Truth["base"] = run.Truth["idle"]
	r := analyse(t, run.Input())
	a := arm(t, r, "rival", 10)
	for _, c := range []analysis.Comparison{a.Overhead(analysis.CPUCores).Ratio, a.Compared(total(analysis.CPUCores))} {
		if !c.Estimate.Absent() || !slices.Contains(noteKinds(r, c.Estimate.Notes), analysis.NoteBelowLimit) {
			t.Errorf("ratio to a baseline of nothing: %+v", c)
		}
	}
	if j := a.Judged(total(analysis.CPUCores)); j.Verdict != analysis.NoVerdict || j.Ratio.Interval != nil {
		t.Errorf("judgement %+v", j)
	}
}

func scaled(t testing.TB, r *analysis.Report, name string, s analysis.Series) analysis.Scaling {
	t.Helper()
	i := slices.IndexFunc(r.Scaling, func(c analysis.Scaling) bool { return c.Arm == name && c.Series == s })
	if i < 0 {
		t.Fatalf("no scaling of %s of %s", s, name)
	}
	return r.Scaling[i]
}

func TestScaling(t *testing.T) {
	run := sliced(t, 12, 8)
	r := analyse(t, run.Input())
	line := func(name string) (fixed, perPod float64) {
		for _, c := range []bench.Component{bench.ComponentAgent, bench.ComponentRuntime, bench.ComponentShims} {
			fixed, perPod = fixed+run.Truth[name].CPU[c].Fixed, perPod+run.Truth[name].CPU[c].PerPod
		}
		return fixed, perPod
	}
	_, base := line("cadvisor")
	_, idle := line("idle")
	holds := func(what string, e analysis.Estimate, truth float64) {
		t.Helper()
		if e.Absent() || e.Interval.Lo > truth || e.Interval.Hi < truth {
			t.Errorf("%s is %g %v, want %g", what, e.Value, e.Interval, truth)
		}
	}
	for _, name := range []string{"cri-container-stats", "cri-pod-stats", "cadvisor"} {
		fixed, perPod := line(name)
		s := scaled(t, r, name, total(analysis.CPUCores))
		near(t, name+" per pod", s.PerPod.Value, perPod, 0.05)
		near(t, name+" per pod, Theil-Sen", s.MedianPerPod.Value, perPod, 0.05)
		holds(name+" fixed", s.Fixed, fixed)
		if s.Curved || !s.Exponent.Absent() || !slices.Equal(s.Densities, []int{10, 35, 110}) || s.Points != 36 {
			t.Errorf("%s: %+v", name, s)
		}
		if name == "cadvisor" {
			if !s.SlopeRatio.Absent() {
				t.Errorf("the baseline has a ratio to itself: %+v", s.SlopeRatio)
			}
			continue
		}
		near(t, name+" ratio of slopes", s.SlopeRatio.Value, (perPod-idle)/(base-idle), 0.05)
		if kinds := noteKinds(r, s.Notes); !slices.Contains(kinds, analysis.NoteJoined) {
			t.Errorf("%s: notes %v", name, kinds)
		}
	}
	p50 := scaled(t, r, "cri-pod-stats", analysis.Series{Metric: analysis.ResponseP50, Collector: "cri-pod-stats"})
	near(t, "p50 per pod", p50.PerPod.Value, 0.0014, 0.05)
	near(t, "PSS per pod", scaled(t, r, "cri-pod-stats", total(analysis.PSS)).PerPod.Value, 3.3*(1<<20)+4000*0.00006*(1<<20), 0.05)
}

// Where lines meet is told between the densities that were measured, and only there.
func TestCrossing(t *testing.T) {
	f := func(perPod float64, pods []int, want float64) {
		t.Helper()
		run := example(t, 12, 3)
		run.Plan.Pods = pods
		run.Drift, run.Noise = 0.05, 0.01
		base := analysistest.Line{Fixed: 0.01, PerPod: 0.001}
		for name, l := range map[string]analysistest.Line{"cadvisor": base, "cgroup": {Fixed: 0.02, PerPod: perPod}} {
			run.Truth[name] = analysistest.Truth{CPU: map[bench.Component]analysistest.Line{
				bench.ComponentAgent: l, bench.ComponentRuntime: {Fixed: 1e-5}, bench.ComponentShims: {Fixed: 1e-5},
			}, Service: base, Bytes: base}
		}
		r := analyse(t, run.Input())
		s := scaled(t, r, "cgroup", total(analysis.CPUCores))
		near(t, "ratio of slopes", s.SlopeRatio.Value, perPod/0.001, 0.1)
		if want == 0 {
			if !s.Crossing.Absent() || !slices.Contains(noteKinds(r, s.Crossing.Notes), analysis.NoteNoCrossing) {
				t.Errorf("slope %g at %v pods: the lines meet at %+v", perPod, pods, s.Crossing)
			}
			return
		}
		near(t, "crossing", s.Crossing.Value, want, 0.1)
		if two := slices.Contains(noteKinds(r, s.Notes), analysis.NoteTwoDensities); two != (len(pods) == 2) {
			t.Errorf("%v pods: notes %v", pods, noteKinds(r, s.Notes))
		}
	}
	f(0.0005, []int{10, 35}, 20)
	f(0.0005, []int{5, 20, 60}, 20)
	f(0.0009, []int{10, 35}, 0) // they meet at 100
	f(0.001, []int{10, 35}, 0)  // never
}

// Growth that bends has the exponent of what is above idle.
func TestExponent(t *testing.T) {
	f := func(exponent float64, curved bool) {
		t.Helper()
		run := example(t, 10, 3)
		run.Plan.Pods = []int{10, 35, 110, 250}
		run.Drift, run.Noise = 0.03, 0.01
		run.Spoil = func(t *bench.Trial) {
			if t.Arm.Name != "cgroup" {
				return
			}
			pods := float64(t.Cell.Pods)
			t.Costs[bench.ComponentAgent][bench.CPUSeconds] *= math.Pow(pods, exponent) / pods
		}
		of := run.Truth["cgroup"]
		of.CPU = map[bench.Component]analysistest.Line{
			bench.ComponentAgent: {PerPod: 0.001}, bench.ComponentRuntime: {Fixed: 1e-7}, bench.ComponentShims: {Fixed: 1e-7},
		}
		idle := run.Truth["idle"]
		idle.CPU = map[bench.Component]analysistest.Line{
			bench.ComponentAgent: {Fixed: 1e-7}, bench.ComponentRuntime: {Fixed: 1e-7}, bench.ComponentShims: {Fixed: 1e-7},
		}
		run.Truth["cgroup"], run.Truth["idle"] = of, idle
		s := scaled(t, analyse(t, run.Input()), "cgroup", total(analysis.CPUCores))
		if s.Curved != curved || s.Exponent.Absent() == curved {
			t.Errorf("exponent %g: curved %v, exponent %+v", exponent, s.Curved, s.Exponent)
		}
		if curved {
			near(t, "exponent", s.Exponent.Value, exponent, 0.02)
		}
	}
	f(1, false)
	f(1.3, true)
	f(0.7, true)
}
