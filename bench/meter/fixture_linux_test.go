package meter

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/procfs"

	"cri-stats-bench/bench"
)

// A node is a folder that looks like /proc and /sys/fs/cgroup, and a clock for
// its processes.
type node struct {
	t            *testing.T
	proc, cgroup string
	v1           bool
	clocks       map[int]time.Duration
}

// The processes of every test node.
const (
	harnessPID = 100
	runtimePID = 200
	shimPID    = 300
	agentPID   = 400
)

const socket = "/run/containerd/containerd.sock"

// newNode makes a node with a harness, containerd in a cgroup of its own with one
// shim, one agent, and pods in /pods.
func newNode(t *testing.T, v1 bool) *node {
	t.Helper()
	root := t.TempDir()
	n := &node{t: t, proc: root + "/proc", cgroup: root + "/cgroup", v1: v1, clocks: make(map[int]time.Duration)}
	if v1 {
		n.write(n.cgroup+"/cpu,cpuacct/tasks", "")
		n.write(n.cgroup+"/memory/tasks", "")
	} else {
		n.write(n.cgroup+"/cgroup.controllers", "cpu memory\n")
	}
	n.process(1, 0, "init", "/", "init")
	n.process(harnessPID, 1, "cri-stats-bench", "/", "cri-stats-bench", "run")
	n.process(runtimePID, 1, "containerd", "/runtime", "containerd")
	n.process(shimPID, 1, "containerd-shim", "/runtime", "containerd-shim-runc-v2", "-id", "a", "-address", socket)
	n.process(agentPID, harnessPID, "cri-stats-bench", "/", "cri-stats-bench", "agent")
	n.account("/runtime", 0, 5<<20, runtimePID, shimPID)
	n.account("/pods", 0, 7<<20)
	n.stat(1000, 10, 0)
	return n
}

func (n *node) write(name, text string) {
	n.t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		n.t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		n.t.Fatal(err)
	}
}

// process adds a process, with start time 10 × pid and two threads.
func (n *node) process(pid, ppid int, comm, cgroup string, args ...string) {
	dir := n.dir(pid)
	n.processStat(pid, ppid, comm, "S", 10*pid)
	n.write(dir+"/comm", comm+"\n")
	n.write(dir+"/cmdline", strings.Join(args, "\x00")+"\x00")
	if n.v1 {
		n.write(dir+"/cgroup", fmt.Sprintf("4:memory:%s\n2:cpu,cpuacct:%s\n1:name=systemd:/x\n0::/\n", cgroup, cgroup))
	} else {
		n.write(dir+"/cgroup", "0::"+cgroup+"\n")
	}
	n.use(pid, 0, 0)
	n.thread(pid, pid, 0, 0)
	n.thread(pid, pid+1, 0, 0)
	n.write(dir+"/smaps_rollup", smaps(pid))
	n.namespace(pid, "pid:[1]")
}

// smaps has as many kB PSS as the process has in its id.
func smaps(pid int) string {
	return fmt.Sprintf("562eabfdb000-7ffe8a5a6000 ---p 00000000 00:00 0                          [rollup]\n"+
		"Rss:                %4d kB\nPss:                %4d kB\nPss_Dirty:           112 kB\nPss_Anon:           %4d kB\n", 2*pid, pid, pid/2)
}

func (n *node) dir(pid int) string { return filepath.Join(n.proc, strconv.Itoa(pid)) }

func (n *node) processStat(pid, ppid int, comm, state string, start int) {
	n.write(n.dir(pid)+"/stat", fmt.Sprintf("%d (%s) %s %d %s%d %s\n", pid, comm, state, ppid,
		strings.Repeat("0 ", 17), start, strings.TrimSpace(strings.Repeat("0 ", 30))))
}

func (n *node) namespace(pid int, name string) {
	n.t.Helper()
	link := n.dir(pid) + "/ns/pid"
	if err := errors.Join(os.RemoveAll(filepath.Dir(link)), os.MkdirAll(filepath.Dir(link), 0o755), os.Symlink(name, link)); err != nil {
		n.t.Fatal(err)
	}
}

// use sets what a process has used: CPU time and read calls.
func (n *node) use(pid int, cpu time.Duration, reads int) {
	n.clocks[pid] = cpu
	n.write(n.dir(pid)+"/io", fmt.Sprintf("rchar: 1\nwchar: 2\nsyscr: %d\nsyscw: 4\n", reads))
}

// thread sets the context switches of a thread.
func (n *node) thread(pid, tid, voluntary, involuntary int) {
	n.write(fmt.Sprintf("%s/task/%d/status", n.dir(pid), tid),
		fmt.Sprintf("Name:\tx\nvoluntary_ctxt_switches:\t%d\nnonvoluntary_ctxt_switches:\t%d\n", voluntary, involuntary))
}

// account sets what a cgroup has used and who is in it.
func (n *node) account(path string, cpu time.Duration, memory int, pids ...int) {
	var procs strings.Builder
	for _, pid := range pids {
		fmt.Fprintln(&procs, pid)
	}
	if n.v1 {
		n.write(n.cgroup+"/cpu,cpuacct"+path+"/cpuacct.usage", fmt.Sprintln(cpu.Nanoseconds()))
		n.write(n.cgroup+"/cpu,cpuacct"+path+"/cgroup.procs", procs.String())
		n.write(n.cgroup+"/memory"+path+"/memory.usage_in_bytes", fmt.Sprintln(memory))
		n.write(n.cgroup+"/memory"+path+"/cgroup.procs", procs.String())
		return
	}
	n.write(n.cgroup+path+"/cpu.stat", fmt.Sprintf("usage_usec %d\nuser_usec 0\nsystem_usec 0\n", cpu.Microseconds()))
	n.write(n.cgroup+path+"/memory.current", fmt.Sprintln(memory))
	n.write(n.cgroup+path+"/cgroup.procs", procs.String())
}

// stat sets the ticks of the node, which has two CPUs.
func (n *node) stat(idle, iowait, steal int) {
	n.write(n.proc+"/stat", fmt.Sprintf("cpu  9 9 9 %d %d 9 9 %d 0 0\ncpu0 1 1 1 1 1 1 1 1 0 0\ncpu1 1 1 1 1 1 1 1 1 0 0\nintr 1\n", idle, iowait, steal))
}

func (n *node) remove(name string) {
	n.t.Helper()
	if err := os.RemoveAll(name); err != nil {
		n.t.Fatal(err)
	}
}

// is finds a process that is known.
func is(pid int) func() (int, error) { return func() (int, error) { return pid, nil } }

// meter returns a meter of the node.
func (n *node) meter() *Meter {
	n.t.Helper()
	fs, err := procfs.NewFS(n.proc)
	if err != nil {
		n.t.Fatal(err)
	}
	return &Meter{
		cfg: Config{Proc: n.proc, CgroupRoot: n.cgroup, Runtime: is(runtimePID), RuntimeSocket: "unix://" + socket,
			PodsCgroup: "/pods", HarnessPID: harnessPID},
		proc: fs,
		clock: func(pid int) (time.Duration, error) {
			v, ok := n.clocks[pid]
			if !ok {
				return 0, fmt.Errorf("process %d has no clock", pid)
			}
			return v, nil
		},
	}
}

// window meters one window of a length in which change happens. It is to be run
// in a synctest bubble, where time is exact.
func (n *node) window(m *Meter, length time.Duration, change func()) bench.Metered {
	n.t.Helper()
	w, err := m.Watch(n.t.Context(), []int{agentPID})
	if err != nil {
		n.t.Fatal(err)
	}
	defer func() {
		if err := w.Close(); err != nil {
			n.t.Error(err)
		}
	}()
	if err := w.Begin(); err != nil {
		n.t.Fatal(err)
	}
	change()
	time.Sleep(length)
	metered, err := w.End()
	if err != nil {
		n.t.Fatal(err)
	}
	if d := time.Since(metered.Start); d != length {
		n.t.Errorf("the window began %v ago, want %v", d, length)
	}
	metered.Start = time.Time{}
	return metered
}
