package fakecri

import (
	"time"

	runtimev1 "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// baseLabels are the label keys of every metric, in containerd's order
// (list_metric_descriptors.go).
var baseLabels = []string{"pod", "namespace", "container", "id", "image"}

const (
	counter = runtimev1.MetricType_COUNTER
	gauge   = runtimev1.MetricType_GAUGE
)

// A metric is one row of the table below.
type metric struct {
	name string
	help string
	kind runtimev1.MetricType
	// keys are label keys beyond baseLabels; series has one list of their values
	// for each series, or is empty for just one without.
	keys   []string
	series [][]string
	value  func(c containerReading) uint64
	// of replaces value where series differ.
	of func(c containerReading, series []string) uint64
}

// at is the value of one series.
func (m metric) at(c containerReading, series []string) uint64 {
	if m.of != nil {
		return m.of(c, series)
	}
	return m.value(c)
}

// Values of labels that the table repeats.
var (
	deviceKey  = []string{"device"}
	device     = [][]string{{"/dev/fake0"}}
	faultKeys  = []string{"failure_type", "scope"}
	faultKinds = [][]string{{"pgfault", "container"}, {"pgfault", "hierarchy"}, {"pgmajfault", "container"}, {"pgmajfault", "hierarchy"}}
	blkioKeys  = []string{"device", "major", "minor", "operation"}
	blkioKinds = [][]string{{"/dev/fake0", "8", "0", "Read"}, {"/dev/fake0", "8", "0", "Write"}}
)

// zero is a counter that nothing moves here.
func zero(containerReading) uint64 { return 0 }

func constant(v uint64) func(containerReading) uint64 {
	return func(containerReading) uint64 { return v }
}

// seconds cuts to whole seconds, as containerd and CRI-O do: Metric.value is an
// integer.
func seconds(d time.Duration) uint64 { return uint64(d / time.Second) }

// containerMetrics has the names that critest expects of a runtime
// (cri-tools, pkg/validate/pod.go, expectedMetricDescriptorNames) but for the
// network's, which are a pod's.
var containerMetrics = []metric{
	{name: "container_cpu_usage_seconds_total", help: "Cumulative CPU time consumed in seconds.", kind: counter,
		value: func(c containerReading) uint64 { return seconds(c.cpu) }},
	{name: "container_cpu_user_seconds_total", help: "Cumulative user CPU time consumed in seconds.", kind: counter,
		value: func(c containerReading) uint64 { return seconds(c.cpu * 4 / 5) }},
	{name: "container_cpu_system_seconds_total", help: "Cumulative system CPU time consumed in seconds.", kind: counter,
		value: func(c containerReading) uint64 { return seconds(c.cpu / 5) }},
	{name: "container_cpu_cfs_periods_total", help: "Number of elapsed enforcement period intervals.", kind: counter, value: zero},
	{name: "container_cpu_cfs_throttled_periods_total", help: "Number of throttled period intervals.", kind: counter, value: zero},
	{name: "container_cpu_cfs_throttled_seconds_total", help: "Total time duration the container has been throttled.", kind: counter, value: zero},

	{name: "container_memory_working_set_bytes", help: "Current working set in bytes.", kind: gauge,
		value: func(c containerReading) uint64 { return c.workingSet }},
	{name: "container_memory_usage_bytes", help: "Current memory usage in bytes, caches included.", kind: gauge,
		value: func(c containerReading) uint64 { return c.rss + c.cache }},
	{name: "container_memory_max_usage_bytes", help: "Maximum memory usage recorded in bytes.", kind: gauge,
		value: func(c containerReading) uint64 { return c.rss + c.cache }},
	{name: "container_memory_rss", help: "Size of RSS in bytes.", kind: gauge,
		value: func(c containerReading) uint64 { return c.rss }},
	{name: "container_memory_cache", help: "Number of bytes of page cache memory.", kind: gauge,
		value: func(c containerReading) uint64 { return c.cache }},
	{name: "container_memory_mapped_file", help: "Size of memory mapped files in bytes.", kind: gauge,
		value: func(c containerReading) uint64 { return c.cache / 2 }},
	{name: "container_memory_kernel_usage", help: "Size of kernel memory allocated in bytes.", kind: gauge, value: constant(200 << 10)},
	{name: "container_memory_swap", help: "Container swap usage in bytes.", kind: gauge, value: zero},
	{name: "container_memory_failcnt", help: "Number of memory usage hits limits.", kind: counter, value: zero},
	{name: "container_memory_failures_total", help: "Cumulative count of memory allocation failures.", kind: counter,
		keys: faultKeys, series: faultKinds,
		of: func(c containerReading, series []string) uint64 {
			if series[0] == "pgmajfault" {
				return 0
			}
			return c.faults
		}},
	{name: "container_oom_events_total", help: "Count of out of memory events observed.", kind: counter, value: zero},
	{name: "container_hugetlb_usage_bytes", help: "Current hugepage usage in bytes.", kind: gauge,
		keys: []string{"pagesize"}, series: [][]string{{"2MB"}}, value: zero},
	{name: "container_hugetlb_max_usage_bytes", help: "Maximum hugepage usage recorded in bytes.", kind: gauge,
		keys: []string{"pagesize"}, series: [][]string{{"2MB"}}, value: zero},

	{name: "container_fs_usage_bytes", help: "Number of bytes consumed on the writable layer.", kind: gauge,
		keys: deviceKey, series: device,
		value: func(c containerReading) uint64 { return c.layer }},
	{name: "container_fs_limit_bytes", help: "Number of bytes that can be consumed.", kind: gauge,
		keys: deviceKey, series: device, value: constant(100 << 30)},
	{name: "container_fs_inodes_total", help: "Number of inodes.", kind: gauge,
		keys: deviceKey, series: device, value: constant(1 << 20)},
	{name: "container_fs_inodes_free", help: "Number of available inodes.", kind: gauge,
		keys: deviceKey, series: device,
		value: func(c containerReading) uint64 { return 1<<20 - c.inodes }},
	{name: "container_fs_reads_total", help: "Cumulative count of reads completed.", kind: counter,
		keys: deviceKey, series: device, value: constant(40)},
	{name: "container_fs_reads_bytes_total", help: "Cumulative count of bytes read.", kind: counter,
		keys: deviceKey, series: device, value: constant(1 << 20)},
	{name: "container_fs_writes_total", help: "Cumulative count of writes completed.", kind: counter,
		keys: deviceKey, series: device, value: constant(8)},
	{name: "container_fs_writes_bytes_total", help: "Cumulative count of bytes written.", kind: counter,
		keys: deviceKey, series: device, value: constant(32 << 10)},
	{name: "container_blkio_device_usage_total", help: "Blkio device bytes usage.", kind: counter,
		keys: blkioKeys, series: blkioKinds, value: constant(1 << 20)},

	{name: "container_processes", help: "Number of processes running inside the container.", kind: gauge,
		value: func(c containerReading) uint64 { return c.processes }},
	{name: "container_threads", help: "Number of threads running inside the container.", kind: gauge, value: constant(4)},
	{name: "container_threads_max", help: "Maximum number of threads allowed inside the container.", kind: gauge, value: constant(32768)},
	{name: "container_file_descriptors", help: "Number of open file descriptors.", kind: gauge, value: constant(6)},
	{name: "container_sockets", help: "Number of open sockets.", kind: gauge, value: zero},
	{name: "container_ulimits_soft", help: "Soft ulimit values for the container root process.", kind: gauge,
		keys: []string{"ulimit"}, series: [][]string{{"max_open_files"}}, value: constant(1 << 20)},

	{name: "container_pressure_cpu_waiting_seconds_total", help: "Total time tasks waited for CPU.", kind: counter,
		value: func(c containerReading) uint64 { return seconds(c.stalled) }},
	{name: "container_pressure_cpu_stalled_seconds_total", help: "Total time no task got CPU.", kind: counter,
		value: func(c containerReading) uint64 { return seconds(c.stalled / 2) }},
	{name: "container_pressure_memory_waiting_seconds_total", help: "Total time tasks waited for memory.", kind: counter, value: zero},
	{name: "container_pressure_memory_stalled_seconds_total", help: "Total time no task made progress for memory.", kind: counter, value: zero},
	{name: "container_pressure_io_waiting_seconds_total", help: "Total time tasks waited for IO.", kind: counter, value: zero},
	{name: "container_pressure_io_stalled_seconds_total", help: "Total time no task made progress for IO.", kind: counter, value: zero},

	{name: "container_last_seen", help: "Last time a container was seen.", kind: gauge,
		value: func(c containerReading) uint64 { return uint64(c.at.Unix()) }},
	{name: "container_start_time_seconds", help: "Start time of the container since the epoch in seconds.", kind: gauge,
		value: func(c containerReading) uint64 { return uint64(c.started.Unix()) }},
	{name: "container_spec_cpu_period", help: "CPU period of the container.", kind: gauge, value: constant(100000)},
	{name: "container_spec_cpu_quota", help: "CPU quota of the container.", kind: gauge, value: zero},
	{name: "container_spec_cpu_shares", help: "CPU share of the container.", kind: gauge, value: constant(2)},
	{name: "container_spec_memory_limit_bytes", help: "Memory limit for the container.", kind: gauge, value: zero},
	{name: "container_spec_memory_reservation_limit_bytes", help: "Memory reservation limit for the container.", kind: gauge, value: zero},
	{name: "container_spec_memory_swap_limit_bytes", help: "Memory swap limit for the container.", kind: gauge, value: zero},
}
