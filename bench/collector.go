package bench

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A Collector reads the stats of every pod and container on the node once per
// call, in one particular way. It lives in an agent process of its own; what
// that process burns is the client's part of the cost.
//
// Collect appends the normal form of one whole answer to b. It returns an error
// when the answer failed or is not whole, and then what is in b does not count:
// a failed call is never a fast one. It returns an *UnsupportedError where the
// source cannot do this at all. Collect is called by one goroutine at a time.
//
// Close ends everything that the collector started.
type Collector interface {
	Collect(ctx context.Context, b *Batch) error
	Close() error
}

// A CollectorSpec is one row of the catalog: how to open a collector and what
// to know about it.
type CollectorSpec struct {
	Name string
	Help string
	// CRI is the version of the CRI that it asks ("v1", "v1alpha2"), empty for one that
	// asks no runtime.
	CRI string
	// OwnClock is set where work goes on between calls (cAdvisor's
	// housekeeping): such a collector needs long windows.
	OwnClock bool
	// Open opens it. ctx bounds the opening alone and may end right after: what goes on
	// then ends with Close.
	Open func(ctx context.Context, s Source) (Collector, error)
}

// IdleCollector wakes up and reads nothing: the floor of everything.
const IdleCollector = "idle"

// Traits are what reports must know of a collector. Records carry those of their run, so that
// nobody who reads them asks for names. A collector without any asks a runtime, is checked,
// and works when it is called.
type Traits struct {
	// Call is what one call of it does: "calls ListPodSandboxStats over gRPC".
	Call string `json:"call,omitempty"`
	// Floor is set where it asks no runtime and no cAdvisor: what it costs goes with the node,
	// the kernel and the harness alone.
	Floor bool `json:"floor,omitempty"`
	// Unchecked is set where nobody can hold its answers against anything: it reads nothing, or
	// is what others are held against.
	Unchecked bool `json:"unchecked,omitempty"`
	// Background is set where its own process works between calls, too, as one with cAdvisor's
	// housekeeping does: what it costs does not go with the calls.
	Background bool `json:"background,omitempty"`
	// Kubelet is set where it scrapes an endpoint of a kubelet.
	Kubelet bool `json:"kubelet,omitempty"`
}

// A Source says where an agent finds what it reads.
type Source struct {
	// Endpoint of the CRI runtime: unix:///path or, for the demo, tcp://host:port.
	Endpoint string `json:"endpoint,omitempty"`
	// Runtime is the name that the runtime gives itself ("containerd", "cri-o").
	Runtime string `json:"runtime,omitempty"`
	// CgroupParent is the cgroup that all pods of the run live under, as a path
	// below the hierarchy's root ("/cri-stats-bench.slice").
	CgroupParent string `json:"cgroup_parent,omitempty"`
	// Pods are the pods that run, or those of them that stay: with Churn others come and go
	// meanwhile, and each answer is held against Pods.
	Pods  []Pod `json:"pods,omitempty"`
	Churn bool  `json:"churn,omitempty"`
	// Kubelet is set where a kubelet runs the pods.
	Kubelet *Kubelet `json:"kubelet,omitempty"`
}

// ErrEmpty says that an answer came and has nothing of what runs. That is the source's
// fault, and no reason why an agent could not go on asking: such a call has failed, the
// trial counts.
var ErrEmpty = errors.New("nothing of what runs is in the answer")

// An UnsupportedError says that a subject cannot do what an arm asks, and what
// would be needed. It makes the arm unsupported; it is never a zero.
type UnsupportedError struct {
	What  string // "ListPodSandboxMetrics"
	Needs string // "containerd 2.2 or later, CRI-O 1.31 or later"
	Err   error  // what the subject answered, if it was asked
}

// Error names what is not supported and what it needs.
func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("%s is not supported here (needs %s)", e.What, e.Needs)
}

// Unwrap returns what the subject answered.
func (e *UnsupportedError) Unwrap() error { return e.Err }

// A Call is one read by one collector, measured by the agent. Times count from
// the start of the window on the monotonic clock.
type Call struct {
	// Due is when the schedule wanted the call, Start when it began. They differ
	// where the call before it took longer than the interval, or the agent was
	// not given a CPU in time.
	Due   time.Duration
	Start time.Duration
	// Service is the time from Start until the answer stood in the batch.
	Service time.Duration
	// Bytes, Pods, Containers and Samples count what was in the answer. Of a
	// failed call they are all zero and mean nothing.
	Bytes      int64
	Pods       int
	Containers int
	Samples    int
	// Lacks counts containers that ran all along and are not in the answer, where pods come
	// and go; 0 where they do not.
	Lacks int
	// Err is why the call failed; empty if it did not.
	Err string
}

// Response is the time from when the call was due until its answer was there:
// what a client with a clock of its own waits (wrk2's rule against coordinated
// omission).
func (c Call) Response() time.Duration { return c.Start + c.Service - c.Due }
