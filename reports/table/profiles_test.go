package table_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/analysis/analysistest"
	"cri-stats-bench/bench/record"
	"cri-stats-bench/reports/table"
)

// withProfiles is the report of a run whose arms were profiled.
func withProfiles(t *testing.T, profiles ...record.Profile) *analysis.Report {
	t.Helper()
	run, err := analysistest.Example(6, 5)
	if err != nil {
		t.Fatal(err)
	}
	in := run.Input()
	in.Profiles = profiles
	r, err := in.Analyze()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Who pays is told in figures per second, and which processes are started; what the kernel
// does not tell is a dash and no 0, and an arm that could not be profiled is named.
func TestWhoPays(t *testing.T) {
	profiled := record.Profile{
		Trial: bench.Trial{
			Slot: bench.Slot{Arm: bench.Arm{Name: "cri-pod-metrics"}}, Length: 10 * time.Second, Containers: 35,
			Agents: []bench.AgentReport{{Calls: bench.Calls{{}, {}, {Err: "late"}}}},
			Costs:  bench.Costs{bench.ComponentShims: {bench.ReadCalls: 700}},
		},
		Parts: []record.ProfiledPart{
			{Component: bench.ComponentRuntime, User: 0.5, System: 1, CPU: []record.HotFunction{{Function: "f", Flat: 0.1, Total: 0.2}}, Files: []string{"profiles/f"}},
			{Component: bench.ComponentShims, User: 2, System: 2, Started: map[string]int{"runc": 70, "a": 4, "b": 3, "c": 2, "d": 1}},
			{Component: bench.ComponentKubelet, Started: map[string]int{}},
		},
		Missing: []string{"cpu profile of the kubelet: 403\nForbidden"},
	}
	unsupported := record.Profile{Trial: bench.Trial{Slot: bench.Slot{Arm: bench.Arm{Name: "other"}}, Unsupported: "it is not there"}}
	s := section(t, table.New(withProfiles(t, profiled, unsupported)), "profiles")
	want := []string{
		"runtime:50.0:100:-:-:-:", "shims:200:200:-:70.0:8.00:70 runc, 4 a, 3 b, 3 others in 2 calls", "kubelet:0:0:-:-:0:",
	}
	var got []string
	for _, row := range s.Tables[0].Rows {
		var cells []string
		for _, c := range row[1:] {
			cells = append(cells, c.Text)
		}
		got = append(got, strings.Join(cells, ":"))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("work (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"runtime: 10.0 [20.0]: f"}, []string{strings.Join(texts(s.Tables[1], 1, 2, 3), "; ")}); diff != "" {
		t.Errorf("functions (-want +got):\n%s", diff)
	}
	lines := strings.Join(s.Lines, "\n")
	for _, line := range []string{"other was not profiled: it is not there.", "Of cri-pod-metrics there is no cpu profile of the kubelet: 403 Forbidden.", "1 profiles are in profiles "} {
		if !strings.Contains(lines, line) {
			t.Errorf("no %q in\n%s", line, lines)
		}
	}
}
