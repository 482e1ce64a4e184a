package bench

// Unit is the base unit a metric is kept in. Scaling ("MiB", "ms") is left to
// the reports.
type Unit string

// Units in use.
const (
	Seconds Unit = "seconds"
	Bytes   Unit = "bytes"
	Count   Unit = "count"
	Ratio   Unit = "ratio"
)

// Kind says how a metric moves.
type Kind string

// Kinds in use.
const (
	Counter Kind = "counter" // only grows while its subject lives
	Gauge   Kind = "gauge"   // goes up and down
)

// A Metric names one quantity. Names are the ones Prometheus users know from
// /metrics/cadvisor, since that is the list the sources are held against
// (critest, expectedMetricDescriptorNames); quantities that only the stats
// calls have follow the same pattern. The Entity of a Sample says whether the
// value is a container's or a whole pod's.
type Metric struct {
	Name string
	Unit Unit
	Kind Kind
}

// Quantities of the two stats calls (api.proto: CpuUsage, MemoryUsage,
// SwapUsage, FilesystemUsage, NetworkUsage, ProcessUsage, PsiData).
var (
	CPUUsage           = &Metric{"container_cpu_usage_seconds_total", Seconds, Counter}
	CPUUsageRate       = &Metric{"container_cpu_usage_cores", Ratio, Gauge}
	MemoryWorkingSet   = &Metric{"container_memory_working_set_bytes", Bytes, Gauge}
	MemoryAvailable    = &Metric{"container_memory_available_bytes", Bytes, Gauge}
	MemoryUsage        = &Metric{"container_memory_usage_bytes", Bytes, Gauge}
	MemoryRSS          = &Metric{"container_memory_rss", Bytes, Gauge}
	PageFaults         = &Metric{"container_memory_page_faults_total", Count, Counter}
	MajorPageFaults    = &Metric{"container_memory_major_page_faults_total", Count, Counter}
	SwapAvailable      = &Metric{"container_swap_available_bytes", Bytes, Gauge}
	SwapUsage          = &Metric{"container_memory_swap", Bytes, Gauge}
	FSUsage            = &Metric{"container_fs_usage_bytes", Bytes, Gauge}
	FSInodesUsed       = &Metric{"container_fs_inodes_used", Count, Gauge}
	NetworkReceived    = &Metric{"container_network_receive_bytes_total", Bytes, Counter}
	NetworkReceiveErr  = &Metric{"container_network_receive_errors_total", Count, Counter}
	NetworkSent        = &Metric{"container_network_transmit_bytes_total", Bytes, Counter}
	NetworkSendErr     = &Metric{"container_network_transmit_errors_total", Count, Counter}
	ProcessCount       = &Metric{"container_processes", Count, Gauge}
	CPUPressureSome    = &Metric{"container_pressure_cpu_waiting_seconds_total", Seconds, Counter}
	CPUPressureFull    = &Metric{"container_pressure_cpu_stalled_seconds_total", Seconds, Counter}
	MemoryPressureSome = &Metric{"container_pressure_memory_waiting_seconds_total", Seconds, Counter}
	MemoryPressureFull = &Metric{"container_pressure_memory_stalled_seconds_total", Seconds, Counter}
	IOPressureSome     = &Metric{"container_pressure_io_waiting_seconds_total", Seconds, Counter}
	IOPressureFull     = &Metric{"container_pressure_io_stalled_seconds_total", Seconds, Counter}
)
