//go:build node && linux

package node

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// CRI-O is brought up and taken down like containerd, and answers all stats calls
// in full.
func TestNodeCRIO(t *testing.T) {
	c := testConfig(t, "crio")
	c.StatsCollectPeriod = 0
	before := notOurs(t)
	n := up(t, c)
	if status, err := n.Status(t.Context()); err != nil || !status.Ready || status.Kubelet != nil {
		t.Errorf("status %+v, %v, want ready", status, err)
	}
	d, err := Discover(t.Context(), n.Endpoint())
	if err != nil {
		t.Fatal(err)
	}
	if d.PID != n.State.PID || d.Cgroup != n.State.Cgroup || d.Name != "crio" || d.Config == nil || d.Config.Path != n.State.Config {
		t.Errorf("discovered %+v, config %+v, of the node %+v", d, d.Config, n.State)
	}
	runPods(t, n, 3)
	conn, err := dial(n.State.Socket)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	runContainers(t, conn, c.SandboxImage)
	checkStats(t, conn, 3)

	// Killed, its shims and pods go on; another process clears them away.
	if err := signalService(&n.State.Service); err != nil {
		t.Fatal(err)
	}
	<-n.Ended()
	found, err := Find(c.Dir)
	if err != nil {
		t.Fatal(err)
	}
	down(t, found)
	checkClean(t, n.State, before)
}

// runContainers runs a container in each pod: CRI-O leaves out the pause container
// of a pod on the host's network, and there is nothing to tell of it then.
func runContainers(t *testing.T, conn grpc.ClientConnInterface, image string) {
	t.Helper()
	spec := &runtimeapi.ImageSpec{Image: image, UserSpecifiedImage: image}
	if _, err := runtimeapi.NewImageServiceClient(conn).PullImage(t.Context(), &runtimeapi.PullImageRequest{Image: spec}); err != nil {
		t.Fatal(err)
	}
	client := runtimeapi.NewRuntimeServiceClient(conn)
	pods, err := client.ListPodSandbox(t.Context(), &runtimeapi.ListPodSandboxRequest{})
	if err != nil {
		t.Fatal(err)
	}
	for _, pod := range pods.GetItems() {
		c, err := client.CreateContainer(t.Context(), &runtimeapi.CreateContainerRequest{
			PodSandboxId: pod.GetId(),
			Config: &runtimeapi.ContainerConfig{
				Metadata: &runtimeapi.ContainerMetadata{Name: "c"}, Image: spec, LogPath: "c.log", Linux: &runtimeapi.LinuxContainerConfig{},
			},
			SandboxConfig: &runtimeapi.PodSandboxConfig{Metadata: pod.GetMetadata(), LogDirectory: t.TempDir()},
		})
		if err == nil {
			_, err = client.StartContainer(t.Context(), &runtimeapi.StartContainerRequest{ContainerId: c.GetContainerId()})
		}
		if err != nil {
			t.Fatalf("run a container in %s: %v", pod.GetMetadata().GetName(), err)
		}
	}
}

// checkStats asks for stats and metrics of all pods.
func checkStats(t *testing.T, conn grpc.ClientConnInterface, pods int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	client := runtimeapi.NewRuntimeServiceClient(conn)
	stats, err := client.ListPodSandboxStats(ctx, &runtimeapi.ListPodSandboxStatsRequest{})
	if err != nil || len(stats.GetStats()) != pods {
		t.Errorf("stats of %d pods, %v, want %d", len(stats.GetStats()), err, pods)
	}
	metrics, err := client.ListPodSandboxMetrics(ctx, &runtimeapi.ListPodSandboxMetricsRequest{})
	if err != nil || len(metrics.GetPodMetrics()) != pods {
		t.Errorf("metrics of %d pods, %v, want %d", len(metrics.GetPodMetrics()), err, pods)
	}
	var names []string
	for _, pod := range metrics.GetPodMetrics() {
		if got := len(pod.GetContainerMetrics()); got != 1 {
			t.Errorf("metrics of %d containers in a pod, want 1", got)
		}
		for _, m := range pod.GetMetrics() {
			names = append(names, m.GetName())
		}
		for _, c := range pod.GetContainerMetrics() {
			for _, m := range c.GetMetrics() {
				names = append(names, m.GetName())
			}
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	t.Logf("%d names of pod metrics: %s", len(names), strings.Join(names, " "))
	if !slices.Contains(names, "container_memory_working_set_bytes") {
		t.Error("ListPodSandboxMetrics gives next to nothing: is included_pod_metrics in force?")
	}
}
