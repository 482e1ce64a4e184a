package bench

import (
	"context"
	"fmt"
	"time"
)

// ProfileChurn is the profile of cells in which pods come and go while arms read: half of
// them stays, and of the others one after another is replaced.
const ProfileChurn = "churn"

// A Churner is a Workload that can replace pods while an arm reads.
//
// Churn replaces one pod every interval until ctx ends: those that are named, in their
// order, then those that came in their place. It returns when no replacement is under
// way. A runtime that is slower than the interval is not hurried.
type Churner interface {
	Churn(ctx context.Context, c Cell, every time.Duration, mortal []Pod) (Churned, error)
}

// Churned is how pods were replaced during the warm-up and the window of a trial.
type Churned struct {
	// Replaced counts pods, Due those that the rate asks for in the same time.
	Replaced int `json:"replaced"`
	Due      int `json:"due"`
}

// churning is a churn under way; nil is none.
type churning struct {
	stop   context.CancelFunc
	done   chan struct{}
	result Churned
	err    error
}

// mortals divides pods into those that stay and those that may be replaced.
func mortals(c Cell, pods []Pod) (stay, mortal []Pod) {
	if c.Profile != ProfileChurn {
		return pods, nil
	}
	n := len(pods) - len(pods)/2
	return pods[:n:n], pods[n:]
}

// churn begins to replace pods at an instant; it does nothing where none is mortal.
func (r *Runner) churn(ctx context.Context, c Cell, mortal []Pod, at time.Time) *churning {
	if len(mortal) == 0 {
		return nil
	}
	run := &churning{done: make(chan struct{})}
	ctx, run.stop = context.WithCancel(ctx)
	go func() {
		defer close(run.done)
		workload, ok := r.Workload.(Churner)
		if !ok {
			run.err = &UnsupportedError{What: "replacing pods", Needs: "pods that the harness makes itself"}
			return
		}
		if sleep(ctx, time.Until(at)) == nil {
			run.result, run.err = workload.Churn(ctx, c, r.Churn, mortal)
		}
	}()
	return run
}

// end ends the churn and notes in the trial how it went.
func (c *churning) end(t *Trial) {
	if c == nil {
		return
	}
	c.stop()
	<-c.done
	t.Churn = &c.result
	if c.err != nil {
		t.void(VoidPodCount, "replace pods: %v", c.err)
	}
}

// countStaying applies the rule for pods of which some come and go: those that were to
// stay are there, and so are as many as the cell asks for. That others have changed is
// what was asked for.
func (t *Trial) countStaying(stay, after []Pod) {
	running := make(map[string]Pod, len(after))
	for _, p := range after {
		running[p.ID] = p
	}
	for _, p := range stay {
		if !samePod(p, running[p.ID]) {
			t.void(VoidPodCount, "pod %s was to stay and does not run whole after the window", p.ID)
			return
		}
	}
	if len(after) != t.Cell.Pods {
		t.Warnings = append(t.Warnings, fmt.Sprintf("%d pods ran after the window, the cell asks for %d", len(after), t.Cell.Pods))
	}
}
