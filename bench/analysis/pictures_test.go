package analysis_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/analysis/analysistest"
	"cri-stats-bench/bench/stat"
)

// All trials but those of an unsupported arm are in the timeline, in order, with
// what is wrong with them.
func TestTimeline(t *testing.T) {
	run := example(t, 3, 3)
	run.Spoil = analysistest.Trouble
	in := run.Input()
	r := analyse(t, in)
	want := make(map[int64]bench.Trial)
	for _, trial := range in.Trials {
		if trial.Unsupported == "" {
			want[trial.Start.UnixNano()] = trial
		}
	}
	if len(r.Timeline) != len(want) {
		t.Errorf("the timeline has %d of %d trials", len(r.Timeline), len(want))
	}
	void, unread := 0, 0
	for i, m := range r.Timeline {
		if i > 0 && m.Start.Before(r.Timeline[i-1].Start) {
			t.Errorf("moment %d is before the one before it", i)
		}
		trial := want[m.Start.UnixNano()]
		if m.Arm != trial.Arm.Name || m.Cell != trial.Cell || len(m.Void) != len(trial.Void) {
			t.Errorf("moment %d is %+v", i, m)
		}
		if len(m.Void) > 0 {
			void++
		}
		if m.CPU == nil {
			unread++
			if m.Arm != "cri-pod-stats" {
				t.Errorf("the trial of %s has no CPU", m.Arm)
			}
			continue
		}
		cpu := 0.0
		for _, part := range r.Parts {
			cpu += trial.Costs[part][bench.CPUSeconds] / trial.Length.Seconds()
		}
		near(t, "CPU of "+m.Arm, *m.CPU, cpu, 1e-12)
	}
	// cgroup at 10 pods, and cadvisor in the second round of both cells.
	if void != 3+2 || unread != 2 {
		t.Errorf("%d void trials and %d without CPU, want 5 and 2", void, unread)
	}
}

// The interval of the line at a density is that of the intercept of the same line
// with this density taken for zero.
func TestLineAt(t *testing.T) {
	r := analyse(t, example(t, 12, 3).Input())
	for _, s := range r.Scaling {
		if s.Arm != "cri-pod-stats" || s.Series != total(analysis.CPUCores) {
			continue
		}
		for _, pods := range []float64{10, 20, 35} {
			var x, y []float64
			for _, at := range s.Densities {
				for _, column := range arm(t, r, s.Arm, at).Columns {
					for _, o := range column.Observations {
						if column.Series == s.Series {
							x, y = append(x, float64(at)-pods), append(y, o.Value)
						}
					}
				}
			}
			line, err := stat.RelativeLine(x, y, r.Level)
			if err != nil {
				t.Fatal(err)
			}
			got := s.At(pods)
			near(t, "line", got.Value, line.Intercept.Value, 1e-9)
			near(t, "lower end", got.Interval.Lo, line.Intercept.CI.Lo, 1e-6)
			near(t, "upper end", got.Interval.Hi, line.Intercept.CI.Hi, 1e-6)
		}
		for _, beyond := range []float64{0, 9, 36, math.NaN(), math.Inf(1)} {
			if diff := cmp.Diff(analysis.Estimate{}, s.At(beyond)); diff != "" {
				t.Errorf("at %g pods (-want +got):\n%s", beyond, diff)
			}
		}
		return
	}
	t.Error("there is no line")
}
