package pods_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	runtimev1 "k8s.io/cri-api/pkg/apis/runtime/v1"

	"cri-stats-bench/bench/criconn/fakecri"
	"cri-stats-bench/workloads/pods"
)

func TestStopTriesAgain(t *testing.T) {
	var busy atomic.Int64
	conn := dial(t, fakecri.Options{Fault: func(method, _ string) error {
		if method == "RemovePodSandbox" && busy.Add(-1) >= 0 {
			return status.Error(codes.Unavailable, "sandbox is in use")
		}
		return nil
	}})
	w := newWorkload(t, conn, pods.Config{})
	scale(t, w, idle(6))
	busy.Store(6)
	if err := w.Stop(t.Context()); err != nil {
		t.Error(err)
	}

	scale(t, w, idle(6))
	busy.Store(1 << 30)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	err := w.Stop(ctx)
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "sandbox is in use") || !strings.Contains(err.Error(), "and 3 more pods") {
		t.Errorf("got %v", err)
	}
	busy.Store(0)
	if err := w.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestLeftoversAndRemoveRun(t *testing.T) {
	conn := dial(t, fakecri.Options{})
	dead, alive := newWorkload(t, conn, pods.Config{Run: "dead"}), newWorkload(t, conn, pods.Config{Run: "alive"})
	scale(t, dead, idle(3))
	want := scale(t, alive, idle(2))

	left, err := pods.Leftovers(t.Context(), conn.Runtime)
	if err != nil || len(left) != 2 || left[0].Run != "alive" || left[0].Pods != 2 || left[1].Run != "dead" || left[1].Pods != 3 {
		t.Errorf("leftovers %v, %v", left, err)
	}
	for _, l := range left {
		if d := time.Since(l.Created); d < 0 || d > time.Minute {
			t.Errorf("run %s was created %s ago", l.Run, d)
		}
	}
	for range 2 {
		if err := pods.RemoveRun(t.Context(), conn.Runtime, "dead"); err != nil {
			t.Error(err)
		}
	}
	if err := pods.RemoveRun(t.Context(), conn.Runtime, ""); err == nil {
		t.Error("removed a run without an id")
	}
	got, err := alive.Running(t.Context())
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("run that is alive: %v (-want +got):\n%s", err, diff)
	}
	if n := len(sandboxes(t, conn)); n != 2 {
		t.Errorf("%d sandboxes, want 2", n)
	}
}

func TestLogFoldersOfOthersStay(t *testing.T) {
	conn := dial(t, fakecri.Options{})
	logs := t.TempDir()
	precious := filepath.Join(logs, "precious")
	if err := os.Mkdir(precious, 0o700); err != nil {
		t.Fatal(err)
	}
	// bears our labels, but its uid leads out of its folder
	w := newWorkload(t, conn, pods.Config{LogDir: logs})
	if _, err := conn.Runtime.RunPodSandbox(t.Context(), &runtimev1.RunPodSandboxRequest{Config: &runtimev1.PodSandboxConfig{
		Metadata: &runtimev1.PodSandboxMetadata{Name: "x", Namespace: pods.Namespace, Uid: "/../precious"},
		Labels:   map[string]string{pods.LabelRun: "run-1", pods.LabelCreatedBy: pods.CreatedBy},
	}}); err != nil {
		t.Fatal(err)
	}
	if err := w.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(precious); err != nil {
		t.Errorf("Stop followed a uid: %v", err)
	}
}
