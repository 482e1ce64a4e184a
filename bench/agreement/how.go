package agreement

import "cri-stats-bench/bench"

// How a field is checked, or why it is not. Those that are not checked are looked for all
// the same: whether they are there, and whether two values have one name.
const (
	byCounter  = "between two direct readings of the cgroup's counter: level, growth, unit, age"
	byGrowth   = "between two direct readings of the cgroup's counter: level, growth, unit"
	byGauge    = "against what the cgroup files have around the call, and on the mean over containers"
	byPaces    = "against the paces of the cgroup's counter, and the node's CPUs"
	byLayer    = "against the files of the writable layer, but for cAdvisor, which walks them once a minute; and between sources"
	bySources  = "between sources alone: no cgroup file says it"
	notLimit   = "not checked: it follows from limits, and pods of ours have none"
	notPeak    = "not checked: what was before the check is not known"
	notTicks   = "not checked: the kernel splits CPU time in ticks of 10 ms"
	notKept    = "not checked: cgroup v1 keeps none, and on v2 nothing of ours presses"
	notDirect  = "not checked: the direct reading does not read it yet"
	notThreads = "between sources alone: pids.current counts threads"
	notDevice  = "not checked: which device files are on cannot be told from outside"
	notSpec    = "not checked: it is what was asked for, and not a measurement"
)

// hows has each field that any form has a place for.
var hows = map[string]string{
	bench.CPUUsage.Name: byCounter, "pod_cpu_usage_seconds_total": byCounter,
	bench.CPUUsageRate.Name: byPaces,
	bench.PageFaults.Name:   byGrowth, bench.MajorPageFaults.Name: byGrowth,
	bench.MemoryWorkingSet.Name: byGauge, "pod_memory_working_set_bytes": byGauge,
	bench.MemoryUsage.Name: byGauge, bench.MemoryRSS.Name: byGauge, bench.SwapUsage.Name: byGauge,
	"container_swap_usage_bytes": byGauge, "pod_swap_usage_bytes": byGauge,
	bench.FSUsage.Name: byLayer, bench.FSInodesUsed.Name: byLayer,
	bench.NetworkReceived.Name: bySources, bench.NetworkSent.Name: bySources,
	bench.ProcessCount.Name:    notThreads,
	bench.MemoryAvailable.Name: notLimit, bench.SwapAvailable.Name: notLimit,

	bench.CPUPressureSome.Name: notKept, bench.CPUPressureFull.Name: notKept, bench.MemoryPressureSome.Name: notKept,
	bench.MemoryPressureFull.Name: notKept, bench.IOPressureSome.Name: notKept, bench.IOPressureFull.Name: notKept,

	bench.NetworkReceiveErr.Name: notDirect, bench.NetworkSendErr.Name: notDirect,
	"container_network_receive_packets_dropped_total": notDirect, "container_network_receive_packets_total": notDirect,
	"container_network_transmit_packets_dropped_total": notDirect, "container_network_transmit_packets_total": notDirect,
	"container_memory_cache": notDirect, "container_memory_mapped_file": notDirect, "container_memory_kernel_usage": notDirect,
	"container_memory_failures_total": notDirect, "container_file_descriptors": notDirect, "container_sockets": notDirect,
	"container_threads": notDirect, "container_last_seen": notDirect, "container_start_time_seconds": notDirect,
	"container_cpu_cfs_periods_total": notLimit, "container_cpu_cfs_throttled_periods_total": notLimit,
	"container_cpu_cfs_throttled_seconds_total": notLimit, "container_memory_failcnt": notLimit, "container_oom_events_total": notLimit,
	"container_cpu_system_seconds_total": notTicks, "container_cpu_user_seconds_total": notTicks,
	"container_memory_max_usage_bytes": notPeak,
	"container_fs_inodes_free":         notDevice, "container_fs_inodes_total": notDevice, "container_fs_limit_bytes": notDevice,
	"container_blkio_device_usage_total": notDevice, "container_fs_reads_bytes_total": notDevice, "container_fs_reads_total": notDevice,
	"container_fs_writes_bytes_total": notDevice, "container_fs_writes_total": notDevice,
	"container_hugetlb_max_usage_bytes": notPeak, "container_hugetlb_usage_bytes": notDirect,
	"container_spec_cpu_period": notSpec, "container_spec_cpu_quota": notSpec, "container_spec_cpu_shares": notSpec,
	"container_spec_memory_limit_bytes": notSpec, "container_spec_memory_reservation_limit_bytes": notSpec,
	"container_spec_memory_swap_limit_bytes": notSpec, "container_threads_max": notSpec, "container_ulimits_soft": notSpec,
}

// How says how a field is held against what, or why it is not: "not checked: ...". It is
// empty for a name that no form has.
func How(metric string) string { return hows[metric] }
