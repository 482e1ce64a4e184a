package cri

import (
	runtimev1 "k8s.io/cri-api/pkg/apis/runtime/v1"

	"cri-stats-bench/bench"
	"cri-stats-bench/collectors/internal/normal"
	"cri-stats-bench/collectors/internal/podcgroup"
)

// A normalizer brings answers into normal form: every field that is there, with
// the timestamp of the message that holds it. A field that is nil is absent. It
// allocates nothing for names that it has seen before.
type normalizer struct {
	index   *podcgroup.Index
	labels  normal.Labels
	metrics *normal.Metrics
	// What the lists of metrics of pods and of containers were last.
	podOrder, containerOrder normal.Order
}

// containers takes a list whose pods are not named.
func (n *normalizer) containers(b *bench.Batch, list []*runtimev1.ContainerStats) {
	for _, s := range list {
		n.container(b, n.index.Pod(s.GetAttributes().GetId()), s)
	}
}

func (n *normalizer) container(b *bench.Batch, pod string, s *runtimev1.ContainerStats) {
	id := s.GetAttributes().GetId()
	if id == "" {
		b.Warnings = append(b.Warnings, errNoID)
		return
	}
	e := b.Entity(bench.Entity{Pod: pod, Container: id})
	cpu(b, e, s.GetCpu())
	memory(b, e, s.GetMemory())
	n.filesystem(b, e, s.GetWritableLayer())
	if u := s.GetSwap(); u != nil {
		add(b, bench.SwapAvailable, e, u.GetSwapAvailableBytes(), u.GetTimestamp())
		add(b, bench.SwapUsage, e, u.GetSwapUsageBytes(), u.GetTimestamp())
	}
	ioPressure(b, e, s.GetIo())
}

func (n *normalizer) pods(b *bench.Batch, list []*runtimev1.PodSandboxStats) {
	for _, s := range list {
		id := s.GetAttributes().GetId()
		if id == "" {
			b.Warnings = append(b.Warnings, errNoID)
			continue
		}
		e := b.Entity(bench.Entity{Pod: id})
		linux := s.GetLinux()
		cpu(b, e, linux.GetCpu())
		memory(b, e, linux.GetMemory())
		n.network(b, e, linux.GetNetwork())
		if u := linux.GetProcess(); u != nil {
			add(b, bench.ProcessCount, e, u.GetProcessCount(), u.GetTimestamp())
		}
		ioPressure(b, e, linux.GetIo())
		for _, c := range linux.GetContainers() {
			n.container(b, id, c)
		}
	}
}

func (n *normalizer) podMetrics(b *bench.Batch, list []*runtimev1.PodSandboxMetrics) {
	for _, s := range list {
		pod := s.GetPodSandboxId()
		if pod == "" {
			b.Warnings = append(b.Warnings, errNoID)
			continue
		}
		n.series(b, b.Entity(bench.Entity{Pod: pod}), &n.podOrder, s.GetMetrics())
		for _, c := range s.GetContainerMetrics() {
			id := c.GetContainerId()
			if id == "" {
				b.Warnings = append(b.Warnings, errNoID)
				continue
			}
			n.series(b, b.Entity(bench.Entity{Pod: pod, Container: id}), &n.containerOrder, c.GetMetrics())
		}
	}
}

// series takes metrics that the runtime names itself. Labels are the label
// values as they come, the ones that only repeat who the entity is included.
func (n *normalizer) series(b *bench.Batch, e int32, order *normal.Order, list []*runtimev1.Metric) {
	order.Restart()
	for _, m := range list {
		if m.GetValue() == nil {
			continue // absent
		}
		kind := bench.Counter
		if m.GetMetricType() == runtimev1.MetricType_GAUGE {
			kind = bench.Gauge
		}
		metric := n.metrics.Get(order, m.GetName(), kind)
		normal.AddLabelled(b, metric, e, float64(m.GetValue().GetValue()), m.GetTimestamp(), m.GetLabelValues())
	}
}

func cpu(b *bench.Batch, e int32, u *runtimev1.CpuUsage) {
	if u == nil {
		return
	}
	at := u.GetTimestamp()
	if v := u.GetUsageCoreNanoSeconds(); v != nil {
		b.Add(bench.CPUUsage, e, normal.Seconds(v.GetValue()), at)
	}
	if v := u.GetUsageNanoCores(); v != nil {
		b.Add(bench.CPUUsageRate, e, float64(v.GetValue())/1e9, at)
	}
	pressure(b, e, at, normal.CPUSome, normal.CPUFull, u.GetPsi())
}

func memory(b *bench.Batch, e int32, u *runtimev1.MemoryUsage) {
	if u == nil {
		return
	}
	at := u.GetTimestamp()
	add(b, bench.MemoryWorkingSet, e, u.GetWorkingSetBytes(), at)
	add(b, bench.MemoryAvailable, e, u.GetAvailableBytes(), at)
	add(b, bench.MemoryUsage, e, u.GetUsageBytes(), at)
	add(b, bench.MemoryRSS, e, u.GetRssBytes(), at)
	add(b, bench.PageFaults, e, u.GetPageFaults(), at)
	add(b, bench.MajorPageFaults, e, u.GetMajorPageFaults(), at)
	pressure(b, e, at, normal.MemorySome, normal.MemoryFull, u.GetPsi())
}

// filesystem is labelled with the mount point.
func (n *normalizer) filesystem(b *bench.Batch, e int32, u *runtimev1.FilesystemUsage) {
	if u == nil {
		return
	}
	var labels []string
	if id := u.GetFsId(); id != nil {
		labels = n.labels.One(id.GetMountpoint())
	}
	at := u.GetTimestamp()
	addLabelled(b, bench.FSUsage, e, u.GetUsedBytes(), at, labels)
	addLabelled(b, bench.FSInodesUsed, e, u.GetInodesUsed(), at, labels)
}

// network is labelled with the interface. The default interface is in the list
// of containerd and beside the list of CRI-O; it is taken once.
func (n *normalizer) network(b *bench.Batch, e int32, u *runtimev1.NetworkUsage) {
	if u == nil {
		return
	}
	first := u.GetDefaultInterface()
	if first != nil {
		n.networkInterface(b, e, u.GetTimestamp(), first)
	}
	for _, i := range u.GetInterfaces() {
		if first == nil || i.GetName() != first.GetName() {
			n.networkInterface(b, e, u.GetTimestamp(), i)
		}
	}
}

func (n *normalizer) networkInterface(b *bench.Batch, e int32, at int64, i *runtimev1.NetworkInterfaceUsage) {
	labels := n.labels.One(i.GetName())
	addLabelled(b, bench.NetworkReceived, e, i.GetRxBytes(), at, labels)
	addLabelled(b, bench.NetworkReceiveErr, e, i.GetRxErrors(), at, labels)
	addLabelled(b, bench.NetworkSent, e, i.GetTxBytes(), at, labels)
	addLabelled(b, bench.NetworkSendErr, e, i.GetTxErrors(), at, labels)
}

func ioPressure(b *bench.Batch, e int32, u *runtimev1.IoUsage) {
	pressure(b, e, u.GetTimestamp(), normal.IOSome, normal.IOFull, u.GetPsi())
}

// pressure takes totals in nanoseconds, as api.proto has them.
func pressure(b *bench.Batch, e int32, at int64, some, full *normal.Pressure, p *runtimev1.PsiStats) {
	if d := p.GetSome(); d != nil {
		some.Add(b, e, at, normal.Seconds(d.GetTotal()), d.GetAvg10(), d.GetAvg60(), d.GetAvg300())
	}
	if d := p.GetFull(); d != nil {
		full.Add(b, e, at, normal.Seconds(d.GetTotal()), d.GetAvg10(), d.GetAvg60(), d.GetAvg300())
	}
}

// add appends a value that is there.
func add(b *bench.Batch, m *bench.Metric, e int32, v *runtimev1.UInt64Value, at int64) {
	if v != nil {
		b.Add(m, e, float64(v.GetValue()), at)
	}
}

func addLabelled(b *bench.Batch, m *bench.Metric, e int32, v *runtimev1.UInt64Value, at int64, labels []string) {
	if v != nil {
		normal.AddLabelled(b, m, e, float64(v.GetValue()), at, labels)
	}
}
