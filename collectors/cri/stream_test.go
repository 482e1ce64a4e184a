package cri

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	runtimev1 "k8s.io/cri-api/pkg/apis/runtime/v1"

	"cri-stats-bench/bench"
	"cri-stats-bench/collectors/collectortest"
)

// breaking is a runtime whose streams give one message and then end with err, or
// never where err is nil.
type breaking struct {
	runtimev1.UnimplementedRuntimeServiceServer
	err error
	// sent is told that the first message is out.
	sent chan struct{}
}

func (b *breaking) Version(context.Context, *runtimev1.VersionRequest) (*runtimev1.VersionResponse, error) {
	return &runtimev1.VersionResponse{RuntimeName: "breaking", RuntimeVersion: "0", RuntimeApiVersion: "v1"}, nil
}

func (b *breaking) end(ctx context.Context) error {
	close(b.sent)
	if b.err != nil {
		return b.err
	}
	<-ctx.Done()
	return status.FromContextError(ctx.Err()).Err()
}

func (b *breaking) StreamContainerStats(_ *runtimev1.StreamContainerStatsRequest, stream runtimev1.RuntimeService_StreamContainerStatsServer) error {
	m := &runtimev1.StreamContainerStatsResponse{ContainerStats: []*runtimev1.ContainerStats{{Attributes: &runtimev1.ContainerAttributes{Id: "c"}}}}
	if err := stream.Send(m); err != nil {
		return err
	}
	return b.end(stream.Context())
}

func (b *breaking) StreamPodSandboxStats(_ *runtimev1.StreamPodSandboxStatsRequest, stream runtimev1.RuntimeService_StreamPodSandboxStatsServer) error {
	m := &runtimev1.StreamPodSandboxStatsResponse{PodSandboxStats: []*runtimev1.PodSandboxStats{{Attributes: &runtimev1.PodSandboxAttributes{Id: "p"}}}}
	if err := stream.Send(m); err != nil {
		return err
	}
	return b.end(stream.Context())
}

func (b *breaking) StreamPodSandboxMetrics(_ *runtimev1.StreamPodSandboxMetricsRequest, stream runtimev1.RuntimeService_StreamPodSandboxMetricsServer) error {
	m := &runtimev1.StreamPodSandboxMetricsResponse{PodSandboxMetrics: []*runtimev1.PodSandboxMetrics{{PodSandboxId: "p"}}}
	if err := stream.Send(m); err != nil {
		return err
	}
	return b.end(stream.Context())
}

// serve serves the runtime and returns its endpoint.
func serve(t *testing.T, b *breaking) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	runtimev1.RegisterRuntimeServiceServer(server, b)
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	t.Cleanup(func() {
		server.Stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return "tcp://" + listener.Addr().String()
}

// TestBrokenStream checks that half an answer is an error: when the runtime
// breaks off, and when the caller gives up.
func TestBrokenStream(t *testing.T) {
	f := func(open collectortest.Open) {
		t.Helper()
		b := &breaking{err: status.Error(codes.Unavailable, "out of shims"), sent: make(chan struct{})}
		c, err := open(t.Context(), bench.Source{Endpoint: serve(t, b)})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		err = c.Collect(t.Context(), new(bench.Batch))
		if err == nil || !strings.HasSuffix(err.Error(), ": Unavailable: out of shims") {
			t.Errorf("broken off after one message: %v", err)
		}

		b = &breaking{sent: make(chan struct{})}
		hanging, err := open(t.Context(), bench.Source{Endpoint: serve(t, b)})
		if err != nil {
			t.Fatal(err)
		}
		defer hanging.Close()
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			<-b.sent
			cancel()
		}()
		if err := hanging.Collect(ctx, new(bench.Batch)); !errors.Is(err, context.Canceled) {
			t.Errorf("given up after one message: %v", err)
		}
	}
	f(OpenStreamContainerStats)
	f(OpenStreamPodStats)
	f(OpenStreamPodMetrics)
}
