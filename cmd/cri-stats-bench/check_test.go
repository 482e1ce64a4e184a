package main

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/record"
)

// Collectors are checked together where one process can, each once.
func TestCheckGroups(t *testing.T) {
	arm := func(interval time.Duration, collectors ...string) bench.Arm {
		return bench.Arm{Collectors: collectors, Interval: interval}
	}
	cell := bench.Cell{Pods: 35, ContainersPerPod: 1, Profile: "idle"}
	f := func(done []record.Check, arms []bench.Arm, want ...[]checkedCollector) {
		t.Helper()
		c := newChecker(checker{}, done)
		if diff := cmp.Diff(want, c.groups(bench.Subject{Cell: cell, State: "gate-on", Arms: arms})); diff != "" {
			t.Errorf("%v (-want +got):\n%s", arms, diff)
		}
	}
	second, two := time.Second, 2*time.Second
	f(nil, []bench.Arm{arm(second, "idle"), arm(second, "cgroup"), arm(second, "cri-version"), arm(second, bench.ControlCollector)})
	f(nil, []bench.Arm{arm(second, "cri-pod-stats"), arm(second, "cadvisor", "cri-container-stats"), arm(two, "cri-pod-stats"), arm(two, "cadvisor-ondemand")},
		[]checkedCollector{{"cri-pod-stats", second}, {"cri-container-stats", second}, {"cadvisor", second}},
		[]checkedCollector{{"cadvisor-ondemand", two}})
	done := []record.Check{{Cell: cell, State: "gate-on", Collectors: []string{"kubelet-summary"}}, {Cell: cell, State: "gate-off", Collectors: []string{"kubelet-resource"}}}
	f(done, []bench.Arm{arm(second, "kubelet-summary", "kubelet-resource")}, []checkedCollector{{"kubelet-resource", second}})
}

// Every collector that answers about containers can be checked.
func TestCheckedForms(t *testing.T) {
	unchecked := map[string]string{
		"idle": "reads nothing", "cri-version": "reads no stats", "cgroup": "is the reference", bench.ControlCollector: "cri-pod-stats and a burden",
	}
	for _, c := range collectors {
		if form, why := formOf(c.Name), unchecked[c.Name]; (form == nil) != (why != "") {
			t.Errorf("%s: form %v, though it %s", c.Name, form, why)
		}
	}
}
