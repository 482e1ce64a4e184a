package agent

import (
	"context"

	"cri-stats-bench/bench"
)

// OpenIdle opens the collector of the idle arm: it wakes up as often as any
// other and reads nothing. What such a trial costs is what the node, the
// workload and the agent's clock cost by themselves.
func OpenIdle(context.Context, bench.Source) (bench.Collector, error) { return idle{}, nil }

type idle struct{}

func (idle) Collect(ctx context.Context, _ *bench.Batch) error { return ctx.Err() }

func (idle) Close() error { return nil }
