package criconn_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	runtimev1 "k8s.io/cri-api/pkg/apis/runtime/v1"

	"cri-stats-bench/bench/criconn"
	"cri-stats-bench/bench/criconn/fakecri"
	"cri-stats-bench/bench/criconn/fakecri/fakecritest"
)

func fake(t testing.TB, opts fakecri.Options) string {
	t.Helper()
	return fakecritest.Start(t, opts).Endpoint()
}

// socket is a path for a unix socket, short enough for any system.
func socket(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "cri") //nolint:usetesting // t.TempDir has the name of the test in it, and may be too long
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return filepath.Join(dir, "s.sock")
}

func listen(t *testing.T) (net.Listener, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l, "tcp://" + l.Addr().String()
}

func TestDial(t *testing.T) {
	f := func(endpoint string, want criconn.CgroupDriver) {
		t.Helper()
		conn, err := criconn.Dial(t.Context(), endpoint)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if got := conn.String(); got != "fakecri 0.1.0" || conn.Version.GetRuntimeApiVersion() != "v1" {
			t.Errorf("runtime is %q, %v", got, conn.Version)
		}
		if conn.CgroupDriver != want {
			t.Errorf("cgroup driver is %q, want %q", conn.CgroupDriver, want)
		}
		if _, err := conn.Images.ListImages(t.Context(), &runtimev1.ListImagesRequest{}); err != nil {
			t.Error(err)
		}
	}
	f(fake(t, fakecri.Options{}), criconn.Cgroupfs)
	f(fake(t, fakecri.Options{CgroupDriver: criconn.Systemd}), criconn.Systemd)
	f(fake(t, fakecri.Options{Unimplemented: []string{"RuntimeConfig"}}), "")

	path := filepath.ToSlash(socket(t))
	f(fake(t, fakecri.Options{Endpoint: "unix://" + path}), criconn.Cgroupfs)
	f(path, criconn.Cgroupfs)
}

func TestNormalize(t *testing.T) {
	f := func(in, want string) {
		t.Helper()
		if got, err := criconn.Normalize(in); err != nil || got != want {
			t.Errorf("Normalize(%q) = %q, %v, want %q", in, got, err, want)
		}
	}
	f("unix:///run/containerd/containerd.sock", "unix:///run/containerd/containerd.sock")
	f("/run/crio/crio.sock", "unix:///run/crio/crio.sock")
	f("unix:////run//x/../crio.sock", "unix:///run/crio.sock")
	f("tcp://127.0.0.1:10010", "tcp://127.0.0.1:10010")
	f("tcp://localhost:1", "tcp://localhost:1")
	f("tcp://[::1]:1", "tcp://[::1]:1")

	bad := func(in string) {
		t.Helper()
		_, err := criconn.Normalize(in)
		var e *criconn.EndpointError
		if !errors.As(err, &e) || e.Problem != criconn.Malformed || e.Remedy == "" {
			t.Errorf("Normalize(%q): %v, want malformed with a remedy", in, err)
		}
	}
	bad("")
	bad("/")
	bad("unix://")
	bad("run/crio.sock")
	bad("unix://run/crio.sock")
	bad("tcp://10.0.0.1:80")
	bad("tcp://127.0.0.1")
	bad("tcp://127.0.0.1:")
	bad("npipe:////./pipe/containerd")
	bad("http://127.0.0.1:80")
	bad("/run/crio.sock\n")
}

func FuzzNormalize(f *testing.F) {
	for _, s := range []string{"", "/a", "unix:///a", "tcp://127.0.0.1:1", "tcp://[::1]:1", "unix:///../a", "x://y", "/.", "unix:///a/.."} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once, err := criconn.Normalize(s)
		if err != nil {
			return
		}
		twice, err := criconn.Normalize(once)
		if err != nil || twice != once {
			t.Errorf("Normalize(%q) = %q, and again %q, %v", s, once, twice, err)
		}
	})
}

func TestDialProblems(t *testing.T) {
	f := func(endpoint string, want criconn.Problem, remedy string) {
		t.Helper()
		start := time.Now()
		conn, err := criconn.Dial(t.Context(), endpoint, criconn.WithTimeout(300*time.Millisecond))
		if err == nil {
			conn.Close()
			t.Fatalf("dialled %s", endpoint)
		}
		if d := time.Since(start); d > 2*time.Second {
			t.Errorf("took %s", d)
		}
		var e *criconn.EndpointError
		if !errors.As(err, &e) || e.Problem != want || !strings.Contains(e.Remedy, remedy) {
			t.Errorf("got  %v\nwant problem %q and a remedy with %q", err, want, remedy)
		}
		if e != nil && e.Endpoint != endpoint {
			t.Errorf("error names endpoint %q, want %q", e.Endpoint, endpoint)
		}
	}

	f("unix:///nonexistent/cri.sock", criconn.NoSocket, "is the runtime running?")

	t.Run("left behind", func(t *testing.T) {
		path := socket(t)
		l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
		if err != nil {
			t.Fatal(err)
		}
		l.SetUnlinkOnClose(false)
		l.Close()
		f("unix://"+filepath.ToSlash(path), criconn.NoListener, "start the runtime")
	})

	l, closed := listen(t)
	l.Close()
	f(closed, criconn.NoListener, "start the runtime")

	// The kernel takes connections into the backlog though nobody accepts.
	_, silent := listen(t)
	f(silent, criconn.NoAnswer, "see its log")

	l, web := listen(t)
	server := &http.Server{Handler: http.NotFoundHandler()}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	f(web, criconn.NotGRPC, "some other server")

	l, other := listen(t)
	bare := grpc.NewServer()
	go bare.Serve(l)
	t.Cleanup(bare.Stop)
	f(other, criconn.NotCRI, "disabled_plugins")

	l, old := listen(t)
	alpha := grpc.NewServer()
	desc := runtimev1.RuntimeService_ServiceDesc
	desc.ServiceName = "runtime.v1alpha2.RuntimeService"
	alpha.RegisterService(&desc, oldRuntime{})
	go alpha.Serve(l)
	t.Cleanup(alpha.Stop)
	f(old, criconn.OldCRI, "containerd 1.6 or later, or CRI-O 1.23 or later")

	f(fake(t, fakecri.Options{Hang: []string{"Version"}}), criconn.NoAnswer, "see its log")

	l, starting := listen(t)
	young := grpc.NewServer(grpc.UnknownServiceHandler(func(any, grpc.ServerStream) error {
		return status.Error(codes.Unavailable, "server is not initialized yet")
	}))
	go young.Serve(l)
	t.Cleanup(young.Stop)
	f(starting, criconn.NotReady, "has started")
}

// oldRuntime is a runtime that knows v1alpha2 alone.
type oldRuntime struct {
	runtimev1.UnimplementedRuntimeServiceServer
}

func (oldRuntime) Version(context.Context, *runtimev1.VersionRequest) (*runtimev1.VersionResponse, error) {
	return &runtimev1.VersionResponse{RuntimeName: "containerd", RuntimeVersion: "1.5.18"}, nil
}

func TestDialNoPermission(t *testing.T) {
	if runtime.GOOS == "windows" || os.Getuid() == 0 {
		// Root may connect anywhere; what Dial makes of the refusal is shown by the error alone.
		err := &criconn.EndpointError{Endpoint: "unix:///s", Problem: criconn.NoPermission, Remedy: "run as root", Err: os.ErrPermission}
		if want := `CRI endpoint "unix:///s" no permission to connect (permission denied); run as root`; err.Error() != want {
			t.Errorf("got  %s\nwant %s", err, want)
		}
		return
	}
	endpoint := fake(t, fakecri.Options{Endpoint: "unix://" + socket(t)})
	if err := os.Chmod(strings.TrimPrefix(endpoint, "unix://"), 0); err != nil {
		t.Fatal(err)
	}
	_, err := criconn.Dial(t.Context(), endpoint)
	var e *criconn.EndpointError
	if !errors.As(err, &e) || e.Problem != criconn.NoPermission {
		t.Errorf("got %v, want no permission", err)
	}
}

func TestDialCancelled(t *testing.T) {
	_, silent := listen(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("the user had enough")
	time.AfterFunc(20*time.Millisecond, func() { cancel(cause) })
	if _, err := criconn.Dial(ctx, silent); !errors.Is(err, cause) {
		t.Errorf("got %v, want %v", err, cause)
	}
}

func TestByteCount(t *testing.T) {
	var n atomic.Int64
	conn, err := criconn.Dial(t.Context(), fake(t, fakecri.Options{}), criconn.WithByteCount(&n))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	n.Store(0)
	descriptors, err := conn.Runtime.ListMetricDescriptors(t.Context(), &runtimev1.ListMetricDescriptorsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	const framing = 5 // one byte of flags, four of length, in front of each message
	if got, want := n.Swap(0), int64(proto.Size(descriptors)+framing); got != want {
		t.Errorf("counted %d bytes, want %d", got, want)
	}

	sandbox := &runtimev1.PodSandboxMetadata{Name: "a", Namespace: "b", Uid: "c"}
	if _, err := conn.Runtime.RunPodSandbox(t.Context(), &runtimev1.RunPodSandboxRequest{Config: &runtimev1.PodSandboxConfig{Metadata: sandbox}}); err != nil {
		t.Fatal(err)
	}
	n.Store(0)
	stream, err := conn.Runtime.StreamPodSandboxes(t.Context(), &runtimev1.StreamPodSandboxesRequest{})
	if err != nil {
		t.Fatal(err)
	}
	message, err := stream.Recv()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := n.Load(), int64(proto.Size(message)+framing); got != want {
		t.Errorf("counted %d bytes of a stream, want %d", got, want)
	}
}

func TestNeeds(t *testing.T) {
	got := map[string]string{}
	for _, m := range []string{"ListPodSandboxStats", "ListPodSandboxMetrics", "StreamPodSandboxStats", "NoSuchMethod"} {
		got[m] = criconn.Needs(m)
	}
	want := map[string]string{
		"ListPodSandboxStats":   "containerd 1.6 or later, CRI-O 1.23 or later",
		"ListPodSandboxMetrics": "containerd 2.2 or later, CRI-O 1.31 or later",
		"StreamPodSandboxStats": "containerd 2.4 or later, CRI-O 1.36 or later",
		"NoSuchMethod":          "",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("needs (-want +got):\n%s", diff)
	}
}

func TestIsUnimplemented(t *testing.T) {
	unimplemented := status.Error(codes.Unimplemented, "unknown method")
	f := func(err error, want bool) {
		t.Helper()
		if got := criconn.IsUnimplemented(err); got != want {
			t.Errorf("IsUnimplemented(%v) = %t", err, got)
		}
	}
	f(nil, false)
	f(errors.New("unknown method"), false)
	f(status.Error(codes.Unavailable, "down"), false)
	f(unimplemented, true)
	f(errors.Join(errors.New("list metrics"), unimplemented), true)
}

// TestContentType holds what CRI-O tells gRPC from HTTP by: it resets connections
// with any other word.
func TestContentType(t *testing.T) {
	l, endpoint := listen(t)
	got := make(chan []string, 1)
	server := grpc.NewServer(grpc.UnknownServiceHandler(func(_ any, s grpc.ServerStream) error {
		md, _ := metadata.FromIncomingContext(s.Context())
		select {
		case got <- md.Get("content-type"):
		default:
		}
		return status.Error(codes.Unavailable, "asked enough")
	}))
	go server.Serve(l)
	t.Cleanup(server.Stop)
	for name, opts := range map[string][]criconn.Option{"plain": nil, "counted": {criconn.WithByteCount(new(atomic.Int64))}} {
		if _, err := criconn.Dial(t.Context(), endpoint, opts...); err == nil {
			t.Fatal("a server that serves nothing was dialled")
		}
		if diff := cmp.Diff([]string{"application/grpc"}, <-got); diff != "" {
			t.Errorf("content type of %s calls (-want +got):\n%s", name, diff)
		}
		for len(got) > 0 {
			<-got
		}
	}
}

// BenchmarkByteCount shows what counting costs beside a call that does nothing:
// the difference is the whole price, whatever the size of the answer.
func BenchmarkByteCount(b *testing.B) {
	endpoint := fake(b, fakecri.Options{})
	f := func(name string, opts ...criconn.Option) {
		b.Run(name, func(b *testing.B) {
			conn, err := criconn.Dial(b.Context(), endpoint, opts...)
			if err != nil {
				b.Fatal(err)
			}
			defer conn.Close()
			b.ReportAllocs()
			for b.Loop() {
				if _, err := conn.Runtime.Version(b.Context(), &runtimev1.VersionRequest{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	f("plain")
	f("counted", criconn.WithByteCount(new(atomic.Int64)))
}
