package cri

import (
	"testing"

	runtimev1 "k8s.io/cri-api/pkg/apis/runtime/v1"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/criconn"
	"cri-stats-bench/bench/criconn/fakecri"
	"cri-stats-bench/bench/testfile"
	"cri-stats-bench/collectors/collectortest"
	"cri-stats-bench/collectors/internal/normal"
	"cri-stats-bench/collectors/internal/podcgroup"
)

func newNormalizer(t testing.TB, pods ...bench.Pod) *normalizer {
	t.Helper()
	index, err := podcgroup.NewIndex(pods)
	if err != nil {
		t.Fatal(err)
	}
	return &normalizer{index: index, metrics: normal.NewMetrics()}
}

func v(n uint64) *runtimev1.UInt64Value { return &runtimev1.UInt64Value{Value: n} }

func stall(base uint64) *runtimev1.PsiStats {
	data := func(n uint64) *runtimev1.PsiData {
		return &runtimev1.PsiData{Total: n * 1e9, Avg10: float64(n), Avg60: float64(n) + 0.25, Avg300: float64(n) + 0.5}
	}
	return &runtimev1.PsiStats{Some: data(base), Full: data(base + 1)}
}

// full has every field of the stats messages.
var full = &runtimev1.ContainerStats{
	Attributes: &runtimev1.ContainerAttributes{Id: "c1"},
	Cpu:        &runtimev1.CpuUsage{Timestamp: 11, UsageCoreNanoSeconds: v(1_500_000_000), UsageNanoCores: v(250_000_000), Psi: stall(1)},
	Memory: &runtimev1.MemoryUsage{Timestamp: 12, WorkingSetBytes: v(100), AvailableBytes: v(101), UsageBytes: v(102),
		RssBytes: v(103), PageFaults: v(104), MajorPageFaults: v(105), Psi: stall(3)},
	WritableLayer: &runtimev1.FilesystemUsage{Timestamp: 13, FsId: &runtimev1.FilesystemIdentifier{Mountpoint: "/var/lib/x"}, UsedBytes: v(106), InodesUsed: v(107)},
	Swap:          &runtimev1.SwapUsage{Timestamp: 14, SwapAvailableBytes: v(108), SwapUsageBytes: v(109)},
	Io:            &runtimev1.IoUsage{Timestamp: 15, Psi: stall(5)},
}

// sparse has each message and none of its values: all of them are absent. The
// value 0 of the page faults is there.
var sparse = &runtimev1.ContainerStats{
	Attributes:    &runtimev1.ContainerAttributes{Id: "c2"},
	Cpu:           &runtimev1.CpuUsage{Timestamp: 21, Psi: &runtimev1.PsiStats{}},
	Memory:        &runtimev1.MemoryUsage{Timestamp: 22, PageFaults: v(0)},
	WritableLayer: &runtimev1.FilesystemUsage{Timestamp: 23},
	Swap:          &runtimev1.SwapUsage{Timestamp: 24},
	Io:            &runtimev1.IoUsage{Timestamp: 25},
}

func eth(name string, base uint64) *runtimev1.NetworkInterfaceUsage {
	return &runtimev1.NetworkInterfaceUsage{Name: name, RxBytes: v(base), RxErrors: v(base + 1), TxBytes: v(base + 2), TxErrors: v(base + 3)}
}

func TestGolden(t *testing.T) {
	f := func(golden string, fill func(n *normalizer, b *bench.Batch)) {
		t.Helper()
		b := new(bench.Batch)
		fill(newNormalizer(t, bench.Pod{ID: "p1", Containers: []string{"c1", "c2"}}), b)
		testfile.Golden(t, golden, collectortest.Text(b))
	}
	f("testdata/containers.golden", func(n *normalizer, b *bench.Batch) {
		foreign := &runtimev1.ContainerStats{Attributes: &runtimev1.ContainerAttributes{Id: "foreign"}}
		n.containers(b, []*runtimev1.ContainerStats{full, sparse, foreign, {}})
	})
	f("testdata/pods.golden", func(n *normalizer, b *bench.Batch) {
		n.pods(b, []*runtimev1.PodSandboxStats{
			{
				Attributes: &runtimev1.PodSandboxAttributes{Id: "p1"},
				Linux: &runtimev1.LinuxPodSandboxStats{
					Cpu: full.Cpu, Memory: full.Memory, Io: full.Io,
					// As containerd says it: the default interface is in the list.
					Network:    &runtimev1.NetworkUsage{Timestamp: 31, DefaultInterface: eth("eth0", 110), Interfaces: []*runtimev1.NetworkInterfaceUsage{eth("eth0", 110), eth("eth1", 120)}},
					Process:    &runtimev1.ProcessUsage{Timestamp: 32, ProcessCount: v(3)},
					Containers: []*runtimev1.ContainerStats{sparse},
				},
			},
			{
				Attributes: &runtimev1.PodSandboxAttributes{Id: "p2"},
				Linux: &runtimev1.LinuxPodSandboxStats{
					// As CRI-O says it: the default interface is beside the list.
					Network: &runtimev1.NetworkUsage{Timestamp: 41, DefaultInterface: eth("eth0", 130), Interfaces: []*runtimev1.NetworkInterfaceUsage{eth("eth1", 140)}},
					Process: &runtimev1.ProcessUsage{Timestamp: 42},
				},
			},
			{Attributes: &runtimev1.PodSandboxAttributes{Id: "windows"}, Windows: &runtimev1.WindowsPodSandboxStats{}},
			{},
		})
	})
	f("testdata/metrics.golden", func(n *normalizer, b *bench.Batch) {
		counter, gauge := runtimev1.MetricType_COUNTER, runtimev1.MetricType_GAUGE
		n.podMetrics(b, []*runtimev1.PodSandboxMetrics{
			{
				PodSandboxId: "p1",
				Metrics: []*runtimev1.Metric{
					{Name: "container_network_receive_bytes_total", Timestamp: 51, MetricType: counter, LabelValues: []string{"pod", "", "eth0"}, Value: v(150)},
				},
				ContainerMetrics: []*runtimev1.ContainerMetrics{
					{ContainerId: "c1", Metrics: []*runtimev1.Metric{
						{Name: "container_cpu_usage_seconds_total", MetricType: counter, LabelValues: []string{"pod", "main"}, Value: v(2)},
						{Name: "container_memory_cache", Timestamp: 52, MetricType: gauge, Value: v(151)},
						{Name: "container_spec_cpu_period", Timestamp: 53, MetricType: gauge}, // no value
						{Name: "container_oom_events_total", Timestamp: 54, MetricType: counter, Value: v(0)},
					}},
					{ContainerId: "c2"},
					{},
				},
			},
			{},
		})
	})
}

// TestNormalFormAllocatesNothing normalises decoded answers into a batch that is
// used again: what a call allocates beyond the bare client is nothing.
func TestNormalFormAllocatesNothing(t *testing.T) {
	s := start(t, 20, fakecri.Options{})
	conn, err := criconn.Dial(t.Context(), s.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	stats, err := conn.Runtime.ListPodSandboxStats(t.Context(), &runtimev1.ListPodSandboxStatsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	containers, err := conn.Runtime.ListContainerStats(t.Context(), &runtimev1.ListContainerStatsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	metrics, err := conn.Runtime.ListPodSandboxMetrics(t.Context(), &runtimev1.ListPodSandboxMetricsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	n, b := newNormalizer(t, s.Pods...), new(bench.Batch)
	f := func(what string, normalise func()) {
		t.Helper()
		allocs := testing.AllocsPerRun(50, func() {
			b.Reset()
			normalise()
		})
		if allocs != 0 || len(b.Samples) == 0 {
			t.Errorf("%s: %v allocations for %d samples, want 0", what, allocs, len(b.Samples))
		}
	}
	f("containers", func() { n.containers(b, containers.GetStats()) })
	f("pods", func() { n.pods(b, stats.GetStats()) })
	f("metrics", func() { n.podMetrics(b, metrics.GetPodMetrics()) })
}
