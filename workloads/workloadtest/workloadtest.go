// Package workloadtest has the conformance test of workloads: what every
// implementation of bench.Workload must do, whatever makes its pods.
//
// Tests of package pods run it on a fake runtime, and on a real one where there
// is a node to do so. It knows no runtime itself: what else is on the node, its
// caller must tell it.
package workloadtest

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cri-stats-bench/bench"
)

// stopTimeout is what stopping a handful of pods may take.
const stopTimeout = time.Minute

// Run tests workloads, which open must make anew, with no pods of theirs on the
// node. Each of the foreign functions lists something on the node by an eye other
// than the workload's, the workload's own included (all sandboxes, all
// containers, log folders): the lists must be the same after a Stop as before the
// first Scale. At most five pods run at once.
func Run(t *testing.T, open func(t *testing.T) bench.Workload, foreign ...func(t *testing.T) []string) {
	f := func(name string, test func(t *testing.T, w bench.Workload)) {
		t.Run(name, func(t *testing.T) {
			before := lists(t, foreign)
			w := open(t)
			defer func() { // also where the test has failed
				stop(t, w)
				if diff := cmp.Diff(before, lists(t, foreign)); diff != "" {
					t.Errorf("after Stop the node is not what it was before (-before +after):\n%s", diff)
				}
			}()
			test(t, w)
		})
	}
	f("ScaleFromNothing", scaleFromNothing)
	f("ScaleByDifference", scaleByDifference)
	f("ScaleReplaces", scaleReplaces)
	f("ScaleRefuses", scaleRefuses)
	f("ScaleCancelled", scaleCancelled)
	f("StopTwice", stopTwice)
}

// lists reads what each of the functions lists, sorted.
func lists(t *testing.T, foreign []func(t *testing.T) []string) [][]string {
	t.Helper()
	all := make([][]string, len(foreign))
	for i, list := range foreign {
		all[i] = slices.Sorted(slices.Values(list(t)))
	}
	return all
}

// stop stops the workload with a context that outlives the test's.
func stop(t *testing.T, w bench.Workload) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), stopTimeout)
	defer cancel()
	if err := w.Stop(ctx); err != nil {
		t.Errorf("Stop: %v", err)
	}
	pods, err := w.Running(ctx)
	if err != nil || len(pods) > 0 {
		t.Errorf("Running after Stop: %v, %v", pods, err)
	}
}

// scale scales and checks that the answer is well-formed, is what the cell asks
// for, and is what Running says.
func scale(t *testing.T, w bench.Workload, c bench.Cell) map[string]bench.Pod {
	t.Helper()
	pods, err := w.Scale(t.Context(), c)
	if err != nil {
		t.Fatalf("Scale to %s: %v", c, err)
	}
	if len(pods) != c.Pods {
		t.Fatalf("Scale to %s: %d pods", c, len(pods))
	}
	byID := make(map[string]bench.Pod)
	seen := make(map[string]bool)
	for i, p := range pods {
		if i > 0 && pods[i-1].ID >= p.ID || !slices.IsSorted(p.Containers) {
			t.Errorf("Scale to %s: pods are not sorted: %v", c, pods)
		}
		if len(p.Containers) != c.ContainersPerPod {
			t.Errorf("Scale to %s: pod %s has %d containers", c, p.ID, len(p.Containers))
		}
		for _, id := range append([]string{p.ID}, p.Containers...) {
			if id == "" || seen[id] {
				t.Errorf("Scale to %s: id %q is empty or not unique", c, id)
			}
			seen[id] = true
		}
		byID[p.ID] = p
	}
	running, err := w.Running(t.Context())
	if err != nil {
		t.Fatalf("Running: %v", err)
	}
	if diff := cmp.Diff(pods, running); diff != "" {
		t.Errorf("Running differs from Scale to %s (-Scale +Running):\n%s", c, diff)
	}
	return byID
}

// kept counts pods of before that are in after, the same in all.
func kept(before, after map[string]bench.Pod) int {
	n := 0
	for id, p := range before {
		if q, ok := after[id]; ok && cmp.Equal(p, q) {
			n++
		}
	}
	return n
}

func idle(pods, containers int) bench.Cell {
	return bench.Cell{Pods: pods, ContainersPerPod: containers, Profile: "idle"}
}

func scaleFromNothing(t *testing.T, w bench.Workload) {
	running, err := w.Running(t.Context())
	if err != nil || len(running) > 0 {
		t.Fatalf("Running at first: %v, %v", running, err)
	}
	scale(t, w, idle(0, 1))
	scale(t, w, idle(3, 1))
	scale(t, w, idle(0, 1))
}

func scaleByDifference(t *testing.T, w bench.Workload) {
	before := map[string]bench.Pod{}
	for _, step := range []struct{ pods, keep int }{{3, 0}, {5, 3}, {5, 5}, {2, 2}, {4, 2}} {
		after := scale(t, w, idle(step.pods, 1))
		if got := kept(before, after); got != step.keep {
			t.Errorf("from %d to %d pods: %d of them were kept, want %d", len(before), step.pods, got, step.keep)
		}
		before = after
	}
}

func scaleReplaces(t *testing.T, w bench.Workload) {
	before := scale(t, w, idle(2, 1))
	for _, c := range []bench.Cell{
		{Pods: 2, ContainersPerPod: 1, Profile: "active"},
		{Pods: 2, ContainersPerPod: 2, Profile: "active"},
		{Pods: 2, ContainersPerPod: 2, Profile: "idle"},
	} {
		after := scale(t, w, c)
		if got := kept(before, after); got != 0 {
			t.Errorf("%d pods were kept that are not what %s asks for", got, c)
		}
		before = after
	}
}

func scaleRefuses(t *testing.T, w bench.Workload) {
	before := scale(t, w, idle(1, 1))
	for _, c := range []bench.Cell{
		{Pods: 2, ContainersPerPod: 1, Profile: "no-such-profile"},
		{Pods: -1, ContainersPerPod: 1, Profile: "idle"},
		{Pods: 2, ContainersPerPod: 0, Profile: "idle"},
	} {
		if pods, err := w.Scale(t.Context(), c); err == nil {
			t.Errorf("Scale to %s: no error, %d pods", c, len(pods))
		}
	}
	if got := kept(before, scale(t, w, idle(1, 1))); got != 1 {
		t.Error("a cell that was refused has changed the pods")
	}
}

// scaleCancelled ends the context before, and while, pods are made. That nothing
// is left is checked after the stop.
func scaleCancelled(t *testing.T, w bench.Workload) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if pods, err := w.Scale(ctx, idle(2, 1)); err == nil {
		t.Errorf("Scale with an ended context: no error, %d pods", len(pods))
	}
	for _, d := range []time.Duration{time.Millisecond, 20 * time.Millisecond} {
		ctx, cancel := context.WithTimeout(t.Context(), d)
		pods, err := w.Scale(ctx, idle(5, 1))
		cancel()
		if err == nil && len(pods) != 5 { // it may have been quicker
			t.Errorf("Scale with a context that ends after %s: no error, %d pods", d, len(pods))
		}
	}
}

func stopTwice(t *testing.T, w bench.Workload) {
	stop(t, w) // nothing was ever there
	scale(t, w, idle(1, 1))
	stop(t, w)
	stop(t, w)
	scale(t, w, idle(1, 1))
}
