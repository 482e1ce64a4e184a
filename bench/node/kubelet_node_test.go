//go:build node && linux

package node

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/procfs"
	"google.golang.org/grpc"
	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/cgroupfs"
	"cri-stats-bench/bench/kubeletconn"
	"cri-stats-bench/bench/meter"
)

func TestNodeKubeletOnContainerd(t *testing.T) { testKubelet(t, "containerd") }
func TestNodeKubeletOnCRIO(t *testing.T)       { testKubelet(t, "crio") }

// testKubelet runs a static pod under a kubelet with the gate off and on.
func testKubelet(t *testing.T, runtime string) {
	c := testConfig(t, runtime)
	c.Kubelet = &KubeletConfig{MaxPods: 20}
	before := notOurs(t)
	n := up(t, c)
	k := n.Kubelet()
	conn, err := dial(n.State.Socket)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	checkProvider(t, k, "cadvisor")
	other := c
	other.Dir = filepath.Join(t.TempDir(), "other")
	if _, err := Up(t.Context(), other); !errors.Is(err, ErrInUse) {
		t.Errorf("another node with a kubelet beside this one: %v, want ErrInUse", err)
	}
	if err := k.Start(t.Context(), true); !errors.Is(err, ErrInUse) {
		t.Errorf("a second kubelet: %v, want ErrInUse", err)
	}

	staticPod(t, k, "static", c.SandboxImage)
	first := runningContainers(t, conn, k, 1)
	metered := meterKubelet(t, k)
	t.Logf("gate off: %v", metered)

	start := time.Now()
	if err := k.Restart(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	t.Logf("restarted after %v", time.Since(start).Round(time.Millisecond))
	checkProvider(t, k, "cri")
	if again := runningContainers(t, conn, k, 1); !slices.Equal(first, again) {
		t.Errorf("containers %v before the restart, %v after it", first, again)
	}
	t.Logf("gate on: %v", meterKubelet(t, k))
	checkCgroup(t, &k.node.State.Kubelet.Service)
	if procs := podProcesses(t, k); procs == 0 {
		t.Errorf("no process in the pods' cgroup %s", k.State().PodsCgroup)
	}

	// A manifest that goes takes its pod along, also where the kubelet did not run
	// then.
	if err := k.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if status, err := k.Status(t.Context()); err != nil || status.Running {
		t.Errorf("status %+v, %v, of a stopped kubelet", status, err)
	}
	if err := k.Stop(t.Context()); err != nil {
		t.Errorf("a second Stop: %v", err)
	}
	if err := k.Start(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	down(t, n)
	checkClean(t, n.State, before)
}

func checkProvider(t *testing.T, k *Kubelet, want string) {
	t.Helper()
	if got, err := k.Provider(t.Context()); err != nil || got != want {
		t.Errorf("provider %q, %v, want %q", got, err, want)
	}
	conn, err := kubeletconn.New(k.State().Serves())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, path := range []string{"/stats/summary", "/metrics/resource", "/metrics/cadvisor"} {
		if _, err := conn.Get(t.Context(), path, "", nil); err != nil {
			t.Error(err)
		}
	}
}

// staticPod writes a manifest of one pod with one container.
func staticPod(t *testing.T, k *Kubelet, name, image string) {
	t.Helper()
	manifest := fmt.Sprintf(`{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": %q, "namespace": "test"},
		"spec": {"hostNetwork": true, "containers": [{"name": "c", "image": %q, "imagePullPolicy": "IfNotPresent"}]}}`, name, image)
	if err := os.WriteFile(filepath.Join(k.State().Manifests, name+".json"), []byte(manifest), 0o644); err != nil {
		t.Fatal(err)
	}
}

// runningContainers waits for some containers and returns their ids.
func runningContainers(t *testing.T, conn grpc.ClientConnInterface, k *Kubelet, count int) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	client := runtimeapi.NewRuntimeServiceClient(conn)
	var ids []string
	running := &runtimeapi.ContainerStateValue{State: runtimeapi.ContainerState_CONTAINER_RUNNING}
	if !poll(ctx, func() bool {
		answer, err := client.ListContainers(ctx, &runtimeapi.ListContainersRequest{Filter: &runtimeapi.ContainerFilter{State: running}})
		if err != nil {
			return false
		}
		ids = ids[:0]
		for _, c := range answer.GetContainers() {
			ids = append(ids, c.GetId())
		}
		return len(ids) == count
	}) {
		t.Fatalf("%d containers run, want %d; %s\n%s", len(ids), count, k.why(), logTail(k.node.State.Log, 10))
	}
	slices.Sort(ids)
	return ids
}

// checkCgroup checks that the daemon has been in its cgroup from the start, in
// every hierarchy.
func checkCgroup(t *testing.T, s *Service) {
	t.Helper()
	hierarchies, err := cgroupfs.Open(cgroupfs.Root)
	if err != nil {
		t.Fatal(err)
	}
	for _, root := range hierarchies.Hierarchies() {
		data, err := os.ReadFile(filepath.Join(root, s.Cgroup, "cgroup.procs"))
		if err != nil || !slices.Contains(strings.Fields(string(data)), fmt.Sprint(s.PID)) {
			t.Errorf("daemon %d is not in its cgroup in %s: %q, %v", s.PID, root, data, err)
		}
	}
}

// podProcesses counts the processes in the cgroup of the kubelet's pods.
func podProcesses(t *testing.T, k *Kubelet) int {
	t.Helper()
	hierarchies, err := cgroupfs.Open(cgroupfs.Root)
	if err != nil {
		t.Fatal(err)
	}
	pids, err := (cgroups{hierarchies}).procs(k.State().PodsCgroup)
	if err != nil {
		t.Fatal(err)
	}
	return len(pids)
}

// meterKubelet scrapes the kubelet for some seconds and checks what the meter says
// of it against a reading of its cgroup by hand, over the same window.
func meterKubelet(t *testing.T, k *Kubelet) bench.Cost {
	t.Helper()
	m, err := meter.New(meter.Config{Kubelet: func() (int, error) { return k.State().PID, nil }})
	if err != nil {
		t.Fatal(err)
	}
	watch, err := m.Watch(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer watch.Close()
	conn, err := kubeletconn.New(k.State().Serves())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := watch.Begin(); err != nil {
		t.Fatal(err)
	}
	begin := cgroupCPU(t, k.State().Cgroup)
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); {
		for _, path := range []string{"/stats/summary", "/metrics/resource"} {
			if _, err := conn.Get(t.Context(), path, "", nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	byHand := cgroupCPU(t, k.State().Cgroup) - begin
	got, err := watch.End()
	if err != nil {
		t.Fatal(err)
	}
	cost := got.Costs[bench.ComponentKubelet]
	cpu := cost[bench.CPUSeconds]
	if limit := max(0.02*byHand.Seconds(), 0.02); cpu < byHand.Seconds()-limit || cpu > byHand.Seconds()+limit || cpu == 0 {
		t.Errorf("kubelet's CPU %v s, by hand %v: more than 2 %% and two ticks apart; %v", cpu, byHand, got.Warnings)
	}
	for _, q := range []bench.Quantity{bench.PSSBytes, bench.MemoryCgroupBytes} {
		if v, ok := cost[q]; !ok || v < 10<<20 {
			t.Errorf("kubelet's %s is %v, %v: not a kubelet's; %v", q, v, ok, got.Warnings)
		}
	}
	if len(got.Changed) > 0 {
		t.Errorf("changed inside the window: %v", got.Changed)
	}
	return cost
}

// cgroupCPU reads the CPU account of a cgroup by hand.
func cgroupCPU(t *testing.T, path string) time.Duration {
	t.Helper()
	hierarchies, err := cgroupfs.Open(cgroupfs.Root)
	if err != nil {
		t.Fatal(err)
	}
	name, err := hierarchies.CPUUsageFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	v, err := hierarchies.ParseCPUUsage(data)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// signalService kills just this daemon.
func signalService(s *Service) error {
	proc, err := procfs.NewFS(procRoot)
	if err != nil {
		return err
	}
	return process{pid: s.PID, start: s.StartTicks}.signal(proc, syscall.SIGKILL)
}

// Both daemons were killed, and this process is forgotten: another one finds what
// is left by the state file.
func TestNodeKubeletKilled(t *testing.T) {
	c := testConfig(t, "containerd")
	c.Kubelet = &KubeletConfig{StatsFromCRI: true}
	before := notOurs(t)
	n := up(t, c)
	k := n.Kubelet()
	conn, err := dial(n.State.Socket)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	staticPod(t, k, "static", c.SandboxImage)
	runningContainers(t, conn, k, 1)
	if err := signalService(&n.State.Service); err != nil {
		t.Fatal(err)
	}
	<-n.Ended()
	if _, err := k.Provider(t.Context()); err == nil || !strings.Contains(err.Error(), "its runtime does not run") {
		t.Errorf("a kubelet that has lost its runtime: %v", err)
	}
	if err := signalService(&n.State.Kubelet.Service); err != nil {
		t.Fatal(err)
	}
	<-k.Ended()
	if _, err := k.Provider(t.Context()); err == nil || !strings.Contains(err.Error(), "the kubelet does not run") {
		t.Errorf("a kubelet that was killed: %v", err)
	}
	found, err := Find(c.Dir)
	if err != nil {
		t.Fatal(err)
	}
	down(t, found)
	checkClean(t, n.State, before)
}

// A kubelet that does not start: the error says why, and nothing of the node is left.
func TestNodeKubeletFails(t *testing.T) {
	c := testConfig(t, "containerd")
	before := notOurs(t)
	c.Kubelet = &KubeletConfig{MaxPods: math.MaxInt32 + 1} // more than its config can say
	_, err := Up(t.Context(), c)
	if !errors.Is(err, errEnded) || !strings.Contains(err.Error(), "cannot unmarshal number 2147483648") {
		t.Errorf("Up with a kubelet that ends: %v", err)
	}
	run, cgroup := names(c.Dir)
	s := nowhere(c.Dir, run, cgroup)
	s.Kubelet = &KubeletState{Service: Service{Cgroup: cgroup + kubeletCgroup, Argv: s.Argv}}
	checkClean(t, s, before)
}

// Of a pod that the kubelet refuses the runtime knows nothing; the kubelet says why.
func TestNodeKubeletRefusesPod(t *testing.T) {
	c := testConfig(t, "containerd")
	c.Kubelet = &KubeletConfig{MaxPods: 1}
	k := up(t, c).Kubelet()
	staticPod(t, k, "one", c.SandboxImage)
	staticPod(t, k, "two", c.SandboxImage)
	conn, err := kubeletconn.New(k.State().Serves())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var pods []kubeletconn.Pod
	if !poll(ctx, func() bool {
		pods, err = conn.Pods(ctx)
		return err != nil || slices.ContainsFunc(pods, func(p kubeletconn.Pod) bool { return strings.Contains(p.Trouble, ": Pod was rejected: ") })
	}) || err != nil {
		t.Errorf("pods: %+v, %v, want that one was refused", pods, err)
	}
	t.Logf("%+v", pods)
}
