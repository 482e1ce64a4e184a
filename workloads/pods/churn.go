package pods

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
	runtimev1 "k8s.io/cri-api/pkg/apis/runtime/v1"

	"cri-stats-bench/bench"
)

var _ bench.Churner = (*Workload)(nil)

// Churn replaces pods of the cell until ctx ends, see bench.Churner: it stops and removes
// one and makes another of the same name, several at a time where one takes longer than the
// interval. What has begun is brought to its end, so that as many pods run afterwards as
// before.
func (w *Workload) Churn(ctx context.Context, c bench.Cell, every time.Duration, mortal []bench.Pod) (bench.Churned, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s, err := w.spec(c)
	if err != nil {
		return bench.Churned{}, err
	}
	old, err := w.sandboxes(ctx, mortal)
	if err != nil || len(old) == 0 {
		return bench.Churned{}, err
	}
	next := make(chan *runtimev1.PodSandbox, len(old))
	for _, pod := range old {
		next <- pod
	}
	g, failed := errgroup.WithContext(ctx)
	g.SetLimit(w.cfg.Parallel)
	var replaced atomic.Int64
	start := time.Now()
	// Due times do not move when one took long: the rate is the plan's, if the runtime can
	// do it.
	for k := 0; sleep(failed, time.Until(start.Add(time.Duration(k)*every))) == nil; k++ {
		select {
		case <-failed.Done():
			continue
		case pod := <-next:
			g.Go(func() error {
				made, err := w.replace(context.WithoutCancel(ctx), s, pod)
				if err != nil {
					return fmt.Errorf("replace pod %s (%s): %w", pod.GetMetadata().GetName(), pod.GetId(), err)
				}
				replaced.Add(1)
				next <- made
				return nil
			})
		}
	}
	due := int(time.Since(start)/every) + 1
	err = g.Wait()
	return bench.Churned{Replaced: int(replaced.Load()), Due: due}, err
}

// replace removes a pod and makes another in its place.
func (w *Workload) replace(ctx context.Context, s spec, old *runtimev1.PodSandbox) (*runtimev1.PodSandbox, error) {
	if err := w.remove(ctx, []member{{sandbox: old}}, func() {}); err != nil {
		return nil, err
	}
	return w.create(ctx, s, old.GetMetadata().GetName())
}

// sandboxes returns the sandboxes of pods, in their order.
func (w *Workload) sandboxes(ctx context.Context, pods []bench.Pod) ([]*runtimev1.PodSandbox, error) {
	members, err := w.members(ctx, false)
	if err != nil {
		return nil, err
	}
	byID := make(map[string]*runtimev1.PodSandbox, len(members))
	for _, m := range members {
		byID[m.sandbox.GetId()] = m.sandbox
	}
	out := make([]*runtimev1.PodSandbox, len(pods))
	for i, p := range pods {
		if out[i] = byID[p.ID]; out[i] == nil {
			return nil, fmt.Errorf("pod %s is not one of this run", p.ID)
		}
	}
	return out, nil
}
