// Package meter reads what the parts of a node cost over one window: CPU time,
// memory, context switches and read calls of the agents, the runtime and its
// shims, the kubelet, the harness, the pods and the whole node. The Runner takes the two
// readings of a window through it; package cgroupfs knows where cgroup files
// are; package host looks at the node as a whole.
//
// It works on Linux; elsewhere it yields the length of the window and says so.
// It refuses to estimate: what cannot be read is absent from a cost, with a
// warning, and what /proc/PID/stat counts in ticks is not used as CPU time.
//
// # CPU time
//
// By two roads, both in nanoseconds (microseconds by cgroup version 2), both fed
// by the scheduler's sum_exec_runtime. A thread that runs just now is accounted
// up to its last tick only (1 to 10 ms), by either road.
//
//   - The process CPU clock (clock_getcpuclockid(3)): all threads of one process,
//     ended ones included; children that ended are not in it. It costs neither
//     the daemon nor the kernel's cgroup accounting anything.
//   - The cgroup's account (cpu.stat of version 2, cpuacct.usage of version 1):
//     all that ever ran in it, children that came and went included. Reading it
//     makes version 2 flush its counters, so it is read once per edge.
//
// The runtime's cgroup counts only where it is the runtime's own: not the root,
// not above or below the pods' cgroup, and every process in it is the runtime, a
// shim of it, or a child that one of them started. Its account then covers the
// runtime and all shims in it (with containerd all of them; CRI-O may put conmon
// elsewhere), and:
//
//	CPUClockSeconds   of runtime, of shims: the process clocks of each
//	CPUCgroupSeconds  of runtime: the account, runtime and covered shims together
//	CPUSeconds        of shims: the clocks
//	CPUSeconds        of runtime: its clock, and what the account has beyond all
//	                  covered clocks (children that ended)
//
// so that runtime and shims add up to the account. The kubelet is accounted alike,
// by itself: its cgroup counts where all in it are the kubelet and its children.
// Where there is no own cgroup, CPUSeconds is the clock and a warning says why. Where the roads differ by more
// than 2 % and 10 ms a warning says by how much; where the clocks then have more
// than the account, which ended children cannot explain, the clocks count.
//
// The node's CPU time is capacity minus idle time (/proc/stat, in steps of 10 ms
// over all CPUs), stolen time included.
//
// Note: not the sum of the busy columns. Those are sampled at ticks on most
// kernels (CONFIG_TICK_CPU_ACCOUNTING), while the idle columns are measured on
// tickless ones: a load of 0.46 s in short bursts was seen as 0.58 s in the busy
// columns, as 0.48 s by the idle ones.
//
// # Order
//
// CPU time is read first at both edges. At the start it goes from the outermost
// account to the innermost: node, harness, cgroups, shims, runtime, kubelet, agents,
// and last the time; the end goes the same way back, so that each account is read at
// the same distance from the window on both sides. With 110 pods that takes less
// than a millisecond. Then come context switches and read calls, about 0.1 ms a
// process: Begin is to be called that much before the first call is due. What they
// take at the start is in the account of the harness. Memory is read at the end
// only and last, since walking page tables takes long and holds the daemon's mmap
// lock.
//
// Note: the slow readings do not come first, although they would then be outside
// of the window: on a node with more pods than the caller made time for, the CPU
// readings would come after the first call, and its cost would be lost unseen.
package meter

import (
	"errors"
	"fmt"
	"os"
)

// Config says what to meter and where to read it. What is not configured is not
// metered, and its CPU time counts as foreign.
type Config struct {
	// Proc is where procfs is mounted, "/proc" if empty. The process ids below and
	// those given to Watch are those of the harness's own pid namespace.
	Proc string
	// CgroupRoot is where cgroup hierarchies are mounted, "/sys/fs/cgroup" if empty.
	CgroupRoot string
	// Runtime returns the process of the runtime's daemon (containerd, crio), Kubelet that
	// of the kubelet; nil if it is not metered. They are called by each Watch, since
	// treatments restart daemons between trials.
	Runtime, Kubelet func() (pid int, err error)
	// RuntimeSocket is the socket that the daemon serves CRI on, with or without
	// "unix://". It is needed with Runtime: shims of containerd are known by it.
	RuntimeSocket string
	// PodsCgroup is the cgroup that all pods of the run live under, as a path below
	// the hierarchy's root; empty if pods are not metered. It need not exist
	// before the first pod.
	PodsCgroup string
	// HarnessPID is the process of the harness, os.Getpid() if 0.
	HarnessPID int
}

// withDefaults fills in what is empty and refuses what cannot be.
func (c Config) withDefaults() (Config, error) {
	if c.HarnessPID < 0 {
		return c, fmt.Errorf("configure the meter: process id %d of the harness, want none below 0", c.HarnessPID)
	}
	if c.Runtime != nil && c.RuntimeSocket == "" {
		return c, errors.New("configure the meter: a runtime without its socket, by which its shims are known")
	}
	if c.Proc == "" {
		c.Proc = "/proc"
	}
	if c.CgroupRoot == "" {
		c.CgroupRoot = "/sys/fs/cgroup"
	}
	if c.HarnessPID == 0 {
		c.HarnessPID = os.Getpid()
	}
	return c, nil
}
