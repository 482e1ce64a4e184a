package fakecri

import (
	"context"
	"path"
	"slices"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func (s *Server) interposeUnary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	if err := s.interpose(ctx, path.Base(info.FullMethod)); err != nil {
		return nil, err
	}
	return handler(ctx, req)
}

func (s *Server) interposeStream(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	if err := s.interpose(stream.Context(), path.Base(info.FullMethod)); err != nil {
		return err
	}
	return handler(srv, stream)
}

// interpose is what happens before method is carried out.
func (s *Server) interpose(ctx context.Context, method string) error {
	if slices.Contains(s.opts.Unimplemented, method) {
		return status.Errorf(codes.Unimplemented, "unknown method %s", method)
	}
	if slices.Contains(s.opts.Hang, method) {
		select {
		case <-ctx.Done():
			return status.FromContextError(ctx.Err()).Err()
		case <-s.stopped:
			return status.Error(codes.Unavailable, "the runtime ends")
		}
	}
	cost, ok := s.opts.Cost[method]
	if !ok {
		return nil
	}
	d := cost.PerCall + time.Duration(s.state.readyPods())*cost.PerPod
	if cost.Busy {
		return burn(ctx, d)
	}
	return wait(ctx, d)
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return status.FromContextError(ctx.Err()).Err()
	}
}

func burn(ctx context.Context, d time.Duration) error {
	for start := time.Now(); time.Since(start) < d; {
		if err := ctx.Err(); err != nil {
			return status.FromContextError(err).Err()
		}
	}
	return nil
}

// fault asks Options.Fault.
func (s *Server) fault(method, pod string) error {
	if s.opts.Fault == nil {
		return nil
	}
	return s.opts.Fault(method, pod)
}
