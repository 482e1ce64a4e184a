package cgroup

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/cgroupfs"
	"cri-stats-bench/collectors/collectortest"
)

func TestConformanceOnRealCgroups(t *testing.T) {
	s := collectortest.Cgroups(t, 3)
	collectortest.Run(t, Open, s, collectortest.Want{
		Transfers: true, Pods: true,
		Metrics: []*bench.Metric{bench.CPUUsage, bench.MemoryUsage, bench.MemoryWorkingSet, bench.MemoryRSS},
	})
}

// TestRemovedContainer removes a cgroup whose files are open: the answer is whole
// without it. A cgroup that fails while it is there is an error instead, see
// TestUnreadableIsAnError.
func TestRemovedContainer(t *testing.T) {
	s := collectortest.Cgroups(t, 2)
	c, err := Open(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	hierarchies, err := cgroupfs.Open(cgroupfs.Root)
	if err != nil {
		t.Fatal(err)
	}
	gone := s.Pods[1].Containers[0]
	for _, controller := range []cgroupfs.Controller{cgroupfs.CPU, cgroupfs.CPUAcct, cgroupfs.Memory, cgroupfs.PIDs} {
		dir, err := hierarchies.Dir(controller, filepath.Join(s.CgroupParent, "podu1", gone))
		if err != nil {
			continue
		}
		if err := os.Remove(dir); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	b := new(bench.Batch)
	for call := range 2 {
		b.Reset()
		if err := c.Collect(t.Context(), b); err != nil {
			t.Fatalf("call %d: %v", call, err)
		}
		has := func(id string) bool {
			return slices.ContainsFunc(b.Entities, func(e bench.Entity) bool { return e.Container == id })
		}
		if has(gone) || !has(s.Pods[0].Containers[0]) || b.Pods() != 2 || b.Containers() != 1 {
			t.Errorf("call %d: %d pods and %d containers, want 2 and the 1 that is left", call, b.Pods(), b.Containers())
		}
	}
}

func TestSteadyCallAllocatesNothing(t *testing.T) {
	for _, version := range []string{"v1", "v2"} {
		c, err := open(t.Context(), filepath.Join("testdata", version), sourceOf(version))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		b := new(bench.Batch)
		allocs := testing.AllocsPerRun(100, func() {
			b.Reset()
			if err := c.Collect(t.Context(), b); err != nil {
				t.Fatal(err)
			}
		})
		if allocs != 0 {
			t.Errorf("%s: %v allocations in a call, want 0", version, allocs)
		}
	}
}

// density is the kubelet's default limit of pods.
const density = 110

func BenchmarkCollect(b *testing.B) {
	c, err := Open(b.Context(), collectortest.Cgroups(b, density))
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	batch := new(bench.Batch)
	b.ReportAllocs()
	for b.Loop() {
		batch.Reset()
		if err := c.Collect(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/density, "ns/container")
}

// BenchmarkOverBareReads tells what a call costs over the same system calls on
// the same files and nothing else, as a ratio of medians. The two take turns, so
// that a busy machine slows both. The reach is 1.3.
func BenchmarkOverBareReads(b *testing.B) {
	opened, err := Open(b.Context(), collectortest.Cgroups(b, density))
	if err != nil {
		b.Fatal(err)
	}
	defer opened.Close()
	c := opened.(*Collector)
	var files []cgroupfs.File
	for i := range c.targets {
		files = append(files, c.targets[i].opened...)
	}
	batch := new(bench.Batch)
	var collect, bare []time.Duration
	for b.Loop() {
		start := time.Now()
		batch.Reset()
		if err := c.Collect(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
		middle := time.Now()
		for _, f := range files {
			if _, err := f.Read(c.buf); err != nil {
				b.Fatal(err)
			}
		}
		collect, bare = append(collect, middle.Sub(start)), append(bare, time.Since(middle))
	}
	slices.Sort(collect)
	slices.Sort(bare)
	b.ReportMetric(float64(collect[len(collect)/2])/float64(bare[len(bare)/2]), "ratio")
	b.ReportMetric(float64(bare[len(bare)/2].Nanoseconds())/float64(len(files)), "ns/read")
}
