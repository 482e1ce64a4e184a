package analysis_test

import (
	"math"
	"strings"
	"testing"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/analysis"
)

// inTotal are the keys of a plan that compares two calls taken together.
const inTotal = `sums: {name: all, arms: [cri-container-stats, cri-pod-stats]}
comparisons: {of: all.new, to: all.old}
`

// A sum is what its arms cost in windows one after the other, compared as an arm and
// counted nowhere: CPU time is added, memory is the mean.
func TestSum(t *testing.T) {
	run := built(t, 1.25, `, config: "a = 1"`, inTotal)
	double := run.Truth["cri-pod-stats.new"]
	double.CPU[bench.ComponentRuntime] = struct{ Fixed, PerPod float64 }{Fixed: 0.5}
	spoil := run.Spoil
	run.Spoil = func(trial *bench.Trial) {
		spoil(trial)
		if trial.Round == 7 && trial.Arm.Name == "cri-pod-stats.old" {
			trial.Void = []bench.Void{{Reason: bench.VoidSteal}}
		}
	}
	in := run.Input()
	r := analyse(t, in)
	if len(r.Headlines()) != 1 {
		t.Fatalf("%d comparisons", len(r.Headlines()))
	}
	j := r.Headlines()[0].Judged(total(analysis.CPUCores))
	// (0.25*1.25 + 0.5 + 0.0625) / (2*0.25), of windows of one length
	if want := (0.25*1.25 + 0.5 + 0.0625) / 0.5; j.Ratio.N != 7 || math.Abs(j.Ratio.Value/want-1) > 0.05 || j.Verdict != analysis.Inferior {
		t.Errorf("CPU %v of %d rounds, %v; want %v of 7", j.Ratio.Value, j.Ratio.N, j.Verdict, want)
	}
	all := arm(t, r, "all.new", 35)
	one, two := arm(t, r, "cri-container-stats.new", 35), arm(t, r, "cri-pod-stats.new", 35)
	if got, want := all.Total.CPU.Value, (one.Total.CPU.Value+two.Total.CPU.Value)/2; math.Abs(got-want) > 1e-9 || !all.Sum || one.Sum {
		t.Errorf("CPU of the sum %v, want %v", got, want)
	}
	if got, want := all.Total.PSS.Value, (one.Total.PSS.Value+two.Total.PSS.Value)/2; math.Abs(got/want-1) > 1e-9 {
		t.Errorf("PSS of the sum %v, want %v", got, want)
	}
	if len(all.Collectors) != 2 || all.Collectors[0].Calls != one.Collectors[0].Calls {
		t.Errorf("collectors of the sum %+v", all.Collectors)
	}
	for _, a := range r.Arms {
		if strings.HasPrefix(a.Name, "all.") && a.Trials.Tried != 0 {
			t.Errorf("%s has %d trials of its own", a.Name, a.Trials.Tried)
		}
	}
	if len(r.Timeline) != len(in.Trials) {
		t.Errorf("%d moments of %d trials", len(r.Timeline), len(in.Trials))
	}
}

// A sum of which nothing can be used is still answered, with why.
func TestSumAbsent(t *testing.T) {
	run := built(t, 1, "", inTotal)
	run.Spoil = func(trial *bench.Trial) {
		if trial.Arm.Name == "cri-pod-stats.new" {
			trial.Void = []bench.Void{{Reason: bench.VoidSteal}}
		}
	}
	r := analyse(t, run.Input())
	if h := r.Headlines(); len(h) != 1 || len(h[0].Withheld) != 1 || !strings.Contains(h[0].Withheld[0], "no trial of all.new counts") {
		t.Errorf("comparisons %+v", h)
	}
}
