package pods_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	runtimev1 "k8s.io/cri-api/pkg/apis/runtime/v1"

	"cri-stats-bench/bench/criconn/fakecri"
	"cri-stats-bench/workloads/pods"
)

func TestScaleTellsWhyAContainerEnded(t *testing.T) {
	conn := dial(t, fakecri.Options{Exit: func(pod, container string) (fakecri.Exit, bool) {
		return fakecri.Exit{Code: 2, Reason: "Error", Message: "killed", Log: "podload: bad flag"}, pod == "bench-0002" && container == "load-0"
	}})
	f := func(cfg pods.Config, want string) {
		t.Helper()
		w := newWorkload(t, conn, cfg)
		_, err := w.Scale(t.Context(), idle(4))
		if err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("got  %v\nwant %q at its end", err, want)
		}
		if err := w.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	}
	const ended = "container load-0 of pod bench-0002 does not run: status 2, Error, killed"
	f(pods.Config{}, ended)
	f(pods.Config{LogDir: t.TempDir()}, ended+"; its log ends:\npodload: bad flag")
}

// TestScaleLooksAgain has a container that ends right after it was seen to run.
func TestScaleLooksAgain(t *testing.T) {
	conn := dial(t, fakecri.Options{})
	var once sync.Once
	client := &lister{RuntimeServiceClient: conn.Runtime, after: func(r *runtimev1.ListContainersResponse) {
		if c := r.GetContainers(); len(c) == 2 {
			once.Do(func() {
				if _, err := conn.Runtime.StopContainer(t.Context(), &runtimev1.StopContainerRequest{ContainerId: c[0].GetId()}); err != nil {
					t.Error(err)
				}
			})
		}
	}}
	w, err := pods.New(client, pods.Config{Run: "run-1", Image: imageRef, Settle: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Scale(t.Context(), idle(2)); err == nil || !strings.Contains(err.Error(), "does not run: status 0, Completed") {
		t.Errorf("got %v", err)
	}
}

// A lister calls after once containers were listed.
type lister struct {
	runtimev1.RuntimeServiceClient
	after func(*runtimev1.ListContainersResponse)
}

func (l *lister) ListContainers(ctx context.Context, r *runtimev1.ListContainersRequest, opts ...grpc.CallOption) (*runtimev1.ListContainersResponse, error) {
	resp, err := l.RuntimeServiceClient.ListContainers(ctx, r, opts...)
	l.after(resp)
	return resp, err
}

func TestScaleTellsWhatCouldNotBeMade(t *testing.T) {
	conn := dial(t, fakecri.Options{Fault: func(method, pod string) error {
		if method == "CreateContainer" && pod == "bench-0003" {
			return status.Error(codes.Internal, "no space left on device")
		}
		return nil
	}})
	w := newWorkload(t, conn, pods.Config{})
	_, err := w.Scale(t.Context(), idle(6))
	if status.Code(err) != codes.Internal || !strings.Contains(err.Error(), "make pod bench-0003: container load-0: create: ") {
		t.Errorf("got %v", err)
	}
	if err := w.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if left := sandboxes(t, conn); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}
