// Package kubelet reads stats of pods and containers from a kubelet, as those do
// that scrape one in production: /stats/summary, /metrics/resource (metrics-server)
// and /metrics/cadvisor (Prometheus).
//
// Beside it stand the collectors that read what a kubelet reads: cri asks the
// runtime, cadvisor embeds the kubelet's library. Here the kubelet itself is the
// subject; what the agent burns to decode the answers is not part of the headline.
//
// It never takes an answer that lacks every container for an answer: a kubelet that
// could not list them serves status 200 and the machine's own metrics.
package kubelet

import (
	"context"
	"fmt"
	"slices"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/kubeletconn"
)

// OpenSummary opens a collector that reads /stats/summary.
func OpenSummary(ctx context.Context, s bench.Source) (bench.Collector, error) {
	return open(ctx, s, "/stats/summary", "application/json", newSummary())
}

// OpenResource opens a collector that reads /metrics/resource.
func OpenResource(ctx context.Context, s bench.Source) (bench.Collector, error) {
	return open(ctx, s, "/metrics/resource", kubeletconn.TextFormat, newExposition())
}

// OpenCadvisor opens a collector that reads /metrics/cadvisor, which is named so
// whoever makes its answer.
func OpenCadvisor(ctx context.Context, s bench.Source) (bench.Collector, error) {
	d := newExposition()
	d.ofRuntime = true
	return open(ctx, s, cadvisorPath, kubeletconn.TextFormat, d)
}

const cadvisorPath = "/metrics/cadvisor"

// A decoder brings an answer into the normal form.
type decoder interface {
	decode(data []byte, pods *population, b *bench.Batch) error
}

// A collector reads one endpoint. It implements bench.Collector.
type collector struct {
	path, accept string
	conn         *kubeletconn.Conn
	decoder      decoder
	pods         *population
	expected     int    // containers of ours
	endpoint     string // of the runtime
	reason       string // why answers have no containers, once that was asked
	body         []byte // of the last answer, to be written over
}

var _ bench.Collector = (*collector)(nil)

// open finds out which pods have which names, and reads the kubelet's certificate.
func open(ctx context.Context, s bench.Source, path, accept string, d decoder) (bench.Collector, error) {
	if s.Kubelet == nil {
		return nil, &bench.UnsupportedError{What: path, Needs: "a kubelet: a plan with experiment: kubelet"}
	}
	pods, err := findPods(ctx, s)
	if err != nil {
		return nil, err
	}
	conn, err := kubeletconn.New(*s.Kubelet)
	if err != nil {
		return nil, err
	}
	c := &collector{path: path, accept: accept, conn: conn, decoder: d, pods: pods, endpoint: s.Endpoint}
	for _, p := range s.Pods {
		c.expected += len(p.Containers)
	}
	return c, nil
}

// Collect reads the endpoint to its end and appends the answer. b.Bytes is its
// size after decompression. The deadline of ctx is that of the scrape: an answer
// that is not whole by then is lost, as it is to Prometheus.
func (c *collector) Collect(ctx context.Context, b *bench.Batch) error {
	body, err := c.conn.Get(ctx, c.path, c.accept, c.body[:0])
	if err != nil {
		return err
	}
	c.body = body
	b.Bytes += int64(len(body))
	c.pods.begin()
	if err := c.decoder.decode(body, c.pods, b); err != nil {
		return fmt.Errorf("read %s: %w", c.path, err)
	}
	if c.expected > 0 && b.Containers() == 0 {
		return fmt.Errorf("read %s: %w: %d containers run, it has %d metrics; %s", c.path, bench.ErrEmpty, c.expected, len(b.Names()), c.explained(ctx, b))
	}
	return nil
}

// explained says why an answer is empty: by what the runtime says, where it would have
// been made of its metrics.
func (c *collector) explained(ctx context.Context, b *bench.Batch) string {
	if c.path != cadvisorPath || slices.Contains(b.Names(), ofCadvisor) {
		return "the kubelet does not know them"
	}
	if c.reason == "" {
		reason, err := why(ctx, c.endpoint)
		switch {
		case err != nil:
			c.reason = "asked why: " + err.Error()
		case reason == "":
			c.reason = "the kubelet could not list them, or its provider leaves them out"
		default:
			c.reason = reason
		}
	}
	return c.reason
}

// Close closes the connection.
func (c *collector) Close() error {
	c.conn.Close()
	return nil
}
