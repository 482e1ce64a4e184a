package analysis_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/analysis/analysistest"
	"cri-stats-bench/bench/plan"
)

func TestTrouble(t *testing.T) {
	run := example(t, 4, 20)
	run.Spoil = analysistest.Trouble
	r := analyse(t, run.Input())

	t.Run("void side", func(t *testing.T) {
		c := arm(t, r, "cri-container-stats", 10).Compared(total(analysis.CPUCores))
		if c.Estimate.N != 3 || c.Possible != 4 {
			t.Errorf("%d pairs of %d rounds, want 3 of 4", c.Estimate.N, c.Possible)
		}
		if diff := cmp.Diff([]analysis.Drop{{Reason: "cadvisor is void", Count: 1}}, c.Dropped); diff != "" {
			t.Errorf("dropped (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]analysis.NoteKind{analysis.NotePooled, analysis.NotePairs}, noteKinds(r, c.Estimate.Notes)); diff != "" {
			t.Errorf("notes (-want +got):\n%s", diff)
		}
	})
	t.Run("absent side", func(t *testing.T) {
		a := arm(t, r, "cri-pod-stats", 10)
		c := a.Compared(total(analysis.CPUCores))
		want := []analysis.Drop{{Reason: "cadvisor is void", Count: 1}, {Reason: "cri-pod-stats has no value", Count: 1}}
		if diff := cmp.Diff(want, c.Dropped); diff != "" || c.Estimate.N != 2 {
			t.Errorf("%d pairs, dropped (-want +got):\n%s", c.Estimate.N, diff)
		}
		if a.Total.CPU.N != 3 || a.Component(bench.ComponentShims).CPU.N != 3 || a.Component(bench.ComponentAgent).CPU.N != 4 {
			t.Errorf("n of total %d, shims %d, agent %d; want 3, 3, 4", a.Total.CPU.N, a.Component(bench.ComponentShims).CPU.N, a.Component(bench.ComponentAgent).CPU.N)
		}
		near(t, "shims", a.Component(bench.ComponentShims).CPU.Value, run.Truth["cri-pod-stats"].CPU[bench.ComponentShims].At(10), 0.3)
		if kinds := noteKinds(r, a.Total.CPU.Notes); !slices.Contains(kinds, analysis.NoteAbsent) {
			t.Errorf("the total that lacks a trial has notes %v", kinds)
		}
	})
	t.Run("all void", func(t *testing.T) {
		a := arm(t, r, "cgroup", 10)
		if !a.Total.CPU.Absent() || !a.Compared(total(analysis.CPUCores)).Estimate.Absent() || a.Used != 0 || a.Void != 4 {
			t.Errorf("an arm without usable trials has numbers: %+v", a)
		}
		if diff := cmp.Diff([]analysis.NoteKind{analysis.NoteNoTrials}, noteKinds(r, a.Notes)); diff != "" {
			t.Errorf("notes (-want +got):\n%s", diff)
		}
	})
	t.Run("unsupported", func(t *testing.T) {
		a := arm(t, r, "cri-pod-metrics", 35)
		if !a.Total.CPU.Absent() || len(a.Collectors) != 0 {
			t.Errorf("an unsupported arm has numbers: %+v", a)
		}
		if text := r.Notes[a.Notes[0]].Text; !strings.Contains(text, "needs containerd 2.2") {
			t.Errorf("note %q does not say what is needed", text)
		}
	})
	t.Run("failed calls", func(t *testing.T) {
		a := arm(t, r, "cri-container-stats", 35)
		c := a.Collectors[0]
		if c.Failed != 1 || c.Calls != 80 {
			t.Errorf("%d of %d calls failed, want 1 of 80", c.Failed, c.Calls)
		}
		if c.Response.P50.Absent() || c.Response.Max.Absent() || c.Response.P50.Value < 0.01 {
			t.Errorf("p50 %+v, max %+v", c.Response.P50, c.Response.Max)
		}
		if kinds := noteKinds(r, a.Notes); !slices.Contains(kinds, analysis.NoteFailedCalls) {
			t.Errorf("notes %v", kinds)
		}
	})
	t.Run("tally", func(t *testing.T) {
		want := map[string][2]int{ // tried, used
			"idle": {8, 8}, "cgroup": {8, 4}, "cri-container-stats": {8, 8}, "cri-pod-stats": {8, 8},
			"cri-pod-metrics": {8, 0}, "cadvisor": {8, 6}, "cadvisor+cri-container-stats": {8, 8},
		}
		got := make(map[string][2]int)
		for _, a := range r.Arms {
			got[a.Name] = [2]int{a.Trials.Tried, a.Trials.Used}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("tried and used (-want +got):\n%s", diff)
		}
		wantVoid := []analysis.VoidCount{
			{Reason: bench.VoidForeignCPU, Trials: 2, Example: "foreign_cpu_fraction 0.2, at most 0.1"},
			{Reason: bench.VoidRestart, Trials: 2, Example: "containerd (pid 7) ended"},
		}
		if diff := cmp.Diff(wantVoid, r.Arms[5].Trials.Void); diff != "" {
			t.Errorf("void (-want +got):\n%s", diff)
		}
	})
	t.Run("warnings", func(t *testing.T) {
		a := arm(t, r, "cri-pod-stats", 35)
		n := r.Notes[a.Notes[0]]
		if n.Kind != analysis.NoteTrial || !n.Varies || len(n.Places) != 2 || n.Places[1].Trials != 4 || n.Places[1].Of != 4 {
			t.Errorf("note %+v", n)
		}
	})
}

// A failed call is never a fast one: it ranks above every answer.
func TestFailedCallsRankLast(t *testing.T) {
	f := func(failed int, present ...string) {
		t.Helper()
		run := example(t, 1, 200)
		run.Spoil = func(t *bench.Trial) {
			for i := range t.Agents {
				for k := range failed {
					t.Agents[i].Calls[k] = bench.Call{Err: "refused"}
				}
			}
		}
		r := analyse(t, run.Input())
		a := arm(t, r, "cgroup", 10)
		l := a.Collectors[0].Response
		var got []string
		for _, q := range []struct {
			name string
			e    analysis.Estimate
		}{{"p50", l.P50}, {"p90", l.P90}, {"p95", l.P95}, {"p99", l.P99}, {"max", l.Max}} {
			if q.e.Absent() {
				if len(q.e.Notes) == 0 {
					t.Errorf("%d failed: %s is absent without a note", failed, q.name)
				}
				continue
			}
			got = append(got, q.name)
			if q.e.Value <= 0 || q.e.Value > 1 {
				t.Errorf("%d failed: %s is %g s", failed, q.name, q.e.Value)
			}
			if i := q.e.Interval; i != nil && i.Hi > 1 {
				t.Errorf("%d failed: the interval of %s ends at %g s", failed, q.name, i.Hi)
			}
		}
		if diff := cmp.Diff(present, got); diff != "" {
			t.Errorf("%d of 200 calls failed: present (-want +got):\n%s", failed, diff)
		}
		for _, p := range r.Prices {
			if failed == 200 && p.Cell.Pods == 10 && !p.PerCall.Absent() {
				t.Errorf("a call of %s costs %g although none gave an answer", p.Collector, p.PerCall.Value)
			}
		}
	}
	f(0, "p50", "p90", "p95", "p99", "max")
	f(3, "p50", "p90", "p95", "max")
	f(15, "p50", "p90", "max")
	f(150, "max")
	f(200)
}

func TestQuantilesNeedCalls(t *testing.T) {
	f := func(rounds, calls int, p99 bool, intervals ...string) {
		t.Helper()
		run := example(t, rounds, calls)
		run.Drift, run.Noise = 0, 0 // independent calls
		r := analyse(t, run.Input())
		l := arm(t, r, "cgroup", 35).Collectors[0].Response
		if l.P99.Absent() == p99 {
			t.Errorf("%d calls: p99 %+v", rounds*calls, l.P99)
		}
		var got []string
		for _, q := range []struct {
			name string
			e    analysis.Estimate
		}{{"p50", l.P50}, {"p90", l.P90}, {"p95", l.P95}, {"p99", l.P99}, {"max", l.Max}} {
			switch {
			case q.e.Interval != nil:
				got = append(got, q.name)
				if v := q.e.Value; v < q.e.Interval.Lo || v > q.e.Interval.Hi {
					t.Errorf("%s %g lies outside its interval %v", q.name, v, *q.e.Interval)
				}
			case q.name != "max" && len(q.e.Notes) == 0:
				t.Errorf("%d calls: %s has no interval and no note", rounds*calls, q.name)
			}
		}
		if diff := cmp.Diff(intervals, got); diff != "" {
			t.Errorf("%d calls: intervals (-want +got):\n%s", rounds*calls, diff)
		}
	}
	f(1, 5, false)
	f(2, 10, false, "p50")
	f(3, 20, false, "p50", "p90")
	f(8, 100, true, "p50", "p90", "p95", "p99")
}

// A turn counts once, and a later attempt stands in for an earlier one.
func TestRepeatedTrial(t *testing.T) {
	in := example(t, 2, 3).Input()
	first := slices.IndexFunc(in.Trials, func(t bench.Trial) bool { return t.Arm.Name == "cgroup" })
	again := in.Trials[first]
	again.Attempt = 1
	again.Length *= 2
	in.Trials = append(in.Trials, again)
	r := analyse(t, in)
	in.Trials[first] = again
	clean := analyse(t, analysis.Input{Plan: in.Plan, Host: in.Host, Trials: in.Trials[:len(in.Trials)-1]})
	a, want := arm(t, r, "cgroup", 10), arm(t, clean, "cgroup", 10)
	if diff := cmp.Diff(want.Total.CPU.Value, a.Total.CPU.Value); diff != "" {
		t.Errorf("the mean is not that of the later attempt (-want +got):\n%s", diff)
	}
	if kinds := noteKinds(r, a.Notes); !slices.Contains(kinds, analysis.NoteRepeated) || a.Tried != 3 || a.Used != 2 {
		t.Errorf("notes %v, tried %d, used %d", kinds, a.Tried, a.Used)
	}
}

// A void trial that was run again leaves one pair.
func TestRetried(t *testing.T) {
	in := example(t, 2, 3).Input()
	i := slices.IndexFunc(in.Trials, func(t bench.Trial) bool { return t.Arm.Name == "cadvisor" })
	again := in.Trials[i]
	again.Attempt = 1
	in.Trials[i].Void = []bench.Void{{Reason: bench.VoidSteal}}
	in.Trials = append(in.Trials, again)
	r := analyse(t, in)
	c := arm(t, r, "cgroup", 10).Compared(total(analysis.CPUCores))
	if c.Estimate.N != 2 || c.Possible != 2 || c.Dropped != nil {
		t.Errorf("%d pairs of %d rounds, dropped %v", c.Estimate.N, c.Possible, c.Dropped)
	}
	if a := arm(t, r, "cadvisor", 10); a.Tried != 3 || a.Used != 2 || a.Void != 1 {
		t.Errorf("tried %d, used %d, void %d", a.Tried, a.Used, a.Void)
	}
}

func TestParallel(t *testing.T) {
	run, err := analysistest.Parallel(3, 5)
	if err != nil {
		t.Fatal(err)
	}
	r := analyse(t, run.Input())
	a := arm(t, r, plan.ParallelArm, 10)
	if len(a.Collectors) != 2 || a.Collectors[0].CPU.Absent() || len(a.Comparisons) != 0 {
		t.Errorf("collectors %+v, comparisons %v", a.Collectors, a.Comparisons)
	}
	near(t, "agents", a.Collectors[0].CPU.Value+a.Collectors[1].CPU.Value, a.Component(bench.ComponentAgent).CPU.Value, 1e-12)
	want := []analysis.NoteKind{analysis.NoteNotMetered, analysis.NoteJoint}
	if diff := cmp.Diff(want, noteKinds(r, r.RunNotes)); diff != "" {
		t.Errorf("notes of the run (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]bench.Component{bench.ComponentAgent, bench.ComponentRuntime}, r.Parts); diff != "" {
		t.Errorf("parts of the total (-want +got):\n%s", diff)
	}
}

// An interrupted run is analysed as far as it came.
func TestInterrupted(t *testing.T) {
	in := example(t, 3, 3).Input()
	in.Trials = in.Trials[:9] // seven arms: one round and two trials of the next
	r := analyse(t, in)
	if len(r.Cells) != 1 || !slices.Contains(noteKinds(r, r.RunNotes), analysis.NoteNotRun) {
		t.Errorf("%d cells, notes of the run %v", len(r.Cells), noteKinds(r, r.RunNotes))
	}
	for _, a := range r.Cells[0].Arms {
		for _, c := range a.Comparisons {
			if c.Estimate.N+sum(c.Dropped) != c.Possible {
				t.Errorf("%s: %d pairs, dropped %v, of %d rounds", a.Arm, c.Estimate.N, c.Dropped, c.Possible)
			}
		}
	}
	in.Trials = nil
	if _, err := in.Analyze(); err == nil {
		t.Error("a run without trials gives a report")
	}
}

func sum(drops []analysis.Drop) int {
	n := 0
	for _, d := range drops {
		n += d.Count
	}
	return n
}

// A baseline that the node cannot run leaves every other arm its own numbers.
func TestUnsupportedBaseline(t *testing.T) {
	in := example(t, 3, 3).Input()
	seen := false
	in.Trials = slices.DeleteFunc(in.Trials, func(t bench.Trial) bool {
		later := seen && t.Arm.Name == "cadvisor"
		seen = seen || t.Arm.Name == "cadvisor"
		return later // as the schedule does with an unsupported arm
	})
	for i := range in.Trials {
		if t := &in.Trials[i]; t.Arm.Name == "cadvisor" {
			t.Unsupported, t.Agents, t.Costs = "cAdvisor is not supported here (needs cgroups)", nil, nil
		}
	}
	r := analyse(t, in)
	for _, pods := range []int{10, 35} {
		a := arm(t, r, "cgroup", pods)
		if a.Total.CPU.N != 3 || !a.Compared(total(analysis.CPUCores)).Estimate.Absent() {
			t.Errorf("n %d, comparisons %+v", a.Total.CPU.N, a.Comparisons)
		}
		for _, cell := range r.Cells {
			p := cell.Pairing("cgroup", "cadvisor")
			if p == nil || len(p.Judgements) > 0 || !slices.Equal(p.Withheld, []string{"no trial of cadvisor counts"}) {
				t.Errorf("pairing %+v", p)
			}
		}
		if kinds := noteKinds(r, arm(t, r, "cadvisor", pods).Notes); !slices.Contains(kinds, analysis.NoteUnsupported) {
			t.Errorf("notes of the baseline at %d pods: %v", pods, kinds)
		}
	}
}

// Whatever is in the records, a report is a report: no number that is none, and
// nothing absent without a note in its estimate, its row or its run.
func TestOddTrials(t *testing.T) {
	for seed := range uint64(experiments(150)) {
		random := rand.New(rand.NewPCG(seed, 3))
		run := example(t, 2, 3)
		if seed%2 == 1 {
			run = headline(t, 2)
		}
		run.Seed = seed
		run.Spoil = func(t *bench.Trial) {
			switch random.IntN(10) {
			case 0:
				t.Length = 0
			case 1:
				t.Costs = nil
			case 2:
				t.Agents = nil
			case 3:
				t.Agents[0].Calls = nil
			case 8:
				for _, c := range analysis.Components() {
					for _, q := range []bench.Quantity{bench.CPUSeconds, bench.PSSBytes} {
						if cost := t.Costs[c]; cost[q] != 0 {
							cost[q] = []float64{math.NaN(), math.Inf(1), -1, 1e308, 1e-308}[random.IntN(5)]
						}
					}
				}
			case 4:
				for _, cost := range t.Costs {
					cost[bench.CPUSeconds] = 0
				}
			case 5:
				for k := range t.Agents[0].Calls {
					t.Agents[0].Calls[k] = bench.Call{Err: "no"}
				}
			case 6:
				t.Void = []bench.Void{{Reason: bench.VoidMeter}, {Reason: bench.VoidMeter}}
			case 7:
				t.Unsupported = "x"
			case 9:
				if seed%5 == 0 { // an arm that no plan has
					t.Arm = bench.Arm{Name: "stranger"}
				}
			}
		}
		in := run.Input()
		in.Host.Simulated = false
		r := analyse(t, in)
		if _, err := json.Marshal(r); err != nil { // fails on NaN and infinities
			t.Fatalf("seed %d: %v", seed, err)
		}
		for _, cell := range run.Plan.Cells() {
			if _, err := in.Undecided(cell); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
		}
		for _, cell := range r.Cells {
			for _, a := range cell.Arms {
				for what, e := range map[string]analysis.Estimate{"CPU": a.Total.CPU, "PSS": a.Total.PSS} {
					if e.Absent() && len(e.Notes)+len(a.Notes) == 0 {
						t.Errorf("seed %d: %s of %s is absent without a note", seed, what, a.Arm)
					}
					if !e.Absent() && e.Interval == nil && len(e.Notes) == 0 {
						t.Errorf("seed %d: %s of %s has no interval and no note", seed, what, a.Arm)
					}
				}
			}
		}
	}
}
