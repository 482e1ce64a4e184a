package agent

import (
	"context"
	"errors"
	"testing"
	"time"

	"cri-stats-bench/bench"
)

// costly opens a collector that fails or does nothing.
func costly(err error) func(context.Context, bench.Source) (bench.Collector, error) {
	return func(context.Context, bench.Source) (bench.Collector, error) { return failing{err}, nil }
}

type failing struct{ err error }

func (f failing) Collect(context.Context, *bench.Batch) error { return f.err }
func (f failing) Close() error                                { return nil }

func TestControl(t *testing.T) {
	c, err := Control(costly(nil))(t.Context(), bench.Source{})
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if err := c.Collect(t.Context(), new(bench.Batch)); err != nil {
		t.Fatal(err)
	}
	if d := time.Since(start); d < bench.ControlDelay {
		t.Errorf("a call took %v, want at least the delay of %v", d, bench.ControlDelay)
	}
	failure := errors.New("no answer")
	c, err = Control(costly(failure))(t.Context(), bench.Source{})
	if err != nil {
		t.Fatal(err)
	}
	start = time.Now()
	if err := c.Collect(t.Context(), new(bench.Batch)); !errors.Is(err, failure) {
		t.Errorf("collect: %v, want the failure", err)
	}
	if d := time.Since(start); d > bench.ControlDelay/2 {
		t.Errorf("a failed call was given the delay: %v", d)
	}
}
