package normal

import "cri-stats-bench/bench"

// A Pressure is a line of a pressure file: for one resource the time that some
// tasks waited for it, or that all of them did at once. See
// Documentation/accounting/psi.rst.
type Pressure struct {
	total   *bench.Metric // seconds since the cgroup was made
	average *bench.Metric // share of the time, labelled with the window
}

// The six lines.
var (
	CPUSome    = pressure(bench.CPUPressureSome, "container_pressure_cpu_waiting_ratio")
	CPUFull    = pressure(bench.CPUPressureFull, "container_pressure_cpu_stalled_ratio")
	MemorySome = pressure(bench.MemoryPressureSome, "container_pressure_memory_waiting_ratio")
	MemoryFull = pressure(bench.MemoryPressureFull, "container_pressure_memory_stalled_ratio")
	IOSome     = pressure(bench.IOPressureSome, "container_pressure_io_waiting_ratio")
	IOFull     = pressure(bench.IOPressureFull, "container_pressure_io_stalled_ratio")
)

func pressure(total *bench.Metric, average string) *Pressure {
	return &Pressure{total, &bench.Metric{Name: average, Unit: bench.Ratio, Kind: bench.Gauge}}
}

// The windows of the averages, as labels.
var (
	window10  = []string{"10s"}
	window60  = []string{"60s"}
	window300 = []string{"300s"}
)

// Add appends the line to b: total in seconds, the averages over 10, 60 and 300
// seconds in percent, as the kernel prints them.
func (p *Pressure) Add(b *bench.Batch, entity int32, at int64, total, avg10, avg60, avg300 float64) {
	b.Samples = append(b.Samples,
		bench.Sample{Metric: p.total, Entity: entity, Value: total, At: at},
		bench.Sample{Metric: p.average, Entity: entity, Labels: window10, Value: avg10 / 100, At: at},
		bench.Sample{Metric: p.average, Entity: entity, Labels: window60, Value: avg60 / 100, At: at},
		bench.Sample{Metric: p.average, Entity: entity, Labels: window300, Value: avg300 / 100, At: at})
}
