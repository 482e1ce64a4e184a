package plot_test

import (
	"maps"
	"strings"
	"testing"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/agreement"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/analysis/analysistest"
	"cri-stats-bench/bench/plan"
	"cri-stats-bench/bench/record"
	"cri-stats-bench/reports/reporttest"
)

// crowd is a run of the largest preset, with all of its arms and cells, of a few
// rounds. All ages of values are in it, from none to a minute.
func crowd(t testing.TB) *analysis.Report {
	t.Helper()
	text, err := plan.Preset("full")
	if err != nil {
		t.Fatal(err)
	}
	p, err := plan.Decode("full.yaml", text, plan.Names{})
	if err != nil {
		t.Fatal(err)
	}
	p.Rounds = plan.Rounds{Min: 2, Max: 2}
	example, err := analysistest.Example(1, 1)
	if err != nil {
		t.Fatal(err)
	}
	truth := maps.Clone(example.Truth)
	for name, like := range map[string]string{
		"cri-version": "idle", "cri-stream-container-stats": "cri-container-stats", "cri-stream-pod-stats": "cri-pod-stats",
		"cri-stream-pod-metrics": "cri-pod-metrics", "cri-pod-stats-aa": "cri-pod-stats", "cadvisor-1s": "cadvisor+cri-container-stats",
		"cadvisor-metrics": "cadvisor", "cadvisor-ondemand": "cri-pod-stats",
	} {
		truth[name] = truth[like]
	}
	checks := func(cell bench.Cell) []record.Check {
		var answers []agreement.SourceReport
		age := 0.0
		for _, arm := range p.Arms {
			if arm.Collectors[0] == arm.Name && arm.Name != p.Idle {
				answers = append(answers, analysistest.Answers(arm.Name, cell, age, 1/(1+age)))
				age = min(60, max(2e-4, 4*age))
			}
		}
		return analysistest.Clean(cell, answers...)
	}
	run := analysistest.Run{
		Plan: p, Seed: 5, Drift: 0.05, Noise: 0.03, Jitter: 0.1, Truth: truth, Checks: checks,
		Spoil: func(t *bench.Trial) {
			switch {
			case t.Cell.Profile == "active":
				for _, cost := range t.Costs {
					cost[bench.CPUSeconds] *= 1.3
				}
			case t.Arm.Name == "cri-stream-pod-metrics":
				t.Unsupported, t.Agents, t.Costs = "StreamPodSandboxMetrics is not supported here", nil, nil
			}
			if t.Round == 1 && t.Position%5 == 3 {
				t.Void = []bench.Void{{Reason: bench.VoidSteal}}
			}
		},
	}
	in := run.Input()
	in.Host.Simulated = false
	return analyse(t, in)
}

func analyse(t testing.TB, in analysis.Input) *analysis.Report {
	t.Helper()
	r, err := in.Analyze()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// kubelet is a run of a kubelet with the gate off and on, whose arms have three
// collectors each.
func kubelet(t testing.TB) *analysis.Report {
	t.Helper()
	run, err := analysistest.Kubelet(12, "containerd", 0.97)
	if err != nil {
		t.Fatal(err)
	}
	in := run.Input()
	in.Host.Simulated = false
	return analyse(t, in)
}

// hostile is a run whose arms, profile, plan and runtime have names that try to
// break out of a picture.
func hostile(t testing.TB) *analysis.Report {
	t.Helper()
	names := map[string]string{
		"cri-container-stats-1s": reporttest.Hostile,
		"cri-pod-stats-1s":       strings.Repeat("long", 2500),
		"today":                  "\"/><script>alert(1)</script><!-- ]]> \x00\xff\u202e",
		"idle":                   strings.Repeat("\u4e2d", 200),
	}
	run, err := analysistest.Headline(6)
	if err != nil {
		t.Fatal(err)
	}
	in := run.Input()
	rename := func(a *bench.Arm) {
		if name, ok := names[a.Name]; ok {
			a.Name = name
		}
	}
	for i := range in.Plan.Arms {
		rename(&in.Plan.Arms[i])
	}
	for i := range in.Trials {
		rename(&in.Trials[i].Arm)
	}
	in.Plan.Baseline, in.Plan.Idle, in.Plan.Name = names["today"], names["idle"], reporttest.Hostile
	for _, list := range [][]plan.Comparison{in.Plan.Comparisons, in.Plan.Also} {
		for i := range list {
			for _, arm := range []*string{&list[i].Of, &list[i].To} {
				if name, ok := names[*arm]; ok {
					*arm = name
				}
			}
		}
	}
	in.Host.Runtime = analysis.Runtime{Name: reporttest.Hostile, Version: strings.Repeat("9", 10000)}
	return analyse(t, in)
}
