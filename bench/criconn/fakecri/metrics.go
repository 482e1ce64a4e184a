package fakecri

import (
	"context"
	"slices"

	runtimev1 "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// A networkMetric is a counter of a pod's interface.
type networkMetric struct {
	name  string
	help  string
	value func(n networkReading) uint64
}

// networkMetrics are served for pods with a network of their own, as containerd
// does.
var networkMetrics = []networkMetric{
	{"container_network_receive_bytes_total", "Cumulative count of bytes received.", func(n networkReading) uint64 { return n.rxBytes }},
	{"container_network_receive_packets_total", "Cumulative count of packets received.", func(n networkReading) uint64 { return n.rxPackets }},
	{"container_network_receive_packets_dropped_total", "Cumulative count of packets dropped while receiving.", func(networkReading) uint64 { return 0 }},
	{"container_network_receive_errors_total", "Cumulative count of errors encountered while receiving.", func(networkReading) uint64 { return 0 }},
	{"container_network_transmit_bytes_total", "Cumulative count of bytes transmitted.", func(n networkReading) uint64 { return n.txBytes }},
	{"container_network_transmit_packets_total", "Cumulative count of packets transmitted.", func(n networkReading) uint64 { return n.txPackets }},
	{"container_network_transmit_packets_dropped_total", "Cumulative count of packets dropped while transmitting.", func(networkReading) uint64 { return 0 }},
	{"container_network_transmit_errors_total", "Cumulative count of errors encountered while transmitting.", func(networkReading) uint64 { return 0 }},
}

func (s *runtimeService) ListMetricDescriptors(context.Context, *runtimev1.ListMetricDescriptorsRequest) (*runtimev1.ListMetricDescriptorsResponse, error) {
	var descriptors []*runtimev1.MetricDescriptor
	for _, m := range containerMetrics {
		descriptors = append(descriptors, &runtimev1.MetricDescriptor{
			Name: m.name, Help: m.help, LabelKeys: slices.Concat(baseLabels, m.keys),
		})
	}
	for _, m := range networkMetrics {
		descriptors = append(descriptors, &runtimev1.MetricDescriptor{
			Name: m.name, Help: m.help, LabelKeys: slices.Concat(baseLabels, []string{"interface"}),
		})
	}
	return &runtimev1.ListMetricDescriptorsResponse{Descriptors: descriptors}, nil
}

// podMetrics says a reading in the words of ListPodSandboxMetrics.
func podMetrics(p podReading) *runtimev1.PodSandboxMetrics {
	meta := p.config.GetMetadata()
	out := &runtimev1.PodSandboxMetrics{PodSandboxId: p.id}
	if p.network != nil {
		// container and image are empty for what is the whole pod's
		labels := []string{meta.GetName(), meta.GetNamespace(), "", p.id, "", "eth0"}
		for _, m := range networkMetrics {
			out.Metrics = append(out.Metrics, &runtimev1.Metric{
				Name:        m.name,
				Timestamp:   p.at.UnixNano(),
				MetricType:  counter,
				LabelValues: labels,
				Value:       value(m.value(*p.network)),
			})
		}
	}
	for _, c := range p.containers {
		labels := []string{meta.GetName(), meta.GetNamespace(), c.config.GetMetadata().GetName(), c.id, c.config.GetImage().GetUserSpecifiedImage()}
		cm := &runtimev1.ContainerMetrics{ContainerId: c.id}
		for _, m := range containerMetrics {
			series := m.series
			if len(series) == 0 {
				series = [][]string{nil}
			}
			for _, values := range series {
				cm.Metrics = append(cm.Metrics, &runtimev1.Metric{
					Name:        m.name,
					Timestamp:   c.at.UnixNano(),
					MetricType:  m.kind,
					LabelValues: slices.Concat(labels, values),
					Value:       value(m.at(c, values)),
				})
			}
		}
		out.ContainerMetrics = append(out.ContainerMetrics, cm)
	}
	return out
}

func (s *runtimeService) listPodMetrics(method string) ([]*runtimev1.PodSandboxMetrics, error) {
	pods, err := s.readings(method)
	if err != nil {
		return nil, err
	}
	var metrics []*runtimev1.PodSandboxMetrics
	for _, p := range pods {
		if err := s.refuse(p); err != nil {
			return nil, err
		}
		metrics = append(metrics, podMetrics(p))
	}
	return metrics, nil
}

func (s *runtimeService) ListPodSandboxMetrics(context.Context, *runtimev1.ListPodSandboxMetricsRequest) (*runtimev1.ListPodSandboxMetricsResponse, error) {
	metrics, err := s.listPodMetrics("ListPodSandboxMetrics")
	if err != nil {
		return nil, err
	}
	return &runtimev1.ListPodSandboxMetricsResponse{PodMetrics: metrics}, nil
}

func (s *runtimeService) StreamPodSandboxMetrics(_ *runtimev1.StreamPodSandboxMetricsRequest, stream runtimev1.RuntimeService_StreamPodSandboxMetricsServer) error {
	metrics, err := s.listPodMetrics("StreamPodSandboxMetrics")
	if err != nil {
		return err
	}
	return sendBatches(s.Server, metrics, func(items []*runtimev1.PodSandboxMetrics) error {
		return stream.Send(&runtimev1.StreamPodSandboxMetricsResponse{PodSandboxMetrics: items})
	})
}
