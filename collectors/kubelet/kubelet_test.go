package kubelet_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	runtimev1 "k8s.io/cri-api/pkg/apis/runtime/v1"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/criconn/fakecri"
	"cri-stats-bench/bench/criconn/fakecri/fakecritest"
	"cri-stats-bench/bench/kubeletconn/fakekubelet"
	"cri-stats-bench/bench/testfile"
	"cri-stats-bench/collectors/collectortest"
	"cri-stats-bench/collectors/kubelet"
)

// endpoints are the answers in testdata, of a kubelet with two pods of ours.
var endpoints = []struct {
	name, path string
	open       collectortest.Open
	metrics    []*bench.Metric
}{
	{"summary.json", "/stats/summary", kubelet.OpenSummary, []*bench.Metric{bench.CPUUsage, bench.MemoryWorkingSet, bench.FSUsage}},
	{"resource.txt", "/metrics/resource", kubelet.OpenResource, []*bench.Metric{bench.CPUUsage, bench.MemoryWorkingSet}},
	{"cadvisor.txt", "/metrics/cadvisor", kubelet.OpenCadvisor, []*bench.Metric{bench.CPUUsage}},
	{"cadvisor-cri.txt", "/metrics/cadvisor", kubelet.OpenCadvisor, []*bench.Metric{bench.CPUUsage}},
}

func testdata(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// node is a runtime with the pods of the answers in testdata, and a kubelet that
// gives them. Answers have the runtime's ids where a kubelet has them: SANDBOX-0 and
// CONTAINER-0 stand for those of the first pod.
func node(t *testing.T) (*fakekubelet.Server, bench.Source) {
	t.Helper()
	const ref = "127.0.0.1:5000/podload"
	server, conn := fakecritest.Dial(t, fakecri.Options{}, ref)
	s := bench.Source{Endpoint: server.Endpoint()}
	var ids []string
	for i, name := range []string{"bench-0000-node", "bench-0001-node"} {
		config := &runtimev1.PodSandboxConfig{Metadata: &runtimev1.PodSandboxMetadata{Name: name, Namespace: "cri-stats-bench", Uid: name}}
		sandbox, err := conn.Runtime.RunPodSandbox(t.Context(), &runtimev1.RunPodSandboxRequest{Config: config})
		if err != nil {
			t.Fatal(err)
		}
		container, err := conn.Runtime.CreateContainer(t.Context(), &runtimev1.CreateContainerRequest{PodSandboxId: sandbox.GetPodSandboxId(), SandboxConfig: config,
			Config: &runtimev1.ContainerConfig{Metadata: &runtimev1.ContainerMetadata{Name: "load-0"}, Image: &runtimev1.ImageSpec{Image: ref}}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Runtime.StartContainer(t.Context(), &runtimev1.StartContainerRequest{ContainerId: container.GetContainerId()}); err != nil {
			t.Fatal(err)
		}
		s.Pods = append(s.Pods, bench.Pod{ID: sandbox.GetPodSandboxId(), Containers: []string{container.GetContainerId()}})
		n := string(rune('0' + i))
		ids = append(ids, "SANDBOX-"+n, sandbox.GetPodSandboxId(), "CONTAINER-"+n, container.GetContainerId())
	}
	k := fakekubelet.Start(t, fakekubelet.Face{Bodies: make(map[string]string)})
	for _, e := range endpoints[:3] {
		k.Change(func(f *fakekubelet.Face) { f.Bodies[e.path] = strings.NewReplacer(ids...).Replace(testdata(t, e.name)) })
	}
	k.Change(func(f *fakekubelet.Face) {
		f.Bodies["cadvisor-cri.txt"] = strings.NewReplacer(ids...).Replace(testdata(t, "cadvisor-cri.txt"))
	})
	kubelet := k.Kubelet()
	s.Kubelet = &kubelet
	return k, s
}

// serve makes the kubelet give the answer of that name.
func serve(k *fakekubelet.Server, name, path string) {
	if name == "cadvisor-cri.txt" {
		k.Change(func(f *fakekubelet.Face) { f.Bodies[path] = f.Bodies[name] })
	}
}

func TestConformance(t *testing.T) {
	for _, e := range endpoints {
		t.Run(e.name, func(t *testing.T) {
			k, s := node(t)
			serve(k, e.name, e.path)
			collectortest.Run(t, e.open, s, collectortest.Want{Transfers: true, Pods: e.name != "cadvisor-cri.txt", Metrics: e.metrics})
		})
	}
}

// The normal form of each answer. Ids are those of testdata again.
func TestNormalForm(t *testing.T) {
	for _, e := range endpoints {
		t.Run(e.name, func(t *testing.T) {
			k, s := node(t)
			serve(k, e.name, e.path)
			got := collectortest.Text(collect(t, e.open, s))
			for i, pod := range s.Pods {
				n := string(rune('0' + i))
				got = strings.NewReplacer(pod.ID, "SANDBOX-"+n, pod.Containers[0], "CONTAINER-"+n).Replace(got)
			}
			lines := strings.Split(strings.TrimSpace(got), "\n")[1:] // the size depends on the ids'
			slices.Sort(lines)                                       // and so does the order
			got = strings.Join(lines, "\n") + "\n"
			testfile.Golden(t, filepath.Join("testdata", e.name+".golden"), got)
		})
	}
}

func collect(t *testing.T, open collectortest.Open, s bench.Source) *bench.Batch {
	t.Helper()
	c, err := open(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }() // it says nothing
	var b bench.Batch
	if err := c.Collect(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	return &b
}

func TestFailures(t *testing.T) {
	f := func(open collectortest.Open, path, body, want string) {
		t.Helper()
		k, s := node(t)
		k.Change(func(f *fakekubelet.Face) { f.Bodies[path] = body })
		c, err := open(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }() // it says nothing
		if err := c.Collect(t.Context(), new(bench.Batch)); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(want, "containers run") != errors.Is(err, bench.ErrEmpty) {
			t.Errorf("%q: %v, want %q", body, err, want)
		}
	}
	// A kubelet that could not ask the runtime serves what it has, with status 200.
	f(kubelet.OpenCadvisor, "/metrics/cadvisor", "# TYPE machine_cpu_cores gauge\nmachine_cpu_cores 2\n# TYPE machine_memory_bytes gauge\nmachine_memory_bytes 4\n",
		"read /metrics/cadvisor: nothing of what runs is in the answer: 2 containers run, it has 2 metrics; the kubelet could not list them, or its provider leaves them out")
	f(kubelet.OpenCadvisor, "/metrics/cadvisor", "", "2 containers run, it has 0 metrics")
	f(kubelet.OpenCadvisor, "/metrics/cadvisor", "container_scrape_error 0\n", "2 containers run, it has 1 metrics; the kubelet does not know them")
	f(kubelet.OpenCadvisor, "/metrics/cadvisor", "container_scrape_error 1\n", "container_scrape_error is 1: the kubelet could not read all that it serves")
	f(kubelet.OpenResource, "/metrics/resource", "resource_scrape_error 1\n", "resource_scrape_error is 1")
	f(kubelet.OpenResource, "/metrics/resource", "container_cpu{", "read /metrics/resource: text format parsing error")
	f(kubelet.OpenSummary, "/stats/summary", `{"node":{},"pods":[]}`, "2 containers run, it has 0 metrics; the kubelet does not know them")
	f(kubelet.OpenSummary, "/stats/summary", `{"node":`, "read /stats/summary: unexpected end of JSON input")
}

// An answer that is not whole in time is lost.
func TestTimeout(t *testing.T) {
	k, s := node(t)
	k.Change(func(f *fakekubelet.Face) { f.Delay = time.Minute })
	c, err := kubelet.OpenCadvisor(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }() // it says nothing
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := c.Collect(ctx, new(bench.Batch)); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

func TestUnsupported(t *testing.T) {
	var u *bench.UnsupportedError
	if _, err := kubelet.OpenSummary(t.Context(), bench.Source{}); !errors.As(err, &u) || u.What != "/stats/summary" {
		t.Errorf("without a kubelet: %v", err)
	}
}
