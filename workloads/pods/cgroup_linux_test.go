package pods

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cri-stats-bench/bench/criconn"
	"cri-stats-bench/bench/testfile"
)

// tree makes folders, and files where the last part of a path is the name of one:
// cgroup.procs stands for a cgroup in use, cgroup.controllers for cgroup v2.
func tree(t *testing.T, paths ...string) string {
	t.Helper()
	files := make(map[string]string)
	for _, p := range paths {
		if base := filepath.Base(p); base == "cgroup.procs" || base == "cgroup.controllers" {
			files[p] = "4711\n"
		} else {
			files[p+"/"] = ""
		}
	}
	return testfile.Tree(t, files)
}

// dirs lists all folders below root.
func dirs(t *testing.T, root string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && path != root {
			out = append(out, strings.TrimPrefix(path, root+"/"))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestRemoveCgroups(t *testing.T) {
	f := func(root string, want ...string) {
		t.Helper()
		for range 2 { // a second time finds nothing more to do
			if err := RemoveCgroups(t.Context(), root, criconn.Cgroupfs); err != nil {
				t.Error(err)
			}
		}
		if diff := cmp.Diff(want, dirs(t, root)); diff != "" {
			t.Errorf("what is left (-want +got):\n%s", diff)
		}
	}
	// cgroup v1: a folder per controller; the file stands for a cgroup in use
	f(tree(t, "cpu/cristatsbench/pod1/c1", "cpu/cristatsbench/pod2", "cpu/other", "memory/cristatsbench/pod1", "pids"),
		"cpu", "cpu/other", "memory", "pids")
	f(tree(t, "cpu/cristatsbench/pod1", "cpu/cristatsbench/pod2/c1/cgroup.procs", "pids/cristatsbench/pod2"),
		"cpu", "cpu/cristatsbench", "cpu/cristatsbench/pod2", "cpu/cristatsbench/pod2/c1", "pids", "pids/cristatsbench")
	// cgroup v2
	f(tree(t, "cgroup.controllers", "cristatsbench/pod1/c1", "system.slice/cristatsbench"),
		"system.slice", "system.slice/cristatsbench")
	f(tree(t, "cgroup.controllers", "kubepods"), "kubepods")
}

func TestRemovePodCgroups(t *testing.T) {
	f := func(root string, uids, wantLeft, want []string) {
		t.Helper()
		left, err := removePodCgroups(t.Context(), root, criconn.Cgroupfs, uids)
		if err != nil {
			t.Error(err)
		}
		for i := range left {
			left[i] = strings.TrimPrefix(left[i], root+"/")
		}
		if diff := cmp.Diff(wantLeft, left); diff != "" {
			t.Errorf("said to be left (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(want, dirs(t, root)); diff != "" {
			t.Errorf("what is left (-want +got):\n%s", diff)
		}
	}
	// another run's pods stay, even one that has no process yet
	f(tree(t, "cgroup.controllers", "cristatsbench/pod1/c1", "cristatsbench/pod2"), []string{"1"},
		nil, []string{"cristatsbench", "cristatsbench/pod2"})
	f(tree(t, "cpu/cristatsbench/pod1", "memory/cristatsbench/pod1/cgroup.procs"), []string{"1", "3"},
		[]string{"memory/cristatsbench/pod1"}, []string{"cpu", "cpu/cristatsbench", "memory", "memory/cristatsbench", "memory/cristatsbench/pod1"})
	f(tree(t, "cgroup.controllers", "cristatsbench/pod1"), []string{"1"}, nil, nil)
	f(tree(t, "cgroup.controllers", "cristatsbench"), nil, nil, nil)
}

func TestRemoveCgroupsFails(t *testing.T) {
	if err := RemoveCgroups(t.Context(), filepath.Join(t.TempDir(), "missing"), criconn.Cgroupfs); err == nil {
		t.Error("removed cgroups where no cgroup file system is")
	}
}

func TestRemoveCgroupsStopsSlices(t *testing.T) {
	bin := t.TempDir()
	calls := filepath.Join(bin, "calls")
	script := "#!/bin/sh\necho \"$@\" >> " + calls + "\n"
	if err := os.WriteFile(filepath.Join(bin, "systemctl"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	f := func(root, want string) {
		t.Helper()
		if err := os.Remove(calls); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		if err := RemoveCgroups(t.Context(), root, criconn.Systemd); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(calls)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		if string(got) != want {
			t.Errorf("systemctl was called with %q, want %q", got, want)
		}
	}
	const slice = "cristatsbench.slice/cristatsbench-pod"
	f(tree(t, "cgroup.controllers", slice+"1.slice", slice+"2.slice/cri-x.scope"),
		"stop -- cristatsbench-pod1.slice cristatsbench-pod2.slice\nstop -- cristatsbench.slice\n")
	f(tree(t, "cgroup.controllers", slice+"1.slice", slice+"2.slice/cri-x.scope/cgroup.procs"),
		"stop -- cristatsbench-pod1.slice\n")
	// in use in one hierarchy of v1 is in use
	f(tree(t, "cpu/"+slice+"1.slice", "systemd/"+slice+"1.slice/cgroup.procs"), "")
	f(tree(t, "cgroup.controllers"), "")
}

func TestAvailableMemory(t *testing.T) {
	if n, err := AvailableMemory(); err != nil || n < 1<<20 {
		t.Errorf("%d bytes, %v", n, err)
	}
}

// Cgroups are made inside of a container's own, wherever it has one, and of no other's.
func TestNest(t *testing.T) {
	v1 := tree(t, "cpu/p/abc", "memory/p/cri-abc.scope", "memory/p/def", "pids/other")
	if err := nest(v1, "/p", "abc", 2); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"cpu", "cpu/p", "cpu/p/abc", "cpu/p/abc/nested-0", "cpu/p/abc/nested-1",
		"memory", "memory/p", "memory/p/cri-abc.scope", "memory/p/cri-abc.scope/nested-0", "memory/p/cri-abc.scope/nested-1", "memory/p/def",
		"pids", "pids/other",
	}
	if diff := cmp.Diff(want, dirs(t, v1)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, container := range []string{"abc", "none"} { // there already, and nowhere
		if err := nest(v1, "/p", container, 1); err == nil {
			t.Errorf("made cgroups in %s", container)
		}
	}
	if err := nest("", "/p", "abc", 1); err == nil {
		t.Error("made cgroups where there are none")
	}
}
