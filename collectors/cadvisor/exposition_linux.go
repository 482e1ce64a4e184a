package cadvisor

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/google/cadvisor/lib/metrics"
	"github.com/google/cadvisor/lib/model"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"k8s.io/utils/clock"

	"cri-stats-bench/bench"
	"cri-stats-bench/collectors/internal/normal"
)

// An exposition collector makes the text of /metrics/cadvisor. It implements
// bench.Collector.
type exposition struct {
	*subject
	registry *prometheus.Registry
	metrics  *normal.Metrics
	order    normal.Order
	// placed are the entities of cgroups in the batch: each cgroup comes once per
	// family.
	placed map[string]places
	// node is the index of the entity of the node in the batch, -1 as long as it
	// has none.
	node int32
	// values are the labels of all samples of the last call, one after the other.
	values []string
}

type places struct{ own, network int32 }

var _ bench.Collector = (*exposition)(nil)

// OpenMetrics opens a collector that makes the text of the kubelet's
// /metrics/cadvisor from what cAdvisor has in its cache, with the kubelet's
// settings (pkg/kubelet/server/server.go, v1.37.2): the same collectors, the same
// labels, the text format 0.0.4. Bytes is the size of the text.
//
// What the kubelet pays beyond that is not in it: HTTP, TLS, and compression for
// a client that asks for it, as Prometheus does.
func OpenMetrics(ctx context.Context, s bench.Source) (bench.Collector, error) {
	subject, err := start(ctx, s, kubeletSettings())
	if err != nil {
		return nil, err
	}
	c, err := newExposition(subject, subject.manager, clock.RealClock{})
	if err != nil {
		return nil, errors.Join(err, subject.Close())
	}
	return c, nil
}

// provider is what the Prometheus collectors of cAdvisor ask.
type provider interface {
	GetRequestedContainersInfo(name string, options model.RequestOptions) (map[string]*model.ContainerInfo, error)
	GetVersionInfo() (*model.VersionInfo, error)
	GetMachineInfo() (*model.MachineInfo, error)
}

func newExposition(subject *subject, from provider, now clock.Clock) (*exposition, error) {
	c := &exposition{
		subject: subject, registry: prometheus.NewRegistry(), metrics: normal.NewMetrics(), placed: make(map[string]places),
	}
	request := model.RequestOptions{IdType: model.TypeName, Count: 1, Recursive: true}
	set := exportedSet(subject.pressure)
	for _, collector := range []prometheus.Collector{
		metrics.NewPrometheusMachineCollector(from, set),
		metrics.NewPrometheusCollector(from, prometheusLabels, set, now, request),
	} {
		if err := c.registry.Register(collector); err != nil {
			return nil, fmt.Errorf("register cAdvisor's Prometheus collector: %w", err)
		}
	}
	return c, nil
}

// Labels that the kubelet puts on each series of a cgroup, and the labels of the
// container that they are from.
const (
	labelPod       = "pod"
	labelNamespace = "namespace"
	labelContainer = "container"

	kubernetesPod       = "io.kubernetes.pod.name"
	kubernetesNamespace = "io.kubernetes.pod.namespace"
	kubernetesContainer = "io.kubernetes.container.name"
)

// prometheusLabels is the kubelet's containerPrometheusLabelsFunc. A label that a
// cgroup has no value for is empty, so that all series of a family have the same.
//
// Note: the kubelet also knows the cgroups of pods and writes the pod's name
// there, which is a look-up and some bytes per pod less here.
func prometheusLabels(c *model.ContainerInfo) map[string]string {
	name := ""
	if len(c.Aliases) > 0 {
		name = c.Aliases[0]
	}
	return map[string]string{
		metrics.LabelID:    c.Name,
		metrics.LabelName:  name,
		metrics.LabelImage: c.Spec.Image,
		labelPod:           c.Spec.Labels[kubernetesPod],
		labelNamespace:     c.Spec.Labels[kubernetesNamespace],
		labelContainer:     c.Spec.Labels[kubernetesContainer],
	}
}

// Collect gathers all series, encodes them as text, which is counted and dropped,
// and appends them to b. Series that cannot be gathered are a warning, as the
// kubelet serves the others; an answer without any container is an error.
//
// Note: of the work here the normal form is what the kubelet does not do: one
// look-up and one sample for each series, against some ten allocations that
// gathering and encoding it takes.
func (c *exposition) Collect(ctx context.Context, b *bench.Batch) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("gather the metrics of cAdvisor: %w", err)
	}
	families, err := c.registry.Gather()
	if err != nil {
		err = fmt.Errorf("gather the metrics of cAdvisor: %w", err)
		if len(families) == 0 {
			return err
		}
		b.Warnings = append(b.Warnings, err)
	}
	var size byteCount
	encoder := expfmt.NewEncoder(&size, expfmt.NewFormat(expfmt.TypeTextPlain))
	for _, family := range families {
		if err := encoder.Encode(family); err != nil {
			return fmt.Errorf("encode %s: %w", family.GetName(), err)
		}
	}
	b.Bytes += int64(size)
	if err := c.add(b, families); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil { // as in summary.Collect
		return fmt.Errorf("gather the metrics of cAdvisor: %w", err)
	}
	return nil
}

// byteCount counts what is written to it.
type byteCount int64

func (n *byteCount) Write(p []byte) (int, error) {
	*n += byteCount(len(p))
	return len(p), nil
}

// scrapeError is 1 where cAdvisor could not list its containers: the other
// families then have no series of containers at all.
const scrapeError = "container_scrape_error"

// add appends the series. Series without an id are the node's.
func (c *exposition) add(b *bench.Batch, families []*dto.MetricFamily) error {
	c.population.begin()
	clear(c.placed)
	c.node = -1
	c.values = c.values[:0]
	c.order.Restart()
	for _, family := range families {
		kind, ok := kindOf(family.GetType())
		if !ok {
			b.Warnings = append(b.Warnings, fmt.Errorf("series of %s were left out: a %s is not one value", family.GetName(), family.GetType()))
			continue
		}
		metric := c.metrics.Get(&c.order, family.GetName(), kind)
		ofNetwork := strings.HasPrefix(metric.Name, "container_network_")
		for _, series := range family.GetMetric() {
			value := valueOf(series, kind)
			if metric.Name == scrapeError && value != 0 {
				return errors.New("gather the metrics of cAdvisor: it could not list its containers")
			}
			e, labels := c.place(b, series.GetLabel(), ofNetwork)
			normal.AddLabelled(b, metric, e, value, series.GetTimestampMs()*1e6, labels)
		}
	}
	return nil
}

// place returns the entity of a series and the values of the labels that do not
// say which entity it is.
func (c *exposition) place(b *bench.Batch, pairs []*dto.LabelPair, ofNetwork bool) (int32, []string) {
	id, first := "", len(c.values)
	for _, pair := range pairs {
		switch pair.GetName() {
		case metrics.LabelID:
			id = pair.GetValue()
		case metrics.LabelName, metrics.LabelImage, labelPod, labelNamespace, labelContainer:
		default:
			c.values = append(c.values, pair.GetValue())
		}
	}
	labels := c.values[first:len(c.values):len(c.values)]
	if id == "" {
		if c.node < 0 {
			c.node = b.Entity(bench.Entity{})
		}
		return c.node, labels
	}
	at, ok := c.placed[id]
	if !ok {
		at.own, at.network = c.population.place(b, id)
		c.placed[id] = at
	}
	if ofNetwork {
		return at.network, labels
	}
	return at.own, labels
}

func kindOf(t dto.MetricType) (bench.Kind, bool) {
	switch t {
	case dto.MetricType_COUNTER:
		return bench.Counter, true
	case dto.MetricType_GAUGE, dto.MetricType_UNTYPED:
		return bench.Gauge, true
	}
	return "", false
}

// valueOf returns the value of a series of the kind; an untyped one has its value
// elsewhere.
func valueOf(series *dto.Metric, kind bench.Kind) float64 {
	switch {
	case kind == bench.Counter:
		return series.GetCounter().GetValue()
	case series.GetUntyped() != nil:
		return series.GetUntyped().GetValue()
	}
	return series.GetGauge().GetValue()
}
