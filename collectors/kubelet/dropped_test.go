package kubelet

import (
	"testing"

	runtimev1 "k8s.io/cri-api/pkg/apis/runtime/v1"
)

func TestDropped(t *testing.T) {
	descriptors := []*runtimev1.MetricDescriptor{
		{Name: "container_cpu_usage_seconds_total", LabelKeys: []string{"id", "name", "cpu"}},
		{Name: "container_memory_rss", LabelKeys: []string{"id", "name"}},
	}
	f := func(want string, metrics ...*runtimev1.Metric) {
		t.Helper()
		pods := []*runtimev1.PodSandboxMetrics{{ContainerMetrics: []*runtimev1.ContainerMetrics{{Metrics: metrics}, {Metrics: metrics}}}}
		if got := dropped(descriptors, pods); got != want {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	}
	cpu := &runtimev1.Metric{Name: "container_cpu_usage_seconds_total", LabelValues: []string{"a", "b", "total"}}
	rss := &runtimev1.Metric{Name: "container_memory_rss", LabelValues: []string{"a", "b", "image"}}
	swap := &runtimev1.Metric{Name: "container_memory_swap", LabelValues: []string{"a"}}
	f("", cpu)
	f("1 of the 2 metrics that the runtime sends of containers have not as many label values as their descriptors have keys, as container_memory_rss (3 values, 2 keys): a kubelet drops them", cpu, rss)
	f("1 of the 2 have no descriptor, as container_memory_swap: a kubelet drops them too", cpu, swap)
	f("the runtime itself sends no metrics of containers")
}
