package kubelet

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"cri-stats-bench/bench"
	"cri-stats-bench/collectors/internal/normal"
)

// An exposition decodes the text format of Prometheus. Of labels it knows those
// that the kubelet and the runtimes put on series of pods:
//
//	container_cpu_usage_seconds_total{container="load-0",cpu="total",id="/kubepods/…/5f…",image="…",name="5f…",namespace="…",pod="…"} 0.1 1700000000000
//
// A series with a container is that container's; one with a pod alone is the
// pod's, but for the pause container (it has a name), of which only the network
// is the pod's. All else is a cgroup's, or the node's.
type exposition struct {
	metrics *normal.Metrics
	order   normal.Order
	values  []string // labels of all samples of the last answer, one after the other
	// ofRuntime is set where the metrics may be those of the runtime.
	ofRuntime bool
}

func newExposition() *exposition { return &exposition{metrics: normal.NewMetrics()} }

// scrapeErrors are metrics that are 1 where the kubelet could not read what it was
// to serve (/metrics/cadvisor with the gate off, /metrics/resource).
var scrapeErrors = []string{ofCadvisor, "resource_scrape_error", "scrape_error"}

func (x *exposition) decode(data []byte, pods *population, b *bench.Batch) error {
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(data))
	if err != nil {
		return err
	}
	for _, name := range scrapeErrors {
		for _, m := range families[name].GetMetric() {
			if valueOf(m) != 0 {
				return fmt.Errorf("%s is %v: %w", name, valueOf(m), errScrape)
			}
		}
	}
	x.values = x.values[:0]
	x.order.Restart()
	for _, name := range slices.Sorted(maps.Keys(families)) {
		x.family(families[name], pods, b)
	}
	if x.ofRuntime && families[ofCadvisor] == nil && pods.described >= 0 {
		b.Warnings = append(b.Warnings, fmt.Errorf("the runtime describes %d metrics (ListMetricDescriptors): with the gate on a kubelet serves no others", pods.described))
	}
	return nil
}

// ofCadvisor is a metric that cAdvisor serves whatever it finds, and no runtime does.
const ofCadvisor = "container_scrape_error"

var errScrape = errors.New("the kubelet could not read all that it serves")

// family appends the series of one metric.
func (x *exposition) family(f *dto.MetricFamily, pods *population, b *bench.Batch) {
	kind := bench.Gauge
	switch f.GetType() {
	case dto.MetricType_COUNTER:
		kind = bench.Counter
	case dto.MetricType_GAUGE, dto.MetricType_UNTYPED:
	default:
		b.Warnings = append(b.Warnings, fmt.Errorf("series of %s were left out: a %s is not one value", f.GetName(), f.GetType()))
		return
	}
	metric := x.metrics.Get(&x.order, f.GetName(), kind)
	ofNetwork := strings.HasPrefix(f.GetName(), "container_network_")
	for _, m := range f.GetMetric() {
		e, labels := x.subject(m, pods, ofNetwork)
		normal.AddLabelled(b, metric, pods.place(b, e), valueOf(m), m.GetTimestampMs()*1e6, labels)
	}
}

// subject returns what a series is about, and the values of the labels that do not
// say so.
func (x *exposition) subject(m *dto.Metric, pods *population, ofNetwork bool) (bench.Entity, []string) {
	first := len(x.values)
	var id, name string
	var at containerName
	for _, l := range m.GetLabel() {
		switch value := l.GetValue(); l.GetName() {
		case "id":
			id = value
		case "name":
			name = value
		case "namespace":
			at.namespace = value
		case "pod":
			at.name = value
		case "container":
			at.container = value
		case "image":
		default:
			x.values = append(x.values, value)
		}
	}
	labels := x.values[first:len(x.values):len(x.values)]
	switch {
	case at.name == "":
		return bench.Entity{Cgroup: id}, labels
	case at.container != "":
		return pods.container(at), labels
	case name == "" || ofNetwork:
		return pods.pod(at.podName), labels
	}
	return bench.Entity{Cgroup: id}, labels
}

func valueOf(m *dto.Metric) float64 {
	switch {
	case m.GetCounter() != nil:
		return m.GetCounter().GetValue()
	case m.GetUntyped() != nil:
		return m.GetUntyped().GetValue()
	}
	return m.GetGauge().GetValue()
}
