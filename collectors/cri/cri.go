// Package cri reads the stats of pods and containers through the calls of the
// Container Runtime Interface, each Open for one of them, asked as the kubelet
// asks. It dials through package criconn; package cadvisor is what these calls
// are to replace.
//
// It does not make one answer out of several calls as the kubelet does for its
// summary (ListContainers, ListPodSandbox and image filesystems besides the
// stats): a collector costs what its one call costs. Fields for Windows are left
// out.
package cri

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	runtimev1 "k8s.io/cri-api/pkg/apis/runtime/v1"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/criconn"
	"cri-stats-bench/collectors/internal/normal"
	"cri-stats-bench/collectors/internal/podcgroup"
)

// OpenVersion opens a collector that calls Version: what any call costs before
// there is an answer to speak of. It yields no entities and no samples.
func OpenVersion(ctx context.Context, s bench.Source) (bench.Collector, error) {
	return open(ctx, s, "Version", version)
}

// OpenContainerStats opens a collector that calls ListContainerStats. The call
// knows no pods: a container's pod is the one that s.Pods names, and there are
// no entities of pods.
func OpenContainerStats(ctx context.Context, s bench.Source) (bench.Collector, error) {
	return open(ctx, s, "ListContainerStats", listContainerStats)
}

// OpenPodStats opens a collector that calls ListPodSandboxStats.
func OpenPodStats(ctx context.Context, s bench.Source) (bench.Collector, error) {
	return open(ctx, s, "ListPodSandboxStats", listPodStats)
}

// OpenPodMetrics opens a collector that calls ListPodSandboxMetrics.
func OpenPodMetrics(ctx context.Context, s bench.Source) (bench.Collector, error) {
	return open(ctx, s, "ListPodSandboxMetrics", listPodMetrics)
}

// OpenAlphaContainerStats is OpenContainerStats for CRI v1alpha2: the same messages of an
// older service on the same socket.
func OpenAlphaContainerStats(ctx context.Context, s bench.Source) (bench.Collector, error) {
	return openAlpha(ctx, s, "ListContainerStats", listContainerStats)
}

// OpenAlphaPodStats is OpenPodStats for CRI v1alpha2.
func OpenAlphaPodStats(ctx context.Context, s bench.Source) (bench.Collector, error) {
	return openAlpha(ctx, s, "ListPodSandboxStats", listPodStats)
}

// OpenStreamContainerStats opens a collector that reads StreamContainerStats to
// its end. A stream that breaks off is an error, not half an answer.
func OpenStreamContainerStats(ctx context.Context, s bench.Source) (bench.Collector, error) {
	return open(ctx, s, "StreamContainerStats", streamContainerStats)
}

// OpenStreamPodStats is OpenStreamContainerStats for StreamPodSandboxStats.
func OpenStreamPodStats(ctx context.Context, s bench.Source) (bench.Collector, error) {
	return open(ctx, s, "StreamPodSandboxStats", streamPodStats)
}

// OpenStreamPodMetrics is OpenStreamContainerStats for StreamPodSandboxMetrics.
func OpenStreamPodMetrics(ctx context.Context, s bench.Source) (bench.Collector, error) {
	return open(ctx, s, "StreamPodSandboxMetrics", streamPodMetrics)
}

// A collector makes one call of the CRI. It implements bench.Collector.
type collector struct {
	method string
	ask    ask
	conn   *criconn.Conn
	client runtimev1.RuntimeServiceClient
	// received counts bytes of answers on the wire since Collect began.
	received   *atomic.Int64
	normalizer normalizer
	closed     bool
}

var _ bench.Collector = (*collector)(nil)

// An ask makes the call and hands what comes to the normalizer. Its error is
// what the client returned.
type ask func(ctx context.Context, r runtimev1.RuntimeServiceClient, n *normalizer, b *bench.Batch) error

// open dials s.Endpoint. Whether the runtime has the method shows in the first
// Collect.
func open(ctx context.Context, s bench.Source, method string, ask ask) (bench.Collector, error) {
	c, err := dial(ctx, s, method, ask)
	if err != nil {
		return nil, err
	}
	c.client = c.conn.Runtime
	return c, nil
}

// openAlpha is open for CRI v1alpha2.
func openAlpha(ctx context.Context, s bench.Source, method string, ask ask) (bench.Collector, error) {
	c, err := dial(ctx, s, "v1alpha2 "+method, ask)
	if err != nil {
		return nil, err
	}
	c.client = c.conn.Alpha()
	return c, nil
}

func dial(ctx context.Context, s bench.Source, method string, ask ask) (*collector, error) {
	index, err := podcgroup.NewIndex(s.Pods)
	if err != nil {
		return nil, err
	}
	c := &collector{
		method: method, ask: ask, received: new(atomic.Int64),
		normalizer: normalizer{index: index, metrics: normal.NewMetrics()},
	}
	if c.conn, err = criconn.Dial(ctx, s.Endpoint, criconn.WithByteCount(c.received)); err != nil {
		return nil, err
	}
	return c, nil
}

// Collect makes the call and appends the whole answer to b. b.Bytes counts the
// messages of the answer on the wire, HTTP/2 framing not included.
func (c *collector) Collect(ctx context.Context, b *bench.Batch) error {
	start := time.Now()
	c.received.Store(0)
	if err := c.ask(ctx, c.client, &c.normalizer, b); err != nil {
		return c.callError(err, time.Since(start))
	}
	b.Bytes += c.received.Load()
	return nil
}

// Close closes the connection. It may be called twice.
func (c *collector) Close() error {
	if c.closed {
		return nil
	}
	c.closed = true
	if err := c.conn.Close(); err != nil {
		return fmt.Errorf("close %s: %w", c.conn.Endpoint, err)
	}
	return nil
}
