package agreement

import (
	"time"

	"cri-stats-bench/bench"
)

// A Source is one way of reading stats that is checked.
type Source struct {
	// Name is that of the collector.
	Name string
	// Form says what an answer of this source can hold.
	Form *Form
	// OwnClock is set where the source renews its values on a clock of its own, so
	// that an answer may rightly be as old as MaxAge.
	OwnClock bool
	// MaxAge is how old a value may be; DefaultMaxAge or DefaultOwnClockAge if 0.
	MaxAge time.Duration
	// Interval is how often the source is called by who uses it: what is fresh is
	// counted at that cadence. 0 stands for that of the observations.
	Interval time.Duration
	// OpenErr is why the source could not be opened though it is here; nil if it could.
	OpenErr error
	// Knows is what ran when the source was opened, where it finds nothing that came
	// later; nil for a source that finds everything.
	Knows *Listing
}

// How old values may be where nothing else is said.
const (
	// DefaultMaxAge is the kubelet's interval between two looks at evictions: a
	// value that is older than that is decided on twice.
	DefaultMaxAge = 10 * time.Second
	// DefaultOwnClockAge is what cAdvisor in the kubelet can come to: housekeeping
	// every 15 s at most, drawn between one and two times that, and the reading.
	DefaultOwnClockAge = 32 * time.Second
)

func (s *Source) maxAge() time.Duration {
	switch {
	case s.MaxAge > 0:
		return s.MaxAge
	case s.OwnClock:
		return DefaultOwnClockAge
	}
	return DefaultMaxAge
}

// A Listing is what the runtime said ran at an instant.
type Listing struct {
	At   time.Time
	Pods []Pod
}

// A Pod is a pod sandbox of a listing with its containers.
type Pod struct {
	ID          string
	Ready       bool
	HostNetwork bool
	Containers  []Container
}

// A Container is a container of a listing.
type Container struct {
	ID      string
	Running bool
	Created time.Time
}

// A Direct is one reading of the cgroup files of all pods and containers, in the
// normal form. Its samples have the instant of each reading. It is the reference:
// nothing stands between it and the kernel. A pod or container that could not be
// read is not in it; nil where nothing can be.
type Direct = *bench.Batch

// An Observation is one call to one source, what ran before and after it, and the
// direct readings right before and right after it.
type Observation struct {
	Source string
	// ListedBefore was taken before DirectBefore, ListedAfter after DirectAfter.
	ListedBefore, ListedAfter *Listing
	DirectBefore, DirectAfter Direct
	// Start is when the call began, End when the whole answer was there, by the
	// clock that sources take their timestamps from.
	Start, End time.Time
	// Answer is what came. Where the call failed it holds what came before that.
	Answer *bench.Batch
	// Err is why the call failed, nil if it did not.
	Err error
}

// A Burst is the time that calls to one source took: the first after a rest, the
// others one right after the other.
type Burst struct {
	Source  string
	Pods    int
	Service []time.Duration
}

// A Step is a change of a container's memory at a known time.
type Step struct {
	Container string
	// Bytes is by how much the memory grew.
	Bytes float64
	// Seen is when the step was first in a direct reading.
	Seen time.Time
	// Ended is when the memory was given back; readings after it say nothing.
	Ended time.Time
}

// A Probe is what asking for pods one by one said, after a source failed as a
// whole: the pods that fail by themselves.
type Probe struct {
	Source string
	Asked  int
	Failed []string
	Err    error // of the first that failed
}

// A Node is what is known of the machine.
type Node struct {
	// CgroupVersion is 1 or 2, 0 where there are none.
	CgroupVersion int
	// Pressure and HugeTLB say whether the kernel keeps such figures of cgroups.
	Pressure, HugeTLB bool
	CPUs              int
}

// An Input is all that was observed in one check, in the order of time.
type Input struct {
	Node    Node
	Sources []Source
	// Listings has all listings, those of the observations included, by time.
	Listings     []*Listing
	Observations []Observation
	// Directs are direct readings besides those of the observations.
	Directs []Direct
	Bursts  []Burst
	Steps   []Step
	Probes  []Probe
	// Identities are who answers say that pods and containers are.
	Identities []Identity
	// Layers are what containers have written, by the files.
	Layers []Layer
	// Unsupported are the sources that are not here, and what they would need.
	Unsupported []Unsupported
}

// An Unsupported source is one that the runtime or node does not have.
type Unsupported struct {
	Source string `json:"source"`
	Why    string `json:"why"`
}
