package gate

import (
	"context"

	"cri-stats-bench/bench"
)

// A Restarter is a kubelet that the harness started itself. Restart ends it and
// starts it anew with the gate on or off, and returns when it serves, or why it
// does not, with the line of its log that says so.
//
// Provider returns who makes the stats of pods, or why the kubelet is not well: it
// has lost its runtime, or it took the gate and does not follow it.
type Restarter interface {
	Restart(ctx context.Context, gate bool) error
	Provider(ctx context.Context) (string, error)
}

// Managed is the treatment of a private kubelet. There is nothing to put back: it
// goes with its node.
type Managed struct {
	Restarter Restarter
	Untouched // says how to ask it
}

var _ bench.Treatment = Managed{}

// Observe asks the kubelet which gate is in force, and whether it is well.
func (m Managed) Observe(ctx context.Context) (bench.Condition, error) {
	if _, err := m.Restarter.Provider(ctx); err != nil {
		return bench.Condition{}, err
	}
	return m.Untouched.Observe(ctx)
}

// Apply restarts the kubelet and returns when the gate is in force.
func (m Managed) Apply(ctx context.Context, name string) error {
	gate, err := on(name)
	if err != nil {
		return err
	}
	if err := m.Restarter.Restart(ctx, gate); err != nil {
		return err
	}
	return m.await(ctx, name)
}
