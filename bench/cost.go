package bench

// A Component is a part of the node whose cost is told apart.
type Component string

// The components. The headline of the api experiment is agent + runtime + shims.
const (
	ComponentAgent   Component = "agent"   // the processes that read stats, all of an arm
	ComponentRuntime Component = "runtime" // containerd, crio
	ComponentShims   Component = "shims"   // containerd-shim, conmon
	ComponentKubelet Component = "kubelet"
	ComponentHarness Component = "harness" // this program
	ComponentPods    Component = "pods"    // what runs inside the pods
	ComponentNode    Component = "node"    // everything, from /proc/stat
)

// A Quantity is what is metered of a component over one window.
type Quantity string

// The quantities. Which sources they come from is in package meter.
const (
	// CPUSeconds is CPU time, user and system: the figure to use.
	CPUSeconds Quantity = "cpu_seconds"
	// CPUClockSeconds and CPUCgroupSeconds are the same by each of the two roads,
	// where both can be gone: process CPU clocks, and the cgroup's own account.
	CPUClockSeconds  Quantity = "cpu_clock_seconds"
	CPUCgroupSeconds Quantity = "cpu_cgroup_seconds"
	// PSSBytes is proportional set size at the end of the window, summed over
	// processes; AnonBytes its anonymous part; RSSBytes for comparison with
	// older reports (it counts shared pages once per process).
	PSSBytes  Quantity = "pss_bytes"
	AnonBytes Quantity = "anon_bytes"
	RSSBytes  Quantity = "rss_bytes"
	// MemoryCgroupBytes is what the component's cgroup says of itself, page cache
	// included, at the end of the window.
	MemoryCgroupBytes Quantity = "memory_cgroup_bytes"
	// ContextSwitches, voluntary and not, of all threads alive at the end; those of
	// threads that ended inside the window are lost.
	ContextSwitches Quantity = "context_switches"
	// ReadCalls counts read system calls (/proc/PID/io, syscr).
	ReadCalls Quantity = "read_calls"
	// Processes counts processes at the end of the window.
	Processes Quantity = "processes"
)

// Held says that a quantity is what is there at the end of a window; the others are what
// was used inside it.
func (q Quantity) Held() bool {
	switch q {
	case PSSBytes, AnonBytes, RSSBytes, MemoryCgroupBytes, Processes:
		return true
	}
	return false
}

// A Cost is what one component used over one window. A quantity that was not
// measured is absent from it: absent is not zero.
type Cost map[Quantity]float64

// Costs are the costs of all metered components.
type Costs map[Component]Cost
