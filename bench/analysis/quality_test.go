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
	run := headline(t, 12)
	run.Plan.Pods = []int{35}
	r := analyse(t, run.Input())
	var got []string
	for _, c := range r.SelfChecks {
		if c.Arm != "today-again" || c.Of != "today" || c.Failed {
			t.Errorf("self check %+v", c)
		}
		if i := c.Ratio.Interval; i != nil {
			near(t, "half width", c.HalfWidth, math.Sqrt(i.Hi/i.Lo)-1, 1e-9)
		} else if c.Series.Metric != analysis.ReadCalls || c.Ratio.Value != 1 {
			t.Errorf("without an interval: %+v", c)
		}
		got = append(got, c.Series.String())
	}
	want := []string{"cpu_cores of total", "pss_bytes of total", "response_p50_seconds", "read_calls_per_second of total"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("self checks (-want +got):\n%s", diff)
	}
}

// An arm that differs from itself spoils the verdicts of its cell.
func TestSelfCheckFails(t *testing.T) {
	run := headline(t, 12)
	run.Plan.Pods = []int{35}
	run.Spoil = func(t *bench.Trial) {
		if t.Arm.Name == "today-again" {
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
	if failed != 1 || !slices.Contains(noteKinds(r, r.RunNotes), analysis.NoteSelfCheck) {
		t.Errorf("%d self checks failed, notes of the run %v", failed, noteKinds(r, r.RunNotes))
	}
	a := arm(t, r, "cri", 35)
	if !slices.Contains(noteKinds(r, a.Judged(total(analysis.CPUCores)).Ratio.Notes), analysis.NoteSelfCheck) ||
		slices.Contains(noteKinds(r, a.Judged(total(analysis.PSS)).Ratio.Notes), analysis.NoteSelfCheck) {
		t.Error("the verdict on CPU says nothing of the failed self check, or that on PSS does")
	}
}

func TestControls(t *testing.T) {
	run := headline(t, 12)
	run.Plan.Pods = []int{10}
	r := analyse(t, run.Input())
	var got []string
	for _, c := range r.Controls {
		if c.Arm != "control" || c.Of != "cri-pod-stats-1s" || !c.Detected {
			t.Errorf("control %+v", c)
		}
		near(t, "planted "+string(c.Series.Metric), c.Found.Value, c.Planted, 0.15)
		got = append(got, c.Series.String())
	}
	if diff := cmp.Diff([]string{"cpu_cores of agent", "service_p50_seconds of control"}, got); diff != "" {
		t.Errorf("checks (-want +got):\n%s", diff)
	}
	// What was not planted is not found.
	run.Truth["control"] = run.Truth["cri-pod-stats-1s"]
	for _, c := range analyse(t, run.Input()).Controls {
		if c.Detected && c.Agrees {
			t.Errorf("nothing was planted, but found: %+v", c)
		}
	}
}

func TestCarryOver(t *testing.T) {
	run := headline(t, 120)
	run.Plan.Pods = []int{35}
	run.Plan.Arms = run.Plan.Arms[:5]
	run.Plan.Also = nil
	run.Seed = 5 // one seed in twenty finds something that is not there
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
		if before == "today" && arm == "cri" {
			return 1.08
		}
		return 1
	}
	r = analyse(t, run.Input())
	found := 0
	for _, o := range r.CarryOver {
		// What comes after another arm is then less than the others by as much as these have
		// more on the mean.
		if !o.Significant || o.Effect.Value < 0 {
			continue
		}
		found++
		if o.Arm != "cri" || o.After != "today" || o.Effect.Interval.Lo > 0.08 || o.Effect.Value < 0.04 {
			t.Errorf("carry-over %+v %v", o, o.Effect.Interval)
		}
	}
	if found != 1 || !slices.Contains(noteKinds(r, arm(t, r, "cri", 35).Notes), analysis.NoteCarryOver) {
		t.Errorf("%d carry-overs found, notes %v", found, noteKinds(r, arm(t, r, "cri", 35).Notes))
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
