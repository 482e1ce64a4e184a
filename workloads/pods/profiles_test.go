package pods_test

import (
	"testing"

	runtimev1 "k8s.io/cri-api/pkg/apis/runtime/v1"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/criconn/fakecri"
	"cri-stats-bench/workloads/pods"
)

// Containers that are to have ended are there, and none of those that run; a pod that
// has none of them is not one of the profile.
func TestExited(t *testing.T) {
	conn := dial(t, fakecri.Options{})
	w := newWorkload(t, conn, pods.Config{})
	cell := bench.Cell{Pods: 2, ContainersPerPod: 1, Profile: bench.ProfileExited}
	ended := func(want int) {
		t.Helper()
		resp, err := conn.Runtime.ListContainers(t.Context(), &runtimev1.ListContainersRequest{})
		if err != nil {
			t.Fatal(err)
		}
		got := 0
		for _, c := range resp.GetContainers() {
			if c.GetState() == runtimev1.ContainerState_CONTAINER_EXITED {
				got++
			}
		}
		if got != want {
			t.Errorf("%d containers have ended, want %d", got, want)
		}
	}
	scale(t, w, idle(2))
	ended(0)
	first := scale(t, w, cell)
	ended(6)
	for _, p := range first {
		if len(p.Containers) != 1 {
			t.Errorf("containers that run: %v", p.Containers)
		}
	}
	if again := scale(t, w, cell); again[0].ID != first[0].ID || again[1].ID != first[1].ID {
		t.Errorf("pods %v became %v", first, again)
	}
}
