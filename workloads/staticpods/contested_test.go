package staticpods_test

import (
	"context"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	runtimev1 "k8s.io/cri-api/pkg/apis/runtime/v1"

	"cri-stats-bench/workloads/staticpods"
)

// A contested runtime refuses the first removals: the kubelet is just removing a
// container of the same pod (CRI-O: "no such id").
type contested struct {
	runtimev1.RuntimeServiceClient
	refuses atomic.Int32
}

func (c *contested) RemovePodSandbox(ctx context.Context, r *runtimev1.RemovePodSandboxRequest, o ...grpc.CallOption) (*runtimev1.RemovePodSandboxResponse, error) {
	if c.refuses.Add(-1) >= 0 {
		return nil, status.Error(codes.Unknown, "failed to delete container from index: no such id")
	}
	return c.RuntimeServiceClient.RemovePodSandbox(ctx, r, o...)
}

// Two that remove one pod at once must not fail a run: what counts is that it is gone.
func TestContestedRemoval(t *testing.T) {
	k := node(t)
	k.start()
	client := &contested{RuntimeServiceClient: k.conn.Runtime}
	client.refuses.Store(3)
	w, err := staticpods.New(client, staticpods.Config{Run: "run-1", Image: imageRef, Dir: k.dir})
	if err != nil {
		t.Fatal(err)
	}
	scale(t, w, idle(2))
	if err := w.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if left := k.sandboxes(t); len(left) > 0 || client.refuses.Load() >= 0 {
		t.Errorf("left %v, %d refusals to go", left, client.refuses.Load())
	}
}
