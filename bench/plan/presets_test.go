package plan_test

import (
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/plan"
	"cri-stats-bench/bench/testfile"
)

// TestPresets holds the presets, every default filled in, against golden files:
// so a default that changes shows.
func TestPresets(t *testing.T) {
	if diff := cmp.Diff([]string{"churn", "collect-containerd", "collect-crio", "demo", "full", "h1", "h2", "h4", "h6", "h7", "kep", "kep-endpoints", "kep-quick", "precise", "quick", "runtimes", "workloads"}, plan.Presets()); diff != "" {
		t.Fatalf("Presets (-want +got):\n%s", diff)
	}
	for _, name := range plan.Presets() {
		data, err := plan.Preset(name)
		if err != nil {
			t.Fatal(err)
		}
		p, err := plan.Decode(name+".yaml", data, catalog)
		if err != nil {
			t.Fatal(err)
		}
		if p.Name != name || p.Description == "" || len(p.Warnings) > 0 {
			t.Errorf("preset %s: name %q, description %q, warnings %v", name, p.Name, p.Description, p.Warnings)
		}
		roundTrip(t, p)

		got, err := json.MarshalIndent(p, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, '\n')
		testfile.Golden(t, filepath.Join("testdata", name+".json"), got)
	}
	if _, err := plan.Preset("quik"); err == nil || err.Error() != `unknown preset "quik" (did you mean "quick"?)` {
		t.Errorf("Preset(quik): error %v", err)
	}
}

func TestCells(t *testing.T) {
	p, err := plan.Decode("p.yaml", []byte("pods: [35, 10]\ncontainers_per_pod: [1, 3]\nprofiles: [idle, active]\narms: cgroup\n"), catalog)
	if err != nil {
		t.Fatal(err)
	}
	want := []bench.Cell{
		{Pods: 10, ContainersPerPod: 1, Profile: "idle"}, {Pods: 35, ContainersPerPod: 1, Profile: "idle"},
		{Pods: 10, ContainersPerPod: 3, Profile: "idle"}, {Pods: 35, ContainersPerPod: 3, Profile: "idle"},
		{Pods: 10, ContainersPerPod: 1, Profile: "active"}, {Pods: 35, ContainersPerPod: 1, Profile: "active"},
		{Pods: 10, ContainersPerPod: 3, Profile: "active"}, {Pods: 35, ContainersPerPod: 3, Profile: "active"},
	}
	if diff := cmp.Diff(want, p.Cells()); diff != "" {
		t.Errorf("Cells (-want +got):\n%s", diff)
	}
}

func TestLooks(t *testing.T) {
	f := func(r plan.Rounds, want ...int) {
		t.Helper()
		if diff := cmp.Diff(want, r.Looks()); diff != "" {
			t.Errorf("looks of %+v (-want +got):\n%s", r, diff)
		}
	}
	f(plan.Rounds{Min: 3, Max: 3}, 3)
	f(plan.Rounds{Min: 3, Max: 8}, 8)
	f(plan.Rounds{Min: 8, Max: 24, Every: 4}, 8, 12, 16, 20, 24)
	f(plan.Rounds{Min: 4, Max: 11, Every: 3}, 4, 7, 10, 11)
}
