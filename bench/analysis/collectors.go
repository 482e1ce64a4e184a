package analysis

import "cri-stats-bench/bench"

// Collector returns what the records say of a collector, nothing of one that they do not
// know. Records from before they said so are of a few collectors that are known here.
func (h *HostInfo) Collector(name string) bench.Traits {
	if h.Collectors == nil {
		return earlier()[name]
	}
	return h.Collectors[name]
}

func earlier() map[string]bench.Traits {
	return map[string]bench.Traits{
		bench.IdleCollector: {Floor: true, Unchecked: true}, "cgroup": {Floor: true, Unchecked: true}, "cri-version": {Unchecked: true},
		"cadvisor": {Background: true}, "cadvisor-1s": {Background: true}, "cadvisor-metrics": {Background: true},
		"kubelet-summary": {Kubelet: true}, "kubelet-resource": {Kubelet: true}, "kubelet-cadvisor": {Kubelet: true},
	}
}
