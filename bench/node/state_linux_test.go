package node

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// testState is a node in a temporary folder, as written before its daemon is
// started.
func testState(t testing.TB) *State {
	return &State{
		Format: stateFormat, Runtime: "containerd", Created: time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC),
		Dir: t.TempDir(), RunDir: "/run/cri-stats-bench/x", Socket: "/run/cri-stats-bench/x/containerd.sock", PodsCgroups: []string{"/pods"}, BootID: "b",
		Service: Service{Cgroup: "/cri-stats-bench-node-x", Argv: []string{"/b/containerd", "--config", "/d/config.toml"}},
	}
}

// withKubelet makes a state that of a node with a kubelet.
func withKubelet(s *State) *State {
	s.Socket = "/run/containerd/containerd.sock"
	s.Kubelet = &KubeletState{
		Service:       Service{Cgroup: "/cri-stats-bench-node-x-kubelet", Argv: []string{"/b/kubelet", "--config", "/d/kubelet.yaml"}},
		KubeletConfig: KubeletConfig{StatsFromCRI: true},
		Endpoint:      "https://127.0.0.1:10250", CertFile: "/d/kubelet/pki/kubelet.crt", Manifests: "/d/manifests", PodsCgroup: "/pods/kubepods", LogStart: 17,
	}
	s.Outside = Outside{Paths: []string{"/run/containerd"}, Hierarchies: []string{"/sys/fs/cgroup/hugetlb"}, Sysctls: map[string]string{"vm/panic_on_oom": "0"}}
	return s
}

func TestStateRoundTrip(t *testing.T) {
	s := withKubelet(testState(t))
	for _, pid := range []int{0, 17} {
		s.PID = pid
		if err := s.write(); err != nil {
			t.Fatal(err)
		}
		got, err := readState(s.Dir)
		if diff := cmp.Diff(s, got); err != nil || diff != "" {
			t.Errorf("read back: %v, diff (-want +got):\n%s", err, diff)
		}
	}
	entries, err := os.ReadDir(s.Dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("beside the state file: %v, %v", entries, err)
	}
	if found, err := Find(s.Dir); err != nil || found.State.PID != 17 {
		t.Errorf("found %+v, %v", found, err)
	}
}

func TestReadStateRefuses(t *testing.T) {
	f := func(change func(*State), want string) {
		t.Helper()
		s := testState(t)
		dir := s.Dir // a changed one may be anywhere on this machine
		change(withKubelet(s))
		data, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, stateFile), data, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := readState(dir); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
	f(func(s *State) { s.Format = 1 }, "format 1")
	f(func(s *State) { s.Runtime = "x" }, `unknown runtime "x"`)
	f(func(s *State) { s.Cgroup = "/" }, `cgroup "/" is not`)
	f(func(s *State) { s.Cgroup = "/system.slice" }, `cgroup "/system.slice" is not`)
	f(func(s *State) { s.Cgroup = "/cri-stats-bench-node/.." }, "is not a node's")
	f(func(s *State) { s.PodsCgroups = []string{"/a/../b"} }, "clean")
	f(func(s *State) { s.Dir = "/" }, "below the root")
	f(func(s *State) { s.RunDir = "/run" }, `folder of sockets "/run" is not`)
	f(func(s *State) { s.RunDir = runRoot }, "is not a node's")
	f(func(s *State) { s.RunDir = runRoot + "/.." }, "is not a node's")
	f(func(s *State) { s.Socket = "/run/other.sock" }, `socket "/run/other.sock" is not`)
	f(func(s *State) { s.Socket = "/run/crio/crio.sock" }, `socket "/run/crio/crio.sock" is not`)
	f(func(s *State) { s.Argv = nil }, "no command line")
	f(func(s *State) { s.Kubelet.Argv = nil }, "no command line")
	f(func(s *State) { s.Kubelet.Cgroup = "/kubepods" }, `cgroup "/kubepods" is not`)
	f(func(s *State) { s.Outside.Paths = []string{"/etc"} }, `path "/etc" is not`)
	f(func(s *State) { s.Outside.Hierarchies = []string{"/sys/fs/cgroup/memory"} }, `"/sys/fs/cgroup/memory" is not`)
	f(func(s *State) { s.Outside.Sysctls = map[string]string{"kernel/core_pattern": "|/x"} }, `"kernel/core_pattern" is not`)
}

func TestFindRefuses(t *testing.T) {
	if _, err := Find(t.TempDir()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("found a node in an empty folder: %v", err)
	}
	// Removing what a copied state file names would remove another node.
	s := testState(t)
	if err := s.write(); err != nil {
		t.Fatal(err)
	}
	other := t.TempDir()
	if err := os.Rename(filepath.Join(s.Dir, stateFile), filepath.Join(other, stateFile)); err != nil {
		t.Fatal(err)
	}
	if _, err := Find(other); err == nil || !strings.Contains(err.Error(), s.Dir) {
		t.Errorf("found a node by a state file of another folder: %v", err)
	}
}

func TestClearDeadRefuses(t *testing.T) {
	dir := t.TempDir()
	if err := clearDead(t.Context(), dir); err != nil {
		t.Errorf("an empty folder: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, stateDraft()), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := clearDead(t.Context(), dir); err != nil {
		t.Errorf("a state whose first writing was cut short: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "precious"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := clearDead(t.Context(), dir); err == nil || !strings.Contains(err.Error(), "not a node's") {
		t.Errorf("a folder of others: %v", err)
	}
	removeDir(dir)
	if _, err := os.Stat(filepath.Join(dir, "precious")); err != nil {
		t.Errorf("a file of others was removed: %v", err)
	}
}

func TestLockDir(t *testing.T) {
	dir := t.TempDir()
	unlock, err := lockDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lockDir(dir); err == nil || !strings.Contains(err.Error(), "another process") {
		t.Errorf("locked twice: %v", err)
	}
	unlock()
	again, err := lockDir(dir)
	if err != nil {
		t.Fatalf("not given back: %v", err)
	}
	again()
	if _, err := lockDir(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("locked a folder that is not there: %v", err)
	}
}

func TestRemoveFiles(t *testing.T) {
	dir, run := t.TempDir(), filepath.Join(t.TempDir(), "run")
	for _, name := range []string{filepath.Join(dir, "root/a/b"), run} {
		if err := os.MkdirAll(name, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	outside := filepath.Join(t.TempDir(), "outside")
	err := errors.Join(os.WriteFile(outside, nil, 0o644), os.Symlink(outside, filepath.Join(dir, "link")), os.WriteFile(filepath.Join(dir, stateFile), nil, 0o644))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time there is nothing to do
		if err := removeFiles(dir, run); err != nil {
			t.Fatal(err)
		}
		removeDir(dir)
	}
	for _, name := range []string{dir, run} {
		if _, err := os.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is left: %v", name, err)
		}
	}
	if _, err := os.Stat(outside); err != nil {
		t.Errorf("a link was followed: %v", err)
	}
}

func TestFindPrograms(t *testing.T) {
	dir := t.TempDir()
	spec := runtimes["containerd"]
	_, err := findPrograms(t.Context(), dir, spec.programs, named)
	if !errors.Is(err, fs.ErrNotExist) || strings.Count(err.Error(), "make node-binaries") != 3 {
		t.Errorf("error %v, want one that names all three programs", err)
	}
	var want []Program
	for _, p := range spec.programs {
		script := "#!/bin/sh\n[ \"$1\" = " + p.version + " ] && printf '" + p.name + ":\\n  Version: 1\\n'\n"
		real := filepath.Join(dir, "real-"+p.name)
		if err := errors.Join(os.WriteFile(real, []byte(script), 0o755), os.Symlink("real-"+p.name, filepath.Join(dir, p.name))); err != nil {
			t.Fatal(err)
		}
		want = append(want, Program{p.name, real, p.name + ": Version: 1"})
	}
	got, err := findPrograms(t.Context(), dir, spec.programs, named)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("programs: %v, diff (-want +got):\n%s", err, diff)
	}
	if path := programPath(got); !strings.HasPrefix(path, dir+":") || !strings.HasSuffix(path, systemPath) {
		t.Errorf("PATH %s", path)
	}
	if err := os.WriteFile(filepath.Join(dir, "real-runc"), []byte("#!/bin/sh\nexit 3\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := findPrograms(t.Context(), dir, spec.programs, named); err == nil || !strings.Contains(err.Error(), "runc for its version: exit status 3") {
		t.Errorf("a program that does not run: %v", err)
	}
}

func FuzzParseState(f *testing.F) {
	f.Add([]byte(`{"format":2,"runtime":"containerd","dir":"/d","run_dir":"/run/cri-stats-bench/r","socket":"/run/cri-stats-bench/r/s","cgroup":"/cri-stats-bench-node","argv":["a","b"]}`))
	f.Add([]byte(`{"format":2`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := parseState(data)
		if err != nil {
			return
		}
		for _, path := range append(s.cgroups(), s.Dir, s.RunDir) {
			if clean := filepath.Clean(path); !filepath.IsAbs(path) || clean == "/" || clean == runRoot {
				t.Errorf("accepted a state that would make Down remove %q", path)
			}
		}
	})
}
