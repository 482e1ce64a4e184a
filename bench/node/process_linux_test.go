package node

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/procfs"
)

func TestShimOwner(t *testing.T) {
	f := func(argv []string, address string, isShim bool) {
		t.Helper()
		if got, ok := shimOwner(argv); got != address || ok != isShim {
			t.Errorf("shimOwner(%q) = %q, %v, want %q, %v", argv, got, ok, address, isShim)
		}
	}
	f([]string{"/usr/bin/containerd-shim-runc-v2", "-namespace", "k8s.io", "-id", "4f", "-address", "/run/containerd/containerd.sock"}, "/run/containerd/containerd.sock", true)
	f([]string{"containerd-shim", "--address=/a"}, "/a", true)
	f([]string{"containerd-shim-kata-v2", "-address"}, "", true)
	f([]string{"containerd-shim-runc-v2", "-id", "address", "/a"}, "", true)
	f([]string{"/usr/bin/conmon", "-b", "/b", "-c", "4f", "--exit-dir", "/run/crio/exits", "-l", "/l"}, "/run/crio/exits", true)
	f([]string{"/usr/bin/containerd", "-address", "/a"}, "", false)
	f(nil, "", false)
}

func FuzzShimOwner(f *testing.F) {
	f.Add("containerd-shim", "-address", "/a")
	f.Add("containerd-shim", "-address=/a", "")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		if address, isShim := shimOwner([]string{a, b, c}); address != "" && !isShim {
			t.Errorf("%q %q %q is no shim and has the address %q", a, b, c, address)
		}
	})
}

func TestOurs(t *testing.T) {
	s := testState(t)
	shim := func(address string) []string {
		return []string{"/b/containerd-shim-runc-v2", "-namespace", "k8s.io", "-id", "1", "-address", address}
	}
	shell := append([]string{"/bin/sh", "-c", joinScript, "sh", "/sys/fs/cgroup/cpu/x/cgroup.procs", "--"}, s.Argv...)
	f := func(all []process, inNode, inPods []int, want ...int) {
		t.Helper()
		set := func(pids []int) map[int]bool {
			m := make(map[int]bool)
			for _, pid := range pids {
				m[pid] = true
			}
			return m
		}
		var got []int
		for _, p := range s.ours(all, set(inNode), set(inPods)) {
			got = append(got, p.pid)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("ours (-want +got):\n%s", diff)
		}
	}
	first := process{pid: 1, name: "systemd", argv: []string{"/sbin/init"}}
	self := process{pid: os.Getpid(), parent: 1, argv: []string{"cri-stats-bench"}}

	// The daemon, a shim of it that the daemon is not the parent of any more, and
	// the shim's containers, in whatever cgroup they are.
	f([]process{first, self,
		{pid: 20, parent: 1, argv: s.Argv},
		{pid: 21, parent: 20, argv: []string{"runc", "create"}},
		{pid: 30, parent: 1, argv: shim(s.Socket)},
		{pid: 31, parent: 30, argv: []string{"/pause"}},
		{pid: 32, parent: 31, argv: []string{"/child"}},
		{pid: 40, parent: 1, argv: []string{"sshd"}},
	}, nil, nil, 20, 21, 30, 31, 32)
	// The shell before it has become the daemon, and before it has joined.
	f([]process{first, {pid: 20, parent: 5, argv: shell}}, nil, nil, 20)
	// By cgroup, where the shim was killed and its container handed to init.
	f([]process{first, {pid: 31, parent: 1, argv: []string{"/pause"}}, {pid: 32, parent: 1, argv: []string{"x"}}}, []int{32}, []int{31}, 31, 32)
	// Another containerd, its shims and its pods under the same cgroup parent.
	f([]process{first,
		{pid: 50, parent: 1, argv: []string{"/usr/bin/containerd"}},
		{pid: 51, parent: 1, argv: shim("/run/containerd/containerd.sock")},
		{pid: 52, parent: 51, argv: []string{"/pause"}},
		{pid: 53, parent: 52, argv: []string{"/child"}},
		{pid: 54, parent: 1, argv: shim(s.Socket + ".other")},
	}, nil, []int{52, 53})
	// conmon says where it tells that a container has ended, and CRI-O is not its parent.
	conmon := func(dir string) []string {
		return []string{"/usr/bin/conmon", "-b", "/x", "--exit-dir", dir + "/exits"}
	}
	f([]process{first,
		{pid: 70, parent: 1, argv: conmon(s.RunDir)},
		{pid: 71, parent: 70, argv: []string{"/pause"}},
		{pid: 72, parent: 1, argv: conmon("/run/crio")},
		{pid: 73, parent: 72, argv: []string{"/pause"}},
	}, nil, []int{71, 73}, 70, 71)
	// A kubelet is a daemon like the runtime.
	s.Kubelet = &KubeletState{Service: Service{Argv: []string{"/b/kubelet", "--config", "/d/kubelet.yaml"}}}
	f([]process{first,
		{pid: 80, parent: 1, argv: s.Kubelet.Argv},
		{pid: 81, parent: 80, argv: []string{"mount"}},
		{pid: 82, parent: 1, argv: []string{"/b/kubelet", "--config", "/etc/kubelet.yaml"}},
	}, nil, nil, 80, 81)
	// An editor of our config is not the daemon.
	f([]process{first, {pid: 60, parent: 1, argv: []string{"vi", "/d/config.toml"}}}, nil, nil)
	// Never init, never this process, whatever cgroup they are in.
	f([]process{first, self}, []int{1, self.pid}, []int{1, self.pid})
}

// procTree writes what readProcess needs of one process.
func procTree(t *testing.T, root string, pid, parent int, state, comm string, start uint64, cmdline string) {
	t.Helper()
	dir := filepath.Join(root, fmt.Sprint(pid))
	stat := fmt.Sprintf("%d (%s) %s %d 1 1 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 %d 1000 100 18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n",
		pid, comm, state, parent, start)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"stat": stat, "cmdline": cmdline} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestReadProcesses(t *testing.T) {
	root := t.TempDir()
	procTree(t, root, 2, 0, "S", "kthreadd", 1, "")
	procTree(t, root, 9, 2, "I", "kworker/0:0", 2, "")
	procTree(t, root, 17, 1, "S", "with ) bracket", 4711, "/b/containerd\x00--config\x00/c\x00")
	procTree(t, root, 18, 17, "Z", "gone", 4712, "")
	if err := os.Mkdir(filepath.Join(root, "19"), 0o755); err != nil { // it ended while we looked
		t.Fatal(err)
	}
	proc, err := procfs.NewFS(root)
	if err != nil {
		t.Fatal(err)
	}
	got, err := readProcesses(proc)
	want := []process{{17, 1, 4711, "with ) bracket", []string{"/b/containerd", "--config", "/c"}}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(process{})); err != nil || diff != "" {
		t.Errorf("processes: %v, diff (-want +got):\n%s", err, diff)
	}
}

func TestSignalChecksStart(t *testing.T) {
	proc, err := procfs.NewFS(procRoot)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sleep", "60")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var p process
	// Start returns a moment before the kernel has set the new command line.
	poll(t.Context(), func() bool {
		var err error
		p, err = readProcess(proc, cmd.Process.Pid)
		return err != nil || slices.Contains(p.argv, "60")
	})
	if p.parent != os.Getpid() {
		t.Fatalf("read %+v", p)
	}
	// The pid is the same, the process another: nothing may be sent.
	other := p
	other.start++
	if err := other.signal(proc, syscall.SIGKILL); err != nil {
		t.Error(err)
	}
	if err := p.signal(proc, syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	err = cmd.Wait()
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGTERM {
		t.Errorf("it ended by %v, want the second signal", err)
	}
	if err := p.signal(proc, syscall.SIGTERM); err != nil {
		t.Errorf("a process that has ended: %v", err)
	}
}
