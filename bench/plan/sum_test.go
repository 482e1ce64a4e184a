package plan_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"cri-stats-bench/bench/plan"
)

// A sum stands for its arms, under each treatment for those of that treatment.
func TestSums(t *testing.T) {
	decode := func(in string) *plan.Plan {
		t.Helper()
		p, err := plan.Decode("p.yaml", []byte("pods: 10\nrounds: 3\nwindow: 6s\ninterval: 1s\nwarm_up: 1s\narms: [cgroup, {name: cri-pod-stats, window: 4s}]\nbaseline: cgroup\n"+in), catalog)
		if err != nil {
			t.Fatal(err)
		}
		roundTrip(t, p)
		return p
	}
	p := decode("sums: {name: all, arms: [cgroup, cri-pod-stats]}\n")
	if diff := cmp.Diff([]plan.Sum{{Name: "all", Arms: []string{"cgroup", "cri-pod-stats"}}}, p.Sums); diff != "" {
		t.Errorf("sums (-want +got):\n%s", diff)
	}
	if window, warmUp, ok := p.Windows("all"); window != 10*s || warmUp != 2*s || !ok {
		t.Errorf("windows of the sum: %v after %v, %t", window, warmUp, ok)
	}
	if _, _, ok := p.Windows("none"); ok {
		t.Error("an arm that is not there has windows")
	}
	p, err := plan.Decode("p.yaml", []byte(`
pods: 10
rounds: 3
window: 6s
interval: 1s
treatments: [old, new]
arms: [cgroup, cri-pod-stats]
sums: {name: all, arms: [cgroup, cri-pod-stats]}
comparisons: {of: all.new, to: all.old}
`), catalog)
	if err != nil {
		t.Fatal(err)
	}
	roundTrip(t, p)
	want := []plan.Sum{
		{Name: "all.old", Arms: []string{"cgroup.old", "cri-pod-stats.old"}}, {Name: "all.new", Arms: []string{"cgroup.new", "cri-pod-stats.new"}},
	}
	if diff := cmp.Diff(want, p.Sums); diff != "" {
		t.Errorf("sums under treatments (-want +got):\n%s", diff)
	}
}

func TestSumsRefused(t *testing.T) {
	f := func(in string, want ...string) {
		t.Helper()
		refuses(t, "pods: 10\nwindow: 6s\ninterval: 1s\narms: [cgroup, cri-pod-stats]\nbaseline: cgroup\n"+in, want...)
	}
	f("sums: [{name: cgroup, arms: [cri-pod-stats]}, {name: a, arms: [cgruop]}, {arms: cgroup}, {name: b}]\n",
		`p.yaml:6:8: sum "cgroup": an arm has that name`,
		`p.yaml:6:47: sum "a": "cgruop" is not among the arms (did you mean "cgroup"?)`,
		`p.yaml:6:74: sums[2] has no name`,
		`p.yaml:6:90: sums[3] has no arms`)
	f("rounds: {min: 2, max: 4, every: 1}\ncomparisons: {of: cri-pod-stats, to: cgroup}\nsums: {name: a, arms: [cgroup, cri-pod-stats]}\n",
		`p.yaml:6:33: rounds.every 1: arms of a sum cannot be let go of one by one`)
	f("sums: {name: a, arms: [cgroup, cri-pod-stats]}\ncomparisons: {of: a, to: cgroup}\n",
		`p.yaml:7:14: comparisons[0]: windows must be equal: "a" has 12s after 1m20s, "cgroup" has 6s after 40s`)
}
