package hypothesis_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/agreement"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/analysis/analysistest"
	"cri-stats-bench/bench/hypothesis"
	"cri-stats-bench/bench/plan"
	"cri-stats-bench/bench/record"
)

// tested analyses a run of a preset's plan in which spoil says how a runtime behaves.
func tested(t *testing.T, preset string, checks func(bench.Cell) []record.Check, spoil func(*bench.Trial)) *analysis.Tested {
	t.Helper()
	data, err := plan.Preset(preset)
	if err != nil {
		t.Fatal(err)
	}
	p, err := plan.Decode(preset+".yaml", data, plan.Names{})
	if err != nil {
		t.Fatal(err)
	}
	run := analysistest.Run{Plan: p, Truth: make(map[string]analysistest.Truth), Seed: 3, Noise: 0.03, Jitter: 0.02, Host: &analysis.HostInfo{}, Checks: checks, Spoil: spoil}
	for _, a := range p.Arms {
		run.Truth[a.Name] = analysistest.Truth{
			CPU:     map[bench.Component]analysistest.Line{bench.ComponentAgent: {Fixed: 0.1}, bench.ComponentRuntime: {Fixed: 0.2}, bench.ComponentShims: {Fixed: 0.1}},
			PSS:     map[bench.Component]analysistest.Line{bench.ComponentAgent: {Fixed: 1e7}, bench.ComponentRuntime: {Fixed: 1e8}, bench.ComponentShims: {Fixed: 1e8}},
			Service: analysistest.Line{Fixed: 0.01},
		}
	}
	r, err := run.Input().Analyze()
	if err != nil {
		t.Fatal(err)
	}
	hypothesis.Test(r)
	if r.Hypothesis == nil || r.Hypothesis.Numbers == "" {
		t.Fatalf("%s: hypothesis %+v", preset, r.Hypothesis)
	}
	return r.Hypothesis
}

// Each rule confirms what behaves as claimed and refutes what does not.
func TestHypotheses(t *testing.T) {
	f := func(preset string, want analysis.Outcome, checks func(bench.Cell) []record.Check, spoil func(*bench.Trial)) {
		t.Helper()
		if got := tested(t, preset, checks, spoil); got.Outcome != want {
			t.Errorf("%s: %s (%s), want %s", preset, got.Outcome, got.Numbers, want)
		}
	}
	none := func(*bench.Trial) {}
	// times sets the time that calls take.
	times := func(of func(t *bench.Trial, client int) time.Duration) func(*bench.Trial) {
		return func(t *bench.Trial) {
			for len(t.Agents) < t.Arm.Clients {
				a := t.Agents[0]
				a.Calls = append(bench.Calls(nil), a.Calls...)
				t.Agents = append(t.Agents, a)
			}
			for i := range t.Agents {
				for k := range t.Agents[i].Calls {
					t.Agents[i].Calls[k].Service = of(t, i)
				}
			}
		}
	}
	limiter := func(t *bench.Trial, _ int) time.Duration {
		seconds := float64(t.Cell.Pods-10) / 10
		if t.Arm.Interval.Seconds() < float64(t.Cell.Pods)/10 {
			seconds = float64(t.Cell.Pods) / 10
		}
		return time.Duration((seconds + 0.05) * float64(time.Second))
	}
	f("h1", analysis.Confirmed, nil, times(limiter))
	f("h1", analysis.Refuted, nil, none)
	f("h1", analysis.Undecided, nil, times(func(t *bench.Trial, i int) time.Duration { return 3 * limiter(t, i) / 2 }))

	cheaper := func(factor float64) func(*bench.Trial) {
		return func(t *bench.Trial) {
			if t.Arm.Treatment == "collects-10s" {
				for _, c := range []bench.Component{bench.ComponentRuntime, bench.ComponentShims} {
					t.Costs[c][bench.CPUSeconds] *= factor
				}
			}
		}
	}
	f("h2", analysis.Confirmed, nil, cheaper(0.12))
	f("h2", analysis.Refuted, nil, none)
	f("h2", analysis.Undecided, nil, cheaper(0.5))

	single := 10 * time.Millisecond
	f("h4", analysis.Confirmed, nil, times(func(_ *bench.Trial, i int) time.Duration { return time.Duration(i+1) * single }))
	f("h4", analysis.Refuted, nil, times(func(t *bench.Trial, _ int) time.Duration { return single * time.Duration(max(2, t.Arm.Clients)) / 2 }))

	step := func(step float64) func(bench.Cell) []record.Check {
		return func(c bench.Cell) []record.Check {
			return []record.Check{{Cell: c, Collectors: []string{"cri-pod-metrics"}, Report: &agreement.Report{Referenced: true, Sources: []agreement.SourceReport{{Name: "cri-pod-metrics", Step: step, Calls: 15}}}}}
		}
	}
	f("h7", analysis.Confirmed, step(1), none)
	f("h7", analysis.Refuted, step(1e-6), none)
	f("h7", analysis.Undecided, nil, none)

	frozen := func(frozen bool) func(bench.Cell) []record.Check {
		return func(c bench.Cell) []record.Check {
			report := &agreement.Report{Referenced: true, Sources: []agreement.SourceReport{{Name: "cri-container-stats", Clocks: 4, Calls: 15}}}
			if frozen {
				report.Findings = []agreement.Finding{{Source: "cri-container-stats", Kind: agreement.Frozen, Evidence: "0.5 in all of 15 answers"}}
			}
			return []record.Check{{Cell: c, State: "collects-10s", Collectors: []string{"cri-container-stats"}, Report: report}}
		}
	}
	f("h6", analysis.Confirmed, frozen(true), none)
	f("h6", analysis.Refuted, frozen(false), none)

	f("churn", analysis.Refuted, nil, none)
	f("churn", analysis.Confirmed, nil, func(t *bench.Trial) {
		if t.Arm.Name == "cri-pod-stats" {
			t.Agents[0].Calls[3].Lacks = 1
		}
	})
}

// What cannot be put to the test here says what it needs, and each test has its rule.
func TestHypothesesAreWhole(t *testing.T) {
	all := plan.Hypotheses()
	if len(all) != 10 {
		t.Errorf("%d hypotheses, want 10", len(all))
	}
	for i, h := range all {
		if h.ID != fmt.Sprintf("h%d", i+1) || h.Claim == "" || h.Predicts == "" || (h.Preset == "") == (h.Needs == "") {
			t.Errorf("hypothesis %+v", h)
		}
		if h.Preset == "" {
			continue
		}
		got := tested(t, h.Preset, nil, func(*bench.Trial) {})
		if got.ID != h.ID || strings.Contains(got.Numbers, "no rule") {
			t.Errorf("preset %s tests %s: %s", h.Preset, got.ID, got.Numbers)
		}
	}
}
