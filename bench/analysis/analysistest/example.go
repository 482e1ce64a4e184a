package analysistest

import (
	"fmt"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/plan"
)

const examplePlan = `
name: example
description: A made-up run, of every kind of trouble one.
experiment: api
seed: 42
pods: [10, 35]
containers_per_pod: [1]
profiles: [idle]
rounds: {min: %[1]d, max: %[1]d}
interval: 1s
window: %[2]ds
warm_up: 1s
arms: [idle, cgroup, cri-container-stats, cri-pod-stats, cri-pod-metrics, cadvisor, cadvisor+cri-container-stats]
baseline: cadvisor
idle: idle
margin: 2%%
`

// Example is a run with the usual arms at two densities, of so many rounds and
// calls per window.
func Example(rounds, calls int) (Run, error) {
	p, err := plan.Decode("example.yaml", fmt.Appendf(nil, examplePlan, rounds, calls), plan.Names{})
	if err != nil {
		return Run{}, fmt.Errorf("decode the plan of the example: %w", err)
	}
	return Run{Plan: p, Seed: 1, Drift: 0.08, Noise: 0.02, Jitter: 0.15, Truth: truths()}, nil
}

// truths are what the usual arms cost at an interval of 1 s.
func truths() map[string]Truth {
	const mi = 1 << 20
	truth := func(agent, runtime, shims, service Line) Truth {
		return Truth{
			CPU: map[bench.Component]Line{
				bench.ComponentAgent: agent, bench.ComponentRuntime: runtime, bench.ComponentShims: shims,
				bench.ComponentNode: {agent.Fixed + runtime.Fixed + shims.Fixed + 0.05, agent.PerPod + runtime.PerPod + shims.PerPod},
			},
			PSS: map[bench.Component]Line{
				bench.ComponentAgent: {12 * mi, 4000 * agent.PerPod * mi}, bench.ComponentRuntime: {45 * mi, 0.2 * mi}, bench.ComponentShims: {0, 3.1 * mi},
			},
			Service: service, Bytes: Line{200, 900},
		}
	}
	// What the node costs when nobody asks: the runtime reads all shims by itself.
	floor := func(agent, runtime, shims, service Line) Truth {
		t := truth(agent, runtime, shims, service)
		t.CPU[bench.ComponentRuntime] = Line{runtime.Fixed + 0.02, runtime.PerPod + 0.002}
		t.CPU[bench.ComponentShims] = Line{shims.Fixed, shims.PerPod + 0.002}
		return t
	}
	podStats := truth(Line{0.001, 0.00006}, Line{0.005, 0.0014}, Line{0.001, 0.0005}, Line{0.003, 0.0014})
	podStats1s := floor(Line{0.001, 0.00006}, Line{0.005, 0.0014}, Line{0.001, 0.0005}, Line{0.003, 0.0014})
	today := floor(Line{0.009, 0.0006}, Line{0.0004, 0.00009}, Line{0.0001, 0.00004}, Line{0.002, 0.0009})
	cost, delay := bench.ControlCPU.Seconds(), bench.ControlDelay.Seconds()
	return map[string]Truth{
		"idle":                         truth(Line{0.0001, 0}, Line{0.001, 0}, Line{0.0005, 0.00001}, Line{1e-6, 0}),
		"cgroup":                       truth(Line{0.0004, 0.0001}, Line{0.001, 0}, Line{0.0005, 0.00001}, Line{0.0002, 0.0001}),
		"cri-container-stats":          truth(Line{0.001, 0.00004}, Line{0.004, 0.0008}, Line{0.001, 0.0004}, Line{0.002, 0.0009}),
		"cri-pod-stats":                podStats,
		"cri-pod-stats-again":          podStats,
		"cri-pod-metrics":              truth(Line{0.002, 0.0002}, Line{0.006, 0.002}, Line{0.001, 0.0006}, Line{0.01, 0.1}),
		"cadvisor":                     truth(Line{0.008, 0.0011}, Line{0.001, 0.0001}, Line{0.0005, 0.00001}, Line{0.0005, 0.00004}),
		"cadvisor+cri-container-stats": truth(Line{0.009, 0.00114}, Line{0.004, 0.0009}, Line{0.001, 0.0004}, Line{0.002, 0.0009}),
		"idle-busy-runtime":            floor(Line{0.0001, 0}, Line{0, 0}, Line{0, 0}, Line{1e-6, 0}),
		"cadvisor-busy-runtime":        floor(Line{0.008, 0.0006}, Line{0, 0}, Line{0, 0}, Line{0.0005, 0.00004}),
		"today":                        today,
		"today-again":                  today,
		"cri":                          floor(Line{0.001, 0.00002}, Line{0.002, 0.0009}, Line{0.001, 0.0005}, Line{0.003, 0.0014}),
		"cadvisor-ondemand":            floor(Line{0.001, 0.0004}, Line{0, 0}, Line{0, 0}, Line{0.003, 0.0012}),
		"cri-container-stats-1s":       floor(Line{0.001, 0.00004}, Line{0.004, 0.0008}, Line{0.001, 0.0004}, Line{0.002, 0.0009}),
		"cri-pod-stats-1s":             podStats1s,
		"cadvisor-ondemand-1s":         floor(Line{0.002, 0.004}, Line{0, 0}, Line{0, 0}, Line{0.003, 0.0012}),
		"control":                      floor(Line{0.001 + cost, 0.00006}, Line{0.005, 0.0014}, Line{0.001, 0.0005}, Line{0.003 + delay, 0.0014}),
	}
}

const headlinePlan = `
name: headline
description: What the preset quick asks, at three densities.
experiment: api
seed: 42
pods: [10, 35, 110]
containers_per_pod: [1]
profiles: [idle]
rounds: {min: %[1]d, max: %[1]d}
interval: 10s
window: 30s
warm_up: 3s
arms:
  - {name: today, collectors: [cadvisor, cri-container-stats]}
  - {name: today-again, collectors: [cadvisor, cri-container-stats]}
  - {name: cri, collectors: [cri-pod-stats, cri-pod-metrics], intervals: {cri-pod-metrics: 30s}}
  - cadvisor
  - cadvisor-ondemand
  - {name: idle, interval: 1s, window: 5s, warm_up: 1s}
  - {name: cri-container-stats-1s, collectors: [cri-container-stats], interval: 1s, window: 5s, warm_up: 1s}
  - {name: cri-pod-stats-1s, collectors: [cri-pod-stats], interval: 1s, window: 5s, warm_up: 1s}
  - {name: cadvisor-ondemand-1s, collectors: [cadvisor-ondemand], interval: 1s, window: 5s, warm_up: 1s}
  - {name: control, interval: 1s, window: 5s, warm_up: 1s}
baseline: today
idle: idle
margin: 2%%
comparisons:
  - {of: cri, to: today, says: "a kubelet of today, cAdvisor + CRI"}
  - {of: cri, to: cadvisor, says: "cAdvisor alone, cached"}
  - {of: cri, to: cadvisor-ondemand, says: "cAdvisor made as fresh as CRI"}
also:
  - {of: cri-container-stats-1s, to: cadvisor-ondemand-1s}
  - {of: cri-pod-stats-1s, to: cadvisor-ondemand-1s}
`

// Headline is a run of so many rounds that asks what the preset quick asks, at three
// densities: its baseline stands twice in a round, and it has a price list and the
// positive control.
func Headline(rounds int) (Run, error) {
	p, err := plan.Decode("headline.yaml", fmt.Appendf(nil, headlinePlan, rounds), plan.Names{})
	if err != nil {
		return Run{}, fmt.Errorf("decode the plan of the headline example: %w", err)
	}
	truth := truths()
	truth["idle"], truth["cadvisor"] = truth["idle-busy-runtime"], truth["cadvisor-busy-runtime"]
	return Run{Plan: p, Seed: 3, Drift: 0.05, Noise: 0.03, Jitter: 0.1, Truth: truth}, nil
}

// Trouble spoils the example in every way that a report must cope with: an
// unsupported arm, void trials, failed calls, components without a reading, and
// texts from the node that try to break out of the page.
func Trouble(t *bench.Trial) {
	switch t.Arm.Name {
	case "cri-pod-metrics":
		t.Unsupported = "ListPodSandboxMetrics is not supported here (needs containerd 2.2 or later)"
		t.Agents, t.Costs = nil, nil
	case "cgroup":
		if t.Cell.Pods == 10 {
			t.Void = []bench.Void{{Reason: bench.VoidSteal, Detail: "steal_fraction 0.03, at most 0.02"}}
		}
	case "cadvisor":
		if t.Round == 1 {
			t.Void = []bench.Void{
				{Reason: bench.VoidForeignCPU, Detail: "foreign_cpu_fraction 0.2, at most 0.1"},
				{Reason: bench.VoidRestart, Detail: "containerd (pid 7) ended"},
			}
		}
	case "cri-container-stats":
		if t.Cell.Pods == 35 && t.Round == 0 {
			calls := t.Agents[0].Calls
			calls[len(calls)-1] = bench.Call{Due: calls[len(calls)-1].Due, Start: calls[len(calls)-1].Start, Service: 1, Err: "rpc error: <b>deadline</b> | exceeded\x1b[31m"}
		}
	case "cri-pod-stats":
		if t.Round == 2 {
			delete(t.Costs, bench.ComponentShims)
		}
		t.Warnings = append(t.Warnings, fmt.Sprintf("pid %d of `crio|` cannot be read: <script>alert(1)</script>\u202e", 100+t.Round))
		t.Agents[0].Missing = []string{"0123456789abcdef"}
	}
}

const parallelPlan = `
name: parallel
description: Two collectors at once.
experiment: api
seed: 7
mode: parallel
pods: [10]
containers_per_pod: [3]
profiles: [active]
rounds: {min: %[1]d, max: %[1]d}
interval: 1s
window: %[2]ds
warm_up: 1s
arms: [cri-pod-stats, cadvisor]
`

// Parallel is a run of a plan in mode parallel, whose costs are joint. No trial
// of it meters the shims.
func Parallel(rounds, calls int) (Run, error) {
	p, err := plan.Decode("parallel.yaml", fmt.Appendf(nil, parallelPlan, rounds, calls), plan.Names{})
	if err != nil {
		return Run{}, fmt.Errorf("decode the plan of the parallel example: %w", err)
	}
	return Run{
		Plan: p, Seed: 2, Drift: 0.05, Noise: 0.02, Jitter: 0.1,
		Truth: map[string]Truth{
			plan.ParallelArm: {
				CPU:     map[bench.Component]Line{bench.ComponentAgent: {0.01, 0.001}, bench.ComponentRuntime: {0.02, 0.001}},
				PSS:     map[bench.Component]Line{bench.ComponentAgent: {40 << 20, 0}, bench.ComponentRuntime: {50 << 20, 0}},
				Service: Line{0.002, 0.0005}, Bytes: Line{200, 900},
			},
		},
	}, nil
}
