package live_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	runtimev1 "k8s.io/cri-api/pkg/apis/runtime/v1"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/agreement"
	"cri-stats-bench/bench/agreement/live"
	"cri-stats-bench/bench/criconn"
	"cri-stats-bench/bench/criconn/fakecri"
	"cri-stats-bench/collectors/cri"
)

// A node is a simulated one with pods.
type node struct {
	*fakecri.Server
	conn  *criconn.Conn
	clock *fakecri.Clock
	pods  int
	last  string // container that was made last
}

const image = "127.0.0.1:5000/podload"

// newNode starts a runtime with a defect and some pods that have run for minutes.
func newNode(t testing.TB, seed uint64, defect fakecri.Defect) *node {
	t.Helper()
	n := &node{clock: fakecri.NewClock(time.Unix(1_790_000_000, 0), seed)}
	var err error
	if n.Server, err = fakecri.Start(fakecri.Options{Clock: n.clock.Now, Defect: defect, Seed: seed}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Stop() })
	if n.conn, err = criconn.Dial(t.Context(), n.Endpoint()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.conn.Close() })
	if _, err := n.conn.Images.PullImage(t.Context(), &runtimev1.PullImageRequest{Image: &runtimev1.ImageSpec{Image: image}}); err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(seed, 2))
	for range 10 {
		n.run(t, []string{"burn", "--cpu", fmt.Sprint(rng.Float64() * 0.05), "--hold", fmt.Sprint(rng.IntN(32 << 20))})
		n.clock.Sleep(t.Context(), time.Duration(rng.IntN(10))*time.Second)
	}
	n.clock.Sleep(t.Context(), time.Duration(60+rng.IntN(600))*time.Second)
	for range 2 { // as verify does
		n.run(t, []string{"burn", "--cpu", "0.3", "--hold", "8388608"})
	}
	n.clock.Sleep(t.Context(), time.Second)
	return n
}

// run makes a pod of one container and returns its id.
func (n *node) run(t testing.TB, args []string) string {
	t.Helper()
	n.pods++
	name := fmt.Sprintf("pod-%d", n.pods)
	config := &runtimev1.PodSandboxConfig{
		Metadata: &runtimev1.PodSandboxMetadata{Name: name, Namespace: "test", Uid: name},
		Linux: &runtimev1.LinuxPodSandboxConfig{SecurityContext: &runtimev1.LinuxSandboxSecurityContext{
			NamespaceOptions: &runtimev1.NamespaceOption{Network: runtimev1.NamespaceMode(2 * (n.pods % 2))},
		}},
	}
	pod, err := n.conn.Runtime.RunPodSandbox(t.Context(), &runtimev1.RunPodSandboxRequest{Config: config})
	if err != nil {
		t.Fatal(err)
	}
	n.start(t, pod.GetPodSandboxId(), "load-0", args)
	return pod.GetPodSandboxId()
}

// start starts a container in a pod.
func (n *node) start(t testing.TB, pod, name string, args []string) {
	t.Helper()
	c, err := n.conn.Runtime.CreateContainer(t.Context(), &runtimev1.CreateContainerRequest{
		PodSandboxId: pod,
		Config: &runtimev1.ContainerConfig{
			Metadata: &runtimev1.ContainerMetadata{Name: name}, Image: &runtimev1.ImageSpec{Image: image}, Args: args,
		},
	})
	if err == nil {
		_, err = n.conn.Runtime.StartContainer(t.Context(), &runtimev1.StartContainerRequest{ContainerId: c.GetContainerId()})
	}
	if err != nil {
		t.Fatal(err)
	}
	n.last = c.GetContainerId()
}

// sources are all of the CRI.
func sources() []live.Source {
	return []live.Source{
		{Source: agreement.Source{Name: "cri-container-stats", Form: agreement.ContainerStats}, Open: cri.OpenContainerStats},
		{Source: agreement.Source{Name: "cri-pod-metrics", Form: agreement.PodSandboxMetrics}, Open: cri.OpenPodMetrics},
		{Source: agreement.Source{Name: "cri-stream-pod-stats", Form: agreement.PodSandboxStats}, Open: cri.OpenStreamPodStats},
	}
}

// verify observes the node and checks it.
func (n *node) verify(t testing.TB, change func(*live.Config)) *agreement.Report {
	t.Helper()
	cfg := live.Config{
		Client: n.conn.Runtime, Source: bench.Source{Endpoint: n.Endpoint()}, Sources: sources(), Clock: n.clock,
		Interval:      2500 * time.Millisecond, // six rounds do, and 100 seeds take less time
		Reference:     func(context.Context, bench.Source) (bench.Collector, error) { return n.Direct(), nil },
		Node:          agreement.Node{CgroupVersion: 2, Pressure: true, HugeTLB: true, CPUs: 2},
		StepContainer: n.last, StepCommand: []string{"/podload", "pause", "--hold", fmt.Sprint(live.StepBytes)},
	}
	if change != nil {
		change(&cfg)
	}
	in, err := live.Observe(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	r, err := agreement.Check(in)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
