//go:build !linux

package meter

import (
	"context"
	"errors"
	"time"

	"cri-stats-bench/bench"
)

// A Meter measures the length of a window, and nothing else on this system.
type Meter struct{}

var _ bench.Meter = (*Meter)(nil)

// New returns a meter whose windows have a length and the warning
// ErrLinuxOnly.
func New(cfg Config) (*Meter, error) {
	if _, err := cfg.withDefaults(); err != nil {
		return nil, err
	}
	return &Meter{}, nil
}

// ErrLinuxOnly is the warning of every window on other systems.
var ErrLinuxOnly = errors.New("costs are metered on Linux only")

// Watch opens nothing.
func (*Meter) Watch(ctx context.Context, agents []int) (bench.Watch, error) {
	return &watch{agents: len(agents)}, ctx.Err()
}

type watch struct {
	agents int
	begin  time.Time
}

func (w *watch) Begin() error {
	w.begin = time.Now()
	return nil
}

func (w *watch) End() (bench.Metered, error) {
	if w.begin.IsZero() {
		return bench.Metered{}, errNotBegun
	}
	return bench.Metered{
		Start: w.begin, Length: time.Since(w.begin),
		Agents: make([]bench.Cost, w.agents), Warnings: []error{ErrLinuxOnly},
	}, nil
}

var errNotBegun = errors.New("end the window of the meter: it was not begun")

func (w *watch) Close() error { return nil }

// ProcessClock reads the CPU clock of a process, on Linux.
func ProcessClock(int) (time.Duration, error) { return 0, ErrLinuxOnly }
