package cri

import (
	"context"
	"slices"
	"testing"
	"time"

	runtimev1 "k8s.io/cri-api/pkg/apis/runtime/v1"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/criconn"
	"cri-stats-bench/bench/criconn/fakecri"
	"cri-stats-bench/collectors/collectortest"
)

// density is the kubelet's default limit of pods.
const density = 110

// BenchmarkOverBareClient tells what a collector's call costs over the bare
// generated client, which decodes the same answer and drops it, as a ratio of
// medians. The two take turns, so that a busy machine slows both. The reach is
// 1.01 with a runtime that works for 15 ms, which is quick for a real one at this
// density: containerd 2.4 took 73 ms for ListPodSandboxStats of 40 pods.
func BenchmarkOverBareClient(b *testing.B) {
	f := func(name string, cost time.Duration, open collectortest.Open, bare func(context.Context, runtimev1.RuntimeServiceClient) error) {
		b.Run(name, func(b *testing.B) {
			work := make(map[string]fakecri.Cost)
			for _, way := range ways {
				work[way.method] = fakecri.Cost{PerCall: cost}
			}
			s := start(b, density, fakecri.Options{Cost: work})
			c, err := open(b.Context(), s)
			if err != nil {
				b.Fatal(err)
			}
			defer c.Close()
			conn, err := criconn.Dial(b.Context(), s.Endpoint)
			if err != nil {
				b.Fatal(err)
			}
			defer conn.Close()
			batch := new(bench.Batch)
			var collected, asked []time.Duration
			for b.Loop() {
				start := time.Now()
				batch.Reset()
				if err := c.Collect(b.Context(), batch); err != nil {
					b.Fatal(err)
				}
				middle := time.Now()
				if err := bare(b.Context(), conn.Runtime); err != nil {
					b.Fatal(err)
				}
				collected, asked = append(collected, middle.Sub(start)), append(asked, time.Since(middle))
			}
			slices.Sort(collected)
			slices.Sort(asked)
			b.ReportMetric(float64(collected[len(collected)/2])/float64(asked[len(asked)/2]), "ratio")
			b.ReportMetric(float64(asked[len(asked)/2].Microseconds()), "us-bare")
			b.ReportMetric(float64(len(batch.Samples)), "samples")
		})
	}
	pods := func(ctx context.Context, r runtimev1.RuntimeServiceClient) error {
		_, err := r.ListPodSandboxStats(ctx, &runtimev1.ListPodSandboxStatsRequest{Filter: &runtimev1.PodSandboxStatsFilter{}})
		return err
	}
	containers := func(ctx context.Context, r runtimev1.RuntimeServiceClient) error {
		_, err := r.ListContainerStats(ctx, &runtimev1.ListContainerStatsRequest{Filter: &runtimev1.ContainerStatsFilter{}})
		return err
	}
	metrics := func(ctx context.Context, r runtimev1.RuntimeServiceClient) error {
		_, err := r.ListPodSandboxMetrics(ctx, &runtimev1.ListPodSandboxMetricsRequest{})
		return err
	}
	const quick = 15 * time.Millisecond
	f("PodStats", quick, OpenPodStats, pods)
	f("ContainerStats", quick, OpenContainerStats, containers)
	f("PodMetrics", quick, OpenPodMetrics, metrics)
	f("PodStatsOfNoWork", 0, OpenPodStats, pods)
	f("ContainerStatsOfNoWork", 0, OpenContainerStats, containers)
	f("PodMetricsOfNoWork", 0, OpenPodMetrics, metrics)
}

// BenchmarkNormalForm is the part of a call that the bare client does not have.
func BenchmarkNormalForm(b *testing.B) {
	s := start(b, density, fakecri.Options{})
	conn, err := criconn.Dial(b.Context(), s.Endpoint)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	stats, err := conn.Runtime.ListPodSandboxStats(b.Context(), &runtimev1.ListPodSandboxStatsRequest{})
	if err != nil {
		b.Fatal(err)
	}
	metrics, err := conn.Runtime.ListPodSandboxMetrics(b.Context(), &runtimev1.ListPodSandboxMetricsRequest{})
	if err != nil {
		b.Fatal(err)
	}
	n, batch := newNormalizer(b, s.Pods...), new(bench.Batch)
	f := func(name string, normalise func()) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				batch.Reset()
				normalise()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(batch.Samples)), "ns/sample")
		})
	}
	f("PodStats", func() { n.pods(batch, stats.GetStats()) })
	f("PodMetrics", func() { n.podMetrics(batch, metrics.GetPodMetrics()) })
}
