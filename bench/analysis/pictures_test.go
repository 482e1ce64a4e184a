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

// Spectra and the quantiles of tables are the same numbers.
func TestSpectra(t *testing.T) {
	r := analyse(t, example(t, 6, 20).Input())
	if len(r.Spectra) != 2*8 {
		t.Fatalf("%d spectra, want one for each collector of 7 arms in 2 cells", len(r.Spectra))
	}
	for _, s := range r.Spectra {
		var l analysis.Latency
		for _, c := range arm(t, r, s.Arm, s.Cell.Pods).Collectors {
			if c.Collector == s.Collector {
				l = c.Response
			}
		}
		found := 0
		for i, p := range s.Points {
			if i > 0 && p.Seconds < s.Points[i-1].Seconds {
				t.Errorf("%s: the spectrum falls at %g", s.Arm, p.P)
			}
			if float64(s.Calls)*(1-p.P) < 1-1e-9 {
				t.Errorf("%s: no call of %d is beyond %g", s.Arm, s.Calls, p.P)
			}
			for level, e := range map[float64]analysis.Estimate{0.5: l.P50, 0.9: l.P90, 0.95: l.P95, 0.99: l.P99} {
				if p.P == level && !e.Absent() {
					found++
					near(t, s.Arm+" quantile", p.Seconds, e.Value, 1e-12)
				}
			}
		}
		if found != 4 {
			t.Errorf("%s: %d of 4 quantiles are in its spectrum of %d calls", s.Arm, found, s.Calls)
		}
	}
}

// Failed calls rank above every answer: the spectrum ends before them.
func TestSpectrumOfFailures(t *testing.T) {
	run := example(t, 2, 10)
	run.Spoil = func(t *bench.Trial) {
		if t.Arm.Name == "cgroup" {
			for i := range t.Agents[0].Calls[:3] {
				t.Agents[0].Calls[i].Err = "refused"
			}
		}
	}
	r := analyse(t, run.Input())
	for _, s := range r.Spectra {
		last := s.Points[len(s.Points)-1].P
		if s.Arm == "cgroup" && (s.Failed != 6 || s.Calls != 20 || last > 0.7) {
			t.Errorf("%d of %d calls failed, and the spectrum ends at %g", s.Failed, s.Calls, last)
		}
		if s.Arm == "cri-pod-stats" && (s.Failed != 0 || last < 0.9) {
			t.Errorf("the spectrum of calls that all succeeded ends at %g", last)
		}
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
