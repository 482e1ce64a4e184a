package pods

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"
	runtimev1 "k8s.io/cri-api/pkg/apis/runtime/v1"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/criconn"
)

const uid = "0123456789abcdef0123456789abcdef"

func TestPodCgroup(t *testing.T) {
	f := func(driver criconn.CgroupDriver, parent, pod string) {
		t.Helper()
		if got := CgroupParent(driver); got != parent {
			t.Errorf("CgroupParent(%s) = %q, want %q", driver, got, parent)
		}
		if got := podCgroup(driver, uid); got != pod {
			t.Errorf("podCgroup(%s) = %q, want %q", driver, got, pod)
		}
	}
	f(criconn.Cgroupfs, "/cristatsbench", "/cristatsbench/pod"+uid)
	f(criconn.Systemd, "/cristatsbench.slice", "/cristatsbench.slice/cristatsbench-pod"+uid+".slice")
}

func TestConfigs(t *testing.T) {
	logs := t.TempDir()
	w, err := New(nil, Config{Run: "r1", Image: "img", CgroupDriver: criconn.Systemd, LogDir: logs})
	if err != nil {
		t.Fatal(err)
	}
	s, err := w.spec(bench.Cell{Pods: 1, ContainersPerPod: 1, Profile: "active"})
	if err != nil {
		t.Fatal(err)
	}
	labels := map[string]string{
		"cri-stats-bench/run":         "r1",
		"cri-stats-bench/created-by":  "cri-stats-bench",
		"cri-stats-bench/spec":        s.label,
		"io.kubernetes.pod.name":      "bench-0007",
		"io.kubernetes.pod.namespace": "cri-stats-bench",
		"io.kubernetes.pod.uid":       uid,
	}
	ns := &runtimev1.NamespaceOption{Network: runtimev1.NamespaceMode_NODE, Pid: runtimev1.NamespaceMode_CONTAINER}
	pod := w.sandboxConfig(s, "bench-0007", uid)
	wantPod := &runtimev1.PodSandboxConfig{
		Metadata:     &runtimev1.PodSandboxMetadata{Name: "bench-0007", Namespace: "cri-stats-bench", Uid: uid},
		LogDirectory: filepath.Join(logs, "cri-stats-bench_bench-0007_"+uid),
		Labels:       labels,
		Linux: &runtimev1.LinuxPodSandboxConfig{
			CgroupParent:    "/cristatsbench.slice/cristatsbench-pod" + uid + ".slice",
			SecurityContext: &runtimev1.LinuxSandboxSecurityContext{NamespaceOptions: ns},
		},
	}
	if diff := cmp.Diff(wantPod, pod, protocmp.Transform()); diff != "" {
		t.Errorf("sandbox (-want +got):\n%s", diff)
	}
	container := containerConfig(s, pod, "load-0")
	wantLabels := map[string]string{"io.kubernetes.container.name": "load-0"}
	for k, v := range labels {
		wantLabels[k] = v
	}
	wantContainer := &runtimev1.ContainerConfig{
		Metadata: &runtimev1.ContainerMetadata{Name: "load-0"},
		Image:    &runtimev1.ImageSpec{Image: "img", UserSpecifiedImage: "img"},
		Args:     []string{"burn", "--cpu", "0.01", "--hold", "8388608"},
		Labels:   wantLabels,
		LogPath:  "load-0.log",
		Linux: &runtimev1.LinuxContainerConfig{
			Resources:       &runtimev1.LinuxContainerResources{CpuShares: 2, OomScoreAdj: 1000},
			SecurityContext: &runtimev1.LinuxContainerSecurityContext{NamespaceOptions: ns},
		},
	}
	if diff := cmp.Diff(wantContainer, container, protocmp.Transform()); diff != "" {
		t.Errorf("container (-want +got):\n%s", diff)
	}
}

func TestSpecLabel(t *testing.T) {
	label := func(cfg Config, c bench.Cell) string {
		t.Helper()
		cfg.Run, cfg.Image = "r", "i"
		w, err := New(nil, cfg)
		if err != nil {
			t.Fatal(err)
		}
		s, err := w.spec(c)
		if err != nil {
			t.Fatal(err)
		}
		return s.label
	}
	base := label(Config{}, bench.Cell{Pods: 1, ContainersPerPod: 1, Profile: "active"})
	f := func(same bool, cfg Config, c bench.Cell) {
		t.Helper()
		if got := label(cfg, c) == base; got != same {
			t.Errorf("%+v, %s: same label %t, want %t", cfg, c, got, same)
		}
	}
	f(true, Config{}, bench.Cell{Pods: 9, ContainersPerPod: 1, Profile: "active"})
	f(true, Config{ActiveCPU: 0.01, Parallel: 7}, bench.Cell{Pods: 1, ContainersPerPod: 1, Profile: "active"})
	f(false, Config{}, bench.Cell{Pods: 1, ContainersPerPod: 1, Profile: "idle"})
	f(false, Config{}, bench.Cell{Pods: 1, ContainersPerPod: 2, Profile: "active"})
	f(false, Config{ActiveMemory: 1}, bench.Cell{Pods: 1, ContainersPerPod: 1, Profile: "active"})
	f(false, Config{RuntimeHandler: "kata"}, bench.Cell{Pods: 1, ContainersPerPod: 1, Profile: "active"})
}

func TestLogTail(t *testing.T) {
	f := func(log, want string) {
		t.Helper()
		path := filepath.Join(t.TempDir(), "load-0.log")
		if err := os.WriteFile(path, []byte(log), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := logTail(path); err != nil || got != want {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	}
	f("", "")
	f("2016-10-06T00:17:09.669794202Z stderr F podload: bad flag\n", "podload: bad flag")
	f("2016-10-06T00:17:09Z stdout F a b\n2016-10-06T00:17:09Z stdout P  c\n", "a b\n c")
	f("2016-10-06T00:17:09Z stdout F \n", "")
	f("a line in no known form\n", "a line in no known form")
	var long, want strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&long, "2016-10-06T00:17:09.669794202Z stderr F line %d\n", i)
		if i >= 995 {
			fmt.Fprintf(&want, "line %d\n", i)
		}
	}
	f(long.String(), strings.TrimSpace(want.String()))

	if _, err := logTail(filepath.Join(t.TempDir(), "missing")); err == nil {
		t.Error("read a log that is not there")
	}
}

func FuzzLastLines(f *testing.F) {
	f.Add("2016-10-06T00:17:09.669794202Z stderr F podload: bad flag\n")
	f.Add("\n\n\n\n\n\n\n")
	f.Add("t stdout F \xff")
	f.Fuzz(func(t *testing.T, log string) {
		got := lastLines(log)
		if n := strings.Count(got, "\n"); n >= tailLines || len(got) > len(log) {
			t.Errorf("lastLines(%q) = %q", log, got)
		}
	})
}
