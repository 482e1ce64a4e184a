// Package fakecri is a CRI runtime that runs nothing: pod sandboxes and
// containers exist in its memory only, and their stats are computed from the
// time that went by. Tests of criconn, of the collectors and of the workloads
// dial it, and the demo measures it on any operating system.
//
// Its parts are kept apart so that each can be replaced: what exists (state.go),
// what it would use at an instant (reading.go), how that is said in the words of
// the CRI (stats.go, metrics.go), and how answers are slowed or spoiled
// (interpose.go,
// defect.go).
//
// It calls itself "fakecri" and never takes the name of a real runtime: reports
// mark what bears that name as simulated.
package fakecri

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	runtimev1 "k8s.io/cri-api/pkg/apis/runtime/v1"

	"cri-stats-bench/bench/criconn"
)

// What Version answers.
const (
	RuntimeName    = "fakecri"
	RuntimeVersion = "0.1.0"
)

// Options say how the runtime behaves. The zero value is a quick and faultless
// one on a free port of 127.0.0.1. Methods are named as in the CRI:
// "ListPodSandboxStats".
type Options struct {
	// Endpoint to listen at: unix:///path or tcp://127.0.0.1:PORT, where port 0
	// is a free one.
	Endpoint string
	// CgroupDriver is what RuntimeConfig answers; cgroupfs if empty.
	CgroupDriver criconn.CgroupDriver
	// Clock is the time that stats move by; time.Now if nil.
	Clock func() time.Time
	// Cost is what a method costs before it answers.
	Cost map[string]Cost
	// Alpha serves CRI v1alpha2 too, as runtimes did before containerd 2.0 and CRI-O 1.26.
	Alpha bool
	// Unimplemented methods answer so, as an older runtime would.
	Unimplemented []string
	// Hang has the methods that never answer.
	Hang []string
	// Fault is asked whenever a method comes to a pod, which it names as its
	// metadata does; an error (of package status) is then the method's answer.
	Fault func(method, pod string) error
	// Exit is asked when a container starts; true makes it end at once.
	Exit func(pod, container string) (Exit, bool)
	// Defect is what is wrong with the stats that the server gives; Seed decides
	// which pod or container it is wrong with, where it is one of many.
	Defect Defect
	Seed   uint64
}

// A Cost is simulated work: PerCall and, for each ready pod, PerPod. It is waited
// for, or, if Busy, burned on a CPU.
type Cost struct {
	PerCall time.Duration
	PerPod  time.Duration
	Busy    bool
}

// An Exit is how a container ended.
type Exit struct {
	Code    int32
	Reason  string
	Message string
	// Log is a line that the container wrote before it ended.
	Log string
}

// A Server is a fake runtime that listens.
type Server struct {
	opts     Options
	state    *state
	memory   memory
	listener net.Listener
	grpc     *grpc.Server
	stopped  chan struct{}
	serving  sync.WaitGroup
	serveErr error
}

// Start listens and serves until Stop.
func Start(opts Options) (*Server, error) {
	if opts.Endpoint == "" {
		opts.Endpoint = "tcp://127.0.0.1:0"
	}
	if opts.Clock == nil {
		opts.Clock = time.Now
	}
	endpoint, err := criconn.Normalize(opts.Endpoint)
	if err != nil {
		return nil, err
	}
	network, address, _ := strings.Cut(endpoint, "://")
	listener, err := net.Listen(network, address) //nolint:noctx // listening takes no time
	if err != nil {
		return nil, fmt.Errorf("listen at %s: %w", endpoint, err)
	}
	s := &Server{
		opts:     opts,
		state:    newState(opts.Clock),
		listener: listener,
		stopped:  make(chan struct{}),
	}
	s.grpc = grpc.NewServer(
		grpc.ChainUnaryInterceptor(s.interposeUnary),
		grpc.ChainStreamInterceptor(s.interposeStream),
	)
	runtimev1.RegisterRuntimeServiceServer(s.grpc, &runtimeService{Server: s})
	if opts.Alpha {
		older := runtimev1.RuntimeService_ServiceDesc
		older.ServiceName = "runtime.v1alpha2.RuntimeService"
		s.grpc.RegisterService(&older, &runtimeService{Server: s})
	}
	runtimev1.RegisterImageServiceServer(s.grpc, &imageService{Server: s})
	s.serving.Go(func() { s.serveErr = s.grpc.Serve(listener) })
	return s, nil
}

// Endpoint is where the server listens, as criconn.Dial takes it.
func (s *Server) Endpoint() string {
	a := s.listener.Addr()
	return a.Network() + "://" + a.String()
}

// Stop breaks off what is in progress, stops listening and waits until nothing
// is left of the server. It may be called twice.
func (s *Server) Stop() error {
	select {
	case <-s.stopped:
	default:
		close(s.stopped)
	}
	s.grpc.Stop()
	s.serving.Wait()
	if s.serveErr != nil && !errors.Is(s.serveErr, grpc.ErrServerStopped) {
		return fmt.Errorf("serve at %s: %w", s.Endpoint(), s.serveErr)
	}
	return nil
}
