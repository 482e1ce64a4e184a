package cri

import (
	"context"
	"errors"
	"fmt"
	"io"

	"google.golang.org/grpc"
	runtimev1 "k8s.io/cri-api/pkg/apis/runtime/v1"

	"cri-stats-bench/bench"
)

// Note on filters: the kubelet sends an empty filter, not none (listPodStats in
// pkg/kubelet/stats/cri_stats_provider.go, v1.37.2), and so do we. It is not the
// same to the runtime: containerd asks its shims with one filter per container
// then (buildTaskMetricsRequest in internal/cri/server/container_stats_list.go).

func version(ctx context.Context, r runtimev1.RuntimeServiceClient, _ *normalizer, _ *bench.Batch) error {
	_, err := r.Version(ctx, &runtimev1.VersionRequest{})
	return err
}

func listContainerStats(ctx context.Context, r runtimev1.RuntimeServiceClient, n *normalizer, b *bench.Batch) error {
	answer, err := r.ListContainerStats(ctx, &runtimev1.ListContainerStatsRequest{Filter: &runtimev1.ContainerStatsFilter{}})
	if err != nil {
		return err
	}
	n.containers(b, answer.GetStats())
	return nil
}

func listPodStats(ctx context.Context, r runtimev1.RuntimeServiceClient, n *normalizer, b *bench.Batch) error {
	answer, err := r.ListPodSandboxStats(ctx, &runtimev1.ListPodSandboxStatsRequest{Filter: &runtimev1.PodSandboxStatsFilter{}})
	if err != nil {
		return err
	}
	n.pods(b, answer.GetStats())
	return nil
}

func listPodMetrics(ctx context.Context, r runtimev1.RuntimeServiceClient, n *normalizer, b *bench.Batch) error {
	answer, err := r.ListPodSandboxMetrics(ctx, &runtimev1.ListPodSandboxMetricsRequest{})
	if err != nil {
		return err
	}
	n.podMetrics(b, answer.GetPodMetrics())
	return nil
}

func streamContainerStats(ctx context.Context, r runtimev1.RuntimeServiceClient, n *normalizer, b *bench.Batch) error {
	stream, err := r.StreamContainerStats(ctx, &runtimev1.StreamContainerStatsRequest{Filter: &runtimev1.ContainerStatsFilter{}})
	if err != nil {
		return err
	}
	return receive(stream, b, func(m *runtimev1.StreamContainerStatsResponse) { n.containers(b, m.GetContainerStats()) })
}

func streamPodStats(ctx context.Context, r runtimev1.RuntimeServiceClient, n *normalizer, b *bench.Batch) error {
	stream, err := r.StreamPodSandboxStats(ctx, &runtimev1.StreamPodSandboxStatsRequest{Filter: &runtimev1.PodSandboxStatsFilter{}})
	if err != nil {
		return err
	}
	return receive(stream, b, func(m *runtimev1.StreamPodSandboxStatsResponse) { n.pods(b, m.GetPodSandboxStats()) })
}

func streamPodMetrics(ctx context.Context, r runtimev1.RuntimeServiceClient, n *normalizer, b *bench.Batch) error {
	stream, err := r.StreamPodSandboxMetrics(ctx, &runtimev1.StreamPodSandboxMetricsRequest{})
	if err != nil {
		return err
	}
	return receive(stream, b, func(m *runtimev1.StreamPodSandboxMetricsResponse) { n.podMetrics(b, m.GetPodSandboxMetrics()) })
}

// mostStreamed is how many samples and entities one answer of a stream may have: twenty
// times those of 500 pods with all metrics. A message has a limit of its own, a stream of
// them has none.
const mostStreamed = 2_000_000

// receive hands each message to each, which puts it into b, until the stream ends well.
func receive[M any](stream grpc.ServerStreamingClient[M], b *bench.Batch, each func(*M)) error {
	for {
		message, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		each(message)
		if n := len(b.Samples) + len(b.Entities); n > mostStreamed {
			return fmt.Errorf("the stream has not ended after %d samples and entities, more than any node has", n)
		}
	}
}
