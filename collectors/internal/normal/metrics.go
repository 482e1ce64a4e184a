package normal

import (
	"strings"

	"cri-stats-bench/bench"
)

// Metrics are the metrics that a source names itself (ListPodSandboxMetrics, the
// Prometheus collector of cAdvisor), made once per name and kind.
type Metrics struct {
	counters, gauges map[string]*bench.Metric
}

// An Order is what the metrics of a list were, in their order. A source lists the
// same metrics in the same order for each container, which makes looking a name
// up a comparison with the one that was in its place last time. Lists of
// different sorts, of pods and of containers, want an Order each.
type Order struct {
	next    int
	metrics []*bench.Metric
}

// Restart says that a list begins.
func (o *Order) Restart() { o.next = 0 }

// NewMetrics makes a table that has the metrics of package bench.
func NewMetrics() *Metrics {
	m := &Metrics{counters: make(map[string]*bench.Metric), gauges: make(map[string]*bench.Metric)}
	for _, known := range []*bench.Metric{
		bench.CPUUsage, bench.MemoryWorkingSet, bench.MemoryUsage, bench.MemoryRSS, bench.SwapUsage,
		bench.FSUsage, bench.NetworkReceived, bench.NetworkReceiveErr, bench.NetworkSent, bench.NetworkSendErr,
		bench.ProcessCount, bench.CPUPressureSome, bench.CPUPressureFull, bench.MemoryPressureSome,
		bench.MemoryPressureFull, bench.IOPressureSome, bench.IOPressureFull,
	} {
		m.of(known.Kind)[known.Name] = known
	}
	return m
}

func (m *Metrics) of(kind bench.Kind) map[string]*bench.Metric {
	if kind == bench.Counter {
		return m.counters
	}
	return m.gauges
}

// Get returns the metric of the name and kind, which is the next in the list
// that o follows. A metric of package bench is returned as itself; of any other
// the unit follows from its name, see unitOf.
func (m *Metrics) Get(o *Order, name string, kind bench.Kind) *bench.Metric {
	place := o.next
	o.next++
	if place < len(o.metrics) {
		if metric := o.metrics[place]; metric.Name == name && metric.Kind == kind {
			return metric
		}
	}
	metric := m.lookUp(name, kind)
	if place < len(o.metrics) {
		o.metrics[place] = metric
	} else {
		o.metrics = append(o.metrics, metric) // place is the length: each place is filled in turn
	}
	return metric
}

func (m *Metrics) lookUp(name string, kind bench.Kind) *bench.Metric {
	table := m.of(kind)
	metric, ok := table[name]
	if !ok {
		name = strings.Clone(name) // the answer that it came from is not kept
		metric = &bench.Metric{Name: name, Unit: unitOf(name), Kind: kind}
		table[name] = metric
	}
	return metric
}

// unitOf goes by Prometheus' convention that the unit is the last word of the
// name, and by a list for the metrics of cAdvisor that are older than it
// (lib/metrics/prometheus.go).
func unitOf(name string) bench.Unit {
	switch name {
	case "container_memory_cache", "container_memory_rss", "container_memory_swap",
		"container_memory_mapped_file", "container_memory_kernel_usage":
		return bench.Bytes
	case "container_last_seen":
		return bench.Seconds
	}
	name = strings.TrimSuffix(name, "_total")
	switch {
	case strings.HasSuffix(name, "_seconds"):
		return bench.Seconds
	case strings.HasSuffix(name, "_bytes"):
		return bench.Bytes
	}
	return bench.Count
}
