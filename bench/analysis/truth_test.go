package analysis_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/agreement"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/analysis/analysistest"
	"cri-stats-bench/bench/plan"
	"cri-stats-bench/bench/record"
)

const truthPlan = `
name: truth
pods: [10, 110]
rounds: 10
interval: 1s
window: 10s
warm_up: 0s
truth: %s
arms: [idle, cadvisor, cadvisor-ondemand, cri-pod-stats, cri-container-stats]
baseline: cadvisor
idle: idle
`

// checked analyses a made-up run whose arms all cost about as much, after what was
// found of their answers.
func checked(t *testing.T, rule agreement.Rule, checks ...record.Check) *analysis.Report {
	t.Helper()
	p, err := plan.Decode("truth.yaml", []byte(strings.Replace(truthPlan, "%s", string(rule), 1)), plan.Names{})
	if err != nil {
		t.Fatal(err)
	}
	const mi = 1 << 20
	truth := make(map[string]analysistest.Truth)
	for i, a := range p.Arms {
		cost := 0.05 - 0.005*float64(i)
		if a.Name == "idle" {
			cost = 0.01
		}
		truth[a.Name] = analysistest.Truth{
			CPU:     map[bench.Component]analysistest.Line{bench.ComponentAgent: {Fixed: cost}, bench.ComponentRuntime: {Fixed: 0.1}, bench.ComponentShims: {}},
			PSS:     map[bench.Component]analysistest.Line{bench.ComponentAgent: {Fixed: (30 - float64(i)) * mi}, bench.ComponentRuntime: {Fixed: 60 * mi}, bench.ComponentShims: {}},
			Service: analysistest.Line{Fixed: 0.01}, Bytes: analysistest.Line{Fixed: 1000},
		}
	}
	in := analysistest.Run{Plan: p, Truth: truth, Seed: 1, Noise: 0.002, Jitter: 0.05, Host: &analysis.HostInfo{Runtime: analysis.Runtime{Name: "containerd", Version: "2.4.2"}}}.Input()
	in.Checks = checks
	return analyse(t, in)
}

var top = bench.Cell{Pods: 110, ContainersPerPod: 1, Profile: "idle"}

// found is a check of one collector with an age and what was found.
func found(collector string, age, fresh float64, findings ...agreement.Finding) record.Check {
	for i := range findings {
		findings[i].Source = collector
	}
	return record.Check{Cell: top, Collectors: []string{collector}, Length: time.Second, Report: &agreement.Report{
		Referenced: true, Findings: findings,
		Sources: []agreement.SourceReport{{
			Name: collector, Calls: 15, Containers: 110, ContainersDue: 110,
			Age: &agreement.Spread{N: 10, P50: age / 2, P95: age, Max: age}, Fresh: &agreement.Share{Of: 100, Value: fresh},
		}},
	}}
}

func armAt(t *testing.T, r *analysis.Report, pods int, name string) *analysis.ArmResult {
	t.Helper()
	for i := range r.Cells {
		if r.Cells[i].Pods == pods {
			return r.Cells[i].Arm(name)
		}
	}
	t.Fatalf("no cell of %d pods", pods)
	return nil
}

var (
	frozen   = agreement.Finding{Kind: agreement.Frozen, Severity: agreement.Defect, Level: agreement.Containers, Quantities: []string{bench.CPUUsage.Name}, Evidence: "stands still"}
	noFaults = agreement.Finding{Kind: agreement.Zero, Severity: agreement.Defect, Level: agreement.Pods, Quantities: []string{bench.PageFaults.Name}, Evidence: "is 0"}
	coarse   = agreement.Finding{Kind: agreement.Coarse, Severity: agreement.Limit, Level: agreement.Containers, Quantities: []string{bench.CPUUsage.Name}, Evidence: "whole seconds"}
)

// An arm whose answers break the plan's rule has its cost and no verdict, in every
// cell of the profile, and says why; other arms keep theirs.
func TestUntrue(t *testing.T) {
	f := func(rule agreement.Rule, check record.Check, untrue string) {
		t.Helper()
		r := checked(t, rule, check, found("cri-container-stats", 0.01, 1), found("cadvisor", 15, 0.07, coarse))
		for _, pods := range []int{10, 110} {
			a := armAt(t, r, pods, "cri-pod-stats")
			if got := strings.Join(a.Untrue, "; "); got != untrue {
				t.Errorf("%s, %d pods: untrue %q, want %q", rule, pods, got, untrue)
			}
			if (a.Together == analysis.NoVerdict) != (untrue != "") {
				t.Errorf("%s, %d pods, untrue %q: verdict %q", rule, pods, untrue, a.Together)
			}
			for _, j := range a.Judgements {
				if untrue != "" && j.Verdict != analysis.NoVerdict {
					t.Errorf("%s: %s is %s", rule, j.Series, j.Verdict)
				}
			}
			if a.Total.CPU.Absent() {
				t.Error("its cost is not shown")
			}
			if untrue != "" && !slices.ContainsFunc(a.Notes, func(i int) bool { return r.Notes[i].Kind == analysis.NoteUntrue }) {
				t.Error("no note says why")
			}
			if other := armAt(t, r, pods, "cri-container-stats"); other.Together != analysis.Better {
				t.Errorf("%s, %d pods: the arm beside it: %q", rule, pods, other.Together)
			}
		}
	}
	const stands = "the answers of cri-pod-stats are not true: frozen (stands still)"
	f(agreement.Required, found("cri-pod-stats", 0.01, 1), "")
	f(agreement.Required, found("cri-pod-stats", 0.01, 1, frozen), stands)
	f(agreement.Required, found("cri-pod-stats", 0.01, 1, noFaults, coarse), "")
	f(agreement.Everything, found("cri-pod-stats", 0.01, 1, noFaults), "the answers of cri-pod-stats are not true: zero (is 0)")
	f(agreement.Nothing, found("cri-pod-stats", 0.01, 1, frozen), "")
	blind := found("cri-pod-stats", 0.01, 1)
	blind.Report.Referenced = false
	f(agreement.Required, blind, "the answers of cri-pod-stats could not be checked: no cgroup file could be read to hold them against")
	f(agreement.Required, record.Check{Cell: top, Collectors: []string{"cri-pod-stats"}, Err: "the runtime is gone"}, "the answers of cri-pod-stats could not be checked: the runtime is gone")
}

// Nobody wins against a baseline that is not true.
func TestUntrueBaseline(t *testing.T) {
	r := checked(t, agreement.Required, found("cadvisor", 15, 0.07, frozen), found("cri-pod-stats", 0.01, 1))
	if a := armAt(t, r, 110, "cri-pod-stats"); a.Together != analysis.NoVerdict || len(a.Untrue) > 0 {
		t.Errorf("verdict %q, untrue %q", a.Together, a.Untrue)
	}
}

// An age by timestamps says that it is one.
func TestFreshnessStamped(t *testing.T) {
	c := found("cri-pod-stats", 3, 1)
	c.Report.Sources[0].Stamped = true
	r := checked(t, agreement.Required, c, found("cri-container-stats", 0.01, 1))
	for arm, want := range map[string]bool{"cri-pod-stats": true, "cri-container-stats": false} {
		if f := armAt(t, r, 110, arm).Freshness; f == nil || f.Stamped != want {
			t.Errorf("%s: %+v, want by timestamps: %t", arm, f, want)
		}
	}
}

// A run in which nothing was checked says so, and has its verdicts on cost.
func TestUnchecked(t *testing.T) {
	r := checked(t, plan.TruthOff)
	if a := armAt(t, r, 110, "cri-pod-stats"); a.Together != analysis.Better || a.Freshness != nil {
		t.Errorf("verdict %q, freshness %+v", a.Together, a.Freshness)
	}
	if !slices.ContainsFunc(r.RunNotes, func(i int) bool { return r.Notes[i].Kind == analysis.NoteUnchecked }) {
		t.Error("it is not said that nothing was checked")
	}
}

// What a new value costs is what is above the idle arm over the new values: a cache
// that is asked often gives few.
func TestFreshness(t *testing.T) {
	r := checked(t, agreement.Required, found("cadvisor", 15, 0.05), found("cadvisor-ondemand", 0.02, 1), found("cri-pod-stats", 0.01, 1), found("cri-container-stats", 9, 1))
	f := func(arm string, share, perSecond, cost float64) {
		t.Helper()
		got := armAt(t, r, 110, arm).Freshness
		if got == nil || got.Total || !closeTo(got.Share, share, 1e-9) || !closeTo(got.PerSecond, perSecond, 1e-6) || !closeTo(got.CPUPerSample.Value, cost, 0.05) {
			t.Fatalf("%s: %+v, want share %g, %g per second, %g s of CPU each", arm, got, share, perSecond, cost)
		}
		if i := got.CPUPerSample.Interval; i == nil || i.Lo > cost || i.Hi < cost {
			t.Errorf("%s: interval %+v does not hold %g", arm, i, cost)
		}
	}
	f("cri-pod-stats", 1, 110, 0.025/110)
	f("cadvisor", 0.05, 5.5, 0.035/5.5)
	if idle := armAt(t, r, 110, "idle").Freshness; idle != nil {
		t.Errorf("the idle arm reads nothing: %+v", idle)
	}
}

func closeTo(got, want, relative float64) bool {
	return got >= want*(1-relative) && got <= want*(1+relative)
}
