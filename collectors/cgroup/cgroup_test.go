package cgroup

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/testfile"
	"cri-stats-bench/collectors/collectortest"
)

// id returns an id of 64 digits that the trees in testdata use.
func id(pod, suffix string) string { return strings.Repeat(pod, 63) + suffix }

// pods are the pods in both trees: one of containerd with two containers, one of
// CRI-O with one.
var pods = []bench.Pod{
	{ID: id("1", "a"), Containers: []string{id("1", "b"), id("1", "c")}},
	{ID: id("2", "a"), Containers: []string{id("2", "b")}},
}

func sourceOf(version string) bench.Source {
	if version == "v1" {
		return bench.Source{CgroupParent: "/cristatsbench", Pods: pods}
	}
	return bench.Source{CgroupParent: "/cristatsbench.slice", Pods: pods}
}

// openTree opens the collector on a tree in testdata, or a copy of one.
func openTree(root string) collectortest.Open {
	return func(ctx context.Context, s bench.Source) (bench.Collector, error) { return open(ctx, root, s) }
}

func TestConformance(t *testing.T) {
	f := func(version string) {
		t.Run(version, func(t *testing.T) {
			collectortest.Run(t, openTree(filepath.Join("testdata", version)), sourceOf(version), collectortest.Want{
				Transfers: true, Pods: true,
				Metrics: []*bench.Metric{bench.CPUUsage, bench.MemoryUsage, bench.MemoryWorkingSet, bench.MemoryRSS,
					bench.PageFaults, bench.MajorPageFaults},
			})
		})
	}
	f("v1")
	f("v2")
}

func TestGolden(t *testing.T) {
	f := func(version string) {
		t.Helper()
		c, err := open(t.Context(), filepath.Join("testdata", version), sourceOf(version))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		b := new(bench.Batch)
		if err := c.Collect(t.Context(), b); err != nil {
			t.Fatal(err)
		}
		for i := range b.Samples {
			if b.Samples[i].At == 0 {
				t.Errorf("sample %d claims no instant", i)
			}
			b.Samples[i].At = 0 // the time of the test
		}
		testfile.Golden(t, filepath.Join("testdata", version+".golden"), collectortest.Text(b))
	}
	f("v1")
	f("v2")
}

func TestOpenRefuses(t *testing.T) {
	f := func(s bench.Source, words string) {
		t.Helper()
		c, err := open(t.Context(), filepath.Join("testdata", "v1"), s)
		if err == nil {
			c.Close()
		}
		if err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("open: %v, want an error with %q", err, words)
		}
	}
	f(bench.Source{}, "no cgroup parent")
	f(bench.Source{CgroupParent: "/none", Pods: pods}, "/none")
	f(bench.Source{CgroupParent: "/cristatsbench", Pods: []bench.Pod{{ID: "x", Containers: []string{"y", "z"}}}},
		"2 containers have none: y, z")
	f(bench.Source{CgroupParent: "/cristatsbench", Pods: []bench.Pod{{ID: "x"}, {ID: "x"}}}, "occurs twice")
	// A container that runs, but under another parent.
	f(bench.Source{CgroupParent: "/cristatsbench", Pods: []bench.Pod{{ID: "x", Containers: []string{strings.Repeat("3", 64)}}}},
		"1 containers have none")
}

func TestOpenIncomplete(t *testing.T) {
	f := func(file string, needed bool) {
		t.Helper()
		root := t.TempDir()
		if err := os.CopyFS(root, os.DirFS(filepath.Join("testdata", "v1"))); err != nil {
			t.Fatal(err)
		}
		file = filepath.Join(root, file)
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		c, err := open(t.Context(), root, sourceOf("v1"))
		if err == nil {
			c.Close()
		}
		if needed && (err == nil || !strings.Contains(err.Error(), file)) || !needed && err != nil {
			t.Errorf("open without %s: %v", file, err)
		}
	}
	f("cpuacct/cristatsbench/podu1/cpuacct.usage", true)
	f("memory/cristatsbench/podu1/memory.usage_in_bytes", true)
	f("memory/cristatsbench/podu1/memory.stat", true)
	f("pids/cristatsbench/podu1/pids.current", false)
}

func TestOpenWithoutPods(t *testing.T) {
	for _, parent := range []string{"/cristatsbench", "/none"} {
		c, err := open(t.Context(), filepath.Join("testdata", "v1"), bench.Source{CgroupParent: parent})
		if err != nil {
			t.Errorf("open %s: %v", parent, err)
			continue
		}
		b := new(bench.Batch)
		if err := c.Collect(t.Context(), b); err != nil || len(b.Entities) != 0 {
			t.Errorf("collect: %d entities, %v", len(b.Entities), err)
		}
		c.Close()
	}
}

// breakFile replaces a file that the collector holds open by one whose reads
// fail, as reads of a removed cgroup's files do.
func breakFile(t *testing.T, c *Collector, container string) {
	t.Helper()
	for i := range c.targets {
		if c.targets[i].entity.Container == container {
			if err := c.targets[i].usage.Close(); err != nil { // now EBADF
				t.Fatal(err)
			}
			return
		}
	}
	t.Fatalf("no container %s", container)
}

func TestUnreadableIsAnError(t *testing.T) {
	c, err := open(t.Context(), filepath.Join("testdata", "v1"), sourceOf("v1"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	breakFile(t, c, pods[1].Containers[0])
	err = c.Collect(t.Context(), new(bench.Batch))
	if err == nil || !strings.Contains(err.Error(), "crio-"+pods[1].Containers[0]) {
		t.Errorf("collect with a file that cannot be read: %v", err)
	}
	if len(c.targets) != 5 {
		t.Errorf("%d cgroups are left, want all 5", len(c.targets))
	}
}

func TestDamagedIsAnError(t *testing.T) {
	f := func(file, text, words string) {
		t.Helper()
		root := t.TempDir()
		if err := os.CopyFS(root, os.DirFS(filepath.Join("testdata", "v1"))); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, file), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		c, err := open(t.Context(), root, sourceOf("v1"))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		err = c.Collect(t.Context(), new(bench.Batch))
		if err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("collect with %s of %.20q: %v, want an error with %q", file, text, err, words)
		}
	}
	f("cpuacct/cristatsbench/podu1/cpuacct.usage", "x\n", "cpuacct.usage")
	f("memory/cristatsbench/podu1/memory.usage_in_bytes", "", "memory.usage_in_bytes")
	f("memory/cristatsbench/podu1/memory.stat", "total_rss\n", "memory.stat")
	f("memory/cristatsbench/podu1/memory.stat", strings.Repeat("total_rss 1\n", bufferSize), "larger than")
	f("pids/cristatsbench/podu1/pids.current", "max\n", "pids.current")
}

func FuzzMemoryStat(f *testing.F) {
	for _, version := range []string{"v1", "v2"} {
		names, err := filepath.Glob(filepath.Join("testdata", version, "*", "*", "memory.stat"))
		if err != nil {
			f.Fatal(err)
		}
		more, err := filepath.Glob(filepath.Join("testdata", version, "*", "*", "*", "memory.stat"))
		if err != nil || len(names)+len(more) == 0 {
			f.Fatal("no seeds", err)
		}
		for _, name := range append(names, more...) {
			data, err := os.ReadFile(name)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for version := 1; version <= 2; version++ {
			var s memoryStat
			if err := s.parse(data, statKeysOf(version)); err != nil {
				continue
			}
			for line, found := range s.found {
				if !found && s.value[line] != 0 {
					t.Errorf("line %d has the value %d and was not found", line, s.value[line])
				}
				if found && !strings.Contains(string(data), statKeysOf(version)[line]) {
					t.Errorf("line %d was found in %q", line, data)
				}
			}
		}
	})
}
