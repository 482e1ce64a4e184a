package analysis_test

import (
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/analysis/analysistest"
)

func sliced(t testing.TB, rounds, cycles int) analysistest.Run {
	t.Helper()
	run, err := analysistest.Sliced(rounds, cycles)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// totalCPU is what an arm really costs at its own interval.
func totalCPU(run analysistest.Run, arm string, pods int) float64 {
	cpu := 0.0
	for _, c := range []bench.Component{bench.ComponentAgent, bench.ComponentRuntime, bench.ComponentShims} {
		cpu += run.Truth[arm].CPU[c].At(pods)
	}
	return cpu
}

// Slices at twice the rate tell what an arm costs at its own interval, and the
// ratio to an arm without slices is that of what is above the idle arm.
func TestSlices(t *testing.T) {
	run := sliced(t, 20, 40)
	run.Plan.Pods = []int{10, 35}
	r := analyse(t, run.Input())
	bias := math.Exp((0.05*0.05 + 0.05*0.05 + 0.05*0.05) / 2)
	for _, pods := range []int{10, 35} {
		idle := totalCPU(run, "idle", pods)
		for _, name := range []string{"idle", "cri-container-stats", "cri-pod-stats", "control"} {
			a := arm(t, r, name, pods)
			if a.Source != analysis.InSlices || a.Used != 20 || a.Slices.Used != 800 || len(a.SliceTrials) != 800 {
				t.Fatalf("%s: from %s, %d trials, %d slices", name, a.Source, a.Used, a.Slices.Used)
			}
			truth := totalCPU(run, name, pods)
			near(t, name+" CPU", a.Total.CPU.Value, bias*truth, 0.03)
			near(t, name+" CPU per call", a.CPUPerCall.Value, bias*truth, 0.03)
			if a.Total.PSS.N != 20 || a.Total.CPU.N != 800 {
				t.Errorf("%s: PSS of %d trials, CPU of %d slices", name, a.Total.PSS.N, a.Total.CPU.N)
			}
			want := &analysis.Basis{Unit: analysis.Round, Count: 20, Cycles: 40}
			got := *a.Total.CPU.Basis
			got.Effective, got.Correlation = 0, 0
			if diff := cmp.Diff(want, &got); diff != "" {
				t.Errorf("%s: the interval of CPU rests on (-want +got):\n%s", name, diff)
			}
			if name == "idle" {
				continue
			}
			c := a.Compared(total(analysis.CPUCores))
			near(t, name+" above idle over cadvisor above idle", c.Estimate.Value, (truth-idle)/(totalCPU(run, "cadvisor", pods)-idle), 0.03)
			if c.Kind != analysis.OverheadRatio || c.Regime != "" {
				t.Errorf("%s to cadvisor is a %s in %q", name, c.Kind, c.Regime)
			}
			if kinds := noteKinds(r, c.Estimate.Notes); !slices.Contains(kinds, analysis.NoteJoined) {
				t.Errorf("%s: notes of the ratio are %v", name, kinds)
			}
			if pss := a.Compared(total(analysis.PSS)); pss.Kind != analysis.Ratio || pss.Regime != analysis.InTrials || pss.Estimate.N != 20 {
				t.Errorf("%s: ratio of PSS is %+v", name, pss)
			}
		}
	}
}

// Two sliced arms are paired cycle by cycle.
func TestSlicedRatio(t *testing.T) {
	f := func(rounds, cycles int, want analysis.Basis) {
		t.Helper()
		run := sliced(t, rounds, cycles)
		run.Plan.Pods = []int{35}
		run.Plan.Baseline = "cri-container-stats"
		r := analyse(t, run.Input())
		c := arm(t, r, "cri-pod-stats", 35).Compared(total(analysis.CPUCores))
		if c.Kind != analysis.Ratio || c.Regime != analysis.InSlices || c.Estimate.N != rounds*cycles || c.Possible != rounds*cycles {
			t.Errorf("ratio of slices: %+v", c)
		}
		near(t, "ratio", c.Estimate.Value, totalCPU(run, "cri-pod-stats", 35)/totalCPU(run, "cri-container-stats", 35), 0.06)
		got := *c.Estimate.Basis
		if got.Effective < 2 || got.Effective > float64(rounds*cycles) {
			t.Errorf("%d cycles are worth %g", rounds*cycles, got.Effective)
		}
		got.Effective, got.Correlation = 0, 0
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%d rounds of %d cycles: the interval rests on (-want +got):\n%s", rounds, cycles, diff)
		}
	}
	f(3, 3, analysis.Basis{Unit: analysis.Cycle, Count: 9, Cycles: 1})
	f(1, 25, analysis.Basis{Unit: analysis.Cycle, Count: 25, Cycles: 1})
	f(2, 60, analysis.Basis{Unit: analysis.Batch, Count: 20, Cycles: 6})
	f(10, 12, analysis.Basis{Unit: analysis.Round, Count: 10, Cycles: 12})
}

// What differs from block to block does not average out over cycles: then the
// block is the unit.
func TestBlocksThatDiffer(t *testing.T) {
	run := sliced(t, 4, 40)
	run.Plan.Pods = []int{35}
	run.Plan.Baseline = "cri-container-stats"
	run.BlockNoise = 0.1
	c := arm(t, analyse(t, run.Input()), "cri-pod-stats", 35).Compared(total(analysis.CPUCores))
	if b := c.Estimate.Basis; b.Unit != analysis.Round || b.Count != 4 {
		t.Errorf("the interval rests on %+v, want 4 rounds", b)
	}
}

// A block that was run again counts as a whole, and alone.
func TestBlockAgain(t *testing.T) {
	run := sliced(t, 2, 6)
	run.Plan.Pods = []int{10}
	in := run.Input()
	for _, old := range slices.Clone(in.Trials) {
		if old.Cycle > 0 && old.Round == 1 {
			again := old
			again.Attempt = 1
			again.Position += 100
			if old.Cycle > 3 && old.Arm.Name == "cri-pod-stats" {
				again.Void = []bench.Void{{Reason: bench.VoidSteal, Detail: "x"}}
			}
			in.Trials = append(in.Trials, again)
		}
	}
	r := analyse(t, in)
	a := arm(t, r, "cri-pod-stats", 10)
	if a.Slices != (analysis.Counts{Tried: 18, Used: 9, Void: 3}) {
		t.Errorf("slices %+v", a.Slices)
	}
	for _, id := range a.SliceTrials {
		if want := id.Round; id.Attempt != want {
			t.Errorf("slice %+v is used", id)
		}
	}
	net := a.Overhead(analysis.CPUCores).Net
	if diff := cmp.Diff([]analysis.Drop{{Reason: "cri-pod-stats is void", Count: 3}}, net.Dropped); diff != "" || net.Estimate.N != 9 || net.Possible != 12 {
		t.Errorf("%d of %d pairs with idle, dropped (-want +got):\n%s", net.Estimate.N, net.Possible, diff)
	}
}

// Without an idle arm there is nothing to join slices and trials over.
func TestSlicesWithoutIdle(t *testing.T) {
	run := sliced(t, 3, 4)
	run.Plan.Pods = []int{10}
	run.Plan.Idle = ""
	r := analyse(t, run.Input())
	a := arm(t, r, "cri-pod-stats", 10)
	c := a.Compared(total(analysis.CPUCores))
	if c.Kind != analysis.Ratio || c.Regime != analysis.InTrials || c.Estimate.N != 3 {
		t.Errorf("the ratio is %+v", c)
	}
	if kinds := noteKinds(r, a.Notes); !slices.Contains(kinds, analysis.NoteRegime) {
		t.Errorf("notes %v", kinds)
	}
	near(t, "CPU", a.Total.CPU.Value, totalCPU(run, "cri-pod-stats", 10), 0.2)
}

// Slices alone tell nothing of memory.
func TestSlicesAlone(t *testing.T) {
	in := sliced(t, 3, 4).Input()
	in.Trials = slices.DeleteFunc(in.Trials, func(t bench.Trial) bool { return t.Cycle == 0 && t.Arm.Name == "cri-pod-stats" })
	r := analyse(t, in)
	a := arm(t, r, "cri-pod-stats", 10)
	if !a.Total.PSS.Absent() || a.Total.CPU.N != 12 || a.Collectors[0].FirstCall.N != 3 {
		t.Errorf("PSS %+v, CPU %+v, first call %+v", a.Total.PSS, a.Total.CPU, a.Collectors[0].FirstCall)
	}
	if kinds := noteKinds(r, a.Notes); !slices.Contains(kinds, analysis.NoteRegime) {
		t.Errorf("notes %v", kinds)
	}
}
