package pods_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/criconn/fakecri"
	"cri-stats-bench/workloads/pods"
)

// Churn replaces the pods that it may, one after another and then those that came in their
// place, leaves the others alone, and leaves as many as there were.
func TestChurn(t *testing.T) {
	conn := dial(t, fakecri.Options{})
	w := newWorkload(t, conn, pods.Config{LogDir: t.TempDir()})
	cell := bench.Cell{Pods: 5, ContainersPerPod: 2, Profile: bench.ProfileChurn}
	before := scale(t, w, cell)
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	got, err := w.Churn(ctx, cell, 20*time.Millisecond, before[3:])
	if err != nil {
		t.Fatal(err)
	}
	// A machine that is busy replaces fewer, and says so.
	if got.Replaced < 3 || got.Replaced > got.Due || got.Due < 25 {
		t.Errorf("%+v in half a second, one every 20 ms", got)
	}
	after, err := w.Running(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	has := func(id string) bool { return slices.ContainsFunc(after, func(p bench.Pod) bool { return p.ID == id }) }
	for i, p := range before {
		if has(p.ID) != (i < 3) {
			t.Errorf("pod %d of 5 runs: %t", i, has(p.ID))
		}
	}
	names := make(map[string]bool)
	for _, s := range sandboxes(t, conn) {
		names[s.GetMetadata().GetName()] = true
	}
	if len(after) != 5 || len(names) != 5 || len(sandboxes(t, conn)) != 5 {
		t.Errorf("%d pods run, %d sandboxes of names %v", len(after), len(sandboxes(t, conn)), names)
	}
	// They are pods as the cell asks for: the next trial has nothing to do.
	if again := scale(t, w, cell); len(again) != 5 || !slices.EqualFunc(again, after, func(a, b bench.Pod) bool { return a.ID == b.ID }) {
		t.Errorf("scaled to %v, before %v", again, after)
	}
}

func TestChurnRefuses(t *testing.T) {
	w := newWorkload(t, dial(t, fakecri.Options{}), pods.Config{})
	cell := bench.Cell{Pods: 1, ContainersPerPod: 1, Profile: bench.ProfileChurn}
	if _, err := w.Churn(t.Context(), cell, time.Second, []bench.Pod{{ID: "another's"}}); err == nil || !strings.Contains(err.Error(), "pod another's is not one of this run") {
		t.Errorf("Churn of another's pod: %v", err)
	}
	if got, err := w.Churn(t.Context(), cell, time.Second, nil); err != nil || got != (bench.Churned{}) {
		t.Errorf("Churn of none: %+v, %v", got, err)
	}
}
