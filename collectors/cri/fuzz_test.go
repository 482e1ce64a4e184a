package cri

import (
	"testing"

	"google.golang.org/protobuf/proto"
	runtimev1 "k8s.io/cri-api/pkg/apis/runtime/v1"

	"cri-stats-bench/bench"
)

// Whatever a runtime answers, nil messages and names with anything in them, becomes a batch
// that refers to nothing that is not in it.
func FuzzNormalizer(f *testing.F) {
	seed := func(kind byte, m proto.Message) {
		data, err := proto.Marshal(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(kind, data)
	}
	seed(0, &runtimev1.ListContainerStatsResponse{Stats: []*runtimev1.ContainerStats{{}, {Attributes: &runtimev1.ContainerAttributes{Id: "c"}, Cpu: &runtimev1.CpuUsage{Timestamp: -1}}}})
	seed(1, &runtimev1.ListPodSandboxStatsResponse{Stats: []*runtimev1.PodSandboxStats{{Attributes: &runtimev1.PodSandboxAttributes{Id: "p\x1b[2J"}, Linux: &runtimev1.LinuxPodSandboxStats{Network: &runtimev1.NetworkUsage{Interfaces: []*runtimev1.NetworkInterfaceUsage{{}}}}}}})
	seed(2, &runtimev1.ListPodSandboxMetricsResponse{PodMetrics: []*runtimev1.PodSandboxMetrics{{PodSandboxId: "p", Metrics: []*runtimev1.Metric{{Name: "n", LabelValues: []string{"", "\u202e"}}}, ContainerMetrics: []*runtimev1.ContainerMetrics{{}}}}})
	f.Fuzz(func(t *testing.T, kind byte, data []byte) {
		n := newNormalizer(t)
		var b bench.Batch
		for range 2 { // what was seen before takes another road
			b.Reset()
			switch kind % 3 {
			case 0:
				var m runtimev1.ListContainerStatsResponse
				if proto.Unmarshal(data, &m) == nil {
					n.containers(&b, m.GetStats())
				}
			case 1:
				var m runtimev1.ListPodSandboxStatsResponse
				if proto.Unmarshal(data, &m) == nil {
					n.pods(&b, m.GetStats())
				}
			default:
				var m runtimev1.ListPodSandboxMetricsResponse
				if proto.Unmarshal(data, &m) == nil {
					n.podMetrics(&b, m.GetPodMetrics())
				}
			}
			for _, s := range b.Samples {
				if int(s.Entity) < 0 || int(s.Entity) >= len(b.Entities) || s.Metric == nil {
					t.Fatalf("a sample of entity %d, of %d", s.Entity, len(b.Entities))
				}
			}
		}
	})
}
