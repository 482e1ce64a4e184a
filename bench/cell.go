package bench

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// A Cell is one point on the axes of the plan: everything that is held constant
// while arms take turns.
type Cell struct {
	// Pods is the density: pods of ours that run on the node.
	Pods int `json:"pods"`
	// ContainersPerPod counts application containers, the pause container not
	// included.
	ContainersPerPod int `json:"containers_per_pod"`
	// Profile is what the containers do: "idle", "active", or "churn".
	Profile string `json:"profile"`
}

// String names the cell as tables do: "pods=35 containers=1 profile=idle".
func (c Cell) String() string {
	return fmt.Sprintf("pods=%d containers=%d profile=%s", c.Pods, c.ContainersPerPod, c.Profile)
}

// An Arm is one way of reading stats under comparison: one collector, or several
// that sample at the same time, each in an agent of its own. Different arms
// never overlap in time.
type Arm struct {
	Name       string   `json:"name"`
	Collectors []string `json:"collectors"`
	// Interval between two calls and length of the Window. Calls per window and
	// collector are Window/Interval.
	Interval time.Duration `json:"interval"`
	Window   time.Duration `json:"window"`
	// WarmUp is the time that agents run at the same interval before the window.
	WarmUp time.Duration `json:"warm_up"`
	// Intervals has those of collectors that do not have the arm's: what scrapes a
	// kubelet in production comes at three cadences.
	Intervals map[string]time.Duration `json:"intervals,omitempty"`
	// Treatment is the state that the node is put into before each trial; empty
	// where it is left as it is.
	Treatment string `json:"treatment,omitempty"`
	// Clients is how many ask at once, an agent for each collector of each; 0 for one.
	Clients int `json:"clients,omitempty"`
}

// Agents returns the collector of each agent of the arm, client after client.
func (a *Arm) Agents() []string {
	return slices.Repeat(a.Collectors, max(1, a.Clients))
}

// IntervalOf returns the time between two calls of one of the arm's collectors.
func (a *Arm) IntervalOf(collector string) time.Duration {
	if own, ok := a.Intervals[collector]; ok {
		return own
	}
	return a.Interval
}

// shortest returns the shortest interval of all collectors.
func (a *Arm) shortest() time.Duration {
	shortest := a.Window
	for _, c := range a.Collectors {
		shortest = min(shortest, a.IntervalOf(c))
	}
	return shortest
}

// window returns what the arm's i-th agent is to do in a window that begins at start.
// Collectors with intervals of their own do not begin together: nothing keeps the clients
// of a kubelet in step.
func (a *Arm) window(i int, start time.Time, timeout time.Duration) Window {
	i %= len(a.Collectors)
	interval := a.IntervalOf(a.Collectors[i])
	if len(a.Intervals) > 0 {
		start = start.Add(time.Duration(i) * a.shortest() / time.Duration(len(a.Collectors)))
	}
	return Window{
		Start: start, Interval: interval,
		WarmUpCalls: int(a.WarmUp / interval), Calls: int(a.Window / interval),
		Timeout: timeout,
	}
}

// A Pod is one pod sandbox of ours that runs, and its containers, by the
// runtime's ids.
type Pod struct {
	ID         string   `json:"id"`
	Containers []string `json:"containers"`
}

// Profiles of pods that a kubelet cannot be asked for: those that have containers that ended
// and are not removed, those with cgroups inside of their containers' own, those with a
// network namespace of their own, and those of an image of many files; see also ProfileChurn.
const (
	ProfileExited    = "exited"
	ProfileNested    = "nested"
	ProfileNetworked = "networked"
	ProfileImage     = "image-files"
)

// A Workload makes pod density on the node.
//
// Scale brings the node from whatever of ours runs to just what the cell asks,
// by difference, and returns when every container runs. It returns the pods that
// run. Running asks the runtime again and changes nothing. Stop removes all that
// the workload made and returns when it is gone; it is to be called with a
// context that outlives an interrupted run. None of them touches a pod that does
// not bear the run's label.
type Workload interface {
	Scale(ctx context.Context, c Cell) ([]Pod, error)
	Running(ctx context.Context) ([]Pod, error)
	Stop(ctx context.Context) error
}
