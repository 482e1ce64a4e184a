package node

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRemoveLinks(t *testing.T) {
	dir, target := t.TempDir(), t.TempDir()
	ours, others, file := filepath.Join(dir, "ours.log"), filepath.Join(dir, "others.log"), filepath.Join(dir, "file")
	err := errors.Join(
		os.Symlink(filepath.Join(target, "pod/0.log"), ours),
		os.Symlink(target+"-other/0.log", others),
		os.WriteFile(file, nil, 0o644),
	)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time there is nothing to do
		if err := removeLinks(dir, target); err != nil {
			t.Fatal(err)
		}
	}
	var left []string
	for _, name := range []string{ours, others, file} {
		if _, err := os.Lstat(name); err == nil {
			left = append(left, name)
		} else if !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{others, file}, left); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
	if err := removeLinks(filepath.Join(dir, "none"), target); err != nil {
		t.Errorf("a folder that is not there: %v", err)
	}
}

// A path that was not there before goes, but not what others have put into it.
func TestRestorePaths(t *testing.T) {
	dir := t.TempDir()
	socket, busy, empty := filepath.Join(dir, "a/sock"), filepath.Join(dir, "a"), filepath.Join(dir, "b")
	other := filepath.Join(busy, "other")
	if err := errors.Join(os.Mkdir(busy, 0o755), os.Mkdir(empty, 0o755), os.WriteFile(socket, nil, 0o644), os.WriteFile(other, nil, 0o644)); err != nil {
		t.Fatal(err)
	}
	o := Outside{Paths: []string{socket, busy, empty, filepath.Join(dir, "never made")}}
	if err := o.restore(t.Context(), t.TempDir()); err != nil {
		t.Fatal(err)
	}
	for name, there := range map[string]bool{socket: false, busy: true, other: true, empty: false} {
		if _, err := os.Lstat(name); errors.Is(err, fs.ErrNotExist) == there {
			t.Errorf("%s: %v, want it to be there: %v", name, err, there)
		}
	}
}

// What a kubelet changes of the kernel's settings is noted before, whatever it was,
// and a hierarchy only where version 1 lacks it.
func TestSurvey(t *testing.T) {
	f := func(runtime string, files map[string]string, hierarchies ...string) {
		t.Helper()
		g, _ := tree(t, files)
		spec := runtimes[runtime]
		s := State{Socket: spec.kubeletSocket, Kubelet: &KubeletState{}}
		o, err := s.survey(spec, g.fs)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := o.Sysctls["kernel/panic"]; !ok || o.check() != nil {
			t.Errorf("noted %+v, %v", o, o.check())
		}
		if diff := cmp.Diff(hierarchies, o.Hierarchies); diff != "" {
			t.Errorf("hierarchies for %s (-want +got):\n%s", runtime, diff)
		}
	}
	f("containerd", version1(nil))
	f("crio", version1(nil), "/sys/fs/cgroup/hugetlb")
	f("crio", version1(map[string]string{"hugetlb/tasks": "", "hugetlb/cgroup.procs": ""}))
	f("crio", version2(nil))
}

// Sockets that nobody listens on go with the folder of the node, those of others stay.
func TestRemoveDeadSockets(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "s")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	listen := func(name string) *net.UnixListener {
		l, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(dir, name)})
		if err != nil {
			t.Fatal(err)
		}
		l.SetUnlinkOnClose(false)
		return l
	}
	dead, alive := listen("dead"), listen("alive")
	if err := dead.Close(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = alive.Close() })
	if err := errors.Join(os.WriteFile(filepath.Join(dir, "file"), nil, 0o644), removeDeadSockets(t.Context(), dir)); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, entry := range entries {
		left = append(left, entry.Name())
	}
	if diff := cmp.Diff([]string{"alive", "file"}, left); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
	if err := errors.Join(removeDeadSockets(t.Context(), filepath.Join(dir, "file")), removeDeadSockets(t.Context(), filepath.Join(dir, "none"))); err != nil {
		t.Error(err)
	}
}
