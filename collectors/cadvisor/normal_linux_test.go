package cadvisor

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/cadvisor/lib/manager"
	"github.com/google/cadvisor/lib/model"
	clocktesting "k8s.io/utils/clock/testing"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/testfile"
	"cri-stats-bench/collectors/collectortest"
	"cri-stats-bench/collectors/internal/podcgroup"
)

// A stub is a manager that answers what it is given. Methods that no collector
// calls are those of a nil interface.
type stub struct {
	manager.Manager
	infos map[string]model.ContainerInfo
	err   error
	// ask, if set, answers instead.
	ask func() (map[string]model.ContainerInfo, error)
}

func (s *stub) GetContainerInfoV2(string, model.RequestOptions) (map[string]model.ContainerInfo, error) {
	if s.ask != nil {
		return s.ask()
	}
	return s.infos, s.err
}

func (s *stub) GetRequestedContainersInfo(string, model.RequestOptions) (map[string]*model.ContainerInfo, error) {
	infos := make(map[string]*model.ContainerInfo)
	for name, info := range s.infos {
		if len(info.Stats) > 0 {
			info.Stats = info.Stats[len(info.Stats)-1:]
		}
		infos[name] = &info
	}
	return infos, s.err
}

func (s *stub) GetVersionInfo() (*model.VersionInfo, error) {
	return &model.VersionInfo{KernelVersion: "6.1", CadvisorVersion: "v0.60.6"}, nil
}

func (s *stub) GetMachineInfo() (*model.MachineInfo, error) {
	return &model.MachineInfo{NumCores: 2, MemoryCapacity: 1 << 30}, nil
}

func (s *stub) Stop() error { return nil }

const parent = "/cristatsbench.slice"

// pods are a pod of containerd, whose cgroups are those of infos.
var pods = []bench.Pod{{ID: "sandbox1", Containers: []string{"main1"}}, {ID: "sandbox2", Containers: []string{"main2"}}}

const (
	podCgroup       = parent + "/cristatsbench-podu1.slice"
	sandboxCgroup   = podCgroup + "/cri-containerd-sandbox1.scope"
	containerCgroup = podCgroup + "/cri-containerd-main1.scope"
	nestedCgroup    = containerCgroup + "/init"
	// A pod without a cgroup of its own.
	bareSandbox   = parent + "/crio-sandbox2.scope"
	bareContainer = parent + "/crio-main2.scope"
)

// reading makes a reading with every field that is taken, all different.
func reading(base uint64) *model.ContainerStats {
	psi := func(n uint64) model.PSIStats {
		return model.PSIStats{
			Some: model.PSIData{Total: n * 1e6, Avg10: float64(n), Avg60: float64(n) + 0.25, Avg300: float64(n) + 0.5},
			Full: model.PSIData{Total: (n + 1) * 1e6, Avg10: float64(n)},
		}
	}
	return &model.ContainerStats{
		Timestamp: time.Unix(1700000000, int64(base)),
		Cpu:       &model.CpuStats{Usage: model.CpuUsage{Total: base*1e9 + 5e8, User: base * 1e9, System: 5e8}, PSI: psi(1)},
		CpuInst:   &model.CpuInstStats{Usage: model.CpuInstUsage{Total: 25e7}},
		Memory: &model.MemoryStats{
			Usage: base + 1, WorkingSet: base + 2, RSS: base + 3, Swap: base + 4, PSI: psi(3),
			ContainerData: model.MemoryStatsMemoryData{Pgfault: base + 5, Pgmajfault: base + 6},
		},
		DiskIo:     &model.DiskIoStats{PSI: psi(5)},
		Network:    &model.NetworkStats{Interfaces: []model.InterfaceStats{{Name: "eth0", RxBytes: base + 7, RxErrors: base + 8, TxBytes: base + 9, TxErrors: base + 10}}},
		Filesystem: []model.FsStats{{Device: "/dev/vda1", BaseUsage: base + 11, Usage: base + 12, Inodes: base + 13}},
		Processes:  &model.ProcessStats{ProcessCount: base + 14},
	}
}

func spec(network bool) model.ContainerSpec {
	return model.ContainerSpec{
		CreationTime: time.Unix(1600000000, 0),
		HasCpu:       true, HasMemory: true, HasDiskIo: true, HasNetwork: network, HasFilesystem: true, HasProcesses: true,
		Memory: model.MemorySpec{Limit: 1 << 20, SwapLimit: 1<<63 - 4096},
		Labels: map[string]string{kubernetesPod: "pod1", kubernetesNamespace: "test", kubernetesContainer: "main"},
	}
}

// infos are the answer of a cAdvisor that runs beside the pods.
func infos() map[string]model.ContainerInfo {
	older := reading(10)
	container := reading(100)
	container.Network = nil
	sandbox := reading(200)
	sandbox.Filesystem = nil
	pod := reading(300)
	pod.Network, pod.Filesystem, pod.CpuInst = nil, nil, nil
	root := reading(400)
	root.Filesystem = append(root.Filesystem, model.FsStats{Device: "/dev/vdb1"})
	sparse := &model.ContainerStats{Timestamp: time.Unix(1700000000, 0)}
	answer := map[string]model.ContainerInfo{
		"/":             {Spec: spec(true), Stats: []*model.ContainerStats{root}},
		parent:          {Spec: spec(false), Stats: []*model.ContainerStats{sparse}},
		podCgroup:       {Spec: spec(false), Stats: []*model.ContainerStats{pod}},
		sandboxCgroup:   {Spec: spec(true), Stats: []*model.ContainerStats{sandbox}},
		containerCgroup: {Spec: spec(false), Stats: []*model.ContainerStats{older, container}},
		nestedCgroup:    {Spec: model.ContainerSpec{}, Stats: []*model.ContainerStats{reading(500)}},
		bareSandbox:     {Spec: spec(true), Stats: []*model.ContainerStats{reading(600)}},
		bareContainer:   {Spec: spec(false), Stats: []*model.ContainerStats{sparse}},
		"/system.slice": {Spec: spec(false)}, // no reading yet
	}
	for name, info := range answer {
		info.Name = name
		answer[name] = info
	}
	return answer
}

func newSubject(t testing.TB, from *stub, pressure bool) *subject {
	t.Helper()
	index, err := podcgroup.NewIndex(pods)
	if err != nil {
		t.Fatal(err)
	}
	var cgroups []string
	for name := range from.infos {
		cgroups = append(cgroups, name)
	}
	slices.Sort(cgroups)
	return &subject{manager: from, population: newPopulation(index, parent, cgroups), pressure: pressure}
}

func golden(t *testing.T, name string, c bench.Collector) {
	t.Helper()
	b := new(bench.Batch)
	for range 2 { // the second answer is as the first
		b.Reset()
		if err := c.Collect(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	testfile.Golden(t, name, collectortest.Text(b))
}

func TestGolden(t *testing.T) {
	from := &stub{infos: infos()}
	golden(t, "testdata/summary.golden", &summary{subject: newSubject(t, from, true)})
	golden(t, "testdata/summary-without-pressure.golden", &summary{subject: newSubject(t, from, false)})
	c, err := newExposition(newSubject(t, from, true), from, clocktesting.NewFakeClock(time.Unix(1700000001, 0)))
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/exposition.golden", c)
}

func TestFailures(t *testing.T) {
	broken := errors.New("broken")
	late, cancel := context.WithCancel(t.Context())
	cancel()
	f := func(ctx context.Context, from *stub, open func() bench.Collector, words string) {
		t.Helper()
		err := open().Collect(ctx, new(bench.Batch))
		if err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("collect: %v, want an error with %q", err, words)
		}
	}
	whole, none := &stub{infos: infos()}, &stub{err: broken}
	summaryOf := func(from *stub) func() bench.Collector {
		return func() bench.Collector { return &summary{subject: newSubject(t, from, true)} }
	}
	expositionOf := func(from *stub) func() bench.Collector {
		return func() bench.Collector {
			c, err := newExposition(newSubject(t, from, true), from, clocktesting.NewFakeClock(time.Unix(1700000001, 0)))
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
	}
	f(late, whole, summaryOf(whole), "canceled")
	f(late, whole, expositionOf(whole), "canceled")
	f(t.Context(), none, summaryOf(none), "broken")
	f(t.Context(), none, expositionOf(none), "could not list its containers")

	// To the kubelet's summary an answer that lacks some cgroups is an answer, to
	// /metrics/cadvisor it is none.
	partial := &stub{infos: infos(), err: broken}
	b := new(bench.Batch)
	if err := summaryOf(partial)().Collect(t.Context(), b); err != nil {
		t.Errorf("partial answer: %v", err)
	}
	if len(b.Warnings) != 1 || !errors.Is(b.Warnings[0], broken) || b.Containers() != 2 {
		t.Errorf("partial answer: warnings %v, %d containers", b.Warnings, b.Containers())
	}
	f(t.Context(), partial, expositionOf(partial), "could not list its containers")
}

// TestNormalFormAllocatesNothing normalises one answer again and again. What
// cAdvisor itself allocates in an answer is its own.
func TestNormalFormAllocatesNothing(t *testing.T) {
	from := &stub{infos: infos()}
	c := &summary{subject: newSubject(t, from, true)}
	e, err := newExposition(newSubject(t, from, true), from, clocktesting.NewFakeClock(time.Unix(1700000001, 0)))
	if err != nil {
		t.Fatal(err)
	}
	families, err := e.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	b := new(bench.Batch)
	f := func(what string, normalise func() error) {
		t.Helper()
		allocs := testing.AllocsPerRun(20, func() {
			b.Reset()
			if err := normalise(); err != nil {
				t.Fatal(err)
			}
		})
		if allocs != 0 || len(b.Samples) == 0 {
			t.Errorf("%s: %v allocations for %d samples, want 0", what, allocs, len(b.Samples))
		}
	}
	f("summary", func() error { return c.Collect(t.Context(), b) })
	f("exposition", func() error { return e.add(b, families) })
}
