package main

import (
	"cri-stats-bench/bench"
	"cri-stats-bench/bench/agent"
	"cri-stats-bench/bench/plan"
	"cri-stats-bench/collectors/cadvisor"
	"cri-stats-bench/collectors/cgroup"
	"cri-stats-bench/collectors/cri"
	"cri-stats-bench/collectors/kubelet"
)

// collectors is every way of reading stats, the cheapest first. A new one is a
// package and a line here.
var collectors = []bench.CollectorSpec{
	{Name: "idle", Help: "wakes up and reads nothing: the floor of everything", Open: agent.OpenIdle},
	{Name: "cgroup", Help: "reads the cgroup files itself: the floor of any reader", Open: cgroup.Open},
	{Name: "cri-version", Help: "CRI Version: the floor of any CRI call", Open: cri.OpenVersion},
	{Name: "cri-container-stats", Help: "CRI ListContainerStats", Open: cri.OpenContainerStats},
	{Name: "cri-pod-stats", Help: "CRI ListPodSandboxStats", Open: cri.OpenPodStats},
	{Name: bench.ControlCollector, Help: "positive control: cri-pod-stats and a known cost in CPU time and delay", Open: agent.Control(cri.OpenPodStats)},
	{Name: "cri-pod-metrics", Help: "CRI ListPodSandboxMetrics", CarriesOver: true, Open: cri.OpenPodMetrics},
	{Name: "cri-stream-container-stats", Help: "CRI StreamContainerStats", Open: cri.OpenStreamContainerStats},
	{Name: "cri-stream-pod-stats", Help: "CRI StreamPodSandboxStats", Open: cri.OpenStreamPodStats},
	{Name: "cri-stream-pod-metrics", Help: "CRI StreamPodSandboxMetrics", CarriesOver: true, Open: cri.OpenStreamPodMetrics},
	{Name: "cadvisor", Help: "cAdvisor as the kubelet embeds it: housekeeping every 10 to 15 s, read from its cache", OwnClock: true, Open: cadvisor.OpenKubelet},
	{Name: "cadvisor-1s", Help: "cAdvisor with housekeeping every second", OwnClock: true, Open: cadvisor.OpenOneSecond},
	{Name: "cadvisor-ondemand", Help: "cAdvisor that reads when it is asked (max_age 0)", Open: cadvisor.OpenOnDemand},
	{Name: "cadvisor-metrics", Help: "cAdvisor as /metrics/cadvisor: Prometheus text from its cache", OwnClock: true, Open: cadvisor.OpenMetrics},
	{Name: "kubelet-summary", Help: "a kubelet's /stats/summary, as monitoring agents read it", OwnClock: true, Open: kubelet.OpenSummary},
	{Name: "kubelet-resource", Help: "a kubelet's /metrics/resource, as metrics-server scrapes it", OwnClock: true, Open: kubelet.OpenResource},
	{Name: "kubelet-cadvisor", Help: "a kubelet's /metrics/cadvisor, as Prometheus scrapes it", OwnClock: true, Open: kubelet.OpenCadvisor},
}

// findCollector looks a collector up by name.
func findCollector(name string) (bench.CollectorSpec, bool) {
	for _, spec := range collectors {
		if spec.Name == name {
			return spec, true
		}
	}
	return bench.CollectorSpec{}, false
}

// profiles are what containers can be made to do.
var profiles = []string{"idle", "active"}

// treatments are the states that a kubelet can be put into.
var treatments = []string{bench.GateOff, bench.GateOn}

// names are what a plan may name.
func names() plan.Names {
	return plan.Names{Collectors: collectors, Profiles: profiles, Treatments: treatments}
}
