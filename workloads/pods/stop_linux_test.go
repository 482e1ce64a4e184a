package pods_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"cri-stats-bench/bench/criconn"
	"cri-stats-bench/bench/criconn/fakecri"
	"cri-stats-bench/workloads/pods"
)

// TestCgroupsGoWithTheirPods does the part of a runtime that makes cgroups, in a
// folder that looks like cgroup v1.
func TestCgroupsGoWithTheirPods(t *testing.T) {
	root := t.TempDir()
	newCgroup := func(uid string) {
		for _, controller := range []string{"cpu", "memory"} {
			if err := os.MkdirAll(filepath.Join(root, controller, pods.CgroupParent(criconn.Cgroupfs), "pod"+uid, "c"), 0o700); err != nil {
				t.Error(err)
			}
		}
	}
	count := func() int {
		t.Helper()
		dirs, err := filepath.Glob(filepath.Join(root, "*", pods.CgroupParent(criconn.Cgroupfs), "*"))
		if err != nil {
			t.Fatal(err)
		}
		return len(dirs)
	}
	conn := dial(t, fakecri.Options{})
	w := newWorkload(t, conn, pods.Config{CgroupFS: root})
	scale(t, w, idle(3))
	for _, s := range sandboxes(t, conn) {
		newCgroup(s.GetMetadata().GetUid())
	}
	newCgroup("0123456789abcdef0123456789abcdef") // another run's
	if got := count(); got != 2*4 {
		t.Fatalf("%d cgroups", got)
	}
	scale(t, w, idle(1))
	if got := count(); got != 2*2 {
		t.Errorf("%d cgroups after two pods of three were removed, want those of one and another run's", got)
	}
	if err := w.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := count(); got != 2*1 {
		t.Errorf("%d cgroups after Stop, want another run's", got)
	}
	if err := pods.RemoveCgroups(t.Context(), root, criconn.Cgroupfs); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(root, "cpu", pods.CgroupParent(criconn.Cgroupfs))); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the cgroup above the pods is still there: %v", err)
	}
}

func TestCgroupsInUseAreForTheNextStop(t *testing.T) {
	root := t.TempDir()
	conn := dial(t, fakecri.Options{})
	w := newWorkload(t, conn, pods.Config{CgroupFS: root})
	scale(t, w, idle(1))
	uid := sandboxes(t, conn)[0].GetMetadata().GetUid()
	dir := filepath.Join(root, "cpu", pods.CgroupParent(criconn.Cgroupfs), "pod"+uid)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	busy := filepath.Join(dir, "cgroup.procs")
	if err := os.WriteFile(busy, []byte("1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if err := w.Stop(ctx); err == nil || !strings.Contains(err.Error(), "still in use") {
		t.Errorf("Stop with a cgroup in use: %v", err)
	}
	if err := os.Remove(busy); err != nil {
		t.Fatal(err)
	}
	if err := w.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the cgroup is still there: %v", err)
	}
}

func TestLogFoldersGoWhereNoPodCame(t *testing.T) {
	logs := t.TempDir()
	conn := dial(t, fakecri.Options{Fault: func(method, _ string) error {
		if method == "RunPodSandbox" {
			return status.Error(codes.Internal, "no runc")
		}
		return nil
	}})
	w := newWorkload(t, conn, pods.Config{LogDir: logs})
	if _, err := w.Scale(t.Context(), idle(2)); status.Code(err) != codes.Internal {
		t.Errorf("got %v", err)
	}
	if left, err := os.ReadDir(logs); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}
