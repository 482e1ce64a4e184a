package node

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// readyInterval is how often a daemon that starts is asked.
const readyInterval = 50 * time.Millisecond

// dial connects to a CRI socket. Package criconn is for whoever measures; here a
// daemon is waited for that has no socket yet.
func dial(socket string) (*grpc.ClientConn, error) {
	return grpc.NewClient("unix://"+socket,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: readyInterval, Multiplier: 1, MaxDelay: readyInterval},
			MinConnectTimeout: time.Second,
		}))
}

// ask asks whether the runtime can run pods; nil if it can.
func ask(ctx context.Context, conn grpc.ClientConnInterface) (*runtimeapi.VersionResponse, error) {
	client := runtimeapi.NewRuntimeServiceClient(conn)
	version, err := client.Version(ctx, &runtimeapi.VersionRequest{})
	if err != nil {
		return nil, fmt.Errorf("ask for its version: %w", err)
	}
	answer, err := client.Status(ctx, &runtimeapi.StatusRequest{})
	if err != nil {
		return nil, fmt.Errorf("ask for its status: %w", err)
	}
	// The network counts too: the kubelet would not run pods without.
	for _, want := range []string{runtimeapi.RuntimeReady, runtimeapi.NetworkReady} {
		if err := condition(answer.GetStatus().GetConditions(), want); err != nil {
			return nil, err
		}
	}
	return version, nil
}

// condition says why the condition is not met.
func condition(all []*runtimeapi.RuntimeCondition, want string) error {
	for _, c := range all {
		if c.GetType() != want {
			continue
		}
		if c.GetStatus() {
			return nil
		}
		return fmt.Errorf("condition %s is not met: %s: %s", want, c.GetReason(), c.GetMessage())
	}
	return fmt.Errorf("condition %s is not in its status", want)
}

// errEnded says that the daemon ended while it was waited for.
var errEnded = errors.New("it ended")

// waitReady waits until the daemon can run pods and notes what it says it is.
func (n *Node) waitReady(ctx context.Context) (err error) {
	conn, err := dial(n.State.Socket)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	ticker := time.NewTicker(readyInterval)
	defer ticker.Stop()
	var reason error
	for {
		version, err := ask(ctx, conn)
		if err == nil {
			n.State.RuntimeName, n.State.RuntimeVersion = version.GetRuntimeName(), version.GetRuntimeVersion()
			return nil
		}
		// That time is up says less than what was the matter before.
		if reason == nil || ctx.Err() == nil && status.Code(err) != codes.DeadlineExceeded {
			reason = err
		}
		select {
		case <-n.ended:
			return errEnded
		case <-ctx.Done():
			return fmt.Errorf("wait until it can run pods: %w: %w", ctx.Err(), reason)
		case <-ticker.C:
		}
	}
}
