package analysis_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/analysis/analysistest"
	"cri-stats-bench/bench/plan"
)

// built is a run of two builds of a runtime of which the new one takes so many times the
// CPU time; agents take what they take. more are further keys of the plan.
func built(t *testing.T, ratio float64, config string, more ...string) analysistest.Run {
	t.Helper()
	p, err := plan.Decode("ab.yaml", fmt.Appendf(nil, `
seed: 1
pods: 35
rounds: 8
interval: 1s
window: 8s
warm_up: 1s
treatments: [old, {name: new%s}]
arms: [cri-container-stats, cri-pod-stats]
margin: 5%%
%s`, config, strings.Join(more, "\n")), plan.Names{})
	if err != nil {
		t.Fatal(err)
	}
	run := analysistest.Run{Plan: p, Truth: make(map[string]analysistest.Truth), Seed: 3, Drift: 0.08, Noise: 0.03, Jitter: 0.1, Host: &analysis.HostInfo{}}
	for _, a := range p.Arms {
		f := 1.0
		if a.Treatment == "new" {
			f = ratio
		}
		run.Truth[a.Name] = analysistest.Truth{
			CPU: map[bench.Component]analysistest.Line{
				bench.ComponentAgent: {Fixed: 0.5}, bench.ComponentRuntime: {Fixed: 0.2 * f}, bench.ComponentShims: {Fixed: 0.05 * f},
			},
			PSS:     map[bench.Component]analysistest.Line{bench.ComponentAgent: {Fixed: 1e8}, bench.ComponentRuntime: {Fixed: 5e7}, bench.ComponentShims: {Fixed: 1e8}},
			Service: analysistest.Line{Fixed: 0.01},
		}
	}
	run.Spoil = func(trial *bench.Trial) {
		trial.State = trial.Arm.Treatment
		if trial.Position == 0 {
			trial.Settled = 4 * time.Second
		}
		trial.Allocated = &bench.Allocations{Bytes: 1e6 * float64(1+trial.Round), Objects: 1e4}
		if trial.Arm.Treatment == "new" {
			trial.Allocated.Bytes *= 1.5
		}
	}
	return run
}

// What two builds cost is compared without their clients, and each build with the other
// under the same arm.
func TestTreatments(t *testing.T) {
	r := analyse(t, built(t, 1.25, `, config: "a = 1"`).Input())
	headlines := r.Headlines()
	if len(headlines) != 2 {
		t.Fatalf("%d comparisons, want 2: %+v", len(headlines), headlines)
	}
	for _, p := range headlines {
		j := p.Judged(total(analysis.CPUCores))
		if math.Abs(j.Ratio.Value-1.25) > 0.06 || j.Verdict != analysis.Inferior {
			t.Errorf("%s / %s: CPU %v %v, want 1.25 inferior", p.Of, p.To, j.Ratio.Value, j.Verdict)
		}
		alloc := p.Compared(analysis.Series{Metric: analysis.AllocatedBytes, Component: bench.ComponentRuntime}).Estimate
		if alloc.N != 8 || math.Abs(alloc.Value-1.5) > 1e-9 {
			t.Errorf("%s / %s: allocations %+v, want 1.5", p.Of, p.To, alloc)
		}
	}
	restarts := 0
	for _, treatment := range r.Treatments {
		restarts += treatment.Settled.N
		if !treatment.Settled.Absent() && treatment.Settled.Value != 4 {
			t.Errorf("%s at rest after %v s, want 4", treatment.Name, treatment.Settled.Value)
		}
	}
	if len(r.Treatments) != 2 || restarts != 8 {
		t.Errorf("%d treatments with %d restarts, want 2 and 8", len(r.Treatments), restarts)
	}
	if hasItself(r) {
		t.Error("two configurations are called the same")
	}
}

// Two treatments that are the same say so, and differ by chance alone.
func TestTreatmentsThemselves(t *testing.T) {
	r := analyse(t, built(t, 1, "").Input())
	if !hasItself(r) {
		t.Errorf("nothing says that both are the same: %+v", r.Notes)
	}
	for _, p := range r.Headlines() {
		if j := p.Judged(total(analysis.CPUCores)); j.Verdict == analysis.Inferior || j.Verdict == analysis.Better {
			t.Errorf("%s / %s: %v", p.Of, p.To, j.Verdict)
		}
	}
}

func hasItself(r *analysis.Report) bool {
	for _, i := range r.RunNotes {
		if n := r.Notes[i]; n.Kind == analysis.NoteItself && strings.HasPrefix(n.Text, "A/A: old and new are the same runtime") {
			return true
		}
	}
	return false
}

// Where pods come and go, failed and partial answers are counted as the subject's, and a
// failed call is never a fast one.
func TestChurn(t *testing.T) {
	p, err := plan.Decode("churn.yaml", []byte(`
seed: 1
pods: 35
rounds: 3
interval: 1s
window: 28s
warm_up: 1s
profiles: [churn]
arms: [idle, cri-pod-stats]
baseline: idle
`), plan.Names{})
	if err != nil {
		t.Fatal(err)
	}
	whole := example(t, 1, 1).Truth
	run := analysistest.Run{Plan: p, Truth: whole, Seed: 3, Drift: 0.02, Noise: 0.03, Jitter: 0.1}
	clean := analyse(t, run.Input())
	run.Spoil = func(trial *bench.Trial) {
		trial.Churn = &bench.Churned{Replaced: 28, Due: 29}
		for i := range trial.Agents {
			for k := range trial.Agents[i].Calls {
				switch c := &trial.Agents[i].Calls[k]; {
				case trial.Arm.Name == "idle":
				case k%7 == 6: // a container went while it was read, and the runtime gave up in no time
					*c = bench.Call{Due: c.Due, Start: c.Start, Service: time.Microsecond, Err: "NotFound"}
				case k%7 == 5:
					c.Lacks = 1
				}
			}
		}
	}
	r := analyse(t, run.Input())
	got, before := &arm(t, r, "cri-pod-stats", 35).Collectors[0], &arm(t, clean, "cri-pod-stats", 35).Collectors[0]
	if got.Calls != 84 || got.Failed != 12 || got.Partial != 12 || before.Failed+before.Partial != 0 {
		t.Errorf("%d calls, %d failed, %d partial; want 84, 12, 12", got.Calls, got.Failed, got.Partial)
	}
	if got.Response.P50.Value < before.Response.P50.Value {
		t.Errorf("p50 %v with failed calls, %v without: errors pass for fast answers", got.Response.P50.Value, before.Response.P50.Value)
	}
	if !got.Response.P95.Absent() {
		t.Errorf("p95 %v lies among the calls that failed", got.Response.P95.Value)
	}
	c := r.Cells[0].Churn
	if c == nil || c.Replaced != 6*28 || c.Due != 6*29 || c.Seconds != 6*29 || clean.Cells[0].Churn != nil {
		t.Errorf("churn %+v", c)
	}
	for _, note := range r.Notes {
		if note.Kind == analysis.NoteIncomplete {
			t.Errorf("how many containers run is not known at any moment: %s", note.Text)
		}
	}
	if kinds := noteKinds(r, arm(t, r, "cri-pod-stats", 35).Notes); !strings.Contains(fmt.Sprint(kinds), string(analysis.NotePartial)) {
		t.Errorf("notes %v", kinds)
	}
}
