package pods_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	runtimev1 "k8s.io/cri-api/pkg/apis/runtime/v1"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/criconn"
	"cri-stats-bench/bench/criconn/fakecri"
	"cri-stats-bench/bench/criconn/fakecri/fakecritest"
	"cri-stats-bench/workloads/pods"
	"cri-stats-bench/workloads/workloadtest"
)

const imageRef = "127.0.0.1:5000/podload@sha256:0123"

// dial starts a fake runtime that has the image.
func dial(t *testing.T, opts fakecri.Options) *criconn.Conn {
	t.Helper()
	_, conn := fakecritest.Dial(t, opts, imageRef)
	return conn
}

func newWorkload(t *testing.T, conn *criconn.Conn, cfg pods.Config) *pods.Workload {
	t.Helper()
	if cfg.Run == "" {
		cfg.Run = "run-1"
	}
	if cfg.Settle == 0 {
		cfg.Settle = time.Millisecond
	}
	cfg.Image = imageRef
	w, err := pods.New(conn.Runtime, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func idle(pods int) bench.Cell {
	return bench.Cell{Pods: pods, ContainersPerPod: 1, Profile: "idle"}
}

func scale(t *testing.T, w *pods.Workload, c bench.Cell) []bench.Pod {
	t.Helper()
	got, err := w.Scale(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// sandboxes lists all sandboxes as "name state".
func sandboxes(t *testing.T, conn *criconn.Conn) []*runtimev1.PodSandbox {
	t.Helper()
	resp, err := conn.Runtime.ListPodSandbox(context.WithoutCancel(t.Context()), &runtimev1.ListPodSandboxRequest{})
	if err != nil {
		t.Fatal(err)
	}
	return resp.GetItems()
}

func TestConformance(t *testing.T) {
	conn := dial(t, fakecri.Options{})
	// a pod that is nobody's, and one of another run
	if _, err := conn.Runtime.RunPodSandbox(t.Context(), &runtimev1.RunPodSandboxRequest{Config: &runtimev1.PodSandboxConfig{
		Metadata: &runtimev1.PodSandboxMetadata{Name: "coredns", Namespace: "kube-system", Uid: "u"},
		Labels:   map[string]string{"app": "coredns"},
	}}); err != nil {
		t.Fatal(err)
	}
	scale(t, newWorkload(t, conn, pods.Config{Run: "another-run"}), idle(1))

	logs := t.TempDir()
	open := func(t *testing.T) bench.Workload { return newWorkload(t, conn, pods.Config{LogDir: logs}) }
	workloadtest.Run(t, open,
		func(t *testing.T) (ids []string) {
			for _, s := range sandboxes(t, conn) {
				ids = append(ids, s.GetId()+" "+s.GetState().String())
			}
			return ids
		},
		func(t *testing.T) (ids []string) {
			resp, err := conn.Runtime.ListContainers(context.WithoutCancel(t.Context()), &runtimev1.ListContainersRequest{})
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range resp.GetContainers() {
				ids = append(ids, c.GetId()+" "+c.GetState().String())
			}
			return ids
		},
		func(t *testing.T) []string {
			folders, err := filepath.Glob(filepath.Join(logs, "*"))
			if err != nil {
				t.Fatal(err)
			}
			return folders
		},
	)
}

func TestNewRefuses(t *testing.T) {
	f := func(cfg pods.Config, want string) {
		t.Helper()
		if _, err := pods.New(nil, cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("New(%+v): %v, want an error with %q", cfg, err, want)
		}
	}
	good := pods.Config{Run: "r", Image: "i"}
	with := func(change func(*pods.Config)) pods.Config {
		cfg := good
		change(&cfg)
		return cfg
	}
	if _, err := pods.New(nil, good); err != nil {
		t.Fatal(err)
	}
	f(pods.Config{Run: "r"}, "no image")
	f(pods.Config{Image: "i"}, `run id ""`)
	f(with(func(c *pods.Config) { c.Run = "a b" }), `run id "a b"`)
	f(with(func(c *pods.Config) { c.Run = strings.Repeat("x", 64) }), "run id")
	f(with(func(c *pods.Config) { c.NamePrefix = "../x" }), "name prefix")
	f(with(func(c *pods.Config) { c.CgroupDriver = "docker" }), "cgroup driver")
	f(with(func(c *pods.Config) { c.LogDir = "logs" }), "not absolute")
	f(with(func(c *pods.Config) { c.ActiveCPU = 1.5 }), "1.5 CPUs")
	f(with(func(c *pods.Config) { c.ActiveMemory = -1 }), "-1 bytes")
	f(with(func(c *pods.Config) { c.Parallel = -1 }), "-1 pods at once")
}

func TestShrinkRemovesTheNewest(t *testing.T) {
	var tick atomic.Int64
	conn := dial(t, fakecri.Options{Clock: func() time.Time { return time.Unix(tick.Add(1), 0) }})
	w := newWorkload(t, conn, pods.Config{Parallel: 1})
	scale(t, w, idle(2))
	scale(t, w, idle(4))
	scale(t, w, idle(2))
	var names []string
	for _, s := range sandboxes(t, conn) {
		names = append(names, s.GetMetadata().GetName())
	}
	if diff := cmp.Diff([]string{"bench-0001", "bench-0000"}, names); diff != "" {
		t.Errorf("what is left (-want +got):\n%s", diff)
	}
}

func TestScaleReplacesWhatBroke(t *testing.T) {
	conn := dial(t, fakecri.Options{})
	w := newWorkload(t, conn, pods.Config{})
	before := scale(t, w, idle(4))
	if _, err := conn.Runtime.StopContainer(t.Context(), &runtimev1.StopContainerRequest{ContainerId: before[0].Containers[0]}); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Runtime.StopPodSandbox(t.Context(), &runtimev1.StopPodSandboxRequest{PodSandboxId: before[1].ID}); err != nil {
		t.Fatal(err)
	}
	running, err := w.Running(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	containers := 0
	for _, p := range running {
		containers += len(p.Containers)
	}
	if len(running) != 3 || containers != 2 {
		t.Errorf("%d pods and %d containers run, want 3 and 2: %v", len(running), containers, running)
	}
	after := scale(t, w, idle(4))
	stayed := 0
	for _, p := range after {
		for _, q := range before {
			if cmp.Equal(p, q) {
				stayed++
			}
		}
	}
	if stayed != 2 {
		t.Errorf("%d pods stayed, want 2", stayed)
	}
}

func TestScaleReplacesPodsOfAnotherConfig(t *testing.T) {
	conn := dial(t, fakecri.Options{})
	cell := bench.Cell{Pods: 2, ContainersPerPod: 1, Profile: "active"}
	before := scale(t, newWorkload(t, conn, pods.Config{ActiveCPU: 0.1}), cell)
	same := scale(t, newWorkload(t, conn, pods.Config{ActiveCPU: 0.1}), cell)
	if diff := cmp.Diff(before, same); diff != "" {
		t.Errorf("same run, same config, other pods (-before +after):\n%s", diff)
	}
	after := scale(t, newWorkload(t, conn, pods.Config{ActiveCPU: 0.2}), cell)
	if cmp.Equal(before, after) {
		t.Error("pods that burn 0.1 CPUs were kept for 0.2")
	}
}

func TestScaleMakesManyAtOnceButNotMore(t *testing.T) {
	var mu sync.Mutex
	var now, most int
	all := make(chan struct{})
	conn := dial(t, fakecri.Options{Fault: func(method, _ string) error {
		if method != "RunPodSandbox" {
			return nil
		}
		mu.Lock()
		if now++; now > most {
			most = now
			if most == 3 {
				close(all)
			}
		}
		mu.Unlock()
		<-all // nobody goes on until three are here
		mu.Lock()
		now--
		mu.Unlock()
		return nil
	}})
	scale(t, newWorkload(t, conn, pods.Config{Parallel: 3}), idle(20))
	if most != 3 {
		t.Errorf("%d pods were made at once, want 3", most)
	}
}

func TestProgress(t *testing.T) {
	conn := dial(t, fakecri.Options{})
	var got []string
	w := newWorkload(t, conn, pods.Config{Progress: func(done, total int) { got = append(got, fmt.Sprintf("%d/%d", done, total)) }})
	scale(t, w, idle(3))
	scale(t, w, idle(3))
	scale(t, w, idle(1))
	if err := w.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := []string{"1/3", "2/3", "3/3", "1/2", "2/2", "1/1"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("progress (-want +got):\n%s", diff)
	}
}

func TestScaleNeedsMemory(t *testing.T) {
	conn := dial(t, fakecri.Options{})
	available := int64(1 << 30)
	w := newWorkload(t, conn, pods.Config{AvailableMemory: func() (int64, error) { return available, nil }})
	scale(t, w, idle(10))

	_, err := w.Scale(t.Context(), idle(510))
	var e *pods.MemoryError
	if !errors.As(err, &e) || e.Pods != 500 || e.Available != available || e.Need <= available {
		t.Fatalf("got %v, want a memory error for 500 more pods", err)
	}
	if len(sandboxes(t, conn)) != 10 {
		t.Errorf("%d sandboxes, want the 10 of before", len(sandboxes(t, conn)))
	}
	// what is there needs no more memory
	available = 0
	scale(t, w, idle(10))
	scale(t, w, idle(5))

	broken := errors.New("no /proc")
	w = newWorkload(t, conn, pods.Config{AvailableMemory: func() (int64, error) { return 0, broken }})
	if _, err := w.Scale(t.Context(), idle(6)); !errors.Is(err, broken) {
		t.Errorf("got %v, want %v", err, broken)
	}
}

// TestCancelledScaleLeavesNothingUnfound ends the context while sandboxes are
// being made, and lets the runtime finish them only then.
func TestCancelledScaleLeavesNothingUnfound(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	conn := dial(t, fakecri.Options{Fault: func(method, pod string) error {
		if method == "RunPodSandbox" && pod == "bench-0002" {
			cancel()
			<-ctx.Done()
			time.Sleep(50 * time.Millisecond) // the client has given up by now, if it does
		}
		return nil
	}})
	_, err := newWorkload(t, conn, pods.Config{Parallel: 4}).Scale(ctx, idle(40))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	made := len(sandboxes(t, conn))
	if made == 0 || made == 40 {
		t.Errorf("%d sandboxes were made before Scale returned, want some", made)
	}
	// a harness that was killed and started anew knows the run's id only
	if err := newWorkload(t, conn, pods.Config{}).Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if left := sandboxes(t, conn); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

func TestHangingRuntime(t *testing.T) {
	conn := dial(t, fakecri.Options{Hang: []string{"StartContainer"}})
	w := newWorkload(t, conn, pods.Config{CallTimeout: 100 * time.Millisecond})
	if _, err := w.Scale(t.Context(), idle(3)); status.Code(err) != codes.DeadlineExceeded || !strings.Contains(err.Error(), "container load-0: start: ") {
		t.Errorf("got %v", err)
	}
	if err := w.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestActivePodsBurnAndHold(t *testing.T) {
	conn := dial(t, fakecri.Options{})
	w := newWorkload(t, conn, pods.Config{ActiveCPU: 0.25, ActiveMemory: 64 << 20})
	scale(t, w, bench.Cell{Pods: 1, ContainersPerPod: 1, Profile: "active"})
	resp, err := conn.Runtime.ListContainerStats(t.Context(), &runtimev1.ListContainerStatsRequest{})
	if err != nil || len(resp.GetStats()) != 1 {
		t.Fatalf("stats %v, %v", resp, err)
	}
	s := resp.GetStats()[0]
	if got := s.GetCpu().GetUsageNanoCores().GetValue(); got < 250e6 || got > 260e6 {
		t.Errorf("burns %d nanocores, want a quarter of a core", got)
	}
	if got := s.GetMemory().GetRssBytes().GetValue(); got < 64<<20 || got > 70<<20 {
		t.Errorf("holds %d bytes, want 64 MiB and a little", got)
	}
}
