package workloadtest_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"cri-stats-bench/bench"
	"cri-stats-bench/workloads/workloadtest"
)

// A workload keeps its pods in a slice. Its defect, if it has one, is what the
// conformance test must find.
type workload struct {
	node   *node
	defect string
	own    []bench.Pod
	cell   bench.Cell
}

// A node has all pods, our own included.
type node struct {
	ids  []string
	last int
}

func (n *node) add() string {
	n.last++
	id := fmt.Sprintf("id-%06d", n.last)
	n.ids = append(n.ids, id)
	return id
}

func (n *node) remove(p bench.Pod) {
	n.ids = slices.DeleteFunc(n.ids, func(id string) bool { return id == p.ID || slices.Contains(p.Containers, id) })
}

func (w *workload) Scale(ctx context.Context, c bench.Cell) ([]bench.Pod, error) {
	if ctx.Err() != nil && w.defect != "ignores its context" {
		return nil, ctx.Err()
	}
	refuse := c.Pods < 0 || c.ContainersPerPod < 1 || c.Profile != "idle" && c.Profile != "active"
	if refuse && w.defect != "refuses nothing" {
		return nil, errors.New("no such cell")
	}
	same := w.cell.Profile == c.Profile && w.cell.ContainersPerPod == c.ContainersPerPod
	keep := 0
	if (same || w.defect == "keeps other profiles") && w.defect != "starts from nothing" {
		keep = min(len(w.own), max(c.Pods, 0))
	}
	for _, p := range w.own[keep:] {
		w.node.remove(p)
	}
	w.own = w.own[:keep:keep]
	w.cell = c
	for len(w.own) < c.Pods {
		p := bench.Pod{ID: w.node.add(), Containers: []string{}}
		for range c.ContainersPerPod {
			p.Containers = append(p.Containers, w.node.add())
		}
		w.own = append(w.own, p)
	}
	if w.defect == "returns too early" && len(w.own) > 0 {
		return w.own[1:], nil
	}
	if w.defect == "does not sort" {
		slices.Reverse(w.own)
	}
	return w.own, nil
}

func (w *workload) Running(context.Context) ([]bench.Pod, error) {
	pods := slices.Clone(w.own)
	if w.defect != "does not sort" {
		slices.SortFunc(pods, func(a, b bench.Pod) int { return cmp.Compare(a.ID, b.ID) })
	}
	return pods, nil
}

func (w *workload) Stop(context.Context) error {
	switch w.defect {
	case "stops nothing":
		return nil
	case "leaves a pod":
		w.own = w.own[min(1, len(w.own)):]
	case "removes what is not its own":
		w.node.ids = nil
	case "stops once":
		if w.own == nil {
			return errors.New("nothing to stop")
		}
	}
	for _, p := range w.own {
		w.node.remove(p)
	}
	w.own = nil
	return nil
}

// conform runs the conformance test on a workload with a defect.
func conform(t *testing.T, defect string) {
	n := &node{ids: []string{"coredns", "etcd"}}
	workloadtest.Run(t,
		func(*testing.T) bench.Workload { return &workload{node: n, defect: defect} },
		func(*testing.T) []string { return n.ids })
}

// defectVariable makes the test binary run the conformance test on a workload
// with the defect in it.
const defectVariable = "WORKLOADTEST_DEFECT"

func TestRun(t *testing.T) {
	conform(t, os.Getenv(defectVariable))
}

func TestRunFindsDefects(t *testing.T) {
	if os.Getenv(defectVariable) != "" {
		return
	}
	f := func(defect, want string) {
		t.Run(defect, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestRun$")
			cmd.Env = append(os.Environ(), defectVariable+"="+defect)
			out, err := cmd.CombinedOutput()
			if err == nil || !strings.Contains(string(out), want) {
				t.Errorf("a workload that %s: %v, want a failure with %q:\n%s", defect, err, want, out)
			}
		})
	}
	f("ignores its context", "no error")
	f("refuses nothing", "no-such-profile")
	f("starts from nothing", "were kept, want")
	f("keeps other profiles", "not what")
	f("returns too early", "2 pods")
	f("does not sort", "not sorted")
	f("stops nothing", "Running after Stop")
	f("leaves a pod", "not what it was before")
	f("removes what is not its own", "not what it was before")
	f("stops once", "nothing to stop")
}
