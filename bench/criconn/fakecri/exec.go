package fakecri

import (
	"context"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	runtimev1 "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// A stay is memory that a second process held in a container for a time.
type stay struct {
	from, to time.Time
	bytes    uint64
}

// ExecSync takes the benchmark's program for the command: what it would hold
// (--hold) is held until the timeout would have ended it. It does not wait.
func (s *runtimeService) ExecSync(_ context.Context, r *runtimev1.ExecSyncRequest) (*runtimev1.ExecSyncResponse, error) {
	if len(r.GetCmd()) == 0 || r.GetTimeout() <= 0 {
		return nil, status.Error(codes.InvalidArgument, "exec needs a command and a timeout here")
	}
	from := s.state.now()
	held := stay{from, from.Add(time.Duration(r.GetTimeout()) * time.Second), loadOf(r.GetCmd()).hold}
	if err := s.state.hold(r.GetContainerId(), held); err != nil {
		return nil, err
	}
	return nil, status.Errorf(codes.DeadlineExceeded, "command %q timed out", r.GetCmd())
}

func (s *state) hold(id string, held stay) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, ok := s.containers[id]
	if !ok || c.state != runtimev1.ContainerState_CONTAINER_RUNNING {
		return status.Errorf(codes.NotFound, "container %q does not run", id)
	}
	// A new slice: copies of the container are read without the lock.
	c.stays = append(append([]stay(nil), c.stays...), held)
	return nil
}
