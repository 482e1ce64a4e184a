// Package criconn dials a CRI endpoint and says who answers there: name and
// version of the runtime, its cgroup driver, and, where nothing fit answers,
// what is wrong and what to do about it.
//
// Collectors, workloads and the doctor reach the runtime through the clients of
// a [Conn], which are the generated ones of k8s.io/cri-api. Package fakecri is
// an endpoint to dial where there is no runtime.
//
// The package adds nothing to a call but a deadline where there is none: a call through a
// Conn is that of the generated client, so that its cost is the runtime's and gRPC's alone.
package criconn

import (
	"context"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	runtimev1 "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// MaxReceiveBytes is the largest answer that is accepted: 16 MiB, as in the
// kubelet (maxMsgSize in k8s.io/cri-client, pkg/utils.go), where gRPC's own
// default is 4 MiB. An answer beyond it fails there as it fails here.
const MaxReceiveBytes = 16 << 20

// DefaultTimeout bounds the whole of Dial. A runtime that is up answers Version
// in milliseconds.
const DefaultTimeout = 5 * time.Second

// CallTimeout bounds a call whose context has no deadline: the kubelet's
// runtimeRequestTimeout.
const CallTimeout = 2 * time.Minute

// A CgroupDriver is who makes the cgroups of pods.
type CgroupDriver string

// The two drivers of the CRI (api.proto, CgroupDriver).
const (
	Cgroupfs CgroupDriver = "cgroupfs" // the runtime itself
	Systemd  CgroupDriver = "systemd"  // systemd, on the runtime's behalf
)

// A Conn is a connection to a runtime that has said who it is.
type Conn struct {
	// Endpoint is the endpoint in its normal form, see Normalize.
	Endpoint string
	// Runtime and Images are the generated clients.
	Runtime runtimev1.RuntimeServiceClient
	Images  runtimev1.ImageServiceClient
	// Version is what the runtime answered: RuntimeName ("containerd", "cri-o"),
	// RuntimeVersion, RuntimeApiVersion.
	Version *runtimev1.VersionResponse
	// CgroupDriver is empty where the runtime does not tell (RuntimeConfig needs
	// containerd 2.0 or CRI-O 1.28).
	CgroupDriver CgroupDriver

	conn *grpc.ClientConn
}

// An Option changes how Dial connects.
type Option func(*options)

type options struct {
	timeout time.Duration
	dial    []grpc.DialOption
}

// WithTimeout bounds Dial instead of DefaultTimeout.
func WithTimeout(d time.Duration) Option {
	return func(o *options) { o.timeout = d }
}

// WithByteCount adds the bytes on the wire of every message received, gRPC's
// five bytes of framing included and HTTP/2's not, to n before the call (or the
// Recv of a stream) returns.
func WithByteCount(n *atomic.Int64) Option {
	return func(o *options) {
		o.dial = append(o.dial, grpc.WithDefaultCallOptions(grpc.ForceCodecV2(newCountingCodec(n))))
	}
}

// Dial connects to endpoint and asks who is there. Endpoints are
// unix:///path, a bare /path, or tcp://HOST:PORT on loopback.
//
// Whatever is wrong with the endpoint comes back as an *EndpointError, within
// DefaultTimeout. If ctx ends first, the error is ctx's.
func Dial(ctx context.Context, endpoint string, opts ...Option) (*Conn, error) {
	o := options{timeout: DefaultTimeout}
	for _, opt := range opts {
		opt(&o)
	}
	addr, err := parse(endpoint)
	if err != nil {
		return nil, err
	}
	dialing, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()

	// A plain connection first: gRPC would fold "no such file", "permission
	// denied" and "not gRPC" into one Unavailable.
	probe, err := new(net.Dialer).DialContext(dialing, addr.network, addr.address)
	if err != nil {
		return nil, addr.connectError(ctx, err)
	}
	if err := probe.Close(); err != nil {
		return nil, fmt.Errorf("close probe of %s: %w", addr, err)
	}

	conn, err := grpc.NewClient("passthrough:///cri", append(o.dial,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithAuthority("localhost"), // the kubelet's; some runtimes refuse a path here
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, addr.network, addr.address)
		}),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(MaxReceiveBytes)),
		grpc.WithUnaryInterceptor(bounded),
	)...)
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w", addr, err)
	}
	c := &Conn{
		Endpoint: addr.String(),
		Runtime:  runtimev1.NewRuntimeServiceClient(conn),
		Images:   runtimev1.NewImageServiceClient(conn),
		conn:     conn,
	}
	if err := c.identify(ctx, dialing, addr); err != nil {
		_ = conn.Close() // the reason why nobody answered is the error to see
		return nil, err
	}
	return c, nil
}

// bounded gives a call a deadline that has none: nobody waits for ever for a runtime that
// never answers.
func bounded(ctx context.Context, method string, request, answer any, conn *grpc.ClientConn, call grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, CallTimeout)
		defer cancel()
	}
	return call(ctx, method, request, answer, conn, opts...)
}

// Close closes the connection.
func (c *Conn) Close() error { return c.conn.Close() }

// String names the runtime as reports do: "containerd v2.4.2".
func (c *Conn) String() string {
	return c.Version.GetRuntimeName() + " " + c.Version.GetRuntimeVersion()
}
