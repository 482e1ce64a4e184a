package runs

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/plan"
	"cri-stats-bench/bench/stat"
)

// on is a run on a node of some name, of which one arm costs so much.
func on(t *testing.T, node string, seed uint64, factor float64, edit ...func(*analysis.Input)) *Run {
	t.Helper()
	p := planOf(t, nightly, "10", 10, 10)
	return runOf(t, "on-"+node, made(p, seed, worse("cri-pod-stats", factor)), append(edit, setFact("host.hostname_hash", node))...)
}

func joined(t *testing.T, all ...*Run) *Nodes {
	t.Helper()
	n, err := Join(all)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// effect returns an effect of a group.
func effect(t *testing.T, g *Group, arm string, s analysis.Series) *NodeEffect {
	t.Helper()
	for i := range g.Effects {
		if e := &g.Effects[i]; e.Arm == arm && e.Series == s {
			return e
		}
	}
	t.Fatalf("%s of %s was not joined", s, arm)
	return nil
}

// The mean over nodes is that of package stat over what each run's judgement says.
func TestJoin(t *testing.T) {
	all := []*Run{on(t, "a", 1, 1), on(t, "b", 2, 1.2), on(t, "c", 3, 1.4)}
	n := joined(t, all...)
	if len(n.Groups) != 1 || len(n.Groups[0].Nodes) != 3 || n.Groups[0].Runtime != "containerd 2.4" {
		t.Fatalf("%+v", n)
	}
	e := effect(t, &n.Groups[0], "cri-pod-stats", analysis.TotalOf(analysis.CPUCores))
	var effects []stat.Effect
	for i, r := range all {
		j := r.arm(e.Cell, e.Arm).Judged(e.Series)
		// 10 rounds: t on 9 degrees of freedom is 1.833.
		effects = append(effects, stat.Effect{Value: math.Log(j.Ratio.Value), SE: j.SD / math.Sqrt(10)})
		if got, _ := effectOf(j); math.Abs(got.SE/effects[i].SE-1) > 1e-9 || got.Value != effects[i].Value {
			t.Errorf("effect %d is %+v, want %+v", i, got, effects[i])
		}
		if e.Ratios[i].Value != j.Ratio.Value || *e.Ratios[i].Interval != *j.Ratio.Interval || e.Ratios[i].N != 1 {
			t.Errorf("node %d: %+v, want the run's own %+v", i, e.Ratios[i], j.Ratio)
		}
	}
	want, err := stat.RandomEffects(effects, verdictLevel)
	if err != nil {
		t.Fatal(err)
	}
	near := func(what string, got, want float64) {
		t.Helper()
		if math.Abs(got-want) > 1e-9 {
			t.Errorf("%s: %g, want %g", what, got, want)
		}
	}
	near("ratio", e.Ratio.Value, math.Exp(want.Value))
	near("low", e.Ratio.Interval.Lo, math.Exp(want.CI.Lo))
	near("high", e.Ratio.Interval.Hi, math.Exp(want.CI.Hi))
	near("tau", *e.Tau, want.Tau)
	near("I²", *e.I2, want.I2)
	near("p", *e.P, want.P)
	near("prediction", e.Prediction.Hi, math.Exp(want.Prediction.Hi))
	if e.Ratio.N != 3 || *e.Tau < 0.05 || e.Verdict != analysis.Inconclusive && e.Verdict != analysis.NonInferior && e.Verdict != analysis.Better {
		t.Errorf("%+v", e)
	}
	if p50 := effect(t, &n.Groups[0], "cri-pod-stats", analysis.Series{Metric: analysis.ResponseP50}); p50.Verdict != analysis.NoVerdict || p50.Primary {
		t.Errorf("latency: %v, %s", p50.Primary, p50.Verdict)
	}
}

// One node has its own numbers and its own verdict; two are warned of.
func TestJoinFew(t *testing.T) {
	r := on(t, "a", 1, 1.2)
	n := joined(t, r)
	for _, a := range n.Groups[0].Arms {
		own := r.cell(*r.Report.Primary).Arm(a.Arm)
		if a.Verdict != own.Together || a.Verdict == analysis.NoVerdict {
			t.Errorf("%s is %s, by itself %s", a.Arm, a.Verdict, own.Together)
		}
	}
	e := effect(t, &n.Groups[0], "cri-pod-stats", analysis.TotalOf(analysis.CPUCores))
	if j := r.arm(e.Cell, e.Arm).Judged(e.Series); e.Ratio.Value != j.Ratio.Value || *e.Ratio.Interval != *j.Ratio.Interval || e.Tau != nil || e.Prediction != nil {
		t.Errorf("one node: %+v, want %+v", e, j.Ratio)
	}
	f := func(n *Nodes, want string) {
		t.Helper()
		e := effect(t, &n.Groups[0], "cri-pod-stats", analysis.TotalOf(analysis.CPUCores))
		if len(e.Ratio.Notes) != 1 || !strings.HasPrefix(n.Notes[e.Ratio.Notes[0]], want) {
			t.Errorf("notes %v of %q, want %q", e.Ratio.Notes, n.Notes, want)
		}
	}
	f(n, "one node: ")
	f(joined(t, r, on(t, "b", 2, 1.2)), "two nodes: ")
}

// Runs of one node are one node; where they differ, less is known of it.
func TestJoinRunsOfOneNode(t *testing.T) {
	n := joined(t, on(t, "a", 1, 1), on(t, "a", 2, 1.5), on(t, "b", 3, 1.2), on(t, "c", 4, 1.2))
	g := &n.Groups[0]
	if len(g.Nodes) != 3 || len(g.Nodes[0].Runs) != 2 {
		t.Fatalf("%+v", g.Nodes)
	}
	e := effect(t, g, "cri-pod-stats", analysis.TotalOf(analysis.CPUCores))
	wide, narrow := e.Ratios[0], e.Ratios[1]
	if wide.N != 2 || wide.Interval.Hi-wide.Interval.Lo < 5*(narrow.Interval.Hi-narrow.Interval.Lo) || len(wide.Notes) != 1 {
		t.Errorf("a node whose runs differ: %+v; another: %+v", wide, narrow)
	}
	if e.Ratio.N != 3 {
		t.Errorf("of %d nodes", e.Ratio.N)
	}
}

func TestJoinGroups(t *testing.T) {
	version := func(name, v string) func(*analysis.Input) {
		return func(in *analysis.Input) { in.Host.Runtime = analysis.Runtime{Name: name, Version: v} }
	}
	n := joined(t, on(t, "a", 1, 1, version("cri-o", "1.35.0")), on(t, "b", 2, 1, version("containerd", "v2.4.1")), on(t, "c", 3, 1, version("containerd", "2.4.7")), on(t, "a", 4, 1, version("containerd", "2.3.0")))
	var got []string
	for _, g := range n.Groups {
		for _, node := range g.Nodes {
			got = append(got, g.Runtime+": "+node.Name)
		}
	}
	if want := "containerd 2.3: on-a, containerd 2.4: on-b, containerd 2.4: on-c, cri-o 1.35: on-a"; strings.Join(got, ", ") != want {
		t.Errorf("groups %q, want %q", got, want)
	}
}

func TestJoinRefuses(t *testing.T) {
	first := on(t, "a", 1, 1)
	f := func(what string, edit func(*plan.Plan), want string) {
		t.Helper()
		p := planOf(t, nightly, "10", 10, 10)
		edit(p)
		_, err := Join([]*Run{first, runOf(t, "other", made(p, 2, costs{}))})
		var different *DifferenceError
		if !errors.As(err, &different) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", what, err, want)
		}
	}
	f("other densities", func(p *plan.Plan) { p.Pods = []int{35} }, "plan: pods: [10], then [35]")
	f("another margin", func(p *plan.Plan) { p.Margin = 0.1 }, "plan: margin: 0.05, then 0.1")
	f("another baseline", func(p *plan.Plan) { p.Baseline = "cgroup" }, "plan: baseline: cadvisor, then cgroup")
	f("another interval", func(p *plan.Plan) { p.Arms[1].Interval *= 2 }, "plan: arm cgroup: as planned, then interval: 1s, then 2s")
	f("an arm less", func(p *plan.Plan) { p.Arms = p.Arms[:4] }, "plan: arms: ")
	_, err := Join([]*Run{first, on(t, "b", 2, 1, func(in *analysis.Input) { in.Host.Simulated = true })})
	if err == nil || !strings.Contains(err.Error(), "kind of run: measured, then simulated") {
		t.Errorf("simulated beside real: %v", err)
	}
	var duplicate *DuplicateError
	if _, err := Join([]*Run{first, first}); !errors.As(err, &duplicate) {
		t.Errorf("one run twice: %v", err)
	}
	if _, err := Join(nil); err == nil {
		t.Error("no runs were joined")
	}
	p := planOf(t, nightly, "10", 3, 3)
	p.Baseline = ""
	if _, err := Join([]*Run{runOf(t, "a", made(p, 1, costs{}))}); err == nil || !strings.Contains(err.Error(), "no baseline") {
		t.Errorf("without a baseline: %v", err)
	}
}

// Simulated nodes have ratios and no verdict.
func TestJoinSimulated(t *testing.T) {
	simulated := func(in *analysis.Input) { in.Host.Simulated = true }
	n := joined(t, on(t, "a", 1, 1, simulated), on(t, "b", 2, 1, simulated), on(t, "c", 3, 1, simulated))
	for _, e := range n.Groups[0].Effects {
		if e.Verdict != analysis.NoVerdict || e.Ratio.Absent() {
			t.Errorf("%+v", e)
		}
	}
	for _, a := range n.Groups[0].Arms {
		if a.Verdict != analysis.NoVerdict {
			t.Errorf("%+v", a)
		}
	}
}

// An arm of which no node has a number is there, and has no verdict.
func TestJoinAbsent(t *testing.T) {
	noCPU := func(in *analysis.Input) {
		for i := range in.Trials {
			if in.Trials[i].Arm.Name == "cri-pod-stats" {
				delete(in.Trials[i].Costs[bench.ComponentRuntime], bench.CPUSeconds)
			}
		}
	}
	n := joined(t, on(t, "a", 1, 1, noCPU), on(t, "b", 2, 1, noCPU))
	e := effect(t, &n.Groups[0], "cri-pod-stats", analysis.TotalOf(analysis.CPUCores))
	if !e.Ratio.Absent() || len(e.Ratio.Notes) != 1 || !e.Ratios[0].Absent() {
		t.Errorf("%+v", e)
	}
	for _, a := range n.Groups[0].Arms {
		if (a.Verdict == analysis.NoVerdict) != (a.Arm == "cri-pod-stats") {
			t.Errorf("%+v", a)
		}
	}
}

// A verdict that a run withholds is not given to nodes either.
func TestJoinWithheld(t *testing.T) {
	one, other := on(t, "a", 1, 1), on(t, "b", 2, 1)
	e := effect(t, &joined(t, one, other).Groups[0], "cri-pod-stats", analysis.TotalOf(analysis.PSS))
	if e.Verdict == analysis.NoVerdict {
		t.Fatalf("no verdict to withhold: %+v", e)
	}
	other.arm(e.Cell, e.Arm).Judged(e.Series).Verdict = analysis.NoVerdict
	n := joined(t, one, other)
	e = effect(t, &n.Groups[0], e.Arm, e.Series)
	if e.Verdict != analysis.NoVerdict || !slices.ContainsFunc(e.Ratio.Notes, func(i int) bool { return strings.HasPrefix(n.Notes[i], "on-b withholds") }) {
		t.Errorf("%+v, notes %q", e, n.Notes)
	}
}

// What is wrong with one run is told of all.
func TestJoinWarns(t *testing.T) {
	n := joined(t, on(t, "a", 1, 1), on(t, "b", 2, 1, func(in *analysis.Input) { in.Damage, in.Unfinished = []string{"trials.jsonl:7: torn"}, true }))
	want := []string{"on-b: damaged records that are not used: 1", "on-b: the records do not say that the run came to its end: it was interrupted, is under way, or is older than that file (end.json)"}
	if !slices.Equal(n.Warnings, want) {
		t.Errorf("%q, want %q", n.Warnings, want)
	}
}

// The worst of an arm's primary verdicts is that on the arm.
func TestArmVerdicts(t *testing.T) {
	effect := func(arm string, primary bool, v analysis.Verdict) NodeEffect {
		return NodeEffect{Arm: arm, Primary: primary, Verdict: v, Cell: bench.Cell{Pods: 1}}
	}
	f := func(want analysis.Verdict, verdicts ...analysis.Verdict) {
		t.Helper()
		var all []NodeEffect
		for _, v := range verdicts {
			all = append(all, effect("x", true, v))
		}
		all = append(all, effect("x", false, analysis.Inferior))
		if got := armVerdicts(all); len(got) != 1 || got[0].Verdict != want {
			t.Errorf("%v: %v, want %s", verdicts, got, want)
		}
	}
	f(analysis.Better, analysis.Better, analysis.Better)
	f(analysis.NonInferior, analysis.NonInferior, analysis.Better)
	f(analysis.Inconclusive, analysis.Better, analysis.Inconclusive)
	f(analysis.NoVerdict, analysis.NoVerdict, analysis.Better)
	f(analysis.Inferior, analysis.NoVerdict, analysis.Inferior)
}

// A run of the node that was interrupted after a round has ratios without an interval:
// the node is what its other run says, whichever comes first.
func TestJoinOfShortRuns(t *testing.T) {
	run := func(seed uint64, rounds int) *Run {
		p := planOf(t, nightly, "10", 4, 4)
		return runOf(t, fmt.Sprint("short-", seed), made(p, seed, costs{}), setFact("host.hostname_hash", "a"), func(in *analysis.Input) {
			in.Trials = slices.DeleteFunc(in.Trials, func(t bench.Trial) bool { return t.Round >= rounds })
			in.Unfinished = true
		})
	}
	f := func(rounds ...int) {
		t.Helper()
		var all []*Run
		for i, n := range rounds {
			all = append(all, run(uint64(i+1), n))
		}
		for _, g := range joined(t, all...).Groups {
			for _, e := range g.Effects {
				if known := slices.Max(rounds) > 1; known != (e.Ratio.Interval != nil) {
					t.Errorf("rounds %v: %s of %s has the interval %v", rounds, e.Series, e.Arm, e.Ratio.Interval)
				}
			}
		}
	}
	f(1, 1)
	f(1, 4)
	f(4, 1)
}

// Arms that a runtime does not serve, and those that are not answered the truth, are named in
// the report on several runtimes as in that on one.
func TestWithout(t *testing.T) {
	spoilt := func(in *analysis.Input) {
		for i := range in.Trials {
			if in.Trials[i].Arm.Name == "cri-pod-stats" {
				in.Trials[i] = bench.Trial{Slot: in.Trials[i].Slot, Unsupported: "ListPodSandboxStats is not supported here (needs another runtime)"}
			}
		}
	}
	n := joined(t, on(t, "a", 1, 1), on(t, "b", 2, 1, spoilt))
	want := []Without{{Run: "on-b", Arm: "cri-pod-stats", Unsupported: "ListPodSandboxStats is not supported here (needs another runtime)"}}
	if diff := cmp.Diff(want, n.Groups[0].Without); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
