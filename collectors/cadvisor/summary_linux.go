package cadvisor

import (
	"context"
	"fmt"

	"github.com/google/cadvisor/lib/model"

	"cri-stats-bench/bench"
	"cri-stats-bench/collectors/internal/normal"
)

// A summary collector asks as the kubelet's summary does and takes the same
// fields from the answer. It implements bench.Collector.
type summary struct {
	*subject
	request model.RequestOptions
	labels  normal.Labels
}

var _ bench.Collector = (*summary)(nil)

// summaryRequest is how the kubelet asks (getCadvisorContainerInfo in
// pkg/kubelet/stats/cadvisor_stats_provider.go): two readings of each cgroup, for
// the rate of CPU.
func summaryRequest() model.RequestOptions {
	return model.RequestOptions{IdType: model.TypeName, Count: 2, Recursive: true}
}

// Collect takes the newest reading of every cgroup from the answer. Where cAdvisor
// has answered for some cgroups and not for others, that is a warning, as it is
// to the kubelet; a cgroup without a reading is absent.
func (c *summary) Collect(ctx context.Context, b *bench.Batch) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("ask cAdvisor for all containers: %w", err)
	}
	infos, err := c.manager.GetContainerInfoV2("/", c.request)
	if err != nil {
		err = fmt.Errorf("ask cAdvisor for all containers: %w", err)
		if _, partial := infos["/"]; !partial {
			return err
		}
		b.Warnings = append(b.Warnings, err)
	}
	c.population.begin()
	for cgroup, info := range infos {
		c.add(b, cgroup, &info)
	}
	// There is no call here that could be cut short: what came too late is an
	// error all the same, as it is with the other collectors.
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("ask cAdvisor for all containers: %w", err)
	}
	return nil
}

// add takes what the kubelet takes (pkg/kubelet/stats/helper.go). A field that it
// would fill with 0 for want of a reading is absent here.
func (c *summary) add(b *bench.Batch, cgroup string, info *model.ContainerInfo) {
	if len(info.Stats) == 0 {
		return
	}
	s := info.Stats[len(info.Stats)-1]
	if s == nil {
		return
	}
	own, network := c.population.place(b, cgroup)
	at := s.Timestamp.UnixNano()
	if info.Spec.HasCpu {
		c.addCPU(b, own, at, s)
	}
	if info.Spec.HasMemory && s.Memory != nil {
		c.addMemory(b, own, at, &info.Spec.Memory, s.Memory)
	}
	if info.Spec.HasDiskIo && s.DiskIo != nil && c.pressure {
		addPressure(b, own, at, normal.IOSome, normal.IOFull, &s.DiskIo.PSI)
	}
	if info.Spec.HasNetwork && s.Network != nil {
		for i := range s.Network.Interfaces {
			n := &s.Network.Interfaces[i]
			labels := c.labels.One(n.Name)
			normal.AddLabelled(b, bench.NetworkReceived, network, float64(n.RxBytes), at, labels)
			normal.AddLabelled(b, bench.NetworkReceiveErr, network, float64(n.RxErrors), at, labels)
			normal.AddLabelled(b, bench.NetworkSent, network, float64(n.TxBytes), at, labels)
			normal.AddLabelled(b, bench.NetworkSendErr, network, float64(n.TxErrors), at, labels)
		}
	}
	// The kubelet takes a filesystem where there is just one; the node's root
	// cgroup has all of the node's.
	if len(s.Filesystem) == 1 {
		fs := &s.Filesystem[0]
		labels := c.labels.One(fs.Device)
		normal.AddLabelled(b, bench.FSUsage, own, float64(fs.BaseUsage), at, labels)
		normal.AddLabelled(b, bench.FSInodesUsed, own, float64(fs.Inodes), at, labels)
	}
	if s.Processes != nil {
		b.Add(bench.ProcessCount, own, float64(s.Processes.ProcessCount), at)
	}
}

func (c *summary) addCPU(b *bench.Batch, e int32, at int64, s *model.ContainerStats) {
	if s.CpuInst != nil { // with two readings
		b.Add(bench.CPUUsageRate, e, normal.Seconds(s.CpuInst.Usage.Total), at) // nanocores
	}
	if s.Cpu == nil {
		return
	}
	b.Add(bench.CPUUsage, e, normal.Seconds(s.Cpu.Usage.Total), at)
	if c.pressure {
		addPressure(b, e, at, normal.CPUSome, normal.CPUFull, &s.Cpu.PSI)
	}
}

func (c *summary) addMemory(b *bench.Batch, e int32, at int64, spec *model.MemorySpec, m *model.MemoryStats) {
	b.Add(bench.MemoryUsage, e, float64(m.Usage), at)
	b.Add(bench.MemoryWorkingSet, e, float64(m.WorkingSet), at)
	b.Add(bench.MemoryRSS, e, float64(m.RSS), at)
	b.Add(bench.PageFaults, e, float64(m.ContainerData.Pgfault), at)
	b.Add(bench.MajorPageFaults, e, float64(m.ContainerData.Pgmajfault), at)
	b.Add(bench.SwapUsage, e, float64(m.Swap), at)
	// Floats, since a usage above the limit would wrap around as it does in the
	// kubelet, which subtracts unsigned numbers.
	if limited(spec.Limit) {
		b.Add(bench.MemoryAvailable, e, float64(spec.Limit)-float64(m.WorkingSet), at)
	}
	if limited(spec.SwapLimit) {
		b.Add(bench.SwapAvailable, e, float64(spec.SwapLimit)-float64(m.Swap), at)
	}
	if c.pressure {
		addPressure(b, e, at, normal.MemorySome, normal.MemoryFull, &m.PSI)
	}
}

// limited is the kubelet's !isMemoryUnlimited: the kernel rounds "no limit" to a
// page below the largest number.
func limited(limit uint64) bool { return limit <= 1<<62 }

// addPressure takes totals in microseconds, as the kernel has them. The model of
// cAdvisor says nanoseconds, but it passes on what opencontainers/cgroups read,
// and its own Prometheus collector divides by a million.
func addPressure(b *bench.Batch, e int32, at int64, some, full *normal.Pressure, p *model.PSIStats) {
	some.Add(b, e, at, float64(p.Some.Total)/1e6, p.Some.Avg10, p.Some.Avg60, p.Some.Avg300)
	full.Add(b, e, at, float64(p.Full.Total)/1e6, p.Full.Avg10, p.Full.Avg60, p.Full.Avg300)
}
