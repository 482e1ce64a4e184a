package pods_test

import (
	"context"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	runtimev1 "k8s.io/cri-api/pkg/apis/runtime/v1"

	"cri-stats-bench/bench/criconn/fakecri"
	"cri-stats-bench/workloads/pods"
)

// A hostile client is one of a runtime that takes no filter seriously, or fails at first.
type hostile struct {
	runtimev1.RuntimeServiceClient
	failures int
}

func (h *hostile) ListPodSandbox(ctx context.Context, _ *runtimev1.ListPodSandboxRequest, opts ...grpc.CallOption) (*runtimev1.ListPodSandboxResponse, error) {
	if h.failures--; h.failures >= 0 {
		return nil, status.Error(codes.Unavailable, "busy")
	}
	return h.RuntimeServiceClient.ListPodSandbox(ctx, &runtimev1.ListPodSandboxRequest{}, opts...)
}

func (h *hostile) ListContainers(ctx context.Context, _ *runtimev1.ListContainersRequest, opts ...grpc.CallOption) (*runtimev1.ListContainersResponse, error) {
	return h.RuntimeServiceClient.ListContainers(ctx, &runtimev1.ListContainersRequest{}, opts...)
}

// Somebody else's pod stays, also where the runtime answers with it when it is asked for
// ours; one with our name on it and no run is nobody's to remove.
func TestForeignPodsStay(t *testing.T) {
	conn := dial(t, fakecri.Options{})
	for name, labels := range map[string]map[string]string{
		"foreign": {"app": "database"},
		"another": {pods.LabelRun: "run-2", pods.LabelCreatedBy: pods.CreatedBy},
		"no-run":  {pods.LabelCreatedBy: pods.CreatedBy},
		"no-sign": {pods.LabelRun: "run-1"},
	} {
		if _, err := conn.Runtime.RunPodSandbox(t.Context(), &runtimev1.RunPodSandboxRequest{Config: &runtimev1.PodSandboxConfig{
			Metadata: &runtimev1.PodSandboxMetadata{Name: name, Namespace: "other", Uid: name}, Labels: labels,
		}}); err != nil {
			t.Fatal(err)
		}
	}
	client := &hostile{RuntimeServiceClient: conn.Runtime}
	w, err := pods.New(client, pods.Config{Run: "run-1", Image: imageRef, Settle: 1})
	if err != nil {
		t.Fatal(err)
	}
	if got := scale(t, w, idle(3)); len(got) != 3 {
		t.Errorf("%d pods of ours", len(got))
	}
	left, err := pods.Leftovers(t.Context(), client)
	if err != nil || len(left) != 2 || left[0].Run != "run-1" || left[0].Pods != 3 || left[1].Run != "run-2" {
		t.Errorf("leftovers %v, %v", left, err)
	}
	client.failures = 2 // and a list that fails is asked for again
	if err := w.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if n := len(sandboxes(t, conn)); n != 4 {
		t.Errorf("%d sandboxes after Stop, want those of others: 4", n)
	}
	client.failures = 2
	if err := pods.RemoveRun(t.Context(), client, "run-2"); err != nil {
		t.Error(err)
	}
	if n := len(sandboxes(t, conn)); n != 3 {
		t.Errorf("%d sandboxes after RemoveRun, want 3", n)
	}
}
