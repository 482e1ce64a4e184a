package main

import (
	"fmt"
	"time"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/agent"
	"cri-stats-bench/bench/agreement"
	"cri-stats-bench/bench/agreement/live"
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
	{Name: "cri-version", Help: "CRI Version: the floor of any CRI call", CRI: "v1", Open: cri.OpenVersion},
	{Name: "cri-container-stats", Help: "CRI ListContainerStats", CRI: "v1", Open: cri.OpenContainerStats},
	{Name: "cri-pod-stats", Help: "CRI ListPodSandboxStats", CRI: "v1", Open: cri.OpenPodStats},
	{Name: bench.ControlCollector, Help: "positive control: cri-pod-stats and a known cost in CPU time and delay", CRI: "v1", Open: agent.Control(cri.OpenPodStats)},
	{Name: "cri-pod-metrics", Help: "CRI ListPodSandboxMetrics", CRI: "v1", Open: cri.OpenPodMetrics},
	{Name: "cri-v1alpha2-container-stats", Help: "CRI v1alpha2 ListContainerStats: the same messages under the older name", CRI: "v1alpha2", Open: cri.OpenAlphaContainerStats},
	{Name: "cri-v1alpha2-pod-stats", Help: "CRI v1alpha2 ListPodSandboxStats", CRI: "v1alpha2", Open: cri.OpenAlphaPodStats},
	{Name: "cri-stream-container-stats", Help: "CRI StreamContainerStats", CRI: "v1", Open: cri.OpenStreamContainerStats},
	{Name: "cri-stream-pod-stats", Help: "CRI StreamPodSandboxStats", CRI: "v1", Open: cri.OpenStreamPodStats},
	{Name: "cri-stream-pod-metrics", Help: "CRI StreamPodSandboxMetrics", CRI: "v1", Open: cri.OpenStreamPodMetrics},
	{Name: "cadvisor", Help: "cAdvisor as the kubelet embeds it: housekeeping every 10 to 15 s, read from its cache", OwnClock: true, Open: cadvisor.OpenKubelet},
	{Name: "cadvisor-1s", Help: "cAdvisor with housekeeping every second", OwnClock: true, Open: cadvisor.OpenOneSecond},
	{Name: "cadvisor-ondemand", Help: "cAdvisor that reads when it is asked (max_age 0)", Open: cadvisor.OpenOnDemand},
	{Name: "cadvisor-metrics", Help: "cAdvisor as /metrics/cadvisor: Prometheus text from its cache", OwnClock: true, Open: cadvisor.OpenMetrics},
	{Name: "kubelet-summary", Help: "a kubelet's /stats/summary, as monitoring agents read it", OwnClock: true, Open: kubelet.OpenSummary},
	{Name: "kubelet-resource", Help: "a kubelet's /metrics/resource, as metrics-server scrapes it", OwnClock: true, Open: kubelet.OpenResource},
	{Name: "kubelet-cadvisor", Help: "a kubelet's /metrics/cadvisor, as Prometheus scrapes it", OwnClock: true, Open: kubelet.OpenCadvisor},
}

// A checkedForm is what the answers of a collector can hold, so that it can be
// checked whether they are true.
type checkedForm struct {
	name  string
	form  *agreement.Form
	fixed bool // it finds what runs when it is opened, and nothing later
	alone bool // one process can open one of these
	usual bool // verify takes it unless others are named
}

// checkedForms has the collectors whose answers can be checked. Those that it lacks
// read nothing, or are what the others are held against.
var checkedForms = []checkedForm{
	{name: "cri-container-stats", form: agreement.ContainerStats, usual: true},
	{name: "cri-pod-stats", form: agreement.PodSandboxStats, usual: true},
	{name: "cri-pod-metrics", form: agreement.PodSandboxMetrics, usual: true},
	{name: "cri-v1alpha2-container-stats", form: agreement.ContainerStats},
	{name: "cri-v1alpha2-pod-stats", form: agreement.PodSandboxStats},
	{name: "cri-stream-container-stats", form: agreement.ContainerStats, usual: true},
	{name: "cri-stream-pod-stats", form: agreement.PodSandboxStats, usual: true},
	{name: "cri-stream-pod-metrics", form: agreement.PodSandboxMetrics, usual: true},
	{name: "cadvisor", form: agreement.CAdvisorSummary, fixed: true, alone: true, usual: true},
	{name: "cadvisor-1s", form: agreement.CAdvisorSummary, fixed: true, alone: true},
	{name: "cadvisor-ondemand", form: agreement.CAdvisorSummary, fixed: true, alone: true},
	{name: "cadvisor-metrics", form: agreement.CAdvisorMetrics, fixed: true, alone: true},
	{name: "kubelet-summary", form: agreement.KubeletSummary, fixed: true},
	{name: "kubelet-resource", form: agreement.KubeletResource, fixed: true},
	{name: "kubelet-cadvisor", form: agreement.KubeletCadvisor, fixed: true},
}

// formOf looks a form up by the collector's name, nil if there is none.
func formOf(collector string) *checkedForm {
	for i := range checkedForms {
		if checkedForms[i].name == collector {
			return &checkedForms[i]
		}
	}
	return nil
}

// source is what is observed of the collector, by a user who calls it so often.
func (f *checkedForm) source(interval time.Duration) (live.Source, error) {
	spec, ok := findCollector(f.name)
	if !ok {
		return live.Source{}, fmt.Errorf("no collector named %q", f.name)
	}
	return live.Source{
		Source: agreement.Source{Name: spec.Name, Form: f.form, OwnClock: spec.OwnClock, Interval: interval},
		Open:   spec.Open, Fixed: f.fixed,
	}, nil
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
var profiles = []string{"idle", "active", "files", bench.ProfileExited, bench.ProfileNested, bench.ProfileChurn}

// treatments are the states that a kubelet can be put into.
var treatments = []string{bench.GateOff, bench.GateOn}

// names are what a plan may name.
func names() plan.Names {
	return plan.Names{Collectors: collectors, Profiles: profiles, Treatments: treatments}
}
