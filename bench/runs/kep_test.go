package runs

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/analysis/analysistest"
	"cri-stats-bench/bench/plan"
)

// kubelet is a made-up run of a kubelet on a runtime, as from a real node, of which
// the gate on costs so much.
func kubelet(t *testing.T, name, runtime string, ratio float64, seed uint64, edit ...func(*analysis.Input)) *Run {
	t.Helper()
	run, err := analysistest.Kubelet(5, runtime, ratio)
	if err != nil {
		t.Fatal(err)
	}
	run.Host.Simulated = false
	run.Seed, run.Plan.Seed = seed, seed
	in := run.Input()
	for _, f := range edit {
		f(&in)
	}
	r, err := New(name, in)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// node is the name of the host.
func node(name string) func(*analysis.Input) { return setFact("host.hostname_hash", name) }

// sayings are the verdicts on sentences as "sentence on runtime at pods load: result of
// its runs"; what beside the primary cell is said, only if all is asked for.
func sayings(n *Nodes, all bool) []string {
	var out []string
	for _, v := range n.KEP {
		if v.Cell == nil {
			out = append(out, fmt.Sprintf("%s: %s, %s", v.Sentence.ID, v.Result, v.Why))
			continue
		}
		if !v.Primary && !all {
			continue
		}
		text := fmt.Sprintf("%s on %s at %d %s: %s of", v.Sentence.ID, v.Runtime, v.Cell.Pods, v.Load, v.Result)
		for _, of := range v.Nodes {
			for i, r := range of.Runs {
				if i > 0 {
					text += " +"
				}
				text += " " + r.Run + " " + string(r.Verdict.Result)
			}
			text += ";"
		}
		out = append(out, strings.TrimSuffix(text, ";"))
	}
	return out
}

// One run on each runtime of a node answers every sentence, and what a runtime cannot
// speak to is no line.
func TestJoinKEP(t *testing.T) {
	n := joined(t, kubelet(t, "containerd", "containerd", 0.8, 1, node("a")), kubelet(t, "crio", "cri-o", 0.8, 2, node("a")))
	want := []string{
		"loss-below-2-percent on cri-o 1.0 at 35 scraped: PASS of crio PASS",
		"loss-below-2-percent on cri-o 1.0 at 35 unscraped: PASS of crio PASS",
		"loss-below-2-percent on cri-o 1.0 at 110 scraped: PASS of crio PASS",
		"loss-below-2-percent on cri-o 1.0 at 110 unscraped: PASS of crio PASS",
		"reduction on containerd 1.0 at 35 scraped: PASS of containerd PASS",
		"reduction on containerd 1.0 at 35 unscraped: PASS of containerd PASS",
		"reduction on containerd 1.0 at 110 scraped: PASS of containerd PASS",
		"reduction on containerd 1.0 at 110 unscraped: PASS of containerd PASS",
		"better-than-both on containerd 1.0 at 35 scraped: PASS of containerd PASS",
		"better-than-both on containerd 1.0 at 110 scraped: PASS of containerd PASS",
		"same-numbers on containerd 1.0 at 35 scraped: INCONCLUSIVE of containerd INCONCLUSIVE",
		"same-numbers on containerd 1.0 at 110 scraped: INCONCLUSIVE of containerd INCONCLUSIVE",
		"same-numbers on cri-o 1.0 at 35 scraped: INCONCLUSIVE of crio INCONCLUSIVE",
		"same-numbers on cri-o 1.0 at 110 scraped: INCONCLUSIVE of crio INCONCLUSIVE",
	}
	if diff := cmp.Diff(want, sayings(n, true)); diff != "" {
		t.Errorf("verdicts (-want +got):\n%s", diff)
	}
	if n.Count() != 1 || n.Baseline != "gate-off" || n.Groups[0].Baseline != "B.gate-off" || n.Groups[1].Baseline != "A.gate-off" || len(n.Warnings) > 0 {
		t.Errorf("%d nodes, baselines %s, %s, %s; warnings %q", n.Count(), n.Baseline, n.Groups[0].Baseline, n.Groups[1].Baseline, n.Warnings)
	}
	for i, v := range n.KEP {
		own := v.Nodes[0].Runs[0].Verdict
		if own.Against != n.Groups[0].Baseline && own.Against != n.Groups[1].Baseline && v.Load == analysis.Scraped || len(own.Parts) == 0 || len(own.NotCovered) == 0 {
			t.Errorf("%d: %+v", i, own)
		}
	}
	if effect(t, &n.Groups[1], "D.gate-on", analysis.TotalOf(analysis.CPUCores)).Ratio.Absent() {
		t.Error("the arms of CRI-O were not joined")
	}
}

// A sentence holds on nodes only if it holds on each, and runs of one node are one.
func TestJoinKEPNodes(t *testing.T) {
	on := func(name, host string, ratio float64, seed uint64, edit ...func(*analysis.Input)) *Run {
		return kubelet(t, name, "containerd", ratio, seed, append(edit, node(host))...)
	}
	f := func(want string, all ...*Run) {
		t.Helper()
		if got := sayings(joined(t, all...), false); got[1] != want {
			t.Errorf("got  %s\nwant %s", got[1], want)
		}
	}
	kubeletless := runOf(t, "api", made(planOf(t, nightly, "10", 3, 3), 1, costs{}))
	good, better, bad, open := on("a1", "a", 0.8, 1), on("b", "b", 0.7, 2), on("c", "c", 1.2, 3), on("d", "d", 1, 4)
	const sentence = "reduction on containerd 1.0 at 110 scraped: "
	f(sentence+"PASS of a1 PASS; b PASS", good, better)
	f(sentence+"PASS of a1 PASS + a2 PASS; b PASS", good, on("a2", "a", 0.8, 5), better)
	f(sentence+"INCONCLUSIVE of a1 PASS; d INCONCLUSIVE", good, open)
	f(sentence+"FAIL of a1 PASS; d INCONCLUSIVE; c FAIL", good, open, bad)
	// A node that is silent does not agree.
	void := func(in *analysis.Input) {
		for i := range in.Trials {
			if in.Trials[i].Cell.Pods == 110 {
				in.Trials[i].Void = []bench.Void{{Reason: bench.VoidSteal}}
			}
		}
	}
	f(sentence+"INCONCLUSIVE of a1 PASS; e NOT APPLICABLE", good, on("e", "e", 0.8, 6, void))

	// What no run speaks to is said once.
	n := joined(t, good, better)
	want := "loss-below-2-percent: NOT APPLICABLE, containerd 1.0: it is about A -> D, which needs CRI-O; this run has [B -> D]"
	if got := sayings(n, false)[0]; got != want || len(sayings(n, false)) != 4 {
		t.Errorf("got  %q\nwant %q", sayings(n, false), want)
	}
	simulated := func(in *analysis.Input) { in.Host.Simulated = true }
	for _, v := range joined(t, on("a", "a", 0.8, 7, simulated), on("b", "b", 0.8, 8, simulated)).KEP {
		if v.Cell != nil && v.Result != "" {
			t.Errorf("a simulated run says %s of %s", v.Result, v.Sentence.ID)
		}
	}
	if api := joined(t, kubeletless); len(api.KEP) > 0 {
		t.Errorf("runs without a kubelet say %q", sayings(api, true))
	}
}

// What the gate did must be the same; another kubelet of the same mode is a warning.
func TestJoinKubelets(t *testing.T) {
	version := func(v string) func(*analysis.Input) {
		return func(in *analysis.Input) { in.Host.Kubelet = analysis.KubeletInfo{Version: v} }
	}
	first := kubelet(t, "first", "containerd", 0.8, 1, node("a"))
	f := func(what, want string, edit ...func(*analysis.Input)) {
		t.Helper()
		_, err := Join([]*Run{first, kubelet(t, "other", "cri-o", 0.8, 2, edit...)})
		var different *DifferenceError
		if !errors.As(err, &different) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", what, err, want)
		}
	}
	f("a kubelet before 1.37", "mode of arm gate-on: D (CRI alone), then C (CRI, and cAdvisor's housekeeping goes on)", version("v1.36.0"))
	f("a kubelet of an unknown version", "mode of arm gate-on: D (CRI alone), then not told", version(""))
	f("another window", "plan: arm gate-on: as planned, then window: 1m0s, then 2m0s", func(in *analysis.Input) {
		edited(in, func(p *plan.Plan) { p.Arms = slices.Clone(p.Arms); p.Arms[1].Window *= 2 })
	})
	f("another margin", "plan: margin: 0.02, then 0.1", func(in *analysis.Input) { edited(in, func(p *plan.Plan) { p.Margin = 0.1 }) })

	n := joined(t, first, kubelet(t, "other", "cri-o", 0.8, 2, version("v1.38.0"), func(in *analysis.Input) { edited(in, func(p *plan.Plan) { p.Guards.Steal = 0.5 }) }))
	want := []string{
		"first and other are not alike: plan: guards: {Steal:0.005 Foreign:0.05 Harness:0.01 Lateness:0.1}, then {Steal:0.5 Foreign:0.05 Harness:0.01 Lateness:0.1}",
		"first and other are not alike: kubelet version: v1.37.2, then v1.38.0",
	}
	if diff := cmp.Diff(want, n.Warnings); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
}

// edited changes the plan of one run alone.
func edited(in *analysis.Input, f func(*plan.Plan)) {
	p := *in.Plan
	f(&p)
	in.Plan = &p
}

// The mode in front of an arm's name is not in the way of a comparison.
func TestCompareKubelet(t *testing.T) {
	fails := func(in *analysis.Input) {
		for i := range in.Trials {
			if t := &in.Trials[i]; t.Arm.Name == "gate-on" {
				t.Agents[0].Calls[0] = bench.Call{Err: "connection refused"}
			}
		}
	}
	old := kubelet(t, "old", "containerd", 0.8, 1)
	c := compared(t, old, kubelet(t, "new", "containerd", 1.6, 2, fails), Options{})
	if e := endpoint(t, c, "D.gate-on", analysis.TotalOf(analysis.CPUCores)); e.Verdict != Regressed || c.Verdict != Regressed {
		t.Errorf("%s, in all %s", e.Verdict, c.Verdict)
	}
	if e := endpoint(t, c, "B.gate-off", analysis.TotalOf(analysis.CPUCores)); e.Verdict == Regressed {
		t.Errorf("the arm that is the same: %+v", e)
	}
	if len(c.Unmatched) > 0 || len(c.Faults) == 0 || c.Faults[0].Arm != "D.gate-on" {
		t.Errorf("unmatched %v, faults %v", c.Unmatched, c.Faults)
	}
	if len(c.Floors) == 0 {
		t.Error("the arms that nobody scrapes are no floor")
	}
}
