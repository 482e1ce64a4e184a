package kubelet

import (
	"encoding/json"
	"time"

	"cri-stats-bench/bench"
	"cri-stats-bench/collectors/internal/normal"
)

// A summary decodes /stats/summary. What it leaves out are volumes, logs and
// ephemeral storage, which the kubelet measures itself in either mode.
type summary struct{ interfaces normal.Labels }

func newSummary() *summary { return &summary{} }

// The parts of k8s.io/kubelet/pkg/apis/stats/v1alpha1 that have a quantity of
// package bench. Pointers, since absent is not zero.
type (
	statsSummary struct {
		Node struct{ groupStats } `json:"node"`
		Pods []podStats           `json:"pods"`
	}
	groupStats struct {
		CPU    *cpuStats    `json:"cpu"`
		Memory *memoryStats `json:"memory"`
		IO     *ioStats     `json:"io"`
		Swap   *swapStats   `json:"swap"`
	}
	podStats struct {
		Ref struct {
			Name      string `json:"name"`
			Namespace string `json:"namespace"`
		} `json:"podRef"`
		groupStats
		Containers []containerStats `json:"containers"`
		Network    *networkStats    `json:"network"`
		Processes  *struct {
			Count *uint64 `json:"process_count"`
		} `json:"process_stats"`
	}
	containerStats struct {
		Name string `json:"name"`
		groupStats
		Rootfs *fsStats `json:"rootfs"`
	}
	cpuStats struct {
		Time                 time.Time `json:"time"`
		UsageNanoCores       *uint64   `json:"usageNanoCores"`
		UsageCoreNanoSeconds *uint64   `json:"usageCoreNanoSeconds"`
		PSI                  *psiStats `json:"psi"`
	}
	memoryStats struct {
		Time            time.Time `json:"time"`
		AvailableBytes  *uint64   `json:"availableBytes"`
		UsageBytes      *uint64   `json:"usageBytes"`
		WorkingSetBytes *uint64   `json:"workingSetBytes"`
		RSSBytes        *uint64   `json:"rssBytes"`
		PageFaults      *uint64   `json:"pageFaults"`
		MajorPageFaults *uint64   `json:"majorPageFaults"`
		PSI             *psiStats `json:"psi"`
	}
	ioStats struct {
		Time time.Time `json:"time"`
		PSI  *psiStats `json:"psi"`
	}
	swapStats struct {
		Time           time.Time `json:"time"`
		AvailableBytes *uint64   `json:"swapAvailableBytes"`
		UsageBytes     *uint64   `json:"swapUsageBytes"`
	}
	psiStats struct {
		Some psiData `json:"some"`
		Full psiData `json:"full"`
	}
	psiData struct {
		Total *uint64 `json:"total"` // nanoseconds
	}
	fsStats struct {
		Time       time.Time `json:"time"`
		UsedBytes  *uint64   `json:"usedBytes"`
		InodesUsed *uint64   `json:"inodesUsed"`
	}
	networkStats struct {
		Time       time.Time        `json:"time"`
		Interfaces []interfaceStats `json:"interfaces"`
	}
	interfaceStats struct {
		Name     string  `json:"name"`
		RxBytes  *uint64 `json:"rxBytes"`
		RxErrors *uint64 `json:"rxErrors"`
		TxBytes  *uint64 `json:"txBytes"`
		TxErrors *uint64 `json:"txErrors"`
	}
)

// A reading is one value of a list of them, absent if v is nil.
type reading struct {
	metric *bench.Metric
	v      *uint64
}

// nanoseconds says which metrics the kubelet serves in billionths.
func nanoseconds(m *bench.Metric) bool {
	return m.Unit == bench.Seconds || m == bench.CPUUsageRate
}

// An appender appends the readings of one entity.
type appender struct {
	b  *bench.Batch
	at int32
}

func (a appender) add(t time.Time, labels []string, readings ...reading) {
	for _, r := range readings {
		if r.v == nil {
			continue
		}
		value := float64(*r.v)
		if nanoseconds(r.metric) {
			value = normal.Seconds(*r.v)
		}
		var at int64
		if !t.IsZero() {
			at = t.UnixNano()
		}
		normal.AddLabelled(a.b, r.metric, a.at, value, at, labels)
	}
}

func (a appender) pressure(t time.Time, psi *psiStats, some, full *bench.Metric) {
	if psi != nil {
		a.add(t, nil, reading{some, psi.Some.Total}, reading{full, psi.Full.Total})
	}
}

// group appends what pods, containers and the node have alike.
func (a appender) group(g groupStats) {
	if c := g.CPU; c != nil {
		a.add(c.Time, nil, reading{bench.CPUUsage, c.UsageCoreNanoSeconds}, reading{bench.CPUUsageRate, c.UsageNanoCores})
		a.pressure(c.Time, c.PSI, bench.CPUPressureSome, bench.CPUPressureFull)
	}
	if m := g.Memory; m != nil {
		a.add(m.Time, nil,
			reading{bench.MemoryAvailable, m.AvailableBytes}, reading{bench.MemoryUsage, m.UsageBytes},
			reading{bench.MemoryWorkingSet, m.WorkingSetBytes}, reading{bench.MemoryRSS, m.RSSBytes},
			reading{bench.PageFaults, m.PageFaults}, reading{bench.MajorPageFaults, m.MajorPageFaults})
		a.pressure(m.Time, m.PSI, bench.MemoryPressureSome, bench.MemoryPressureFull)
	}
	if i := g.IO; i != nil {
		a.pressure(i.Time, i.PSI, bench.IOPressureSome, bench.IOPressureFull)
	}
	if s := g.Swap; s != nil {
		a.add(s.Time, nil, reading{bench.SwapAvailable, s.AvailableBytes}, reading{bench.SwapUsage, s.UsageBytes})
	}
}

func (s *summary) decode(data []byte, pods *population, b *bench.Batch) error {
	var answer statsSummary
	if err := json.Unmarshal(data, &answer); err != nil {
		return err
	}
	appender{b, pods.place(b, bench.Entity{})}.group(answer.Node.groupStats)
	for i := range answer.Pods {
		s.pod(&answer.Pods[i], pods, b)
	}
	return nil
}

func (s *summary) pod(p *podStats, pods *population, b *bench.Batch) {
	name := podName{p.Ref.Namespace, p.Ref.Name}
	a := appender{b, pods.place(b, pods.pod(name))}
	a.group(p.groupStats)
	if n := p.Network; n != nil {
		for _, i := range n.Interfaces {
			a.add(n.Time, s.interfaces.One(i.Name),
				reading{bench.NetworkReceived, i.RxBytes}, reading{bench.NetworkReceiveErr, i.RxErrors},
				reading{bench.NetworkSent, i.TxBytes}, reading{bench.NetworkSendErr, i.TxErrors})
		}
	}
	if p.Processes != nil {
		a.add(time.Time{}, nil, reading{bench.ProcessCount, p.Processes.Count})
	}
	for _, c := range p.Containers {
		a := appender{b, pods.place(b, pods.container(containerName{name, c.Name}))}
		a.group(c.groupStats)
		if f := c.Rootfs; f != nil {
			a.add(f.Time, nil, reading{bench.FSUsage, f.UsedBytes}, reading{bench.FSInodesUsed, f.InodesUsed})
		}
	}
}
