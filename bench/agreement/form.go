package agreement

import (
	"slices"
	"strings"

	"cri-stats-bench/bench"
)

// A Form says what an answer of one sort of source can hold: which fields or
// names, about pods or containers, and how finely it can say a time.
type Form struct {
	Name   string
	Fields []Field
	// Step is the least difference between two times that the form can express, in
	// seconds. api.proto has Metric.value as whole numbers of the unit in the name:
	// a time in seconds can have no fraction.
	Step float64
	// Stamped is set where every value has a timestamp of its own (api.proto, CpuUsage and
	// MemoryUsage: "Must be > 0").
	Stamped bool
	// Pods is set where an answer has an entity for each pod.
	Pods bool
	// Answers is the API's name of the message.
	Answers string
}

// A Field is a value that the form has a place for.
type Field struct {
	// Metric is its name in the normal form.
	Metric string
	// Path is its place in the message of the API; empty where that is the name.
	Path  string
	Level Level
	Needs Need
	// Required is set for what the kubelet cannot do without: CPU and the working
	// set of containers (eviction, kubectl top, the HPA).
	Required bool
}

// A Need is what a node or pod must have for a field to mean anything.
type Need string

// The needs.
const (
	NeedsNothing  Need = ""
	NeedsPressure Need = "pressure stall information"
	NeedsSwap     Need = "swap accounting"
	NeedsNetwork  Need = "a network of the pod's own"
	NeedsLimit    Need = "a memory limit"
	NeedsHugeTLB  Need = "the hugetlb controller"
	NeedsDisk     Need = "a block device" // of the container's own files; critest has these as optional
)

// resources are the fields that ContainerStats and LinuxPodSandboxStats share.
func resources(level Level, required bool) []Field {
	at := func(metric *bench.Metric, path string, need Need) Field {
		return Field{Metric: metric.Name, Path: path, Level: level, Needs: need}
	}
	fields := []Field{
		at(bench.CPUUsage, "cpu.usage_core_nano_seconds", NeedsNothing),
		at(bench.CPUUsageRate, "cpu.usage_nano_cores", NeedsNothing),
		at(bench.CPUPressureSome, "cpu.psi.some", NeedsPressure),
		at(bench.CPUPressureFull, "cpu.psi.full", NeedsPressure),
		at(bench.MemoryWorkingSet, "memory.working_set_bytes", NeedsNothing),
		at(bench.MemoryAvailable, "memory.available_bytes", NeedsLimit),
		at(bench.MemoryUsage, "memory.usage_bytes", NeedsNothing),
		at(bench.MemoryRSS, "memory.rss_bytes", NeedsNothing),
		at(bench.PageFaults, "memory.page_faults", NeedsNothing),
		at(bench.MajorPageFaults, "memory.major_page_faults", NeedsNothing),
		at(bench.MemoryPressureSome, "memory.psi.some", NeedsPressure),
		at(bench.MemoryPressureFull, "memory.psi.full", NeedsPressure),
		at(bench.IOPressureSome, "io.psi.some", NeedsPressure),
		at(bench.IOPressureFull, "io.psi.full", NeedsPressure),
	}
	for i := range fields {
		name := fields[i].Metric
		fields[i].Required = required && isRequired(name)
	}
	return fields
}

// swapFields are in ContainerStats alone; pods have none.
var swapFields = []Field{
	{Metric: bench.SwapAvailable.Name, Path: "swap.swap_available_bytes", Level: Containers, Needs: NeedsSwap},
	{Metric: bench.SwapUsage.Name, Path: "swap.swap_usage_bytes", Level: Containers, Needs: NeedsSwap},
}

// cadvisorSwapFields differ in that what is available is only told under a limit.
var cadvisorSwapFields = []Field{
	{Metric: bench.SwapAvailable.Name, Level: Containers, Needs: NeedsLimit},
	{Metric: bench.SwapUsage.Name, Level: Containers, Needs: NeedsSwap},
}

var diskFields = []Field{
	{Metric: bench.FSUsage.Name, Path: "writable_layer.used_bytes", Level: Containers},
	{Metric: bench.FSInodesUsed.Name, Path: "writable_layer.inodes_used", Level: Containers},
}

var networkFields = []Field{
	{Metric: bench.NetworkReceived.Name, Path: "network.rx_bytes", Level: Pods, Needs: NeedsNetwork},
	{Metric: bench.NetworkReceiveErr.Name, Path: "network.rx_errors", Level: Pods, Needs: NeedsNetwork},
	{Metric: bench.NetworkSent.Name, Path: "network.tx_bytes", Level: Pods, Needs: NeedsNetwork},
	{Metric: bench.NetworkSendErr.Name, Path: "network.tx_errors", Level: Pods, Needs: NeedsNetwork},
}

var processField = Field{Metric: bench.ProcessCount.Name, Path: "process.process_count", Level: Pods}

// The forms of the CRI's answers (api.proto) and of cAdvisor's.
var (
	ContainerStats = &Form{
		Name: "ContainerStats", Answers: "ContainerStats", Step: 1e-9, Stamped: true,
		Fields: slices.Concat(resources(Containers, true), swapFields, diskFields),
	}
	PodSandboxStats = &Form{
		Name: "PodSandboxStats", Answers: "PodSandboxStats", Step: 1e-9, Stamped: true, Pods: true,
		Fields: slices.Concat(resources(Pods, true), networkFields, []Field{processField},
			resources(Containers, true), swapFields, diskFields),
	}
	PodSandboxMetrics = &Form{
		Name: "PodSandboxMetrics", Answers: "PodSandboxMetrics", Step: 1, Pods: true,
		Fields: metricFields(),
	}
	// CAdvisorSummary is what the kubelet takes from cAdvisor for its summary.
	CAdvisorSummary = &Form{
		Name: "cAdvisor ContainerInfo", Answers: "ContainerInfo", Step: 1e-9, Pods: true,
		Fields: slices.Concat(resources(Pods, false), networkFields, resources(Containers, true), cadvisorSwapFields,
			[]Field{{Metric: bench.ProcessCount.Name, Level: Containers}}),
	}
	// KubeletSummary is /stats/summary of a kubelet, whoever makes the stats.
	KubeletSummary = &Form{
		Name: "kubelet summary", Answers: "/stats/summary", Step: 1e-9, Pods: true,
		Fields: slices.Concat(resources(Pods, false), networkFields, []Field{processField},
			resources(Containers, true), cadvisorSwapFields, diskFields),
	}
	// KubeletResource is /metrics/resource of a kubelet, which has what autoscalers
	// ask for and no more.
	KubeletResource = &Form{
		Name: "kubelet resource metrics", Answers: "/metrics/resource", Step: 1e-9, Pods: true,
		Fields: []Field{
			{Metric: bench.CPUUsage.Name, Level: Containers, Required: true},
			{Metric: bench.MemoryWorkingSet.Name, Level: Containers, Required: true},
			{Metric: "container_start_time_seconds", Level: Containers},
			{Metric: "container_swap_usage_bytes", Level: Containers, Needs: NeedsSwap},
			{Metric: "pod_cpu_usage_seconds_total", Level: Pods},
			{Metric: "pod_memory_working_set_bytes", Level: Pods},
			{Metric: "pod_swap_usage_bytes", Level: Pods, Needs: NeedsSwap},
		},
	}
	// KubeletCadvisor is /metrics/cadvisor of a kubelet. With the gate on its values
	// are those of PodSandboxMetrics, whole numbers, which the kubelet cannot refine. A
	// pod has series of its own there only if it has a network of its own.
	KubeletCadvisor = &Form{
		Name: "kubelet cAdvisor metrics", Answers: "the PodSandboxMetrics of a runtime", Step: 1,
		Fields: metricFields(),
	}
	// CAdvisorMetrics is the text of /metrics/cadvisor.
	CAdvisorMetrics = &Form{
		Name: "cAdvisor metrics", Answers: "/metrics/cadvisor", Step: 1e-9, Pods: true,
		Fields: metricFields(),
	}
)

// expectedNames are the names that critest demands of ListMetricDescriptors
// (cri-tools, pkg/validate/pod.go, expectedMetricDescriptorNames, pull request
// 2017), with what they need.
var expectedNames = []struct {
	need  Need
	level Level
	names []string
}{
	{NeedsNothing, Containers, []string{
		"container_cpu_cfs_periods_total", "container_cpu_cfs_throttled_periods_total", "container_cpu_cfs_throttled_seconds_total",
		"container_cpu_system_seconds_total", "container_cpu_usage_seconds_total", "container_cpu_user_seconds_total",
		"container_file_descriptors",
		"container_fs_inodes_free", "container_fs_inodes_total", "container_fs_limit_bytes", "container_fs_usage_bytes",
		"container_last_seen",
		"container_memory_cache", "container_memory_failcnt", "container_memory_failures_total", "container_memory_kernel_usage",
		"container_memory_mapped_file", "container_memory_max_usage_bytes", "container_memory_rss", "container_memory_swap",
		"container_memory_usage_bytes", "container_memory_working_set_bytes", "container_oom_events_total",
		"container_processes", "container_sockets",
		"container_spec_cpu_period", "container_spec_cpu_quota", "container_spec_cpu_shares",
		"container_spec_memory_limit_bytes", "container_spec_memory_reservation_limit_bytes", "container_spec_memory_swap_limit_bytes",
		"container_start_time_seconds", "container_threads", "container_threads_max", "container_ulimits_soft",
	}},
	{NeedsDisk, Containers, []string{
		"container_blkio_device_usage_total", "container_fs_reads_bytes_total", "container_fs_reads_total",
		"container_fs_writes_bytes_total", "container_fs_writes_total",
	}},
	{NeedsHugeTLB, Containers, []string{"container_hugetlb_max_usage_bytes", "container_hugetlb_usage_bytes"}},
	{NeedsPressure, Containers, []string{
		"container_pressure_cpu_stalled_seconds_total", "container_pressure_cpu_waiting_seconds_total",
		"container_pressure_io_stalled_seconds_total", "container_pressure_io_waiting_seconds_total",
		"container_pressure_memory_stalled_seconds_total", "container_pressure_memory_waiting_seconds_total",
	}},
	{NeedsNetwork, Pods, []string{
		"container_network_receive_bytes_total", "container_network_receive_errors_total",
		"container_network_receive_packets_dropped_total", "container_network_receive_packets_total",
		"container_network_transmit_bytes_total", "container_network_transmit_errors_total",
		"container_network_transmit_packets_dropped_total", "container_network_transmit_packets_total",
	}},
}

func metricFields() []Field {
	var fields []Field
	for _, group := range expectedNames {
		for _, name := range group.names {
			fields = append(fields, Field{Metric: name, Level: group.level, Needs: group.need, Required: isRequired(name)})
		}
	}
	slices.SortFunc(fields, func(a, b Field) int { return strings.Compare(a.Metric, b.Metric) })
	return fields
}
