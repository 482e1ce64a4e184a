package agent

import (
	"context"
	"time"

	"cri-stats-bench/bench"
)

// Control returns how to open the positive control: what open opens, and after
// each good answer a known cost in CPU time and in delay (bench.ControlCPU,
// bench.ControlDelay).
func Control(open func(context.Context, bench.Source) (bench.Collector, error)) func(context.Context, bench.Source) (bench.Collector, error) {
	return func(ctx context.Context, s bench.Source) (bench.Collector, error) {
		c, err := open(ctx, s)
		if err != nil {
			return nil, err
		}
		return control{c}, nil
	}
}

type control struct{ bench.Collector }

// Collect implements bench.Collector.
func (c control) Collect(ctx context.Context, b *bench.Batch) error {
	if err := c.Collector.Collect(ctx, b); err != nil {
		return err
	}
	end := time.Now().Add(bench.ControlDelay)
	burn(bench.ControlCPU)
	timer := time.NewTimer(time.Until(end))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
