package analysis_test

import (
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/analysis"
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
