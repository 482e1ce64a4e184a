package collectortest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cri-stats-bench/bench"
)

var source = bench.Source{Pods: []bench.Pod{{ID: "p", Containers: []string{"c"}}}}

// A model is a collector that keeps the contract; a test breaks one part of it.
type model struct {
	calls  int
	closed int
	change func(call int, b *bench.Batch)
	deaf   bool // to a cancelled context
	err    error
}

func (m *model) Collect(ctx context.Context, b *bench.Batch) error {
	if err := ctx.Err(); err != nil && !m.deaf {
		return fmt.Errorf("read the model: %w", err)
	}
	m.calls++
	b.Bytes += 10
	b.Add(bench.CPUUsage, b.Entity(bench.Entity{Pod: "p"}), float64(m.calls), int64(m.calls))
	e := b.Entity(bench.Entity{Pod: "p", Container: "c"})
	b.Add(bench.CPUUsage, e, float64(m.calls), int64(m.calls))
	b.Add(bench.MemoryUsage, e, 100, int64(m.calls))
	if m.change != nil {
		m.change(m.calls, b)
	}
	return m.err
}

func (m *model) Close() error {
	m.closed++
	if m.closed > 2 {
		return errors.New("closed too often")
	}
	return nil
}

// recorder is a T that keeps what was reported.
type recorder struct {
	ctx  context.Context
	text strings.Builder
}

func (r *recorder) Context() context.Context  { return r.ctx }
func (r *recorder) Helper()                   {}
func (r *recorder) Logf(string, ...any)       {}
func (r *recorder) Errorf(f string, a ...any) { fmt.Fprintf(&r.text, f+"\n", a...) }
func (r *recorder) Fatalf(f string, a ...any) { r.Errorf(f, a...); runtime.Goexit() }
func (r *recorder) run(open Open, want Want) string {
	done := make(chan struct{})
	go func() { // since Fatalf ends its goroutine
		defer close(done)
		Run(r, open, source, want)
	}()
	<-done
	return r.text.String()
}

func TestRun(t *testing.T) {
	whole := Want{Transfers: true, Pods: true, Metrics: []*bench.Metric{bench.CPUUsage, bench.MemoryUsage}}
	// f runs the test on a model and looks for the words in the report; no words
	// mean that nothing is to be reported.
	f := func(m *model, want Want, words string) {
		t.Helper()
		r := &recorder{ctx: t.Context()}
		report := r.run(func(context.Context, bench.Source) (bench.Collector, error) { return m, nil }, want)
		if words == "" && report != "" || !strings.Contains(report, words) {
			t.Errorf("reported %q, want %q", report, words)
		}
	}
	alter := func(change func(call int, b *bench.Batch)) *model { return &model{change: change} }
	f(&model{}, whole, "")
	f(&model{err: errors.New("broken")}, whole, "collect: broken")
	f(&model{closed: 1}, whole, "close: closed too often")
	f(&model{deaf: true}, whole, "cancelled context: no error")
	f(alter(func(_ int, b *bench.Batch) { b.Bytes = 0 }), whole, "answer of 0 bytes")
	f(alter(func(_ int, b *bench.Batch) { b.Samples = b.Samples[:0] }), whole, "no samples")
	f(alter(func(_ int, b *bench.Batch) { b.Samples = b.Samples[:2] }), whole, "container=c has no container_memory_usage_bytes")
	f(alter(func(_ int, b *bench.Batch) { b.Entity(bench.Entity{Pod: "p", Cgroup: "/again"}) }), whole, "2 entities for pod=p")
	f(alter(func(_ int, b *bench.Batch) { b.Entities[1].Container = "other" }), whole, "0 entities for container c of pod p")
	f(alter(func(_ int, b *bench.Batch) { b.Entities[0].Pod = "other" }), whole, "0 entities for pod p")
	f(alter(func(_ int, b *bench.Batch) { b.Samples[0].Metric = nil }), whole, "sample 0 has no metric")
	f(alter(func(_ int, b *bench.Batch) { b.Samples[1].Entity = 2 }), whole, "entity 2 of 2")
	f(alter(func(_ int, b *bench.Batch) { b.Samples[2].Value = math.NaN() }), whole, "is NaN")
	f(alter(func(_ int, b *bench.Batch) { b.Samples[0].Value = -1 }), whole, "is a counter of -1")
	f(alter(func(_ int, b *bench.Batch) { b.Samples[0].At = math.MaxInt64 }), whole, "is not past")
	f(alter(func(_ int, b *bench.Batch) { b.Add(bench.MemoryUsage, 1, 100, 1) }), whole, "is there twice")
	f(alter(func(call int, b *bench.Batch) { b.Samples[0].Value = float64(9 - call) }), whole, "is a counter and went from 8 to 7")
	f(alter(func(call int, b *bench.Batch) { b.Samples[2].At = int64(9 - call) }), whole, "its instant went back by 1ns")
	f(&model{}, Want{Empty: true, Transfers: true}, "2 entities, 3 samples, want none")
	f(&model{}, Want{}, "answer of 10 bytes, want something transferred: false")
}

func TestText(t *testing.T) {
	b := new(bench.Batch)
	b.Bytes = 7
	b.Entity(bench.Entity{Cgroup: "/"})
	e := b.Entity(bench.Entity{Pod: "p", Container: "c", Cgroup: "/a"})
	b.Add(bench.MemoryUsage, e, 1.5, 3)
	b.Samples[0].Labels = []string{"x", "y"}
	want := `bytes=7
cgroup=/ has no samples
pod=p container=c cgroup=/a container_memory_usage_bytes{"x","y"} gauge bytes 1.5 @3
`
	if diff := cmp.Diff(want, Text(b)); diff != "" {
		t.Errorf("text (-want +got):\n%s", diff)
	}
}
