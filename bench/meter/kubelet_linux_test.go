package meter

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"cri-stats-bench/bench"
)

const kubeletPID = 250

// kubelet adds a kubelet to a node, and the meter that knows it.
func (n *node) kubelet() *Meter {
	n.process(kubeletPID, 1, "kubelet", "/kubelet", "kubelet", "--config", "/c")
	n.account("/kubelet", 0, 9<<20, kubeletPID)
	m := n.meter()
	m.cfg.Kubelet = func() (int, error) { return kubeletPID, nil }
	return m
}

// A kubelet is metered like the runtime, and apart from it: by its clock, by the
// account of its cgroup with the children that have ended, and by its memory.
func TestKubelet(t *testing.T) {
	want := bench.Cost{
		bench.CPUSeconds: 0.45, bench.CPUClockSeconds: 0.4, bench.CPUCgroupSeconds: 0.45, bench.MemoryCgroupBytes: 9 << 20,
		bench.ReadCalls: 25, bench.ContextSwitches: 0, bench.Processes: 1,
		bench.PSSBytes: kubeletPID * 1024, bench.RSSBytes: kubeletPID * 2048, bench.AnonBytes: kubeletPID * 512,
	}
	for _, v1 := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			n := newNode(t, v1)
			without := n.window(n.meter(), 2*time.Second, func() { busy(n) })
			n = newNode(t, v1)
			got := n.window(n.kubelet(), 2*time.Second, func() {
				busy(n)
				n.use(kubeletPID, 400*time.Millisecond, 25)
				n.account("/kubelet", 450*time.Millisecond, 9<<20, kubeletPID)
			})
			if d := diff(want, got.Costs[bench.ComponentKubelet]); d != "" {
				t.Errorf("version 1 %t: diff (-want +got):\n%s", v1, d)
			}
			if text := fmt.Sprint(got.Warnings); len(got.Warnings) != 1 || !strings.Contains(text, "children that ended, counted with the kubelet") {
				t.Errorf("version 1 %t: warnings %s", v1, text)
			}
			if d := diff(without.Costs[bench.ComponentRuntime], got.Costs[bench.ComponentRuntime]); d != "" {
				t.Errorf("version 1 %t: the runtime's cost is another beside a kubelet (-without +with):\n%s", v1, d)
			}
			// What the kubelet used is no longer foreign: 0.45 of four CPU seconds.
			if d := without.Guards[bench.GuardForeign] - got.Guards[bench.GuardForeign] - 0.45/4; d > 1e-9 || d < -1e-9 {
				t.Errorf("version 1 %t: foreign %v without, %v with a kubelet", v1, without.Guards, got.Guards)
			}
		})
	}
}

// A kubelet is found anew by each Watch, and one that ends inside a window is
// said.
func TestKubeletRestarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNode(t, false)
		m := n.kubelet()
		ended := n.window(m, time.Second, func() { n.remove(n.dir(kubeletPID)) })
		if len(ended.Changed) != 1 || !strings.Contains(ended.Changed[0], "kubelet") {
			t.Errorf("changed %q, want that the kubelet ended", ended.Changed)
		}
		if v, ok := ended.Costs[bench.ComponentKubelet][bench.PSSBytes]; ok {
			t.Errorf("a kubelet that ended has a PSS of %v", v)
		}
		m.cfg.Kubelet = func() (int, error) { return kubeletPID + 1, nil }
		n.process(kubeletPID+1, 1, "kubelet", "/kubelet", "kubelet", "--config", "/c")
		n.account("/kubelet", 0, 9<<20, kubeletPID+1)
		again := n.window(m, time.Second, func() {
			n.use(kubeletPID+1, 100*time.Millisecond, 1)
			n.account("/kubelet", 100*time.Millisecond, 9<<20, kubeletPID+1)
		})
		if got := again.Costs[bench.ComponentKubelet][bench.CPUSeconds]; got != 0.1 || len(again.Changed) > 0 {
			t.Errorf("after the restart: %v s, changed %q", got, again.Changed)
		}
	})
}

func TestKubeletNotFound(t *testing.T) {
	n := newNode(t, false)
	m := n.kubelet()
	f := func(pid int, err error, want string) {
		t.Helper()
		m.cfg.Kubelet = func() (int, error) { return pid, err }
		if _, err := m.Watch(t.Context(), nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
	f(0, errors.New("it is stopped"), "find the process of the kubelet: it is stopped")
	f(9999, nil, "find the process of the kubelet")
}

// One that shares its cgroup with others is metered by its clock alone.
func TestKubeletSharesCgroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNode(t, false)
		m := n.kubelet()
		n.process(555, 1, "x", "/kubelet", "x")
		n.account("/kubelet", 0, 9<<20, kubeletPID, 555)
		got := n.window(m, time.Second, func() { n.use(kubeletPID, 200*time.Millisecond, 1) })
		cost := got.Costs[bench.ComponentKubelet]
		if _, own := cost[bench.CPUCgroupSeconds]; own || cost[bench.CPUSeconds] != 0.2 {
			t.Errorf("cost %v", cost)
		}
		if text := fmt.Sprint(got.Warnings); !strings.Contains(text, "the kubelet's cgroup /kubelet is not its own: process 555 is in it") {
			t.Errorf("warnings %s", text)
		}
	})
}
