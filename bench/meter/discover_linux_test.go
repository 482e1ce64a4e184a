package meter

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"cri-stats-bench/bench"
)

func TestShims(t *testing.T) {
	f := func(daemon string, comm string, args []string, want bool) {
		t.Helper()
		n := newNode(t, true)
		n.process(runtimePID, 1, daemon, "/runtime", daemon)
		n.remove(n.dir(shimPID))
		n.process(77, 1, comm, "/", args...)
		shims, err := n.meter().shims(&process{pid: runtimePID})
		if err != nil && !errors.Is(err, errOtherShims) {
			t.Error(err)
		}
		if got := len(shims) == 1 && shims[0].pid == 77; got != want {
			t.Errorf("%s %q is a shim of %s: %t, want %t", comm, args, daemon, got, want)
		}
	}
	f("containerd", "containerd-shim", []string{"containerd-shim-runc-v2", "-namespace", "k8s.io", "-id", "a", "-address", socket}, true)
	f("containerd", "containerd-shim", []string{"containerd-shim-runc-v2", "-address", "/run/containerd//containerd.sock"}, true)
	f("containerd", "containerd-shim", []string{"containerd-shim-runc-v2", "-address", "/run/other.sock"}, false)
	f("containerd", "containerd-shim", []string{"containerd-shim-runc-v2", "-address"}, false)
	f("containerd", "containerd-shim", []string{"containerd-shim-runc-v2", "-address", socket, "delete"}, false)
	f("containerd", "containerd", []string{"containerd", "-address", socket}, false)
	f("containerd", "conmon", []string{"conmon", "-c", "a"}, false)
	f("crio", "conmon", []string{"conmon", "-c", "a", "--exit-dir", "/var/run/crio/exits"}, true)
	f("crio", "conmonrs", []string{"conmonrs", "--runtime", "crun"}, true)
	f("crio", "conmon", []string{"conmon", "-c", "a", "-e"}, false)
	f("crio", "conmon", []string{"conmon", "-c", "a", "--exit-dir", "/run/libpod/exits"}, false)
	f("crio", "containerd-shim", []string{"containerd-shim-runc-v2", "-address", socket}, false)
}

// TestOwnCgroup asks whose the runtime's cgroup is; an empty answer means that
// it is its own.
func TestOwnCgroup(t *testing.T) {
	f := func(change func(n *node), want string) {
		t.Helper()
		for _, v1 := range []bool{true, false} {
			synctest.Test(t, func(t *testing.T) {
				n := newNode(t, v1)
				change(n)
				got := n.window(n.meter(), time.Second, func() { busy(n) })
				_, own := got.Costs[bench.ComponentRuntime][bench.CPUCgroupSeconds]
				text := ""
				if err := errors.Join(got.Warnings...); err != nil {
					text = err.Error()
				}
				if own != (want == "") || !strings.Contains(text, want) {
					t.Errorf("version 1 %t: own %t, warnings %q, want %q", v1, own, text, want)
				}
			})
		}
	}
	member := func(pid, ppid int, change ...func(n *node)) func(n *node) {
		return func(n *node) {
			n.process(pid, ppid, "x", "/runtime", "x")
			n.account("/runtime/sub", 0, 0, pid)
			for _, c := range change {
				c(n)
			}
		}
	}
	f(func(*node) {}, "")
	f(member(555, runtimePID), "")
	f(member(555, shimPID), "")
	f(member(555, 554, func(n *node) { n.process(554, runtimePID, "y", "/", "y") }), "")
	f(member(555, 1), "/runtime is not its own: process 555 is in it")
	f(member(555, agentPID), "process 555 is in it")
	f(member(555, shimPID, func(n *node) { n.namespace(555, "pid:[2]") }), "process 555 is in it")
	f(member(0, 0), "process 0 is in it")
	f(func(n *node) { n.account("/runtime/sub", 0, 0, 9999) }, "") // it has ended
	f(func(n *node) { n.process(runtimePID, 1, "containerd", "/", "containerd") }, "it is the root of the hierarchy")
	f(func(n *node) { n.process(runtimePID, 1, "containerd", "/pods/runtime", "containerd") }, "the pods are in /pods")
}

func TestWithin(t *testing.T) {
	f := func(path, parent string, want bool) {
		t.Helper()
		if got := within(path, parent); got != want {
			t.Errorf("within(%q, %q) = %t", path, parent, got)
		}
	}
	f("/a/b", "/a", true)
	f("/a", "a/", true)
	f("/ab", "/a", false)
	f("/a", "/a/b", false)
	f("/a", "/", true)
}

// TestRoads compares the account of the runtime's cgroup with the clocks of what
// is in it: 500 ms, of which the runtime has 300 ms.
func TestRoads(t *testing.T) {
	f := func(account time.Duration, covered bool, runtime float64, warning string) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			n := newNode(t, false)
			pids := []int{runtimePID}
			if covered {
				pids = append(pids, shimPID)
			}
			n.account("/runtime", 0, 0, pids...)
			got := n.window(n.meter(), time.Second, func() {
				busy(n)
				n.account("/runtime", account, 0, pids...)
			})
			var texts []string
			for _, w := range got.Warnings {
				texts = append(texts, w.Error())
			}
			if text := strings.Join(texts, "; "); text != warning {
				t.Errorf("account %v: warning %q, want %q", account, text, warning)
			}
			cost := got.Costs[bench.ComponentRuntime]
			cpu := map[bench.Quantity]float64{
				bench.CPUSeconds: runtime, bench.CPUClockSeconds: 0.3, bench.CPUCgroupSeconds: account.Seconds(),
			}
			for q, want := range cpu {
				if d := diff(want, cost[q]); d != "" {
					t.Errorf("account %v, %s: diff (-want +got):\n%s", account, q, d)
				}
			}
			if d := cmp.Diff(0.2, got.Costs[bench.ComponentShims][bench.CPUSeconds]); d != "" {
				t.Errorf("account %v, shims: diff (-want +got):\n%s", account, d)
			}
		})
	}
	f(500*time.Millisecond, true, 0.3, "")
	f(509*time.Millisecond, true, 0.309, "")
	f(495*time.Millisecond, true, 0.295, "")
	f(700*time.Millisecond, true, 0.5,
		"runtime: cpu_seconds: cgroup /runtime has 700ms, the clocks of the processes in it 500ms: children that ended, counted with the runtime")
	f(400*time.Millisecond, true, 0.3,
		"runtime: cpu_seconds: cgroup /runtime has 400ms, the clocks of the processes in it 500ms: the clocks count")
	f(304*time.Millisecond, false, 0.304, "") // conmon lives elsewhere
}
