package criconn

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
	runtimev1 "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// methodVersionAlpha is Version of the API before v1. cri-api has dropped that
// package, but its messages are v1's field by field: kubelet 1.23 to 1.25 cast
// one to the other (pkg/kubelet/cri/remote/conversion.go).
const methodVersionAlpha = "/runtime.v1alpha2.RuntimeService/Version"

// identify fills Version and CgroupDriver. bounded is ctx with the time limit of
// Dial.
func (c *Conn) identify(ctx, bounded context.Context, a address) error {
	var from peer.Peer
	version, err := c.Runtime.Version(bounded, &runtimev1.VersionRequest{}, grpc.Peer(&from))
	switch {
	case err == nil && version.GetRuntimeName() == "":
		return a.problem(NotCRI, errors.New("answers Version without a name"))
	case err == nil:
		c.Version = version
		return c.askCgroupDriver(ctx, bounded, a)
	case ctx.Err() != nil:
		return fmt.Errorf("ask %s for its version: %w", a, context.Cause(ctx))
	case IsUnimplemented(err):
		old := new(runtimev1.VersionResponse)
		if c.conn.Invoke(bounded, methodVersionAlpha, &runtimev1.VersionRequest{}, old) == nil {
			return a.problem(OldCRI, fmt.Errorf("%s %s", old.GetRuntimeName(), old.GetRuntimeVersion()))
		}
		return a.problem(NotCRI, err)
	case status.Code(err) == codes.DeadlineExceeded:
		return a.problem(NoAnswer, err)
	case from.Addr == nil: // no HTTP/2 connection ever stood
		return a.problem(NotGRPC, err)
	default:
		return a.problem(NotReady, err)
	}
}

// askCgroupDriver leaves the driver empty where the runtime cannot tell it.
func (c *Conn) askCgroupDriver(ctx, bounded context.Context, a address) error {
	config, err := c.Runtime.RuntimeConfig(bounded, &runtimev1.RuntimeConfigRequest{})
	switch {
	case err == nil:
	case IsUnimplemented(err):
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("ask %s for its config: %w", a, context.Cause(ctx))
	default:
		return a.problem(NotReady, fmt.Errorf("ask for its config: %w", err))
	}
	linux := config.GetLinux()
	if linux == nil { // SYSTEMD is the zero value: absent must not become it
		return nil
	}
	switch linux.GetCgroupDriver() {
	case runtimev1.CgroupDriver_SYSTEMD:
		c.CgroupDriver = Systemd
	case runtimev1.CgroupDriver_CGROUPFS:
		c.CgroupDriver = Cgroupfs
	}
	return nil
}

// IsUnimplemented says whether err, or what it wraps, is a server's answer that
// it does not have the method.
func IsUnimplemented(err error) bool { return status.Code(err) == codes.Unimplemented }
