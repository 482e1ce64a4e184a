package collectortest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/cgroupfs"
)

// Cgroups makes cgroups as a runtime with the cgroupfs driver does for so many
// pods of one container each, pause container included, and returns the source
// that names them. No process is in them. They are removed with the test.
//
// Where that cannot be, the test is left out: it needs Linux, root and cgroups
// that are not mounted read-only. Root that cannot make cgroups otherwise is an
// error.
func Cgroups(t testing.TB, pods int) bench.Source {
	t.Helper()
	if runtime.GOOS != "linux" || os.Geteuid() != 0 {
		t.Skipf("left out: making cgroups needs Linux and root, this is %s and user %d", runtime.GOOS, os.Geteuid())
	}
	hierarchies, err := cgroupfs.Open(cgroupfs.Root)
	if err != nil {
		t.Fatal(err)
	}
	s := bench.Source{CgroupParent: fmt.Sprintf("/cri-stats-bench-test-%d-%s", os.Getpid(), strings.ToLower(filepath.Base(t.Name())))}
	var made []string
	t.Cleanup(func() {
		for _, dir := range slices.Backward(made) {
			if err := os.Remove(dir); err != nil && !errors.Is(err, os.ErrNotExist) {
				t.Errorf("remove a cgroup of the test: %v", err)
			}
		}
	})
	mkdir := func(path string) {
		t.Helper()
		for _, controller := range []cgroupfs.Controller{cgroupfs.CPU, cgroupfs.CPUAcct, cgroupfs.Memory, cgroupfs.PIDs} {
			dir, err := hierarchies.Dir(controller, path)
			if err != nil {
				continue // a hierarchy that this node does without
			}
			err = os.Mkdir(dir, 0o755)
			switch {
			case errors.Is(err, os.ErrExist): // the same folder for several controllers
				continue
			case errors.Is(err, syscall.EROFS):
				t.Skip("left out: cgroups are mounted read-only: ", err)
			case err != nil:
				t.Fatal("make a cgroup: ", err)
			}
			made = append(made, dir)
			if hierarchies.Version() == 2 {
				enable(t, dir)
			}
		}
	}
	mkdir(s.CgroupParent)
	for i := range pods {
		pod := bench.Pod{ID: fmt.Sprintf("%064x", 2*i+1), Containers: []string{fmt.Sprintf("%064x", 2*i+2)}}
		s.Pods = append(s.Pods, pod)
		mkdir(fmt.Sprintf("%s/podu%d", s.CgroupParent, i))
		mkdir(fmt.Sprintf("%s/podu%d/%s", s.CgroupParent, i, pod.ID))
		mkdir(fmt.Sprintf("%s/podu%d/%s", s.CgroupParent, i, pod.Containers[0]))
	}
	return s
}

// enable gives the children of a cgroup of version 2 the controllers that are
// measured.
func enable(t testing.TB, dir string) {
	t.Helper()
	name := filepath.Join(dir, "cgroup.subtree_control")
	if err := os.WriteFile(name, []byte("+cpu +memory +pids"), 0); err != nil {
		t.Fatal("give controllers to a cgroup: ", err)
	}
}
