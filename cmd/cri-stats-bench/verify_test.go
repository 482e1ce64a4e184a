package main

import (
	"bytes"
	"errors"
	"path/filepath"
	"testing"

	"cri-stats-bench/bench/agreement"
	"cri-stats-bench/bench/testfile"
)

// example is a verification that found a bit of everything, on a node with a name
// that is not to be printed as it is.
func example() *verification {
	return &verification{
		runtime: "containerd v2.4.2\x1b[31m", endpoint: "unix:///run/containerd/containerd.sock", flags: verifyFlags{fields: true, rule: string(agreement.Everything)},
		report: &agreement.Report{
			Referenced: true,
			Sources: []agreement.SourceReport{
				{
					Name: "cri-pod-stats", Form: "PodSandboxStats", Calls: 15,
					Service: &agreement.Spread{N: 15, P50: 0.0064, P95: 0.011, Max: 0.02},
					Pods:    37, PodsDue: 37, Containers: 36, ContainersDue: 37,
					Age: &agreement.Spread{N: 30, P50: 0.0067, P95: 0.0175, Max: 0.02}, Clocks: 37,
					Claimed: &agreement.Spread{N: 30, P50: 0.00345, P95: 0.01, Max: 0.02},
					Skew:    &agreement.Spread{N: 15, P50: 0.00175, P95: 0.002, Max: 0.003}, Distinct: 30,
					Fields: []agreement.FieldState{
						{Metric: "container_cpu_usage_seconds_total", Path: "cpu.usage_core_nano_seconds", Level: agreement.Containers, State: agreement.StatePresent, Of: 30, With: 30},
						{Metric: "container_memory_swap", Level: agreement.Containers, State: agreement.StateAbsent, Of: 30},
						{Metric: "container_processes", Level: agreement.Pods, State: agreement.StatePartly, Of: 30, With: 29},
						{Metric: "container_pressure_cpu_waiting_seconds_total", Level: agreement.Pods, State: agreement.StateNotApplicable, Why: "needs pressure stall information"},
					},
					Agreement: []agreement.Comparison{{Metric: "container_memory_rss", Level: agreement.Containers, Against: "cgroup", N: 37, Bias: 1, BiasLo: 0.99, BiasHi: 1.01, Lower: 0.98, Upper: 1.02, Band: 0.05, Verdict: agreement.Agrees}},
				},
				{Name: "cri-pod-metrics", Form: "PodSandboxMetrics", Calls: 4, Failed: 4},
			},
			Findings: []agreement.Finding{
				{Source: "cri-pod-stats", Kind: agreement.Absent, Severity: agreement.Limit, Level: agreement.Containers, Quantities: []string{"container_memory_swap"}, Evidence: "never there, of 18 that PodSandboxStats has about containers"},
				{Source: "cri-pod-stats", Kind: agreement.Missing, Severity: agreement.Defect, Level: agreement.Containers, Subjects: []string{"893f0a4756310"}, Judged: 37, Evidence: "container 893f0a4756310 is not in 15 of the 15 answers that it was due in"},
				{Source: "cri-pod-metrics", Kind: agreement.CallFails, Severity: agreement.Defect, Level: agreement.Answers, Evidence: "4 of 4 calls gave nothing but: deadline exceeded\n<after> 10s"},
			},
			Unsupported: []agreement.Unsupported{{Source: "cadvisor", Why: "cAdvisor is not supported here (needs Linux)"}},
		},
	}
}

func TestVerifyFormats(t *testing.T) {
	for name, write := range verifyFormats {
		var got bytes.Buffer
		if err := write(&got, example()); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		testfile.Golden(t, filepath.Join("testdata", "verify."+name), got.String())
	}
}

// TestVerifyVerdict holds what the exit status stands for.
func TestVerifyVerdict(t *testing.T) {
	f := func(v *verification, want string) {
		t.Helper()
		got := ""
		if err := v.verdict(); err != nil {
			got = err.Error()
			if status(t.Context(), err) != exitFailed {
				t.Errorf("%v has status %d", err, status(t.Context(), err))
			}
		}
		if got != want {
			t.Errorf("verdict %q, want %q", got, want)
		}
	}
	f(example(), "verify: 2 defects")
	strict := example()
	strict.flags.strict = true
	f(strict, "verify: 2 defects and 1 limits")
	strict.report.Findings = strict.report.Findings[:1]
	f(strict, "verify: 1 limits")
	strict.flags.strict = false
	f(strict, "")
	empty := example()
	empty.report.Findings = nil
	for i := range empty.report.Sources {
		empty.report.Sources[i].ContainersDue = 0
	}
	f(empty, "verify: no container ran all the time, so nothing was verified; see --burners and --pods")
	required := example()
	required.flags.rule = string(agreement.Required)
	required.report.Findings[1].Quantities = []string{"container_memory_swap"}
	f(required, "verify: 1 defects")
}

// A text that cannot be written is an error, not a report.
func TestVerifyFullDisk(t *testing.T) {
	for name, write := range verifyFormats {
		if err := write(fullDisk{}, example()); !errors.Is(err, errFull) {
			t.Errorf("%s on a full disk: %v", name, err)
		}
	}
}

var errFull = errors.New("no space left on device")

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }
