package kubelet

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	runtimev1 "k8s.io/cri-api/pkg/apis/runtime/v1"

	"cri-stats-bench/bench/criconn"
)

// why asks the runtime for what a kubelet with the gate on would have answered with,
// and returns why none of it came. It is asked once, at the first answer without
// containers, which is made before any window.
func why(ctx context.Context, endpoint string) (_ string, err error) {
	conn, err := criconn.Dial(ctx, endpoint)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	descriptors, err := conn.Runtime.ListMetricDescriptors(ctx, &runtimev1.ListMetricDescriptorsRequest{})
	if err != nil {
		return "", fmt.Errorf("list metric descriptors: %w", err)
	}
	metrics, err := conn.Runtime.ListPodSandboxMetrics(ctx, &runtimev1.ListPodSandboxMetricsRequest{})
	if err != nil {
		return "", fmt.Errorf("list pod sandbox metrics: %w", err)
	}
	return dropped(descriptors.GetDescriptors(), metrics.GetPodMetrics()), nil
}

// dropped says which of a runtime's metrics of containers a kubelet cannot serve. It
// makes each series by the descriptor of its name, which must be there and have a
// label key for each value (pkg/kubelet/metrics/collectors/cri_metrics.go).
func dropped(descriptors []*runtimev1.MetricDescriptor, pods []*runtimev1.PodSandboxMetrics) string {
	keys := make(map[string]int)
	for _, d := range descriptors {
		keys[d.GetName()] = len(d.GetLabelKeys())
	}
	names := make(map[string]bool)
	var undescribed, unlike []string
	for _, pod := range pods {
		for _, container := range pod.GetContainerMetrics() {
			for _, m := range container.GetMetrics() {
				if names[m.GetName()] {
					continue
				}
				names[m.GetName()] = true
				switch n, described := keys[m.GetName()]; {
				case !described:
					undescribed = append(undescribed, m.GetName())
				case n != len(m.GetLabelValues()):
					unlike = append(unlike, fmt.Sprintf("%s (%d values, %d keys)", m.GetName(), len(m.GetLabelValues()), n))
				}
			}
		}
	}
	var out []string
	add := func(list []string, text string) {
		if len(list) > 0 {
			slices.Sort(list)
			out = append(out, fmt.Sprintf(text, len(list), len(names), list[0]))
		}
	}
	add(unlike, "%d of the %d metrics that the runtime sends of containers have not as many label values as their descriptors have keys, as %s: a kubelet drops them")
	add(undescribed, "%d of the %d have no descriptor, as %s: a kubelet drops them too")
	if len(names) == 0 {
		out = append(out, "the runtime itself sends no metrics of containers")
	}
	return strings.Join(out, "; ")
}
