package fakecri_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/testing/protocmp"
	runtimev1 "k8s.io/cri-api/pkg/apis/runtime/v1"

	"cri-stats-bench/bench/criconn"
	"cri-stats-bench/bench/criconn/fakecri"
	"cri-stats-bench/bench/criconn/fakecri/fakecritest"
)

const image = "127.0.0.1:5000/podload:test"

// open is serve for a test that needs the connection alone.
func open(t *testing.T, opts fakecri.Options) *criconn.Conn {
	t.Helper()
	_, conn := serve(t, opts)
	return conn
}

// serve starts a fake runtime, dials it and pulls the image.
func serve(t *testing.T, opts fakecri.Options) (*fakecri.Server, *criconn.Conn) {
	t.Helper()
	return fakecritest.Dial(t, opts, image)
}

// run makes one pod with one container per list of arguments.
func run(t *testing.T, conn *criconn.Conn, name string, network runtimev1.NamespaceMode, args ...[]string) (pod string, containers []string) {
	t.Helper()
	ctx := t.Context()
	config := &runtimev1.PodSandboxConfig{
		Metadata: &runtimev1.PodSandboxMetadata{Name: name, Namespace: "test", Uid: "uid-" + name},
		Labels:   map[string]string{"app": name},
		Linux: &runtimev1.LinuxPodSandboxConfig{SecurityContext: &runtimev1.LinuxSandboxSecurityContext{
			NamespaceOptions: &runtimev1.NamespaceOption{Network: network},
		}},
	}
	sandbox, err := conn.Runtime.RunPodSandbox(ctx, &runtimev1.RunPodSandboxRequest{Config: config})
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range args {
		c, err := conn.Runtime.CreateContainer(ctx, &runtimev1.CreateContainerRequest{
			PodSandboxId: sandbox.GetPodSandboxId(),
			Config: &runtimev1.ContainerConfig{
				Metadata: &runtimev1.ContainerMetadata{Name: fmt.Sprintf("c%d", i)},
				Image:    &runtimev1.ImageSpec{Image: image, UserSpecifiedImage: image},
				Args:     a,
				Labels:   map[string]string{"app": name},
			},
			SandboxConfig: config,
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Runtime.StartContainer(ctx, &runtimev1.StartContainerRequest{ContainerId: c.GetContainerId()}); err != nil {
			t.Fatal(err)
		}
		containers = append(containers, c.GetContainerId())
	}
	return sandbox.GetPodSandboxId(), containers
}

func TestLifecycle(t *testing.T) {
	conn := open(t, fakecri.Options{})
	ctx := t.Context()
	pod, containers := run(t, conn, "a", runtimev1.NamespaceMode_NODE, nil, nil)
	run(t, conn, "b", runtimev1.NamespaceMode_NODE, nil)

	hex64 := regexp.MustCompile(`^[0-9a-f]{64}$`)
	for _, id := range append(containers, pod) {
		if !hex64.MatchString(id) {
			t.Errorf("id %q is not 64 hex digits", id)
		}
	}
	list, err := conn.Runtime.ListPodSandbox(ctx, &runtimev1.ListPodSandboxRequest{Filter: &runtimev1.PodSandboxFilter{LabelSelector: map[string]string{"app": "a"}}})
	if err != nil || len(list.GetItems()) != 1 || list.GetItems()[0].GetId() != pod {
		t.Fatalf("sandboxes of app a: %v, %v", list.GetItems(), err)
	}

	states := func() (n map[string]int) {
		t.Helper()
		n = make(map[string]int)
		resp, err := conn.Runtime.ListContainers(ctx, &runtimev1.ListContainersRequest{Filter: &runtimev1.ContainerFilter{PodSandboxId: pod}})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range resp.GetContainers() {
			n[c.GetState().String()]++
		}
		return n
	}
	f := func(do func() error, want map[string]int) {
		t.Helper()
		for range 2 { // stopping and removing are idempotent
			if err := do(); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(want, states()); diff != "" {
			t.Errorf("container states (-want +got):\n%s", diff)
		}
	}
	f(func() error { return nil }, map[string]int{"CONTAINER_RUNNING": 2})
	f(func() error {
		_, err := conn.Runtime.StopContainer(ctx, &runtimev1.StopContainerRequest{ContainerId: containers[0]})
		return err
	}, map[string]int{"CONTAINER_RUNNING": 1, "CONTAINER_EXITED": 1})
	f(func() error {
		_, err := conn.Runtime.RemoveContainer(ctx, &runtimev1.RemoveContainerRequest{ContainerId: containers[0]})
		return err
	}, map[string]int{"CONTAINER_RUNNING": 1})
	f(func() error {
		_, err := conn.Runtime.StopPodSandbox(ctx, &runtimev1.StopPodSandboxRequest{PodSandboxId: pod})
		return err
	}, map[string]int{"CONTAINER_EXITED": 1})
	f(func() error {
		_, err := conn.Runtime.RemovePodSandbox(ctx, &runtimev1.RemovePodSandboxRequest{PodSandboxId: pod})
		return err
	}, map[string]int{})

	list, err = conn.Runtime.ListPodSandbox(ctx, &runtimev1.ListPodSandboxRequest{})
	if err != nil || len(list.GetItems()) != 1 {
		t.Errorf("sandboxes left: %v, %v, want b alone", list.GetItems(), err)
	}
}

func TestRefuses(t *testing.T) {
	conn := open(t, fakecri.Options{})
	pod, containers := run(t, conn, "a", runtimev1.NamespaceMode_NODE, nil)
	f := func(want codes.Code, do func(ctx context.Context) error) {
		t.Helper()
		if err := do(t.Context()); status.Code(err) != want {
			t.Errorf("got %v, want %v", err, want)
		}
	}
	sandbox := func(name string) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := conn.Runtime.RunPodSandbox(ctx, &runtimev1.RunPodSandboxRequest{Config: &runtimev1.PodSandboxConfig{
				Metadata: &runtimev1.PodSandboxMetadata{Name: name, Namespace: "test", Uid: "uid-" + name},
			}})
			return err
		}
	}
	container := func(pod, name, image string) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := conn.Runtime.CreateContainer(ctx, &runtimev1.CreateContainerRequest{PodSandboxId: pod, Config: &runtimev1.ContainerConfig{
				Metadata: &runtimev1.ContainerMetadata{Name: name}, Image: &runtimev1.ImageSpec{Image: image},
			}})
			return err
		}
	}
	f(codes.AlreadyExists, sandbox("a"))
	f(codes.InvalidArgument, sandbox(""))
	f(codes.AlreadyExists, container(pod, "c0", image))
	f(codes.NotFound, container(pod, "c1", "127.0.0.1:5000/never-pulled"))
	f(codes.NotFound, container("0000", "c1", image))
	f(codes.InvalidArgument, container(pod, "", image))
	f(codes.FailedPrecondition, func(ctx context.Context) error {
		_, err := conn.Runtime.StartContainer(ctx, &runtimev1.StartContainerRequest{ContainerId: containers[0]})
		return err
	})
	f(codes.NotFound, func(ctx context.Context) error {
		_, err := conn.Runtime.ContainerStats(ctx, &runtimev1.ContainerStatsRequest{ContainerId: pod})
		return err
	})
	f(codes.Unimplemented, func(ctx context.Context) error {
		_, err := conn.Runtime.Attach(ctx, &runtimev1.AttachRequest{})
		return err
	})
}

func TestCountersMoveAtTheirRate(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	conn := open(t, fakecri.Options{Clock: func() time.Time { return now }})
	pod, containers := run(t, conn, "a", runtimev1.NamespaceMode_POD, []string{"burn", "--cpu", "0.25", "--hold", "8388608"})
	read := func() *runtimev1.PodSandboxStats {
		t.Helper()
		r, err := conn.Runtime.ListPodSandboxStats(t.Context(), &runtimev1.ListPodSandboxStatsRequest{})
		if err != nil || len(r.GetStats()) != 1 {
			t.Fatalf("stats: %v, %v", r, err)
		}
		return r.GetStats()[0]
	}
	before := read()
	now = now.Add(40 * time.Second)
	after := read()

	if before.GetAttributes().GetId() != pod || after.GetLinux().GetContainers()[0].GetAttributes().GetId() != containers[0] {
		t.Errorf("stats are of %v", after)
	}
	cpu := func(s *runtimev1.PodSandboxStats) uint64 {
		return s.GetLinux().GetContainers()[0].GetCpu().GetUsageCoreNanoSeconds().GetValue()
	}
	// a quarter of a core and the thousandth that any container burns
	if got, want := time.Duration(cpu(after)-cpu(before)), 10*time.Second+40*time.Millisecond; got != want {
		t.Errorf("container burned %s in 40 s, want %s", got, want)
	}
	if got := after.GetLinux().GetContainers()[0].GetMemory().GetWorkingSetBytes().GetValue(); got < 8<<20 || got > 10<<20 {
		t.Errorf("working set is %d bytes, want a little over 8 MiB", got)
	}
	own := after.GetLinux().GetCpu().GetUsageCoreNanoSeconds().GetValue()
	if sum := cpu(after); own <= sum {
		t.Errorf("pod has used %d ns, its container alone %d", own, sum)
	}
	if got := after.GetLinux().GetCpu().GetTimestamp(); got != now.UnixNano() {
		t.Errorf("timestamp %d, want %d", got, now.UnixNano())
	}
	if got := after.GetLinux().GetNetwork().GetDefaultInterface().GetRxBytes().GetValue(); got == 0 {
		t.Error("network of a pod with its own does not move")
	}
	if got := after.GetLinux().GetProcess().GetProcessCount().GetValue(); got != 2 {
		t.Errorf("%d processes, want pause and one more", got)
	}
}

func TestStatsLeaveOutWhatDoesNotRun(t *testing.T) {
	conn := open(t, fakecri.Options{})
	ctx := t.Context()
	stopped, _ := run(t, conn, "a", runtimev1.NamespaceMode_NODE, nil)
	_, containers := run(t, conn, "b", runtimev1.NamespaceMode_NODE, nil, nil)
	if _, err := conn.Runtime.StopPodSandbox(ctx, &runtimev1.StopPodSandboxRequest{PodSandboxId: stopped}); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Runtime.StopContainer(ctx, &runtimev1.StopContainerRequest{ContainerId: containers[0]}); err != nil {
		t.Fatal(err)
	}
	stats, err := conn.Runtime.ListContainerStats(ctx, &runtimev1.ListContainerStatsRequest{})
	if err != nil || len(stats.GetStats()) != 1 || stats.GetStats()[0].GetAttributes().GetId() != containers[1] {
		t.Errorf("container stats: %v, %v, want of %s alone", stats, err, containers[1])
	}
	metrics, err := conn.Runtime.ListPodSandboxMetrics(ctx, &runtimev1.ListPodSandboxMetricsRequest{})
	if err != nil || len(metrics.GetPodMetrics()) != 1 || len(metrics.GetPodMetrics()[0].GetContainerMetrics()) != 1 {
		t.Errorf("metrics: %v, %v, want of one container", metrics, err)
	}
}

func TestMetricsFitTheirDescriptors(t *testing.T) {
	conn := open(t, fakecri.Options{})
	run(t, conn, "a", runtimev1.NamespaceMode_POD, nil)
	descriptors, err := conn.Runtime.ListMetricDescriptors(t.Context(), &runtimev1.ListMetricDescriptorsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	keys := make(map[string]int)
	for _, d := range descriptors.GetDescriptors() {
		keys[d.GetName()] = len(d.GetLabelKeys())
	}
	// critest's expectedMetricDescriptorNames has 56 names
	if len(keys) != 56 || len(descriptors.GetDescriptors()) != 56 {
		t.Errorf("%d descriptors of %d names, want 56", len(descriptors.GetDescriptors()), len(keys))
	}
	metrics, err := conn.Runtime.ListPodSandboxMetrics(t.Context(), &runtimev1.ListPodSandboxMetricsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]bool)
	pod := metrics.GetPodMetrics()[0]
	for _, m := range slices.Concat(pod.GetMetrics(), pod.GetContainerMetrics()[0].GetMetrics()) {
		seen[m.GetName()] = true
		if want, ok := keys[m.GetName()]; !ok || len(m.GetLabelValues()) != want {
			t.Errorf("%s has %d label values, its descriptor %d keys (found: %t)", m.GetName(), len(m.GetLabelValues()), want, ok)
		}
		if m.GetValue() == nil {
			t.Errorf("%s has no value", m.GetName())
		}
	}
	if len(seen) != 56 {
		t.Errorf("metrics of %d names, want 56", len(seen))
	}
}

func TestStreamsHoldWhatListsHold(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	conn := open(t, fakecri.Options{Clock: func() time.Time { return now }})
	for i := range 120 { // more than one message holds
		run(t, conn, fmt.Sprintf("pod-%d", i), runtimev1.NamespaceMode_NODE, nil)
	}
	ctx := t.Context()

	list, err := conn.Runtime.ListPodSandboxStats(ctx, &runtimev1.ListPodSandboxStatsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	stream, err := conn.Runtime.StreamPodSandboxStats(ctx, &runtimev1.StreamPodSandboxStatsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	var streamed []*runtimev1.PodSandboxStats
	messages := 0
	for {
		m, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		messages++
		streamed = append(streamed, m.GetPodSandboxStats()...)
	}
	if messages != 2 {
		t.Errorf("%d messages, want 2", messages)
	}
	if diff := cmp.Diff(list.GetStats(), streamed, protocmp.Transform()); diff != "" {
		t.Errorf("stream differs from list (-list +stream):\n%s", diff)
	}
}

func TestFaults(t *testing.T) {
	conn := open(t, fakecri.Options{
		Unimplemented: []string{"ListPodSandboxMetrics"},
		Hang:          []string{"ListContainerStats"},
		Cost:          map[string]fakecri.Cost{"ListPodSandboxStats": {PerCall: 20 * time.Millisecond, PerPod: 15 * time.Millisecond}},
		Fault: func(method, pod string) error {
			if method == "StreamPodSandboxStats" && pod == "bad" {
				return status.Error(codes.Unavailable, "task is gone")
			}
			return nil
		},
		Exit: func(_, container string) (fakecri.Exit, bool) {
			return fakecri.Exit{Code: 2, Reason: "Error", Message: "bad flag"}, container == "c1"
		},
	})
	ctx := t.Context()
	run(t, conn, "good", runtimev1.NamespaceMode_NODE, nil)
	_, containers := run(t, conn, "bad", runtimev1.NamespaceMode_NODE, nil, nil)

	if _, err := conn.Runtime.ListPodSandboxMetrics(ctx, &runtimev1.ListPodSandboxMetricsRequest{}); !criconn.IsUnimplemented(err) {
		t.Errorf("unimplemented method: %v", err)
	}
	short, cancel := context.WithTimeout(ctx, 30*time.Millisecond)
	defer cancel()
	if _, err := conn.Runtime.ListContainerStats(short, &runtimev1.ListContainerStatsRequest{}); status.Code(err) != codes.DeadlineExceeded {
		t.Errorf("hanging method: %v", err)
	}
	start := time.Now()
	if _, err := conn.Runtime.ListPodSandboxStats(ctx, &runtimev1.ListPodSandboxStatsRequest{}); err != nil || time.Since(start) < 50*time.Millisecond {
		t.Errorf("costly method: %v after %s, want at least 20 ms + 2 pods of 15 ms", err, time.Since(start))
	}
	stream, err := conn.Runtime.StreamPodSandboxStats(ctx, &runtimev1.StreamPodSandboxStatsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Recv(); status.Code(err) != codes.Unavailable {
		t.Errorf("stream over a bad pod: %v", err)
	}
	st, err := conn.Runtime.ContainerStatus(ctx, &runtimev1.ContainerStatusRequest{ContainerId: containers[1]})
	if err != nil || st.GetStatus().GetState() != runtimev1.ContainerState_CONTAINER_EXITED || st.GetStatus().GetExitCode() != 2 {
		t.Errorf("container that exits: %v, %v", st, err)
	}
}

func TestStopEndsHangingCalls(t *testing.T) {
	server, err := fakecri.Start(fakecri.Options{Hang: []string{"ListContainerStats"}})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := criconn.Dial(t.Context(), server.Endpoint())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	done := make(chan error, 1)
	go func() {
		_, err := conn.Runtime.ListContainerStats(t.Context(), &runtimev1.ListContainerStatsRequest{})
		done <- err
	}()
	for range 2 {
		if err := server.Stop(); err != nil {
			t.Fatal(err)
		}
	}
	if err := <-done; err == nil {
		t.Error("the call that hung came back without an error")
	}
}
