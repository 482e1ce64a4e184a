package plan_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/plan"
)

// TestSlices shows which arms are sliced and with which times, and which have
// trials of their own, as "name interval/window/warm-up".
func TestSlices(t *testing.T) {
	lines := func(arms []bench.Arm) []string {
		var out []string
		for _, a := range arms {
			out = append(out, fmt.Sprintf("%s %v/%v/%v", a.Name, a.Interval, a.Window, a.WarmUp))
		}
		return out
	}
	f := func(in string, want plan.Slices, sliced, own []string) {
		t.Helper()
		p, err := plan.Decode("p.yaml", []byte(in), catalog)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, p.Slices); diff != "" {
			t.Errorf("slices of %s: diff (-want +got):\n%s", in, diff)
		}
		if diff := cmp.Diff(sliced, lines(p.SlicedArms())); diff != "" {
			t.Errorf("sliced arms of %s: diff (-want +got):\n%s", in, diff)
		}
		if diff := cmp.Diff(own, lines(p.OwnTrialArms())); diff != "" {
			t.Errorf("trials of their own of %s: diff (-want +got):\n%s", in, diff)
		}
		roundTrip(t, p)
	}
	const plain = "pods: 10\ninterval: 2s\nwindow: 20s\nwarm_up: 4s\nbaseline: cgroup\n"

	f(plain+"arms: [idle, cgroup, {name: cri-version, slice: false}]\n", plan.Slices{}, nil,
		[]string{"idle 2s/20s/4s", "cgroup 2s/20s/4s", "cri-version 2s/20s/4s"})

	// What has a clock of its own is not sliced, whatever else is in the arm, nor what
	// the file takes out. An arm keeps its own interval.
	f(plain+`
slices: {}
arms:
  - idle
  - cadvisor
  - {name: cgroup, interval: 1s}
  - {name: cri-pod-metrics, slice: false}
  - cadvisor+cri-pod-stats
  - {name: cgroup+cri-pod-stats, slice: true}
`, plan.Slices{Calls: 2, Cycles: 10, OwnTrials: plan.OwnAll, Arms: []string{"idle", "cgroup", "cgroup+cri-pod-stats"}},
		[]string{"idle 2s/4s/4s", "cgroup 1s/2s/4s", "cgroup+cri-pod-stats 2s/4s/4s"},
		[]string{
			"idle 2s/20s/4s", "cadvisor 2s/20s/4s", "cgroup 1s/20s/4s", "cri-pod-metrics 2s/20s/4s",
			"cadvisor+cri-pod-stats 2s/20s/4s", "cgroup+cri-pod-stats 2s/20s/4s",
		})

	// An interval of the slices' own: the warm-up keeps its calls.
	f(plain+`
slices: {calls: 3, cycles: 2, interval: 500ms, own_trials: idle}
arms: [idle, cadvisor, {name: cgroup, warm_up: 0s}, {name: cri-version, interval: 10s, warm_up: 20s}]
`, plan.Slices{Calls: 3, Cycles: 2, Interval: 500 * time.Millisecond, OwnTrials: plan.OwnIdle, Arms: []string{"idle", "cgroup", "cri-version"}},
		[]string{"idle 500ms/1.5s/1s", "cgroup 500ms/1.5s/0s", "cri-version 500ms/1.5s/1s"},
		[]string{"idle 2s/20s/4s", "cadvisor 2s/20s/4s"})
}

func TestSlicesErrors(t *testing.T) {
	f := func(in string, want ...string) {
		t.Helper()
		_, err := plan.Decode("p.yaml", []byte(in), catalog)
		if err == nil {
			t.Fatalf("Decode(%s): no error", in)
		}
		if diff := cmp.Diff(want, strings.Split(err.Error(), "\n")); diff != "" {
			t.Errorf("Decode(%s): diff (-want +got):\n%s", in, diff)
		}
	}
	ok := "pods: 10\narms: [idle, cgroup]\n"

	f(ok+"slices: true\n", `p.yaml:3:9: slices must be a mapping of keys to values, is "true"`)
	f(ok+"slices: {calls: 0, cycles: 1, own_trials: some, window: 2s, interval: 1}\n",
		`p.yaml:3:17: slices.calls is 0, must be from 1 to 1000`,
		`p.yaml:3:28: slices.cycles is 1, must be from 2 to 1000`,
		`p.yaml:3:43: unknown own_trials "some" (known: all, idle)`,
		`p.yaml:3:49: unknown key "window" (known: calls, cycles, interval, own_trials)`,
		`p.yaml:3:71: slices.interval: duration 1 needs a unit, e.g. "1s"`)
	f(ok+"slices:\n", `p.yaml:3:1: "slices" has no value`)
	f("pods: 10\nslices: {}\narms: [idle, {name: cgroup, slice: yes}]\n",
		`p.yaml:2:9: only 1 of 2 arms can be sliced (idle): slices need two to take turns`,
		`p.yaml:3:36: arms[1].slice must be true or false, is "yes"`)

	f("pods: 10\nslices: {}\narms: [idle, cgroup, {name: cadvisor+cri-version, slice: true}]\n",
		`p.yaml:3:58: arm "cadvisor+cri-version" cannot be sliced: cadvisor works on a clock of its own, so part of its cost would fall into the slices of others`)
	f("pods: 10\narms: [{name: idle, slice: true}]\n", `p.yaml:2:28: arm "idle": slice: true, but the plan has no slices`)
	f("pods: 10\nslices: {}\narms: [cadvisor, cadvisor-1s]\nbaseline: cadvisor\n",
		`p.yaml:2:9: only 0 of 2 arms can be sliced (none): slices need two to take turns`)
	f(ok+"mode: parallel\nslices: {}\n", `p.yaml:4:9: mode parallel runs all collectors at once: there are no turns to be taken in slices`)

	f("pods: 10\narms: [cgroup, cri-version]\nbaseline: cgroup\nslices: {own_trials: idle}\n",
		`p.yaml:4:22: slices.own_trials idle: the plan has no idle arm`)
	f("pods: 10\narms: [cgroup, cri-version, {name: idle, slice: false}]\nslices: {own_trials: idle}\n",
		`p.yaml:3:22: slices.own_trials idle: the idle arm "idle" is not sliced, so sliced and other arms cannot be compared`)

	f(ok+"slices: {calls: 361}\n",
		`p.yaml:3:17: a slice of arm "idle" takes 1h0m10s (361 calls), must be at most 1h0m0s`,
		`p.yaml:3:17: a slice of arm "cgroup" takes 1h0m10s (361 calls), must be at most 1h0m0s`)
	f("pods: 10\ninterval: 1ms\nwarm_up: 1h\nwindow: 1h\narms: [idle, {name: cgroup, warm_up: 0s}]\nslices: {interval: 20m}\n",
		`p.yaml:6:20: arm "idle" has a warm-up of 3600000 calls: with slices.interval 20m0s it takes more than 744h0m0s`)
	f(ok+"slices: {}\nmax_duration: 1h\n", `p.yaml:4:15: max_duration 1h0m0s is too short: 10 rounds of at least 13m20s each take 2.22 hours`)
}
