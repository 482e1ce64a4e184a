// Package variant holds the treatments of a runtime: it restarts the daemon of a private
// node as another build or with another configuration, waits until it has come to rest,
// and asks which of them runs.
//
// The Runner applies them through bench.Treatment. The pods go on where the programs
// between the runtime and its containers stay the same files, and are made anew where they
// do not: old pods would be measured under old shims.
//
// It refuses to touch a runtime of somebody else: package node restarts only what it has
// started.
package variant

import (
	"context"
	"fmt"
	"slices"
	"time"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/godebug"
	"cri-stats-bench/bench/node"
)

// A Runtime is one that the harness started itself: a *node.Node.
type Runtime interface {
	// Restart ends the daemon and starts it as a variant; it returns when it can run pods.
	Restart(ctx context.Context, v node.Variant) error
	// KeepsPods says whether pods go on just as well under another variant.
	KeepsPods(ctx context.Context, v node.Variant) (bool, error)
	// Runs names the variant whose daemon runs.
	Runs() (string, error)
}

// Managed is the treatment of a private runtime. There is nothing to put back: it goes
// with its node.
type Managed struct {
	Runtime  Runtime
	Variants []node.Variant
	// Empty removes the pods of the run. It is called where a variant cannot keep them.
	Empty func(context.Context) error
	// CPU reads the CPU time of the daemon that runs now; nil where nobody waits until it
	// has come to rest.
	CPU func() (time.Duration, error)
	// Debug is the socket where the daemon serves Go's expvar; empty for none.
	Debug string

	settled time.Duration
}

var _ bench.Treatment = (*Managed)(nil)

// Apply restarts the daemon as the variant of that name and returns when its CPU use is
// steady.
func (m *Managed) Apply(ctx context.Context, name string) error {
	i := slices.IndexFunc(m.Variants, func(v node.Variant) bool { return v.Name == name })
	if i < 0 {
		return fmt.Errorf("unknown treatment %q of the runtime", name)
	}
	v := m.Variants[i]
	keeps, err := m.Runtime.KeepsPods(ctx, v)
	if err != nil {
		return err
	}
	if !keeps {
		if err := m.Empty(ctx); err != nil {
			return fmt.Errorf("remove the pods, whose shims are not those of %s: %w", name, err)
		}
	}
	start := time.Now()
	if err := m.Runtime.Restart(ctx, v); err != nil {
		return err
	}
	if m.CPU == nil {
		return nil
	}
	if err := m.rest(ctx); err != nil {
		return fmt.Errorf("wait until %s has come to rest: %w", name, err)
	}
	m.settled = time.Since(start)
	return nil
}

// When a daemon is at rest: its CPU time of so many steps in a row differs by less than
// half and restSlack. A runtime that collects stats by itself is never idle, but does the
// same each second; one that lists its containers at a start does that once.
const (
	restStep  = time.Second
	restSteps = 3
	restSlack = 10 * time.Millisecond
	// restMost is how long it is waited for: what a daemon does every ten seconds is its
	// way, not its start.
	restMost = 15 * time.Second
)

// rest returns when the daemon is at rest, or after restMost.
func (m *Managed) rest(ctx context.Context) error {
	before, err := m.CPU()
	if err != nil {
		return err
	}
	var steps []time.Duration
	ticker := time.NewTicker(restStep)
	defer ticker.Stop()
	for range int(restMost / restStep) {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-ticker.C:
		}
		now, err := m.CPU()
		if err != nil {
			return err
		}
		steps = append(steps, now-before)
		before = now
		if len(steps) < restSteps {
			continue
		}
		last := steps[len(steps)-restSteps:]
		if least := slices.Min(last); slices.Max(last) <= least+least/2+restSlack {
			return nil
		}
	}
	return nil
}

// Observe says which variant runs, and what its daemon has allocated.
func (m *Managed) Observe(ctx context.Context) (bench.Condition, error) {
	name, err := m.Runtime.Runs()
	if err != nil {
		return bench.Condition{}, err
	}
	c := bench.Condition{State: name, Settled: m.settled}
	if m.Debug != "" {
		if c.Allocated, err = godebug.Allocated(ctx, m.Debug); err != nil {
			return bench.Condition{}, fmt.Errorf("ask the runtime what it has allocated: %w", err)
		}
		c.At = time.Now()
	}
	return c, nil
}

// Revert has nothing to revert.
func (*Managed) Revert(context.Context) error { return nil }
