package analysis_test

import (
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/stat"
)

func TestSelfChecks(t *testing.T) {
	run := sliced(t, 12, 30)
	run.Plan.Pods = []int{35}
	r := analyse(t, run.Input())
	var slices, trials *analysis.SelfCheck
	for i := range r.SelfChecks {
		c := &r.SelfChecks[i]
		if c.Arm != "cri-pod-stats-again" || c.Of != "cri-pod-stats" || c.Failed || c.Series.Metric == analysis.PSS && c.Regime == analysis.InSlices {
			t.Errorf("self check %+v", c)
		}
		if c.Series == total(analysis.CPUCores) {
			if c.Regime == analysis.InSlices {
				slices = c
			} else {
				trials = c
			}
		}
	}
	if len(r.SelfChecks) != 5 || slices == nil || trials == nil {
		t.Fatalf("self checks %+v", r.SelfChecks)
	}
	if !slices.HoldsOne || slices.Seconds != 2*12*30*1 || trials.Seconds != 2*12*10 {
		t.Errorf("slices %+v, trials %+v", slices, trials)
	}
	if want := slices.Seconds * math.Pow(math.Log1p(slices.HalfWidth)/math.Log(1.02), 2); math.Abs(slices.ToMargin-want) > 1e-6 {
		t.Errorf("%g s to the margin, want %g", slices.ToMargin, want)
	}
}

// An arm that differs from itself spoils the verdicts of its cell.
func TestSelfCheckFails(t *testing.T) {
	run := sliced(t, 12, 8)
	run.Plan.Pods = []int{35}
	run.Spoil = func(t *bench.Trial) {
		if t.Arm.Name == "cri-pod-stats-again" {
			t.Costs[bench.ComponentAgent][bench.CPUSeconds] *= 10
		}
	}
	r := analyse(t, run.Input())
	failed := 0
	for _, c := range r.SelfChecks {
		if c.Failed {
			failed++
			if c.Series != total(analysis.CPUCores) || c.HoldsOne || c.Adjusted < c.P {
				t.Errorf("failed: %+v", c)
			}
		}
	}
	if failed != 2 || !slices.Contains(noteKinds(r, r.RunNotes), analysis.NoteSelfCheck) {
		t.Errorf("%d self checks failed, notes of the run %v", failed, noteKinds(r, r.RunNotes))
	}
	a := arm(t, r, "cri-pod-stats", 35)
	if !slices.Contains(noteKinds(r, a.Judged(total(analysis.CPUCores)).Ratio.Notes), analysis.NoteSelfCheck) ||
		slices.Contains(noteKinds(r, a.Judged(total(analysis.PSS)).Ratio.Notes), analysis.NoteSelfCheck) {
		t.Error("the verdict on CPU says nothing of the failed self check, or that on PSS does")
	}
}

func TestControls(t *testing.T) {
	run := sliced(t, 12, 20)
	run.Plan.Pods = []int{10}
	r := analyse(t, run.Input())
	var got []string
	for _, c := range r.Controls {
		if c.Arm != "control" || c.Of != "cri-pod-stats" || !c.Detected {
			t.Errorf("control %+v", c)
		}
		if c.Regime == analysis.InSlices {
			near(t, "planted "+string(c.Series.Metric), c.Found.Value, c.Planted, 0.1)
		}
		got = append(got, string(c.Regime)+" "+c.Series.String())
	}
	want := []string{
		"trials cpu_seconds_per_call of total", "trials cpu_cores of agent", "trials service_p50_seconds of control",
		"slices cpu_seconds_per_call of total", "slices cpu_cores of agent", "slices service_p50_seconds of control",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("checks (-want +got):\n%s", diff)
	}
	// What was not planted is not found.
	run.Truth["control"] = run.Truth["cri-pod-stats"]
	for _, c := range analyse(t, run.Input()).Controls {
		if c.Detected && c.Agrees {
			t.Errorf("nothing was planted, but found: %+v", c)
		}
	}
}

func TestCrossChecks(t *testing.T) {
	run := sliced(t, 12, 8)
	run.Plan.Pods = []int{35}
	r := analyse(t, run.Input())
	if len(r.CrossChecks) != 9 { // CPU of five sliced arms, latency of four
		t.Errorf("%d cross checks", len(r.CrossChecks))
	}
	for _, c := range r.CrossChecks {
		if c.Disagree || c.Slices.Absent() || c.Trials.Absent() || (c.Above == "idle") != (c.Arm != "idle" && c.Series == total(analysis.CPUCores)) {
			t.Errorf("cross check %+v", c)
		}
	}
	run.Spoil = func(t *bench.Trial) {
		if t.Cycle > 0 && t.Arm.Name == "cri-pod-stats" {
			t.Costs[bench.ComponentRuntime][bench.CPUSeconds] *= 2
		}
	}
	r = analyse(t, run.Input())
	for _, c := range r.CrossChecks {
		if want := c.Arm == "cri-pod-stats" && c.Series == total(analysis.CPUCores); c.Disagree != want {
			t.Errorf("cross check %+v, want disagreement %v", c, want)
		}
	}
	a := arm(t, r, "cri-pod-stats", 35)
	for _, notes := range [][]int{a.Notes, a.Judged(total(analysis.CPUCores)).Ratio.Notes} {
		if kinds := noteKinds(r, notes); !slices.Contains(kinds, analysis.NoteDisagree) {
			t.Errorf("notes %v", kinds)
		}
	}
}

func TestCarryOver(t *testing.T) {
	run := sliced(t, 8, 25)
	run.Plan.Pods = []int{35}
	run.Seed = 4 // one seed in twenty finds something that is not there
	r := analyse(t, run.Input())
	if len(r.CarryOver) == 0 {
		t.Fatal("nothing was tested")
	}
	for _, o := range r.CarryOver {
		if o.Significant {
			t.Errorf("carry-over out of nothing: %+v", o)
		}
	}
	run.After = func(before, arm string) float64 {
		if before == "control" && arm == "cri-pod-stats" {
			return 1.08
		}
		return 1
	}
	r = analyse(t, run.Input())
	found := 0
	for _, o := range r.CarryOver {
		if !o.Significant {
			continue
		}
		found++
		if o.Arm != "cri-pod-stats" || o.After != "control" || o.Effect.Interval.Lo > 0.08 || o.Effect.Value < 0.04 {
			t.Errorf("carry-over %+v %v", o, o.Effect.Interval)
		}
	}
	if found != 1 || !slices.Contains(noteKinds(r, arm(t, r, "cri-pod-stats", 35).Notes), analysis.NoteCarryOver) {
		t.Errorf("%d carry-overs found, notes %v", found, noteKinds(r, arm(t, r, "cri-pod-stats", 35).Notes))
	}
}

func TestSteadiness(t *testing.T) {
	run := example(t, 12, 60)
	run.Plan.Pods = []int{35}
	run.Jitter = 0.02
	run.Drift = 0.01
	state := func() (calls, trials stat.State) {
		s := arm(t, analyse(t, run.Input()), "cgroup", 35).Steadiness
		return s.Calls.State, s.Trials.State
	}
	if calls, trials := state(); calls != stat.StateSteady || trials != stat.StateSteady {
		t.Errorf("calls %s, trials %s", calls, trials)
	}
	run.Spoil = func(t *bench.Trial) {
		for k := range t.Agents[0].Calls {
			t.Agents[0].Calls[k].Service += t.Agents[0].Calls[k].Service * 2 / 10 * 60 / 60
			if k < 20 {
				t.Agents[0].Calls[k].Service *= 2
			}
		}
		for _, cost := range t.Costs {
			cost[bench.CPUSeconds] *= 1 + 0.02*float64(t.Round)
		}
	}
	if calls, trials := state(); calls == stat.StateSteady || trials != stat.StateDrifting {
		t.Errorf("with a long warm-up and a drift: calls %s, trials %s", calls, trials)
	}
	// Three calls a window and four rounds tell nothing.
	run = example(t, 4, 3)
	if calls, trials := state(); calls != "" || trials != "" {
		t.Errorf("calls %s, trials %s", calls, trials)
	}
}

func TestResidue(t *testing.T) {
	run := example(t, 3, 3)
	run.Spoil = func(t *bench.Trial) {
		t.Guards = bench.Guards{bench.GuardSteal: 0.001 * float64(t.Round)}
		if t.Arm.Name == "cgroup" && t.Round == 1 {
			t.Containers++
			t.Void = []bench.Void{{Reason: bench.VoidRestart}}
		}
	}
	varies := make(map[string]bool)
	for _, r := range analyse(t, run.Input()).Residue {
		varies[r.Name] = r.Varies()
		if r.Least > r.Median || r.Median > r.Most || r.N == 0 {
			t.Errorf("residue %+v", r)
		}
	}
	want := map[string]bool{
		"arm_interval_seconds": false, "arm_window_seconds": false, "arm_warm_up_seconds": false, "trials_with_restarts": false,
		"attempt": false, "containers_off_plan": false, "length_over_window": false, "steal_fraction": true,
		"extra_containers": false,
	}
	if diff := cmp.Diff(want, varies); diff != "" {
		t.Errorf("what varies (-want +got):\n%s", diff)
	}
}

func TestPrecision(t *testing.T) {
	run := sliced(t, 12, 8)
	run.Plan.Pods = []int{35}
	in := run.Input()
	cell := bench.Cell{Pods: 35, ContainersPerPod: 1, Profile: "idle"}
	f := func(in analysis.Input, cell bench.Cell, want float64, precise bool) {
		t.Helper()
		widest, ok, err := in.Widest(cell)
		if got := ok && widest.HalfWidth <= want; err != nil || got != precise {
			widths, _ := in.Precision(cell)
			t.Errorf("precise to %g: %v (%v), want %v; widths %+v", want, got, err, precise, widths)
		}
	}
	f(in, cell, 1, true)
	f(in, cell, 0.001, false)
	f(in, bench.Cell{Pods: 10, ContainersPerPod: 1, Profile: "idle"}, 1, false) // none yet
	widths, err := in.Precision(cell)
	if err != nil || len(widths) != 4 {
		t.Fatalf("widths %+v (%v), want CPU and PSS of two arms", widths, err)
	}
	r := analyse(t, in)
	for _, w := range widths {
		i := arm(t, r, w.Arm, 35).Judged(w.Series).Ratio.Interval
		want := math.Sqrt(i.Hi/i.Lo) - 1
		if w.Series.Metric == analysis.CPUCores { // joined over the idle arm
			want = (i.Hi - i.Lo) / 2 / math.Max(1, arm(t, r, w.Arm, 35).Judged(w.Series).Ratio.Value)
		}
		near(t, w.Arm+" "+w.Series.String(), w.HalfWidth, want, 1e-9)
	}
	early := in
	early.Trials = slices.DeleteFunc(slices.Clone(in.Trials), func(t bench.Trial) bool { return t.Round > 0 || t.Cycle > 0 })
	f(early, cell, 1e9, false)
	lame := in
	lame.Trials = slices.Clone(in.Trials)
	for i := range lame.Trials {
		if t := &lame.Trials[i]; t.Arm.Name == "cri-pod-stats" {
			t.Void = []bench.Void{{Reason: bench.VoidSteal}}
		}
	}
	f(lame, cell, 1e9, false)
	for i := range lame.Trials {
		if t := &lame.Trials[i]; t.Arm.Name == "cri-pod-stats" {
			t.Void, t.Unsupported = nil, "x"
		}
	}
	f(lame, cell, 1, true)
}
