package cri

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	runtimev1 "k8s.io/cri-api/pkg/apis/runtime/v1"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/criconn/fakecri"
	"cri-stats-bench/bench/criconn/fakecri/fakecritest"
	"cri-stats-bench/collectors/collectortest"
)

// start starts a fake runtime with so many pods of one container each.
func start(t testing.TB, pods int, opts fakecri.Options) bench.Source {
	t.Helper()
	server, conn := fakecritest.Dial(t, opts, "i")
	s := bench.Source{Endpoint: server.Endpoint()}
	for i := range pods {
		config := &runtimev1.PodSandboxConfig{Metadata: &runtimev1.PodSandboxMetadata{
			Name: fmt.Sprintf("pod%d", i), Namespace: "test", Uid: fmt.Sprintf("uid%d", i),
		}}
		pod, err := conn.Runtime.RunPodSandbox(t.Context(), &runtimev1.RunPodSandboxRequest{Config: config})
		if err != nil {
			t.Fatal(err)
		}
		container, err := conn.Runtime.CreateContainer(t.Context(), &runtimev1.CreateContainerRequest{
			PodSandboxId:  pod.GetPodSandboxId(),
			SandboxConfig: config,
			Config: &runtimev1.ContainerConfig{
				Metadata: &runtimev1.ContainerMetadata{Name: "main"},
				Image:    &runtimev1.ImageSpec{Image: "i", UserSpecifiedImage: "i"},
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		id := container.GetContainerId()
		if _, err := conn.Runtime.StartContainer(t.Context(), &runtimev1.StartContainerRequest{ContainerId: id}); err != nil {
			t.Fatal(err)
		}
		s.Pods = append(s.Pods, bench.Pod{ID: pod.GetPodSandboxId(), Containers: []string{id}})
	}
	return s
}

// ways are all calls, by method.
var ways = []struct {
	method string
	open   collectortest.Open
}{
	{"Version", OpenVersion},
	{"ListContainerStats", OpenContainerStats},
	{"ListPodSandboxStats", OpenPodStats},
	{"ListPodSandboxMetrics", OpenPodMetrics},
	{"StreamContainerStats", OpenStreamContainerStats},
	{"StreamPodSandboxStats", OpenStreamPodStats},
	{"StreamPodSandboxMetrics", OpenStreamPodMetrics},
}

func TestConformance(t *testing.T) {
	s := start(t, 5, fakecri.Options{})
	stats := []*bench.Metric{bench.CPUUsage, bench.CPUUsageRate, bench.MemoryWorkingSet, bench.MemoryUsage,
		bench.MemoryRSS, bench.PageFaults, bench.FSUsage, bench.SwapUsage, bench.CPUPressureSome, bench.IOPressureFull}
	metrics := []*bench.Metric{bench.CPUUsage, bench.MemoryWorkingSet}
	for _, way := range ways {
		want := collectortest.Want{Transfers: true, Pods: true, Metrics: stats}
		switch {
		case way.method == "Version":
			want = collectortest.Want{Transfers: true, Empty: true}
		case strings.HasSuffix(way.method, "ContainerStats"):
			want.Pods = false // the call does not know pods
		case strings.HasSuffix(way.method, "Metrics"):
			want.Metrics = metrics
		}
		t.Run(way.method, func(t *testing.T) { collectortest.Run(t, way.open, s, want) })
	}
}

// collect makes one call.
func collect(t *testing.T, open collectortest.Open, s bench.Source) *bench.Batch {
	t.Helper()
	c, err := open(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	b := new(bench.Batch)
	if err := c.Collect(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	return b
}

// TestStreamsSayTheSame compares each stream with the list of the same name: as
// many entities, samples and, but for framing, bytes.
func TestStreamsSayTheSame(t *testing.T) {
	s := start(t, 5, fakecri.Options{})
	f := func(list, stream collectortest.Open) {
		t.Helper()
		l, s := collect(t, list, s), collect(t, stream, s)
		if len(l.Entities) != len(s.Entities) || len(l.Samples) != len(s.Samples) {
			t.Errorf("a list of %d entities and %d samples, a stream of %d and %d", len(l.Entities), len(l.Samples), len(s.Entities), len(s.Samples))
		}
		if math.Abs(float64(l.Bytes-s.Bytes)) > 0.02*float64(l.Bytes) {
			t.Errorf("a list of %d bytes, a stream of %d", l.Bytes, s.Bytes)
		}
	}
	f(OpenContainerStats, OpenStreamContainerStats)
	f(OpenPodStats, OpenStreamPodStats)
	f(OpenPodMetrics, OpenStreamPodMetrics)
}

// CRI v1alpha2 says the same where it is served, and is unsupported elsewhere.
func TestAlpha(t *testing.T) {
	for _, way := range []struct {
		method     string
		open, like collectortest.Open
	}{
		{"v1alpha2 ListContainerStats", OpenAlphaContainerStats, OpenContainerStats},
		{"v1alpha2 ListPodSandboxStats", OpenAlphaPodStats, OpenPodStats},
	} {
		s := start(t, 3, fakecri.Options{Alpha: true})
		var sizes []int
		for _, open := range []collectortest.Open{way.open, way.like} {
			b := collect(t, open, s)
			sizes = append(sizes, len(b.Entities), len(b.Samples))
		}
		if sizes[0] == 0 || sizes[0] != sizes[2] || sizes[1] != sizes[3] {
			t.Errorf("%s: entities and samples of v1alpha2 and v1: %v", way.method, sizes)
		}
		c, err := way.open(t.Context(), start(t, 1, fakecri.Options{}))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		err = c.Collect(t.Context(), new(bench.Batch))
		u, ok := errors.AsType[*bench.UnsupportedError](err)
		if !ok || u.What != way.method || !strings.Contains(u.Needs, "containerd") {
			t.Errorf("%s: %#v, want an UnsupportedError that says what it needs", way.method, err)
		}
	}
}

func TestUnsupported(t *testing.T) {
	for _, way := range ways[1:] {
		s := start(t, 1, fakecri.Options{Unimplemented: []string{way.method}})
		c, err := way.open(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		for range 2 {
			err := c.Collect(t.Context(), new(bench.Batch))
			u, ok := errors.AsType[*bench.UnsupportedError](err)
			if !ok || u.What != way.method || u.Needs == "" || status.Code(u.Err) != codes.Unimplemented {
				t.Errorf("%s: %#v, want an UnsupportedError that says what it needs", way.method, err)
			}
		}
	}
}

func TestFailures(t *testing.T) {
	f := func(opts fakecri.Options, within time.Duration, is error, words string) {
		t.Helper()
		s := start(t, 8, opts)
		for _, way := range ways[1:] {
			c, err := way.open(t.Context(), s)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			ctx, cancel := context.WithTimeout(t.Context(), within)
			defer cancel()
			err = c.Collect(ctx, new(bench.Batch))
			want := fmt.Sprintf("%s on %s: %s", way.method, s.Endpoint, words)
			if err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("error %v, want %s", err, want)
			}
			if is != nil && !errors.Is(err, is) {
				t.Errorf("error %v is not %v", err, is)
			}
			if code := status.Code(err); code == codes.OK || code == codes.Unknown {
				t.Errorf("error %v has lost what the client returned", err)
			}
		}
	}
	var methods []string
	for _, way := range ways[1:] {
		methods = append(methods, way.method)
	}
	f(fakecri.Options{Hang: methods}, 50*time.Millisecond, context.DeadlineExceeded, "deadline exceeded after ")
	f(fakecri.Options{Fault: func(method, pod string) error {
		if pod != "pod7" || !slices.Contains(methods, method) {
			return nil
		}
		return status.Error(codes.Unavailable, "shim is gone")
	}}, time.Minute, nil, "Unavailable: shim is gone")
}

func TestOpenRefuses(t *testing.T) {
	f := func(s bench.Source, words string) {
		t.Helper()
		c, err := OpenPodStats(t.Context(), s)
		if err == nil {
			c.Close()
		}
		if err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("open: %v, want an error with %q", err, words)
		}
	}
	f(bench.Source{}, "endpoint")
	f(bench.Source{Endpoint: "unix:///nonexistent.sock"}, "no such socket")
	f(bench.Source{Endpoint: "unix:///nonexistent.sock", Pods: []bench.Pod{{}}}, "pod id")
}

func TestRounded(t *testing.T) {
	f := func(d, want time.Duration) {
		t.Helper()
		if got := rounded(d); got != want {
			t.Errorf("rounded(%v) = %v, want %v", d, got, want)
		}
	}
	f(10*time.Second+300*time.Microsecond, 10*time.Second)
	f(10*time.Second+340*time.Millisecond, 10300*time.Millisecond)
	f(2*time.Minute+time.Millisecond, 2*time.Minute)
	f(51234*time.Microsecond, 51200*time.Microsecond)
	f(7, 7)
	f(0, 0)
}
