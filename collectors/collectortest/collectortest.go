// Package collectortest is the test that every collector passes, and the text
// form of a batch that their golden files are in. Only tests import it.
//
// It checks what the contract of bench.Collector promises and a batch must be
// for the analysis to be right. It does not check the numbers: what a container
// really used is not known here.
package collectortest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"cri-stats-bench/bench"
)

// Open is how a collector is opened, as in bench.CollectorSpec.
type Open func(ctx context.Context, s bench.Source) (bench.Collector, error)

// Want says what else must be in each answer, which not every source has.
type Want struct {
	// Empty is set for a collector that yields no entities and no samples.
	Empty bool
	// Transfers is set where an answer has a size in bytes.
	Transfers bool
	// Pods is set where each pod of the source has an entity of its own.
	Pods bool
	// Metrics are those that each container of ours has at least one sample of.
	Metrics []*bench.Metric
}

// timeout bounds each step, generously: a cold cAdvisor on a busy machine takes
// seconds.
const timeout = time.Minute

// T is the part of *testing.T that is used here, so that the tests of this package can
// see what it reports.
type T interface {
	Context() context.Context
	Helper()
	Logf(format string, args ...any)
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// Run opens the collector on a source that has pods and checks that it keeps the
// contract of bench.Collector.
func Run(t T, open Open, s bench.Source, want Want) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	c, err := open(ctx, s)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	closed := false
	defer func() {
		if !closed {
			_ = c.Close() // the test has failed already
		}
	}()

	b := new(bench.Batch) // one for all calls, as in the agent
	first := collect(ctx, t, c, b, s, want)
	second := collect(ctx, t, c, b, s, want)
	compare(t, first, second)

	cancelled, stop := context.WithCancel(ctx)
	stop()
	b.Reset()
	if err := c.Collect(cancelled, b); err == nil {
		t.Errorf("collect with a cancelled context: no error")
	} else {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("collect with a cancelled context: %v is not context.Canceled", err)
		}
		if _, unsupported := errors.AsType[*bench.UnsupportedError](err); unsupported {
			t.Errorf("collect with a cancelled context: %v says that the source cannot do it", err)
		}
	}
	// A failed call leaves nothing behind: the next answer is whole again.
	compare(t, second, collect(ctx, t, c, b, s, want))

	closed = true
	for range 2 {
		if err := c.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}
}

// series are the samples of one answer by what they are about.
type series map[string]bench.Sample

// collect makes one call, checks the answer and returns its samples.
func collect(ctx context.Context, t T, c bench.Collector, b *bench.Batch, s bench.Source, want Want) series {
	t.Helper()
	b.Reset()
	if err := c.Collect(ctx, b); err != nil {
		t.Fatalf("collect: %v", err)
	}
	for _, err := range b.Warnings {
		t.Logf("warning: %v", err)
	}
	checkSize(t, b, want)
	checkEntities(t, b, s, want)
	return checkSamples(t, b, want)
}

func checkSize(t T, b *bench.Batch, want Want) {
	t.Helper()
	if want.Transfers != (b.Bytes > 0) {
		t.Errorf("answer of %d bytes, want something transferred: %t", b.Bytes, want.Transfers)
	}
	if want.Empty && len(b.Entities)+len(b.Samples) > 0 {
		t.Errorf("%d entities, %d samples, want none", len(b.Entities), len(b.Samples))
	}
	if !want.Empty && len(b.Samples) == 0 {
		t.Errorf("no samples")
	}
}

func checkEntities(t T, b *bench.Batch, s bench.Source, want Want) {
	t.Helper()
	times := make(map[bench.Entity]int)
	for _, e := range b.Entities {
		if e.Container == "" && e.Pod == "" && e.Cgroup == "" {
			times[e]++ // the node
			continue
		}
		if e.Container != "" || e.Pod != "" {
			e.Cgroup = ""
		}
		times[e]++
	}
	for e, n := range times {
		if n > 1 {
			t.Errorf("%d entities for %s", n, name(e))
		}
	}
	if want.Empty {
		return
	}
	for _, pod := range s.Pods {
		if n := times[bench.Entity{Pod: pod.ID}]; want.Pods && n != 1 {
			t.Errorf("%d entities for pod %s, want 1", n, pod.ID)
		}
		for _, id := range pod.Containers {
			if n := times[bench.Entity{Pod: pod.ID, Container: id}]; n != 1 {
				t.Errorf("%d entities for container %s of pod %s, want 1", n, id, pod.ID)
			}
		}
	}
}

func checkSamples(t T, b *bench.Batch, want Want) series {
	t.Helper()
	found := make(series, len(b.Samples))
	names := make([]map[string]bool, len(b.Entities))
	for i, sample := range b.Samples {
		if sample.Metric == nil || sample.Metric.Name == "" {
			t.Errorf("sample %d has no metric", i)
			continue
		}
		if sample.Entity < 0 || int(sample.Entity) >= len(b.Entities) {
			t.Errorf("sample %d of %s: entity %d of %d", i, sample.Metric.Name, sample.Entity, len(b.Entities))
			continue
		}
		key := name(b.Entities[sample.Entity]) + " " + seriesName(&sample)
		if math.IsNaN(sample.Value) || math.IsInf(sample.Value, 0) {
			t.Errorf("%s is %v", key, sample.Value)
		}
		if sample.Metric.Kind == bench.Counter && sample.Value < 0 {
			t.Errorf("%s is a counter of %v", key, sample.Value)
		}
		if sample.At < 0 || sample.At > time.Now().Add(time.Second).UnixNano() {
			t.Errorf("%s: claims the instant %d, which is not past", key, sample.At)
		}
		if _, twice := found[key]; twice {
			t.Errorf("%s is there twice", key)
		}
		sample.Labels = nil // may not be looked at after the next call
		found[key] = sample
		if names[sample.Entity] == nil {
			names[sample.Entity] = make(map[string]bool)
		}
		names[sample.Entity][sample.Metric.Name] = true
	}
	for i, e := range b.Entities {
		for _, metric := range want.Metrics {
			if e.Pod != "" && e.Container != "" && !names[i][metric.Name] {
				t.Errorf("%s has no %s", name(e), metric.Name)
			}
		}
	}
	return found
}

// compare checks that counters and timestamps did not go back from one answer to
// the next.
func compare(t T, before, after series) {
	t.Helper()
	for key, b := range before {
		a, ok := after[key]
		if !ok {
			continue // absent this time, which completeness judges, not this test
		}
		if a.Metric.Kind == bench.Counter && a.Value < b.Value {
			t.Errorf("%s is a counter and went from %v to %v", key, b.Value, a.Value)
		}
		if a.At < b.At {
			t.Errorf("%s: its instant went back by %v", key, time.Duration(b.At-a.At))
		}
	}
}

// Text returns the batch as text, one sample or entity without samples a line,
// sorted:
//
//	pod=p1 container=c1 cgroup=/a/b container_fs_usage_bytes{"/dev/vda1"} 4096 @1700000000000000000
func Text(b *bench.Batch) string {
	lines := make([]string, 0, len(b.Samples)+1)
	lines = append(lines, fmt.Sprintf("bytes=%d", b.Bytes))
	sampled := make([]bool, len(b.Entities))
	for i := range b.Samples {
		s := &b.Samples[i]
		sampled[s.Entity] = true
		lines = append(lines, fmt.Sprintf("%s %s %s %s %s @%d", name(b.Entities[s.Entity]), seriesName(s),
			s.Metric.Kind, s.Metric.Unit, strconv.FormatFloat(s.Value, 'f', -1, 64), s.At))
	}
	for i, e := range b.Entities {
		if !sampled[i] {
			lines = append(lines, name(e)+" has no samples")
		}
	}
	for _, err := range b.Warnings {
		lines = append(lines, "warning: "+err.Error())
	}
	slices.Sort(lines[1:])
	return strings.Join(lines, "\n") + "\n"
}

// name names an entity.
func name(e bench.Entity) string {
	var parts []string
	for _, id := range []struct{ kind, value string }{{"pod", e.Pod}, {"container", e.Container}, {"cgroup", e.Cgroup}} {
		if id.value != "" {
			parts = append(parts, id.kind+"="+id.value)
		}
	}
	if parts == nil {
		return "node"
	}
	return strings.Join(parts, " ")
}

// seriesName names a series of an entity.
func seriesName(s *bench.Sample) string {
	if len(s.Labels) == 0 {
		return s.Metric.Name
	}
	return fmt.Sprintf("%s{%s}", s.Metric.Name, strings.Join(quoted(s.Labels), ","))
}

func quoted(labels []string) []string {
	q := make([]string, len(labels))
	for i, label := range labels {
		q[i] = strconv.Quote(label)
	}
	return q
}
