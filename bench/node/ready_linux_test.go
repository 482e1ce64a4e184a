package node

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// A starting runtime is not initialised at the first calls, then has no
// network, then is ready.
type starting struct {
	runtimeapi.UnimplementedRuntimeServiceServer
	calls   atomic.Int32
	network bool
}

func (s *starting) Version(context.Context, *runtimeapi.VersionRequest) (*runtimeapi.VersionResponse, error) {
	if s.calls.Add(1) < 3 {
		return nil, status.Error(codes.Unavailable, "server is not initialized yet")
	}
	return &runtimeapi.VersionResponse{RuntimeName: "fake", RuntimeVersion: "v1.2.3"}, nil
}

func (s *starting) Status(context.Context, *runtimeapi.StatusRequest) (*runtimeapi.StatusResponse, error) {
	network := &runtimeapi.RuntimeCondition{Type: runtimeapi.NetworkReady, Status: s.network && s.calls.Load() > 3, Reason: "NetworkPluginNotReady", Message: "cni plugin not initialized"}
	return &runtimeapi.StatusResponse{Status: &runtimeapi.RuntimeStatus{Conditions: []*runtimeapi.RuntimeCondition{{Type: runtimeapi.RuntimeReady, Status: true}, network}}}, nil
}

// serve serves s on a socket in a short path and returns the node it belongs to.
func serve(t *testing.T, s *starting) *Node {
	t.Helper()
	n := &Node{State: *testState(t), ended: make(chan struct{})}
	n.State.Socket = filepath.Join(t.TempDir(), "s")
	listener, err := net.Listen("unix", n.State.Socket)
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	runtimeapi.RegisterRuntimeServiceServer(server, s)
	served := make(chan error)
	go func() { served <- server.Serve(listener) }()
	t.Cleanup(func() {
		server.Stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return n
}

func TestWaitReady(t *testing.T) {
	s := &starting{network: true}
	n := serve(t, s)
	if err := n.waitReady(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n.State.RuntimeName != "fake" || n.State.RuntimeVersion != "v1.2.3" {
		t.Errorf("noted %+v", n.State)
	}
	if calls := s.calls.Load(); calls != 4 {
		t.Errorf("asked %d times, want to have waited for all of it", calls)
	}
}

func TestWaitReadyGivesUp(t *testing.T) {
	n := serve(t, &starting{})
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	err := n.waitReady(ctx)
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "condition NetworkReady is not met: NetworkPluginNotReady: cni plugin not initialized") {
		t.Errorf("error %v", err)
	}
	// A daemon that has ended is not waited for, though nobody ever listened.
	ended := make(chan struct{})
	close(ended)
	n = &Node{State: *testState(t), ended: ended}
	n.State.Socket = filepath.Join(t.TempDir(), "none")
	if err := n.waitReady(t.Context()); !errors.Is(err, errEnded) {
		t.Errorf("error %v, want errEnded", err)
	}
}

func TestConditionRefuses(t *testing.T) {
	if err := condition(nil, runtimeapi.RuntimeReady); err == nil {
		t.Error("a condition that is not said was taken as met")
	}
}
