package meter

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"cri-stats-bench/bench"
)

// diff compares costs to the nanosecond; sums of floats differ by less.
func diff(want, got any) string {
	return cmp.Diff(want, got, cmpopts.EquateApprox(0, 1e-9), cmp.Transformer("error", func(err error) string { return err.Error() }))
}

// busy is what happens in a window of two seconds: of four CPU seconds 2.5 are
// idle, the agent used 0.5, the runtime 0.3, the shim 0.2, the harness 0.1, pods
// 0.3, and a thread of the agent began.
func busy(n *node) {
	n.use(agentPID, 500*time.Millisecond, 40)
	n.thread(agentPID, agentPID, 5, 6)
	n.thread(agentPID, 499, 100, 0)
	n.use(runtimePID, 300*time.Millisecond, 30)
	n.use(shimPID, 200*time.Millisecond, 20)
	n.use(harnessPID, 100*time.Millisecond, 10)
	n.account("/runtime", 500*time.Millisecond, 5<<20, runtimePID, shimPID)
	n.account("/pods", 300*time.Millisecond, 7<<20)
	n.stat(1000+240, 10+10, 4)
}

func TestMetered(t *testing.T) {
	cost := func(pid int, cpu, reads, switches float64) bench.Cost {
		return bench.Cost{
			bench.CPUSeconds: cpu, bench.CPUClockSeconds: cpu, bench.ReadCalls: reads, bench.ContextSwitches: switches, bench.Processes: 1,
			bench.PSSBytes: float64(pid) * 1024, bench.RSSBytes: float64(pid) * 2048, bench.AnonBytes: float64(pid) * 512,
		}
	}
	runtime := cost(runtimePID, 0.3, 30, 0)
	runtime[bench.CPUCgroupSeconds] = 0.5
	runtime[bench.MemoryCgroupBytes] = 5 << 20
	want := bench.Metered{
		Length: 2 * time.Second,
		Costs: bench.Costs{
			bench.ComponentAgent:   cost(agentPID, 0.5, 40, 111),
			bench.ComponentRuntime: runtime,
			bench.ComponentShims:   cost(shimPID, 0.2, 20, 0),
			bench.ComponentHarness: cost(harnessPID, 0.1, 10, 0),
			bench.ComponentPods:    {bench.CPUSeconds: 0.3, bench.CPUCgroupSeconds: 0.3, bench.MemoryCgroupBytes: 7 << 20},
			bench.ComponentNode:    {bench.CPUSeconds: 1.5},
		},
		Agents: []bench.Cost{cost(agentPID, 0.5, 40, 111)},
		Guards: bench.Guards{bench.GuardSteal: 0.01, bench.GuardHarness: 0.025, bench.GuardForeign: 0.025},
	}
	for _, v1 := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			n := newNode(t, v1)
			got := n.window(n.meter(), 2*time.Second, func() { busy(n) })
			if d := diff(want, got); d != "" {
				t.Errorf("version 1 %t: diff (-want +got):\n%s", v1, d)
			}
		})
	}
}

// TestWindowsRepeat takes two windows of one watch.
func TestWindowsRepeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNode(t, false)
		w, err := n.meter().Watch(t.Context(), []int{agentPID})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.End(); !errors.Is(err, errNotBegun) {
			t.Errorf("a window that was not begun ended: %v", err)
		}
		for i := 1; i <= 2; i++ {
			if err := w.Begin(); err != nil {
				t.Fatal(err)
			}
			n.use(agentPID, time.Duration(i)*time.Second, 7*i)
			n.thread(agentPID, agentPID, 3*i, 0)
			time.Sleep(time.Second)
			got, err := w.End()
			if err != nil {
				t.Fatal(err)
			}
			agent := got.Agents[0]
			for _, q := range []bench.Quantity{bench.PSSBytes, bench.ReadCalls, bench.ContextSwitches} {
				if _, ok := agent[q]; !ok || len(got.Warnings) > 0 {
					t.Errorf("window %d: %s there %t; warnings %v", i, q, ok, got.Warnings)
				}
			}
			if agent[bench.CPUSeconds] != 1 || agent[bench.ReadCalls] != 7 || agent[bench.ContextSwitches] != 3 || got.Length != time.Second {
				t.Errorf("window %d of %v: %v", i, got.Length, agent)
			}
		}
		for range 2 {
			if err := w.Close(); err != nil {
				t.Error(err)
			}
		}
		if err := w.Begin(); !errors.Is(err, errClosed) {
			t.Errorf("a window of a closed watch began: %v", err)
		}
	})
}

// TestAbsent takes something away before or inside the window: the quantities
// are absent, never 0, and a warning says so.
func TestAbsent(t *testing.T) {
	f := func(name string, before, inside func(n *node), component bench.Component, absent []bench.Quantity, guard bool, warnings ...string) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			n := newNode(t, true)
			before(n)
			got := n.window(n.meter(), 2*time.Second, func() { busy(n); inside(n) })
			for _, q := range absent {
				if v, ok := got.Costs[component][q]; ok {
					t.Errorf("%s: %s of %s is %v", name, q, component, v)
				}
			}
			if _, ok := got.Guards[bench.GuardForeign]; ok != guard {
				t.Errorf("%s: guards %v", name, got.Guards)
			}
			text := errors.Join(got.Warnings...)
			for _, w := range warnings {
				if text == nil || !strings.Contains(text.Error(), w) {
					t.Errorf("%s: warnings %v, want one with %q", name, text, w)
				}
			}
		})
	}
	nothing := func(*node) {}
	f("no smaps", func(n *node) { n.remove(n.dir(shimPID) + "/smaps_rollup") }, nothing,
		bench.ComponentShims, []bench.Quantity{bench.PSSBytes, bench.RSSBytes, bench.AnonBytes}, true,
		"shims: pss_bytes: of 1 of 1 processes there is none: open ")
	f("an old kernel", func(n *node) { n.write(n.dir(agentPID)+"/smaps_rollup", "x\nRss: 1 kB\nPss: 1 kB\n") }, nothing,
		bench.ComponentAgent, []bench.Quantity{bench.AnonBytes}, true, `no line "Pss_Anon:"`)
	f("no io", func(n *node) { n.remove(n.dir(runtimePID) + "/io") }, nothing,
		bench.ComponentRuntime, []bench.Quantity{bench.ReadCalls}, true, "runtime: read_calls: ")
	f("no threads", nothing, func(n *node) { n.remove(n.dir(runtimePID) + "/task") },
		bench.ComponentRuntime, []bench.Quantity{bench.ContextSwitches}, true, "runtime: context_switches: ")
	f("a shim's clock", nothing, func(n *node) { delete(n.clocks, shimPID) },
		bench.ComponentShims, []bench.Quantity{bench.CPUSeconds, bench.CPUClockSeconds}, false,
		"process 300 has no clock", "foreign_cpu_fraction: the CPU time of the runtime is not known")
	f("a shim's clock, of the runtime", nothing, func(n *node) { delete(n.clocks, shimPID) },
		bench.ComponentRuntime, []bench.Quantity{bench.CPUSeconds}, false)
	f("pods' account", nothing, func(n *node) { n.write(n.cgroup+"/cpu,cpuacct/pods/cpuacct.usage", "x\n") },
		bench.ComponentPods, []bench.Quantity{bench.CPUSeconds}, false, "pods: cpu_seconds: ")
	f("no pods", func(n *node) { n.remove(n.cgroup + "/cpu,cpuacct/pods") }, func(n *node) { n.remove(n.cgroup + "/cpu,cpuacct/pods") },
		bench.ComponentPods, []bench.Quantity{bench.CPUSeconds, bench.MemoryCgroupBytes}, true, "pods: cpu_seconds: there is no cgroup /pods")
	f("the node", nothing, func(n *node) { n.write(n.proc+"/stat", "cpu  1 2") },
		bench.ComponentNode, []bench.Quantity{bench.CPUSeconds}, false, `no whole first line "cpu"`)
	f("all cgroups", func(n *node) { n.remove(n.cgroup) }, func(n *node) { n.remove(n.cgroup) },
		bench.ComponentRuntime, []bench.Quantity{bench.CPUCgroupSeconds, bench.MemoryCgroupBytes}, false, "read no cgroup: ")
	f("an account goes back", func(n *node) { n.use(agentPID, time.Hour, 0) }, nothing,
		bench.ComponentAgent, []bench.Quantity{bench.CPUSeconds}, false, "CPU time went back from 1h0m0s to 500ms")
	f("shims of others", func(n *node) {
		n.process(shimPID, 1, "containerd-shim", "/runtime", "containerd-shim-runc-v2", "-address", "/run/other.sock")
	}, nothing, bench.ComponentShims, []bench.Quantity{bench.CPUSeconds, bench.Processes}, true,
		"there is none of containerd on unix:///run/containerd/containerd.sock, but 1 of others", "process 300 is in it")
}

func TestChanged(t *testing.T) {
	f := func(change func(n *node), want ...string) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			n := newNode(t, false)
			got := n.window(n.meter(), time.Second, func() { busy(n); change(n) })
			if d := cmp.Diff(want, slices.Concat(got.Changed, got.Shims)); d != "" {
				t.Errorf("diff (-want +got):\n%s", d)
			}
		})
	}
	f(func(*node) {})
	f(func(n *node) { n.remove(n.dir(shimPID)) }, "shims containerd-shim (pid 300) ended")
	f(func(n *node) { n.processStat(agentPID, 1, "agent", "Z", 10*agentPID) }, "agent cri-stats-bench (pid 400) ended")
	f(func(n *node) { n.processStat(runtimePID, 1, "containerd", "S", 7) }, "runtime containerd (pid 200) ended")
	f(func(n *node) {
		n.process(301, 1, "containerd-shim", "/runtime", "containerd-shim-runc-v2", "-address", socket)
		n.process(302, 1, "containerd-shim", "/runtime", "containerd-shim-runc-v2", "-address", socket, "start")
		n.process(303, 1, "containerd-shim", "/runtime", "containerd-shim-runc-v2", "-address", "/run/other.sock")
	}, "shims containerd-shim (pid 301) began")
}

// TestShimsEnd lets one of two shims end inside the window, as where pods churn: what it
// used is in the account of the runtime's cgroup, and the total is right. Where there is
// no such account, it is said to be lost.
func TestShimsEnd(t *testing.T) {
	f := func(own bool, want float64) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			n := newNode(t, true)
			n.process(301, 1, "containerd-shim", "/runtime", "containerd-shim-runc-v2", "-address", socket)
			n.account("/runtime", 10*time.Second, 0, runtimePID, shimPID, 301)
			n.clocks[301] = time.Second
			if !own {
				n.process(77, 1, "sshd", "/runtime", "sshd")
				n.account("/runtime", 10*time.Second, 0, runtimePID, shimPID, 301, 77)
			}
			runtime, shim := n.clocks[runtimePID], n.clocks[shimPID]
			got := n.window(n.meter(), time.Second, func() {
				n.clocks[runtimePID], n.clocks[shimPID] = runtime+300*time.Millisecond, shim+20*time.Millisecond
				n.account("/runtime", 10*time.Second+400*time.Millisecond, 0, runtimePID, shimPID)
				n.remove(n.dir(301))
				delete(n.clocks, 301)
			})
			total := got.Costs[bench.ComponentRuntime][bench.CPUSeconds] + got.Costs[bench.ComponentShims][bench.CPUSeconds]
			if math.Abs(total-want) > 1e-9 || len(got.Changed) > 0 || len(got.Shims) != 1 {
				t.Errorf("own cgroup %t: total %v, want %v; changed %v, shims %v; %v", own, total, want, got.Changed, got.Shims, got.Warnings)
			}
			if text := fmt.Sprint(got.Warnings); !strings.Contains(text, "1 processes ended inside the window") {
				t.Errorf("own cgroup %t: warnings %v", own, text)
			}
		})
	}
	f(true, 0.4)
	f(false, 0.32)
}

// TestReplaced gives a shim's pid to another process: nothing that is read by
// the pid then counts as the shim's.
func TestReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNode(t, false)
		got := n.window(n.meter(), time.Second, func() {
			busy(n)
			n.process(shimPID, 1, "bash", "/", "bash")
			n.processStat(shimPID, 1, "bash", "S", 7)
			n.use(shimPID, time.Second, 20)
		})
		want := bench.Cost{bench.Processes: 0, bench.ReadCalls: 20} // from a file that is open since before
		if d := diff(want, got.Costs[bench.ComponentShims]); d != "" {
			t.Errorf("diff (-want +got):\n%s", d)
		}
	})
}

func TestWatchRefuses(t *testing.T) {
	n := newNode(t, false)
	m := n.meter()
	if _, err := m.Watch(t.Context(), []int{12345}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("an agent that does not run is watched: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := m.Watch(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("watched in spite of the context: %v", err)
	}
	n.remove(n.dir(runtimePID))
	if _, err := m.Watch(t.Context(), nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a runtime that does not run is watched: %v", err)
	}
}

func TestNewRefuses(t *testing.T) {
	f := func(cfg Config, want string) {
		t.Helper()
		if _, err := New(cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("New(%+v): %v, want %q", cfg, err, want)
		}
	}
	f(Config{HarnessPID: -1}, "want none below 0")
	f(Config{Runtime: is(1)}, "without its socket")
	f(Config{Proc: t.TempDir() + "/none"}, "open procfs: ")
}

// TestNotConfigured meters what is left: the harness and the node.
func TestNotConfigured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNode(t, false)
		m := n.meter()
		m.cfg = Config{Proc: n.proc, CgroupRoot: n.cgroup, HarnessPID: harnessPID}
		w, err := m.Watch(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		if err := w.Begin(); err != nil {
			t.Fatal(err)
		}
		busy(n)
		time.Sleep(2 * time.Second)
		got, err := w.End()
		if err != nil {
			t.Fatal(err)
		}
		if len(got.Costs) != 2 || len(got.Warnings) != 0 || fmt.Sprint(got.Guards[bench.GuardForeign]) != fmt.Sprint(1.4/4) {
			t.Errorf("costs %v, guards %v, warnings %v", got.Costs, got.Guards, got.Warnings)
		}
	})
}
