package plan_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cri-stats-bench/bench/plan"
)

// Each arm runs under each treatment, and is compared with itself under the first.
func TestTreatments(t *testing.T) {
	p, err := plan.Decode("p.yaml", []byte(`
pods: 10
window: 10s
interval: 1s
warm_up: 0s
treatments:
  - stock
  - {name: day, config: "[a]\nb = 1", env: [GOGC=50]}
  - {name: mine, programs: /root/build}
  - {name: older, programs: v2.4.1}
arms: [cri-pod-stats, {name: idle, window: 5s}, {name: cgroup, treatment: day}]
`), catalog)
	if err != nil {
		t.Fatal(err)
	}
	roundTrip(t, p)
	want := []plan.Treatment{
		{Name: "stock"}, {Name: "day", Config: "[a]\nb = 1", Env: []string{"GOGC=50"}},
		{Name: "mine", Programs: "/root/build"}, {Name: "older", Programs: "v2.4.1"},
	}
	if diff := cmp.Diff(want, p.Treatments); diff != "" {
		t.Errorf("treatments (-want +got):\n%s", diff)
	}
	if !p.Treatments[3].Version() || p.Treatments[2].Version() {
		t.Error("a version is not told from a folder")
	}
	arms := make([]string, len(p.Arms))
	for i, a := range p.Arms {
		arms[i] = a.Name + " " + a.Treatment
	}
	if diff := cmp.Diff([]string{
		"cri-pod-stats.stock stock", "cri-pod-stats.day day", "cri-pod-stats.mine mine", "cri-pod-stats.older older",
		"idle.stock stock", "idle.day day", "idle.mine mine", "idle.older older", "cgroup day",
	}, arms); diff != "" {
		t.Errorf("arms (-want +got):\n%s", diff)
	}
	says := "cri-pod-stats under stock"
	if diff := cmp.Diff([]plan.Comparison{
		{Of: "cri-pod-stats.day", To: "cri-pod-stats.stock", Says: says}, {Of: "cri-pod-stats.mine", To: "cri-pod-stats.stock", Says: says},
		{Of: "cri-pod-stats.older", To: "cri-pod-stats.stock", Says: says},
	}, p.Comparisons); diff != "" {
		t.Errorf("comparisons (-want +got):\n%s", diff)
	}
	if slices.ContainsFunc(p.Warnings, func(err error) bool { return strings.Contains(err.Error(), "no baseline") }) {
		t.Errorf("warnings %v: each arm has another to be compared with", p.Warnings)
	}
}

func TestTreatmentsRefused(t *testing.T) {
	f := func(in string, want ...string) { t.Helper(); refuses(t, in, want...) }
	f("pods: 10\narms: [{name: cgroup, treatment: nwe}]\ntreatments: [old, new, old, {programs: build}, {name: a b, env: X}]\n",
		`p.yaml:2:34: unknown treatment "nwe" (did you mean "new"?)`,
		`p.yaml:3:24: treatment "old" stands twice`,
		`p.yaml:3:29: treatments[3] has no name`,
		`p.yaml:3:40: treatments[3].programs must be an absolute path of a folder or a version like v2.4.2, is "build"`,
		`p.yaml:3:55: treatment "a b": a name has letters, digits and . _ + - only`,
		`p.yaml:3:65: treatments[4].env[0] must be like NAME=VALUE, is "X"`)
	f("pods: 10\nmode: parallel\narms: cgroup\ntreatments: [old, new]\n",
		`p.yaml:2:7: mode: a runtime is one build at a time, and arms take turns under each`)
	f("pods: 10\nexperiment: kubelet\narms: kubelet-summary\ntreatments: [old, new]\n",
		`p.yaml:4:13: treatments: experiment kubelet restarts the kubelet, and has the gate as its treatment: those of the runtime are for experiment: api`)
}
