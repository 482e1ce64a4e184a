package main

import (
	"fmt"
	"slices"
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

// A collector is one way of reading stats, and what its answers can hold.
type collector struct {
	bench.CollectorSpec
	// form is what is checked of its answers, nil of one that reads nothing or that answers
	// are held against.
	form  *agreement.Form
	fixed bool // it finds what runs when it is opened, and nothing later
	alone bool // one process can open one of these
	usual bool // verify takes it unless others are named
	// traits are what reports know of it; that nobody can check its answers follows from form.
	traits bench.Traits
}

// collectors is every way of reading stats, the cheapest first. A new one is a
// package and a line here.
var collectors = []collector{
	{CollectorSpec: bench.CollectorSpec{Name: bench.IdleCollector, Help: "wakes up and reads nothing: the floor of everything", Open: agent.OpenIdle}, traits: bench.Traits{Call: "wakes up and reads nothing: the floor", Floor: true}},
	{CollectorSpec: bench.CollectorSpec{Name: "cgroup", Help: "reads the cgroup files itself: the floor of any reader", Open: cgroup.Open}, traits: bench.Traits{Call: "reads four or five files per container and pod itself: the floor of any reader", Floor: true}},
	{CollectorSpec: bench.CollectorSpec{Name: "cri-version", Help: "CRI Version: the floor of any CRI call", CRI: "v1", Open: cri.OpenVersion}, traits: asks("Version")},
	{CollectorSpec: bench.CollectorSpec{Name: "cri-container-stats", Help: "CRI ListContainerStats", CRI: "v1", Open: cri.OpenContainerStats}, form: agreement.ContainerStats, usual: true, traits: asks("ListContainerStats")},
	{CollectorSpec: bench.CollectorSpec{Name: "cri-pod-stats", Help: "CRI ListPodSandboxStats", CRI: "v1", Open: cri.OpenPodStats}, form: agreement.PodSandboxStats, usual: true, traits: asks("ListPodSandboxStats")},
	{CollectorSpec: bench.CollectorSpec{Name: bench.ControlCollector, Help: "positive control: cri-pod-stats and a known cost in CPU time and delay", CRI: "v1", Open: agent.Control(cri.OpenPodStats)}, traits: bench.Traits{Call: fmt.Sprintf("calls ListPodSandboxStats, then burns %v of CPU time and waits %v", bench.ControlCPU, bench.ControlDelay)}},
	{CollectorSpec: bench.CollectorSpec{Name: "cri-pod-metrics", Help: "CRI ListPodSandboxMetrics", CRI: "v1", Open: cri.OpenPodMetrics}, form: agreement.PodSandboxMetrics, usual: true, traits: asks("ListPodSandboxMetrics")},
	{CollectorSpec: bench.CollectorSpec{Name: "cri-v1alpha2-container-stats", Help: "CRI v1alpha2 ListContainerStats: the same messages under the older name", CRI: "v1alpha2", Open: cri.OpenAlphaContainerStats}, form: agreement.ContainerStats, traits: asks("v1alpha2 ListContainerStats")},
	{CollectorSpec: bench.CollectorSpec{Name: "cri-v1alpha2-pod-stats", Help: "CRI v1alpha2 ListPodSandboxStats", CRI: "v1alpha2", Open: cri.OpenAlphaPodStats}, form: agreement.PodSandboxStats, traits: asks("v1alpha2 ListPodSandboxStats")},
	{CollectorSpec: bench.CollectorSpec{Name: "cri-stream-container-stats", Help: "CRI StreamContainerStats", CRI: "v1", Open: cri.OpenStreamContainerStats}, form: agreement.ContainerStats, usual: true, traits: asks("StreamContainerStats")},
	{CollectorSpec: bench.CollectorSpec{Name: "cri-stream-pod-stats", Help: "CRI StreamPodSandboxStats", CRI: "v1", Open: cri.OpenStreamPodStats}, form: agreement.PodSandboxStats, usual: true, traits: asks("StreamPodSandboxStats")},
	{CollectorSpec: bench.CollectorSpec{Name: "cri-stream-pod-metrics", Help: "CRI StreamPodSandboxMetrics", CRI: "v1", Open: cri.OpenStreamPodMetrics}, form: agreement.PodSandboxMetrics, usual: true, traits: asks("StreamPodSandboxMetrics")},
	{CollectorSpec: bench.CollectorSpec{Name: "cadvisor", Help: "cAdvisor as the kubelet embeds it: housekeeping every 10 to 15 s, read from its cache", OwnClock: true, Open: cadvisor.OpenKubelet}, form: agreement.CAdvisorSummary, fixed: true, alone: true, usual: true, traits: bench.Traits{Call: "hosts cAdvisor, which reads the cgroup files every 10 to 15 s as in a kubelet; a call reads its cache", Background: true}},
	{CollectorSpec: bench.CollectorSpec{Name: "cadvisor-1s", Help: "cAdvisor with housekeeping every second", OwnClock: true, Open: cadvisor.OpenOneSecond}, form: agreement.CAdvisorSummary, fixed: true, alone: true, traits: bench.Traits{Call: "hosts cAdvisor, which reads the cgroup files every second; a call reads its cache", Background: true}},
	{CollectorSpec: bench.CollectorSpec{Name: "cadvisor-ondemand", Help: "cAdvisor that reads when it is asked (max_age 0)", Open: cadvisor.OpenOnDemand}, form: agreement.CAdvisorSummary, fixed: true, alone: true, traits: bench.Traits{Call: "hosts cAdvisor, which reads the cgroup files when it is asked"}},
	{CollectorSpec: bench.CollectorSpec{Name: "cadvisor-metrics", Help: "cAdvisor as /metrics/cadvisor: Prometheus text from its cache", OwnClock: true, Open: cadvisor.OpenMetrics}, form: agreement.CAdvisorMetrics, fixed: true, alone: true, traits: bench.Traits{Call: "hosts cAdvisor, which reads the cgroup files every 10 to 15 s as in a kubelet; a call writes its cache as Prometheus text", Background: true}},
	{CollectorSpec: bench.CollectorSpec{Name: "kubelet-summary", Help: "a kubelet's /stats/summary, as monitoring agents read it", OwnClock: true, Open: kubelet.OpenSummary}, form: agreement.KubeletSummary, fixed: true, traits: bench.Traits{Call: "gets the kubelet's /stats/summary, as monitoring agents do", Kubelet: true}},
	{CollectorSpec: bench.CollectorSpec{Name: "kubelet-resource", Help: "a kubelet's /metrics/resource, as metrics-server scrapes it", OwnClock: true, Open: kubelet.OpenResource}, form: agreement.KubeletResource, fixed: true, traits: bench.Traits{Call: "gets the kubelet's /metrics/resource, as metrics-server does", Kubelet: true}},
	{CollectorSpec: bench.CollectorSpec{Name: "kubelet-cadvisor", Help: "a kubelet's /metrics/cadvisor, as Prometheus scrapes it", OwnClock: true, Open: kubelet.OpenCadvisor}, form: agreement.KubeletCadvisor, fixed: true, traits: bench.Traits{Call: "gets the kubelet's /metrics/cadvisor, as Prometheus does", Kubelet: true}},
}

// asks are the traits of a collector that calls a method of the CRI.
func asks(method string) bench.Traits {
	return bench.Traits{Call: "calls " + method + " over gRPC and decodes the answer"}
}

// traits are what reports must know of the collectors of a plan.
func traits(p *plan.Plan) map[string]bench.Traits {
	out := make(map[string]bench.Traits)
	for _, a := range p.Arms {
		for _, name := range a.Collectors {
			i := slices.IndexFunc(collectors, func(c collector) bool { return c.Name == name })
			t := collectors[i].traits
			t.Unchecked = collectors[i].form == nil
			out[name] = t
		}
	}
	return out
}

// formOf looks up a collector whose answers can be checked, nil if there is none.
func formOf(name string) *collector {
	for i := range collectors {
		if c := &collectors[i]; c.Name == name && c.form != nil {
			return c
		}
	}
	return nil
}

// source is what is observed of the collector, by a user who calls it so often.
func (c *collector) source(interval time.Duration) live.Source {
	return live.Source{
		Source: agreement.Source{Name: c.Name, Form: c.form, OwnClock: c.OwnClock, Interval: interval},
		Open:   c.Open, Fixed: c.fixed,
	}
}

// findCollector looks a collector up by name.
func findCollector(name string) (bench.CollectorSpec, bool) {
	for i := range collectors {
		if collectors[i].Name == name {
			return collectors[i].CollectorSpec, true
		}
	}
	return bench.CollectorSpec{}, false
}

// profiles are what containers can be made to do.
var profiles = []string{"idle", "active", "files", bench.ProfileExited, bench.ProfileNested, bench.ProfileNetworked, bench.ProfileImage, bench.ProfileChurn}

// treatments are the states that a kubelet can be put into.
var treatments = []string{bench.GateOff, bench.GateOn}

// names are what a plan may name.
func names() plan.Names {
	specs := make([]bench.CollectorSpec, len(collectors))
	for i := range collectors {
		specs[i] = collectors[i].CollectorSpec
	}
	return plan.Names{Collectors: specs, Profiles: profiles, Treatments: treatments}
}
