package staticpods_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	runtimev1 "k8s.io/cri-api/pkg/apis/runtime/v1"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/criconn"
	"cri-stats-bench/bench/criconn/fakecri"
	"cri-stats-bench/bench/criconn/fakecri/fakecritest"
	"cri-stats-bench/workloads/pods"
	"cri-stats-bench/workloads/staticpods"
	"cri-stats-bench/workloads/workloadtest"
)

const imageRef = "127.0.0.1:5000/podload@sha256:0123"

// A pod is what the fake kubelet reads of a manifest. It refuses what it does not
// know, as strict decoding of a v1 Pod would.
type pod struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name      string            `json:"name"`
		Namespace string            `json:"namespace"`
		UID       string            `json:"uid"`
		Labels    map[string]string `json:"labels"`
	} `json:"metadata"`
	Spec struct {
		HostNetwork                   bool   `json:"hostNetwork"`
		RestartPolicy                 string `json:"restartPolicy"`
		TerminationGracePeriodSeconds int    `json:"terminationGracePeriodSeconds"`
		AutomountServiceAccountToken  bool   `json:"automountServiceAccountToken"`
		EnableServiceLinks            bool   `json:"enableServiceLinks"`
		Containers                    []struct {
			Name            string   `json:"name"`
			Image           string   `json:"image"`
			ImagePullPolicy string   `json:"imagePullPolicy"`
			Args            []string `json:"args"`
		} `json:"containers"`
	} `json:"spec"`
}

// A kubelet makes the pods of the manifests in a folder, and ends those whose
// manifests are gone, leaving the sandbox to a garbage collection that never comes.
type kubelet struct {
	t    *testing.T
	dir  string
	conn *criconn.Conn

	mu   sync.Mutex
	made map[string]string // sandboxes by uid
	stop context.CancelFunc
	done chan struct{}
}

// node is a runtime that has the image, and a folder of manifests.
func node(t *testing.T) *kubelet {
	t.Helper()
	_, conn := fakecritest.Dial(t, fakecri.Options{}, imageRef)
	return &kubelet{t: t, dir: t.TempDir(), conn: conn, made: make(map[string]string)}
}

// start starts the kubelet, also again: what runs it finds by uid.
func (k *kubelet) start() {
	ctx, cancel := context.WithCancel(context.WithoutCancel(k.t.Context()))
	k.stop, k.done = cancel, make(chan struct{})
	go func() {
		defer close(k.done)
		for ctx.Err() == nil {
			if err := k.sync(ctx); err != nil && ctx.Err() == nil {
				k.t.Error(err)
			}
			time.Sleep(2 * time.Millisecond)
		}
	}()
	k.t.Cleanup(k.kill)
}

func (k *kubelet) kill() {
	k.stop()
	<-k.done
}

func (k *kubelet) sync(ctx context.Context) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	files, err := filepath.Glob(filepath.Join(k.dir, "[^.]*"))
	if err != nil {
		return err
	}
	wanted := make(map[string]bool)
	for _, file := range files {
		data, err := os.ReadFile(file)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		var p pod
		d := json.NewDecoder(strings.NewReader(string(data)))
		d.DisallowUnknownFields()
		if err := d.Decode(&p); err != nil || p.APIVersion != "v1" || p.Kind != "Pod" {
			continue // somebody else's
		}
		wanted[p.Metadata.UID] = true
		if k.made[p.Metadata.UID] == "" {
			if err := k.make(ctx, &p); err != nil {
				return err
			}
		}
	}
	for uid, sandbox := range k.made {
		if !wanted[uid] {
			delete(k.made, uid)
			if _, err := k.conn.Runtime.StopPodSandbox(ctx, &runtimev1.StopPodSandboxRequest{PodSandboxId: sandbox}); err != nil {
				return err
			}
		}
	}
	return nil
}

// make makes a pod with the labels that a kubelet gives it: those of the manifest
// go to the sandbox alone.
func (k *kubelet) make(ctx context.Context, p *pod) error {
	own := map[string]string{
		"io.kubernetes.pod.name": p.Metadata.Name + "-node", "io.kubernetes.pod.namespace": p.Metadata.Namespace, "io.kubernetes.pod.uid": p.Metadata.UID,
	}
	labels := map[string]string{}
	for _, from := range []map[string]string{own, p.Metadata.Labels} {
		for key, value := range from {
			labels[key] = value
		}
	}
	config := &runtimev1.PodSandboxConfig{
		Metadata: &runtimev1.PodSandboxMetadata{Name: p.Metadata.Name + "-node", Namespace: p.Metadata.Namespace, Uid: p.Metadata.UID}, Labels: labels,
	}
	sandbox, err := k.conn.Runtime.RunPodSandbox(ctx, &runtimev1.RunPodSandboxRequest{Config: config})
	if err != nil {
		return err
	}
	k.made[p.Metadata.UID] = sandbox.GetPodSandboxId()
	for _, c := range p.Spec.Containers {
		if c.ImagePullPolicy != "Never" || len(c.Args) == 0 {
			k.t.Errorf("container %+v", c)
		}
		created, err := k.conn.Runtime.CreateContainer(ctx, &runtimev1.CreateContainerRequest{
			PodSandboxId: sandbox.GetPodSandboxId(), SandboxConfig: config,
			Config: &runtimev1.ContainerConfig{Metadata: &runtimev1.ContainerMetadata{Name: c.Name}, Image: &runtimev1.ImageSpec{Image: c.Image}, Args: c.Args, Labels: own},
		})
		if err != nil {
			return err
		}
		if _, err := k.conn.Runtime.StartContainer(ctx, &runtimev1.StartContainerRequest{ContainerId: created.GetContainerId()}); err != nil {
			return err
		}
	}
	return nil
}

// workload is a workload of the node.
func (k *kubelet) workload(t *testing.T, cfg staticpods.Config) *staticpods.Workload {
	t.Helper()
	if cfg.Run == "" {
		cfg.Run = "run-1"
	}
	cfg.Image, cfg.Dir, cfg.Settle = imageRef, k.dir, 10*time.Millisecond
	w, err := staticpods.New(k.conn.Runtime, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (k *kubelet) files(*testing.T) []string {
	entries, err := os.ReadDir(k.dir)
	if err != nil {
		k.t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func (k *kubelet) sandboxes(*testing.T) []string {
	resp, err := k.conn.Runtime.ListPodSandbox(context.WithoutCancel(k.t.Context()), &runtimev1.ListPodSandboxRequest{})
	if err != nil {
		k.t.Fatal(err)
	}
	var ids []string
	for _, s := range resp.GetItems() {
		ids = append(ids, s.GetMetadata().GetName()+" "+s.GetId()+" "+s.GetState().String())
	}
	return ids
}

func (k *kubelet) write(name, content string) {
	if err := os.WriteFile(filepath.Join(k.dir, name), []byte(content), 0o644); err != nil {
		k.t.Fatal(err)
	}
}

func idle(n int) bench.Cell { return bench.Cell{Pods: n, ContainersPerPod: 1, Profile: "idle"} }

func scale(t *testing.T, w *staticpods.Workload, c bench.Cell) []bench.Pod {
	t.Helper()
	out, err := w.Scale(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestConformance(t *testing.T) {
	k := node(t)
	k.start()
	// Manifests of others, one of which looks like ours, and another run's pods.
	k.write("kube-apiserver.yaml", "apiVersion: v1\nkind: Pod\n")
	k.write("cri-stats-bench-notes.json", `{"metadata":{"labels":{"cri-stats-bench/run":"run-1"}}}`)
	scale(t, k.workload(t, staticpods.Config{Run: "another-run"}), idle(1))
	workloadtest.Run(t, func(t *testing.T) bench.Workload { return k.workload(t, staticpods.Config{}) }, k.files, k.sandboxes)
}

// Pods do not notice that the kubelet is started again.
func TestSurviveRestart(t *testing.T) {
	k := node(t)
	k.start()
	w := k.workload(t, staticpods.Config{})
	before := scale(t, w, idle(3))
	k.kill()
	k.start()
	if diff := cmp.Diff(before, scale(t, w, idle(3))); diff != "" {
		t.Errorf("pods (-before +after a restart):\n%s", diff)
	}
	if err := w.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestManifest(t *testing.T) {
	k := node(t)
	k.start()
	w := k.workload(t, staticpods.Config{ActiveCPU: 0.02, ActiveMemory: 1 << 20})
	scale(t, w, bench.Cell{Pods: 1, ContainersPerPod: 2, Profile: "active"})
	files := k.files(t)
	if diff := cmp.Diff([]string{"cri-stats-bench-run-1-bench-0000.json"}, files); diff != "" {
		t.Fatalf("files (-want +got):\n%s", diff)
	}
	data, err := os.ReadFile(filepath.Join(k.dir, files[0]))
	if err != nil {
		t.Fatal(err)
	}
	var got pod
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	if got.Metadata.Labels[pods.LabelRun] != "run-1" || got.Metadata.Labels[pods.LabelCreatedBy] != pods.CreatedBy || len(got.Metadata.UID) != 32 {
		t.Errorf("metadata %+v", got.Metadata)
	}
	want := []string{"burn", "--cpu", "0.02", "--hold", "1048576"}
	if diff := cmp.Diff(want, got.Spec.Containers[1].Args); diff != "" || !got.Spec.HostNetwork || got.Spec.Containers[1].Image != imageRef {
		t.Errorf("spec %+v, arguments (-want +got):\n%s", got.Spec, diff)
	}
	if err := w.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

// Without a kubelet nothing comes, and what is there is taken away all the same.
func TestDeadKubelet(t *testing.T) {
	k := node(t)
	k.start()
	w := k.workload(t, staticpods.Config{Patience: 50 * time.Millisecond, Why: func() string { return "E1122 the kubelet's last words" }})
	scale(t, w, idle(2))
	k.kill()
	_, err := w.Scale(t.Context(), idle(3))
	if err == nil || !strings.Contains(err.Error(), "wait for 3 static pods: 2 are there and 2 run whole: nothing has changed for 50ms") ||
		!strings.HasSuffix(err.Error(), "E1122 the kubelet's last words") {
		t.Errorf("scale without a kubelet: %v", err)
	}
	if err := w.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if left := slices.Concat(k.files(t), k.sandboxes(t)); left != nil {
		t.Errorf("left: %v", left)
	}
}

// A pod that the kubelet has given up does not come back, and the error says why.
func TestLostPod(t *testing.T) {
	k := node(t)
	k.start()
	w := k.workload(t, staticpods.Config{Patience: 50 * time.Millisecond, Why: func() string { return "pod bench-0001: OutOfpods" }})
	there := scale(t, w, idle(3))
	if _, err := k.conn.Runtime.StopPodSandbox(t.Context(), &runtimev1.StopPodSandboxRequest{PodSandboxId: there[1].ID}); err != nil {
		t.Fatal(err)
	}
	if left, err := w.Running(t.Context()); err != nil || len(left) != 2 {
		t.Errorf("pods that run: %v, %v, want the other two", left, err)
	}
	_, err := w.Scale(t.Context(), idle(3))
	if err == nil || !strings.Contains(err.Error(), "wait for 3 static pods: 2 are there and 2 run whole") ||
		!strings.HasSuffix(err.Error(), "-node ended with status 137, Error; pod bench-0001: OutOfpods") {
		t.Errorf("scale without the pod: %v", err)
	}
	if err := w.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

// Cleanup knows nothing but the folder.
func TestRemove(t *testing.T) {
	k := node(t)
	k.start()
	scale(t, k.workload(t, staticpods.Config{Run: "dead"}), idle(2))
	scale(t, k.workload(t, staticpods.Config{Run: "alive"}), idle(1))
	k.write(".cri-stats-bench-dead-bench-0002.json", `{"metadata":{"name":"bench-0002","labels":{"cri-stats-bench/run":"dead","cri-stats-bench/created-by":"cri-stats-bench"}}}`)
	runs, err := staticpods.Leftovers(k.dir)
	if diff := cmp.Diff(map[string]int{"dead": 3, "alive": 1}, runs); err != nil || diff != "" {
		t.Fatalf("leftovers, %v (-want +got):\n%s", err, diff)
	}
	if err := staticpods.Remove(t.Context(), k.conn.Runtime, k.dir, "dead"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"cri-stats-bench-alive-bench-0000.json"}, k.files(t)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if left := k.sandboxes(t); len(left) != 1 {
		t.Errorf("sandboxes %v", left)
	}
	if runs, err := staticpods.Leftovers(k.dir + "/gone"); err != nil || len(runs) != 0 {
		t.Errorf("a folder that is not there: %v, %v", runs, err)
	}
}

func TestMemory(t *testing.T) {
	k := node(t)
	k.start()
	w := k.workload(t, staticpods.Config{AvailableMemory: func() (int64, error) { return 20 << 20, nil }})
	scale(t, w, idle(1))
	var memory *pods.MemoryError
	if _, err := w.Scale(t.Context(), idle(3)); !errors.As(err, &memory) || memory.Pods != 2 {
		t.Errorf("more pods than there is memory for: %v", err)
	}
	if err := w.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestNewRefuses(t *testing.T) {
	f := func(cfg staticpods.Config, want string) {
		t.Helper()
		if _, err := staticpods.New(nil, cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", cfg, err, want)
		}
	}
	f(staticpods.Config{Image: "i", Dir: "/d"}, `run id "" is not a label value`)
	f(staticpods.Config{Run: "r", Dir: "/d"}, "no image")
	f(staticpods.Config{Run: "r", Image: "i", Dir: "d"}, `folder of manifests "d" is not absolute`)
}
