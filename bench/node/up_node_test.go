//go:build node && linux

package node

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/moby/sys/mountinfo"
	"github.com/prometheus/procfs"
	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"

	"cri-stats-bench/bench/cgroupfs"
)

const testPods = "/cri-stats-bench-node-test"

// testConfig is a node of the test's own, on a disk.
func testConfig(t *testing.T, runtime string) Config {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Fatalf("bringing up a node needs root, this is user %d: scripts/test-node.sh leaves these tests out then", os.Geteuid())
	}
	bin, err := DefaultBinDir(os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	return Config{
		Runtime: runtime, BinDir: bin, Dir: filepath.Join(t.TempDir(), "node"),
		PodsCgroups: []string{testPods}, SandboxImage: serveImage(t),
	}
}

// runPods runs pod sandboxes on the host's network.
func runPods(t *testing.T, n *Node, count int) {
	t.Helper()
	conn, err := dial(n.State.Socket)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for i := range count {
		_, err := runtimeapi.NewRuntimeServiceClient(conn).RunPodSandbox(t.Context(), &runtimeapi.RunPodSandboxRequest{Config: &runtimeapi.PodSandboxConfig{
			Metadata:     &runtimeapi.PodSandboxMetadata{Name: fmt.Sprint("pod-", i), Uid: fmt.Sprint("uid-", i), Namespace: "test"},
			LogDirectory: t.TempDir(),
			Linux: &runtimeapi.LinuxPodSandboxConfig{
				CgroupParent:    fmt.Sprintf("%s/pod%d", testPods, i),
				SecurityContext: &runtimeapi.LinuxSandboxSecurityContext{NamespaceOptions: &runtimeapi.NamespaceOption{Network: runtimeapi.NamespaceMode_NODE}},
			},
		}})
		if err != nil {
			t.Fatalf("run a pod sandbox: %v\n%s", err, logTail(n.State.Log, 20))
		}
	}
}

// runtimeConfig is what containerd says that its CRI config is.
func runtimeConfig(t *testing.T, n *Node) string {
	t.Helper()
	conn, err := dial(n.State.Socket)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	answer, err := runtimeapi.NewRuntimeServiceClient(conn).Status(t.Context(), &runtimeapi.StatusRequest{Verbose: true})
	if err != nil {
		t.Fatal(err)
	}
	return answer.GetInfo()["config"]
}

// residue is all that can be found of the node on the machine.
func residue(t *testing.T, s State) []string {
	t.Helper()
	var left []string
	for _, path := range append([]string{
		s.Dir, s.RunDir, "/var/lib/containerd", "/run/nri", "/opt/containerd", "/run/netns", "/sys/fs/cgroup/hugetlb",
		"/etc/crio", "/var/lib/crio", "/run/containers", "/var/lib/cni", "/usr/libexec/kubernetes", "/var/log/pods",
	}, allPaths()...) {
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			left = append(left, "path "+path)
		}
	}
	if !released(hugetlb) {
		left = append(left, "hierarchy of "+hugetlb)
	}
	for _, name := range kubeletSysctls {
		if data, err := os.ReadFile(filepath.Join(sysctlRoot, name)); err == nil {
			left = append(left, "kernel setting "+name+" "+string(data))
		}
	}
	for _, dir := range []string{s.Dir, s.RunDir} {
		mounts, err := readMounts(dir)
		if err != nil {
			t.Fatal(err)
		}
		left = append(left, mounts...)
	}
	hierarchies, err := cgroupfs.Open(cgroupfs.Root)
	if err != nil {
		t.Fatal(err)
	}
	for _, root := range hierarchies.Hierarchies() {
		err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err == nil && entry.IsDir() && slices.ContainsFunc(append(s.cgroups(), testPods), func(path string) bool { return filepath.Base(path) == entry.Name() }) {
				left = append(left, "cgroup "+path)
			}
			return gone(err)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	proc, err := procfs.NewFS(procRoot)
	if err != nil {
		t.Fatal(err)
	}
	all, err := readProcesses(proc)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		cgroup, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", p.pid)) // empty if it has just ended
		inside := slices.ContainsFunc(strings.Split(string(cgroup), "\n"), func(line string) bool {
			path := line[strings.LastIndex(line, ":")+1:]
			return slices.ContainsFunc(append(s.cgroups(), testPods), func(cgroup string) bool { return within(path, cgroup) })
		})
		if owner, isShim := shimOwner(p.argv); inside || s.isDaemon(p.argv) || isShim && s.ownsShim(owner) {
			left = append(left, p.String())
		}
	}
	return left
}

// notOurs are the paths of residue that stood there before the test.
func notOurs(t *testing.T) []string {
	t.Helper()
	return residue(t, nowhere("/nonexistent", "/nonexistent", "/nonexistent"))
}

// nowhere is the state of a node that was never up.
func nowhere(dir, run, cgroup string) State {
	return State{Dir: dir, RunDir: run, Socket: run, Service: Service{Cgroup: cgroup, Argv: []string{"-", "-"}}}
}

func checkClean(t *testing.T, s State, before []string) {
	t.Helper()
	left := slices.DeleteFunc(residue(t, s), func(name string) bool { return slices.Contains(before, name) })
	if len(left) > 0 {
		t.Errorf("left after Down: %s", strings.Join(left, "; "))
	}
}

func up(t *testing.T, c Config) *Node {
	t.Helper()
	start := time.Now()
	n, err := Up(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Down(context.Background()); err != nil {
			t.Error(err)
		}
	})
	t.Logf("up after %v: %s %s, snapshotter %s, %v", time.Since(start).Round(time.Millisecond), n.State.RuntimeName, n.State.RuntimeVersion, n.State.Snapshotter, n.State.Warnings)
	return n
}

func down(t *testing.T, n *Node) {
	t.Helper()
	start := time.Now()
	if err := n.Down(t.Context()); err != nil {
		t.Error(err)
	}
	t.Logf("down after %v", time.Since(start).Round(time.Millisecond))
}

func TestNodeUpAndDown(t *testing.T) {
	c := testConfig(t, "containerd")
	c.StatsCollectPeriod, c.SnapshotStatsPeriod = 7*time.Second, 20*time.Second
	before := notOurs(t)
	n := up(t, c)

	if status, err := n.Status(t.Context()); err != nil || !status.Ready {
		t.Errorf("status %+v, %v, want ready", status, err)
	}
	// It must be metered whole from the start: in its own cgroup everywhere.
	d, err := Discover(t.Context(), n.Endpoint())
	if err != nil {
		t.Fatal(err)
	}
	if d.PID != n.State.PID || d.StartTicks != n.State.StartTicks || d.Cgroup != n.State.Cgroup || d.Name != "containerd" ||
		d.Exe != n.State.Programs[0].Path || d.Config == nil || d.Config.Path != n.State.Config {
		t.Errorf("discovered %+v, config %+v, of the node %+v", d, d.Config, n.State)
	}
	hierarchies, err := cgroupfs.Open(cgroupfs.Root)
	if err != nil {
		t.Fatal(err)
	}
	for _, root := range hierarchies.Hierarchies() {
		data, err := os.ReadFile(filepath.Join(root, n.State.Cgroup, "cgroup.procs"))
		if err != nil || !slices.Contains(strings.Fields(string(data)), fmt.Sprint(n.State.PID)) {
			t.Errorf("daemon %d is not in its cgroup in %s: %q, %v", n.State.PID, root, data, err)
		}
	}
	if config := runtimeConfig(t, n); !strings.Contains(config, `"statsCollectPeriod":"7s"`) || !strings.Contains(config, n.State.Programs[2].Path) {
		t.Errorf("the runtime does not have the period or the runc that it was given: %s", config)
	}
	if _, err := Up(t.Context(), c); !errors.Is(err, ErrInUse) {
		t.Errorf("a second Up gave %v, want ErrInUse", err)
	}
	runPods(t, n, 3)
	if mounts, err := readMounts(n.State.Dir); err != nil || len(mounts) == 0 {
		t.Errorf("pods run without a mount: %v", err)
	}
	down(t, n)
	checkClean(t, n.State, before)
	if err := n.Down(t.Context()); err != nil {
		t.Errorf("a second Down: %v", err)
	}
	if _, err := Find(n.State.Dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("found a node that is down: %v", err)
	}
}

// The distribution's containerd is another version with another config and other paths.
func TestNodeDistribution(t *testing.T) {
	c := testConfig(t, "containerd-distribution")
	if _, err := os.Stat(filepath.Join(c.BinDir, distributionDir)); err != nil {
		if _, err := exec.LookPath("apt-get"); err == nil {
			t.Fatal("the distribution's containerd is not there: scripts/node/distribution.sh")
		}
		t.Log("left out: the distribution's containerd (needs Debian or Ubuntu)")
		return
	}
	before := notOurs(t)
	n := up(t, c)
	if status, err := n.Status(t.Context()); err != nil || !status.Ready || !strings.HasPrefix(n.State.RuntimeVersion, "1.") {
		t.Errorf("status %+v, version %s, %v; want ready, 1.6 or 1.7", status, n.State.RuntimeVersion, err)
	}
	runPods(t, n, 3)
	down(t, n)
	checkClean(t, n.State, before)
}

// Another process takes it down: the Node value is forgotten, as when the one
// that brought it up was killed.
func TestNodeDownByAnother(t *testing.T) {
	c := testConfig(t, "containerd")
	before := notOurs(t)
	n := up(t, c)
	runPods(t, n, 2)
	found, err := Find(c.Dir)
	if err != nil {
		t.Fatal(err)
	}
	down(t, found)
	checkClean(t, n.State, before)
}

// The daemon was killed and its shims and pods go on without it; the next Up
// clears them away.
func TestNodeUpAfterKill(t *testing.T) {
	c := testConfig(t, "containerd")
	before := notOurs(t)
	n := up(t, c)
	runPods(t, n, 2)
	if err := syscall.Kill(n.State.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-n.Ended()
	// One shim too: its pod is then nobody's child, and only its cgroup tells.
	killShim(t, n.State.Socket)
	if status, err := n.Status(t.Context()); err != nil || status.Running || status.Ready || status.Problem == "" {
		t.Errorf("status %+v, %v, of a killed daemon", status, err)
	}
	again := up(t, c)
	hierarchies, err := cgroupfs.Open(cgroupfs.Root)
	if err != nil {
		t.Fatal(err)
	}
	if pids, err := (cgroups{hierarchies}).procs(testPods); err != nil || len(pids) > 0 {
		t.Errorf("processes of the dead node's pods: %v, %v", pids, err)
	}
	if err := n.Down(t.Context()); err != nil {
		t.Errorf("Down of the dead node: %v", err)
	}
	if status, err := again.Status(t.Context()); err != nil || !status.Ready {
		t.Errorf("Down of the dead node touched the one in its place: %+v, %v", status, err)
	}
	down(t, again)
	checkClean(t, again.State, before)
}

// killShim kills one shim of the node.
func killShim(t *testing.T, socket string) {
	t.Helper()
	proc, err := procfs.NewFS(procRoot)
	if err != nil {
		t.Fatal(err)
	}
	all, err := readProcesses(proc)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		if owner, isShim := shimOwner(p.argv); isShim && owner == socket {
			if err := p.signal(proc, syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			return
		}
	}
	t.Fatal("no shim runs")
}

// Killed between writing the state and knowing the pid: the state names none.
func TestNodeDownWithoutPID(t *testing.T) {
	c := testConfig(t, "containerd")
	before := notOurs(t)
	n := up(t, c)
	early := n.State
	early.PID, early.StartTicks = 0, 0
	if err := early.write(); err != nil {
		t.Fatal(err)
	}
	found, err := Find(c.Dir)
	if err != nil {
		t.Fatal(err)
	}
	down(t, found)
	checkClean(t, n.State, before)
}

// cgroup2Root returns where the version 2 hierarchy is mounted. A node that was booted
// with version 1 alone has none; one that has it elsewhere is one that we cannot read.
func cgroup2Root(t *testing.T) string {
	t.Helper()
	mounts, err := mountinfo.GetMounts(mountinfo.FSTypeFilter("cgroup2"))
	if err != nil {
		t.Fatal(err)
	}
	if len(mounts) == 0 {
		t.Skip("left out: starting a daemon in a cgroup of version 2 (no cgroup2 is mounted on this node)")
	}
	for _, root := range []string{cgroupfs.Root, filepath.Join(cgroupfs.Root, "unified")} {
		if slices.ContainsFunc(mounts, func(m *mountinfo.Info) bool { return m.Mountpoint == root }) {
			return root
		}
	}
	t.Fatalf("cgroup2 is mounted at %s, not at %s or %[2]s/unified", mounts[0].Mountpoint, cgroupfs.Root)
	return ""
}

// On version 2 the kernel starts the daemon in its cgroup. A hybrid node has a
// version 2 hierarchy too, so that this is tried on both.
func TestNodeStartInVersion2(t *testing.T) {
	root := cgroup2Root(t)
	hierarchies, err := cgroupfs.Open(root)
	if err != nil {
		t.Fatal(err)
	}
	g := cgroups{hierarchies}
	const path = "/cri-stats-bench-node-v2test"
	// Not g.make: on a hybrid node this hierarchy has no controllers to enable.
	if err := os.Mkdir(root+path, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if left, err := g.remove(context.Background(), path); err != nil || len(left) > 0 {
			t.Errorf("left %v, %v", left, err)
		}
	})
	cmd, done, err := g.command(t.Context(), path, []string{"cat", "/proc/self/cgroup"})
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.Output()
	if err = errors.Join(err, done()); err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(strings.Split(string(out), "\n"), "0::"+path) {
		t.Errorf("started in %s", out)
	}
}

func TestNodeUpFails(t *testing.T) {
	c := testConfig(t, "containerd")
	before := notOurs(t)
	bin := t.TempDir()
	for _, p := range runtimes["containerd"].programs {
		script := "#!/bin/sh\ncase $1 in --version|-v) exit 0;; esac\necho something is wrong >&2\nexit 1\n"
		if err := os.WriteFile(filepath.Join(bin, p.name), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	c.BinDir = bin
	_, err := Up(t.Context(), c)
	if !errors.Is(err, errEnded) || !strings.Contains(err.Error(), "something is wrong") {
		t.Errorf("Up of a daemon that ends: %v", err)
	}
	run, cgroup := names(c.Dir)
	checkClean(t, nowhere(c.Dir, run, cgroup), before)
}
