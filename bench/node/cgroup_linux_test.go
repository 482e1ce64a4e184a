package node

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"cri-stats-bench/bench/cgroupfs"
	"cri-stats-bench/bench/testfile"
)

// tree makes files, or folders where a name ends in "/", and opens them as
// cgroup hierarchies.
func tree(t *testing.T, files map[string]string) (cgroups, string) {
	t.Helper()
	root := testfile.Tree(t, files)
	hierarchies, err := cgroupfs.Open(root)
	if err != nil {
		t.Fatal(err)
	}
	return cgroups{hierarchies}, root
}

// version1 are two hierarchies of version 1 and the version 2 one of a hybrid node.
func version1(more map[string]string) map[string]string {
	files := map[string]string{
		"cpu,cpuacct/tasks": "", "cpu,cpuacct/cgroup.procs": "", "memory/tasks": "", "memory/cgroup.procs": "", "unified/cgroup.procs": "",
	}
	for name, text := range more {
		files[name] = text
	}
	return files
}

func version2(more map[string]string) map[string]string {
	files := map[string]string{"cgroup.controllers": "cpu memory pids", "cgroup.subtree_control": "pids", "cgroup.procs": ""}
	for name, text := range more {
		files[name] = text
	}
	return files
}

func read(t *testing.T, parts ...string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(parts...))
	if err != nil {
		t.Error(err)
	}
	return string(data)
}

func TestMakeCgroup(t *testing.T) {
	g, root := tree(t, version1(nil))
	for range 2 { // it may be there
		if err := g.make("/a/b"); err != nil {
			t.Fatal(err)
		}
	}
	for _, hierarchy := range []string{"cpu,cpuacct", "memory", "unified"} {
		if _, err := os.Stat(filepath.Join(root, hierarchy, "a/b")); err != nil {
			t.Error(err)
		}
	}

	// In a file tree only the last of several writes is seen; in the kernel each
	// is a command.
	g, root = tree(t, version2(map[string]string{"cgroup.subtree_control": "cpu pids"}))
	if err := g.make("/a"); err != nil {
		t.Fatal(err)
	}
	if got := read(t, root, "cgroup.subtree_control"); got != "+memory" {
		t.Errorf("cgroup.subtree_control %q, want the controller that lacked", got)
	}
	g, root = tree(t, version2(map[string]string{"cgroup.subtree_control": "cpu memory"}))
	if err := g.make("/a"); err != nil {
		t.Fatal(err)
	}
	if got := read(t, root, "cgroup.subtree_control"); got != "cpu memory" {
		t.Errorf("cgroup.subtree_control %q, want no change", got)
	}
}

func TestInheritCpuset(t *testing.T) {
	f := func(child, want string) {
		t.Helper()
		_, root := tree(t, version1(map[string]string{"cpuset/cpuset.cpus": "0-3\n", "cpuset/a/cpuset.cpus": child}))
		if err := inherit(filepath.Join(root, "cpuset"), filepath.Join(root, "cpuset/a"), "cpuset.cpus"); err != nil {
			t.Fatal(err)
		}
		if got := read(t, root, "cpuset/a/cpuset.cpus"); got != want {
			t.Errorf("cpuset.cpus %q, was %q, want %q", got, child, want)
		}
	}
	f("\n", "0-3\n")
	f("1\n", "1\n")
}

// The pid that is written to all files is the one of what runs afterwards.
func TestJoinScript(t *testing.T) {
	g, root := tree(t, version1(map[string]string{"cpu,cpuacct/a/": "", "memory/a/": "", "unified/a/": ""}))
	cmd, done, err := g.command(t.Context(), "/a", []string{"/bin/sh", "-c", `echo "$$ $1 $2"`, "sh", "--", "two words"})
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.Output()
	if err = errors.Join(err, done()); err != nil {
		t.Fatal(err)
	}
	pid, args, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
	if args != "-- two words" {
		t.Errorf("arguments %q", args)
	}
	for _, hierarchy := range []string{"cpu,cpuacct", "memory", "unified"} {
		if got := strings.TrimSpace(read(t, root, hierarchy, "a/cgroup.procs")); got != pid {
			t.Errorf("%s has the pid %q, the command had %q", hierarchy, got, pid)
		}
	}
	// What cannot join does not run.
	if err := os.RemoveAll(filepath.Join(root, "memory/a")); err != nil {
		t.Fatal(err)
	}
	cmd, done, err = g.command(t.Context(), "/a", []string{"/bin/echo", "ran"})
	if err != nil {
		t.Fatal(err)
	}
	if out, err := cmd.Output(); err == nil || len(out) > 0 {
		t.Errorf("ran outside of its cgroup: %q, %v", out, err)
	}
	if err := done(); err != nil {
		t.Error(err)
	}
}

func TestProcs(t *testing.T) {
	f := func(files map[string]string, want map[int]bool) {
		t.Helper()
		g, _ := tree(t, files)
		got, err := g.procs("/a")
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("processes: %v, diff (-want +got):\n%s", err, diff)
		}
	}
	f(version1(nil), map[int]bool{})
	f(version1(map[string]string{"memory/a/cgroup.procs": "1\n22\n", "cpu,cpuacct/a/b/cgroup.procs": "333\n", "memory/ab/cgroup.procs": "4\n"}), map[int]bool{1: true, 22: true, 333: true})
	f(version2(map[string]string{"a/cgroup.procs": "5\n0\n", "a/b/c/cgroup.procs": "6\n"}), map[int]bool{5: true, 6: true})
	g, _ := tree(t, version2(map[string]string{"a/cgroup.procs": "x\n"}))
	if pids, err := g.procs("/a"); err == nil {
		t.Errorf("took %v out of a file that is not a list of pids", pids)
	}
}

func TestThaw(t *testing.T) {
	g, root := tree(t, version1(map[string]string{
		"freezer/tasks": "", "freezer/cgroup.procs": "", "freezer/a/b/freezer.state": "FROZEN\n", "freezer/a/c/freezer.state": "THAWED\n", "freezer/d/freezer.state": "FROZEN\n",
	}))
	if err := g.thaw("/a"); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"a/b": "THAWED", "a/c": "THAWED\n", "d": "FROZEN\n"} {
		if got := read(t, root, "freezer", name, "freezer.state"); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

func TestRemoveCgroup(t *testing.T) {
	g, root := tree(t, version1(map[string]string{"memory/a/b/c/": "", "cpu,cpuacct/a/": "", "memory/ab/": ""}))
	for range 2 { // the second time there is nothing to do
		if left, err := g.remove(t.Context(), "/a"); err != nil || len(left) > 0 {
			t.Errorf("left %v, %v", left, err)
		}
	}
	for name, there := range map[string]bool{"memory/a": false, "cpu,cpuacct/a": false, "memory/ab": true} {
		if _, err := os.Stat(filepath.Join(root, name)); errors.Is(err, fs.ErrNotExist) == there {
			t.Errorf("%s: %v, want it to be there: %v", name, err, there)
		}
	}
}

// What is busy is tried again until the time is over, and then named.
func TestRemoveBusyCgroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, root := tree(t, version2(map[string]string{"a/b/": "", "a/c/busy": ""}))
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		start := time.Now()
		left, err := g.remove(ctx, "/a")
		if diff := cmp.Diff([]string{filepath.Join(root, "a/c"), filepath.Join(root, "a")}, left); err != nil || diff != "" {
			t.Errorf("left: %v, diff (-want +got):\n%s", err, diff)
		}
		if took := time.Since(start); took != 3*time.Second {
			t.Errorf("gave up after %v", took)
		}
	})
}
