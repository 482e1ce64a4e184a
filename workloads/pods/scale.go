package pods

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	runtimev1 "k8s.io/cri-api/pkg/apis/runtime/v1"

	"cri-stats-bench/bench"
)

// Scale makes the pods that the cell asks for and that are not there, and removes
// what of the run it does not ask for: too many pods (newest first), pods of
// another profile or size, and pods that do not run whole. It returns when each
// container is running, with the error of the first that is not, and a
// *MemoryError before it makes pods that the node has no memory for.
//
// After an error, or with its context ended, some of the pods may be there: Stop
// and the next Scale find them.
func (w *Workload) Scale(ctx context.Context, c bench.Cell) ([]bench.Pod, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	pods, err := w.scale(ctx, c)
	if err != nil {
		// gRPC has a Canceled of its own, which is not the context's
		if cause := context.Cause(ctx); cause != nil && !errors.Is(err, cause) {
			err = errors.Join(cause, err)
		}
		return nil, fmt.Errorf("scale to %s: %w", c, err)
	}
	return pods, nil
}

func (w *Workload) scale(ctx context.Context, c bench.Cell) ([]bench.Pod, error) {
	s, err := w.spec(c)
	if err != nil {
		return nil, err
	}
	members, err := w.members(ctx, false)
	if err != nil {
		return nil, err
	}
	keep, drop := divide(members, s, c.Pods)
	missing := c.Pods - len(keep)
	done := w.progress(len(drop) + missing)
	if err := w.remove(ctx, drop, done); err != nil {
		return nil, err
	}
	if err := w.checkMemory(missing, s); err != nil {
		return nil, err
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(w.cfg.Parallel)
	for _, name := range freeNames(w.cfg.NamePrefix, keep, missing) {
		g.Go(func() error {
			if _, err := w.create(gctx, s, name); err != nil {
				return fmt.Errorf("make pod %s: %w", name, err)
			}
			done()
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	pods, err := w.await(ctx, s, c.Pods)
	if err != nil || missing == 0 {
		return pods, err
	}
	if err := sleep(ctx, w.cfg.Settle); err != nil {
		return nil, err
	}
	return w.await(ctx, s, c.Pods)
}

// divide decides what stays of the members when n pods of s are wanted.
func divide(members []member, s spec, n int) (keep, drop []member) {
	for _, m := range members {
		if m.fits(s) {
			keep = append(keep, m)
		} else {
			drop = append(drop, m)
		}
	}
	slices.SortFunc(keep, func(a, b member) int {
		return cmp.Or(
			cmp.Compare(a.sandbox.GetCreatedAt(), b.sandbox.GetCreatedAt()),
			cmp.Compare(a.sandbox.GetMetadata().GetName(), b.sandbox.GetMetadata().GetName()),
		)
	})
	if len(keep) > n {
		keep, drop = keep[:n:n], append(drop, keep[n:]...)
	}
	return keep, drop
}

// fits says whether the pod is one that s describes and runs whole.
func (m member) fits(s spec) bool {
	if m.sandbox.GetState() != runtimev1.PodSandboxState_SANDBOX_READY ||
		m.sandbox.GetLabels()[LabelSpec] != s.label ||
		len(m.containers) != s.Containers || len(m.ended) != s.Ended {
		return false
	}
	for _, c := range m.ended {
		if c.GetState() != runtimev1.ContainerState_CONTAINER_EXITED {
			return false
		}
	}
	for _, c := range m.containers {
		if c.GetState() != runtimev1.ContainerState_CONTAINER_RUNNING {
			return false
		}
	}
	return true
}

// freeNames returns n names of pods, the lowest numbers first, that none of the
// members has.
func freeNames(prefix string, taken []member, n int) []string {
	used := make(map[string]bool, len(taken))
	for _, m := range taken {
		used[m.sandbox.GetMetadata().GetName()] = true
	}
	var names []string
	for i := 0; len(names) < n; i++ {
		if name := fmt.Sprintf("%s-%04d", prefix, i); !used[name] {
			names = append(names, name)
		}
	}
	return names
}

// progress returns what is to be called after each of total steps.
func (w *Workload) progress(total int) func() {
	if w.cfg.Progress == nil {
		return func() {}
	}
	var mu sync.Mutex
	done := 0
	return func() {
		mu.Lock()
		defer mu.Unlock()
		done++
		w.cfg.Progress(done, total)
	}
}

// pollInterval is how often await looks again: containers mostly run when
// StartContainer returns.
const pollInterval = 50 * time.Millisecond

// await returns the n pods when the run has just them and each container is
// running.
func (w *Workload) await(ctx context.Context, s spec, n int) ([]bench.Pod, error) {
	bounded, cancel := context.WithTimeout(ctx, w.cfg.CallTimeout)
	defer cancel()
	for {
		members, err := w.members(bounded, false)
		if err != nil {
			return nil, err
		}
		running := 0
		for _, m := range members {
			if err := w.failure(bounded, m); err != nil {
				return nil, err
			}
			if m.fits(s) {
				running++
			}
		}
		if running == n && len(members) == n {
			return pods(members), nil
		}
		if err := sleep(bounded, pollInterval); err != nil {
			return nil, fmt.Errorf("wait for %d pods: %d are there and %d run whole: %w", n, len(members), running, err)
		}
	}
}
