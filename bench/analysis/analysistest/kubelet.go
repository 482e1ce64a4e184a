package analysistest

import (
	"fmt"
	"slices"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/plan"
)

const kubeletPlan = `
name: kubelet
description: A made-up kubelet with the gate off and on.
experiment: kubelet
seed: 5
pods: [35, 110]
rounds: {min: %[1]d, max: %[1]d}
window: 60s
warm_up: 20s
arms:
  - {name: gate-off, treatment: gate-off, collectors: [kubelet-summary, kubelet-resource, kubelet-cadvisor], intervals: {kubelet-resource: 15s, kubelet-cadvisor: 30s}}
  - {name: gate-on, treatment: gate-on, collectors: [kubelet-summary, kubelet-resource, kubelet-cadvisor], intervals: {kubelet-resource: 15s, kubelet-cadvisor: 30s}}
  - {name: gate-off-unscraped, treatment: gate-off, collectors: [idle]}
  - {name: gate-on-unscraped, treatment: gate-on, collectors: [idle]}
`

// Names are those of the metrics that the made-up kubelet answers on
// /metrics/cadvisor with the gate off.
func Names() []string {
	return []string{
		"container_cpu_usage_seconds_total", "container_last_seen", "container_memory_rss", "container_memory_working_set_bytes",
		"container_spec_cpu_quota", "container_start_time_seconds", "machine_cpu_cores",
	}
}

// Kubelet is a run of so many rounds of a kubelet 1.37 on a runtime, which costs
// ratio times as much with the gate on as with it off.
func Kubelet(rounds int, runtime string, ratio float64) (Run, error) {
	p, err := plan.Decode("kubelet.yaml", fmt.Appendf(nil, kubeletPlan, rounds), plan.Names{})
	if err != nil {
		return Run{}, fmt.Errorf("decode the plan of the kubelet: %w", err)
	}
	run := Run{Plan: p, Seed: 4, Drift: 0.05, Noise: 0.01, Jitter: 0.1, Truth: make(map[string]Truth)}
	run.Host = &analysis.HostInfo{
		Version: "v0.0.0-test", Simulated: true, Runtime: analysis.Runtime{Name: runtime, Version: "1.0.0"},
		Kubelet: analysis.KubeletInfo{Version: "v1.37.2", Provider: "cadvisor"},
	}
	const mi = 1 << 20
	for _, a := range p.Arms {
		factor := 1.0
		if a.Treatment == bench.GateOn {
			factor = ratio
		}
		if !slices.Contains(a.Collectors, "kubelet-cadvisor") {
			factor /= 2
		}
		of := func(fixed, perPod float64) Line { return Line{fixed * factor, perPod * factor} }
		run.Truth[a.Name] = Truth{
			CPU: map[bench.Component]Line{
				bench.ComponentAgent: {0.001, 0.0001}, bench.ComponentKubelet: of(0.02, 0.0008), bench.ComponentRuntime: of(0.01, 0.0006),
				bench.ComponentShims: of(0.001, 0.0001), bench.ComponentNode: of(0.1, 0.0016),
			},
			PSS: map[bench.Component]Line{
				bench.ComponentAgent: {20 * mi, 0}, bench.ComponentKubelet: of(70*mi, 0.1*mi), bench.ComponentRuntime: of(45*mi, 0.2*mi), bench.ComponentShims: of(0, 3.1*mi),
			},
			Service: of(0.02, 0.001), Bytes: Line{500, 9000},
		}
	}
	run.Spoil = Treated
	return run, nil
}

// Treated gives a trial what a treatment and a kubelet add to it.
func Treated(t *bench.Trial) {
	t.State = t.Arm.Treatment
	operation := "list_container_stats"
	if t.State == bench.GateOn {
		operation = "list_podsandbox_stats"
	}
	t.Operations = map[string]bench.Operation{
		operation: {Count: 10, Seconds: 0.01 * float64(t.Cell.Pods)}, "list_containers": {Count: 60, Seconds: 0.3}, "pull_image": {Count: 1, Seconds: 9},
	}
	for component, cost := range t.Costs {
		if component == bench.ComponentKubelet || component == bench.ComponentRuntime {
			cost[bench.CPUClockSeconds], cost[bench.CPUCgroupSeconds] = cost[bench.CPUSeconds], 1.01*cost[bench.CPUSeconds]
			cost[bench.MemoryCgroupBytes] = 1.5 * cost[bench.PSSBytes]
		}
	}
	for i := range t.Agents {
		if a := &t.Agents[i]; a.Collector == "kubelet-cadvisor" {
			a.Names = Names()
		} else if a.Collector != "idle" {
			a.Names = []string{"container_cpu_usage_seconds_total", "container_memory_working_set_bytes"}
		} else {
			for k := range a.Calls {
				a.Calls[k].Pods, a.Calls[k].Containers, a.Calls[k].Samples, a.Calls[k].Bytes = 0, 0, 0, 0
			}
		}
	}
}
