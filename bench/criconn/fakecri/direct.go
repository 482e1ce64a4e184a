package fakecri

import (
	"context"
	"fmt"

	"cri-stats-bench/bench"
)

// A direct reading is the truth about what does not exist.
type direct struct{ state *state }

var _ bench.Collector = direct{}

// Direct reads what pods and containers use from the server's own memory, past
// its answers and their defects, as collector cgroup reads a node's files past the
// runtime: the same quantities, each with the instant at which it was read.
func (s *Server) Direct() bench.Collector { return direct{s.state} }

// Collect implements bench.Collector.
func (d direct) Collect(ctx context.Context, b *bench.Batch) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("read the memory of the simulated runtime: %w", err)
	}
	for _, pod := range d.state.read(0) {
		pod.usage.add(b, bench.Entity{Pod: pod.id})
		for _, c := range pod.containers {
			c.usage.add(b, bench.Entity{Pod: pod.id, Container: c.id})
		}
	}
	return nil
}

// Close implements bench.Collector.
func (direct) Close() error { return nil }

func (u usage) add(b *bench.Batch, entity bench.Entity) {
	e, at := b.Entity(entity), u.at.UnixNano()
	b.Add(bench.CPUUsage, e, u.cpu.Seconds(), at)
	b.Add(bench.MemoryUsage, e, float64(u.rss+u.cache), at)
	b.Add(bench.MemoryWorkingSet, e, float64(u.workingSet), at)
	b.Add(bench.MemoryRSS, e, float64(u.rss), at)
	b.Add(bench.PageFaults, e, float64(u.faults), at)
	b.Add(bench.MajorPageFaults, e, 0, at)
	b.Add(bench.ProcessCount, e, float64(u.processes), at)
	b.Add(bench.SwapUsage, e, 0, at)
}
