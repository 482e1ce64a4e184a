package table_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/agreement"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/analysis/analysistest"
	"cri-stats-bench/bench/plan"
	"cri-stats-bench/bench/record"
	"cri-stats-bench/reports/reporttest"
	"cri-stats-bench/reports/table"
)

// withChecks is the report of a run as from a node, whose answers were checked.
func withChecks(t *testing.T, checks func(bench.Cell) []record.Check) *analysis.Report {
	t.Helper()
	run, err := analysistest.Example(6, 5)
	if err != nil {
		t.Fatal(err)
	}
	run.Checks, run.Plan.Profiles = checks, []string{"idle", "active"}
	in := run.Input()
	in.Host.Simulated = false
	r, err := in.Analyze()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// texts are the cells of some columns of a table.
func texts(x table.Table, columns ...int) []string {
	var out []string
	for _, row := range x.Rows {
		var cells []string
		for _, i := range columns {
			cells = append(cells, strings.TrimSpace(row[i].Text+" "+row[i].Interval))
		}
		out = append(out, strings.Join(cells, ": "))
	}
	return out
}

// An arm whose answers are not true has no verdict on the first screen, and its cost
// is shown; those of the baseline take all verdicts.
func TestWithheld(t *testing.T) {
	f := func(r *analysis.Report, verdicts []string, lines ...string) {
		t.Helper()
		s := section(t, table.New(r), "summary")
		var got []string
		for _, row := range s.Tables[0].Rows {
			if strings.HasPrefix(row[1].Text, "CPU") {
				got = append(got, row[0].Text+": "+row[5].Text)
			}
			if row[5].Text == "no verdict" && (row[2].Text == "-" || row[4].Interval == "") {
				t.Errorf("%s has no cost: %+v", row[0].Text, row)
			}
		}
		if diff := cmp.Diff(verdicts, got); diff != "" {
			t.Errorf("verdicts (-want +got):\n%s", diff)
		}
		withheld := slices.DeleteFunc(s.Lines, func(line string) bool { return !strings.HasPrefix(line, "No verdict") })
		if diff := cmp.Diff(lines, withheld); diff != "" {
			t.Errorf("lines (-want +got):\n%s", diff)
		}
	}
	names := func(verdicts ...string) []string {
		for i, arm := range []string{"cgroup", "cri-container-stats", "cri-pod-stats", "cri-pod-metrics", "cadvisor+cri-container-stats"} {
			verdicts[i] = fmt.Sprintf("%d. %s instead of cadvisor: %s", i+1, arm, verdicts[i])
		}
		return verdicts
	}
	const frozen = "cri-pod-stats: the answers of cri-pod-stats are not true: frozen (container_cpu_usage_seconds_total of container 0123456789abc is 1.25 s in all of 20 answers over 20s while the kernel's grew by 0.35 s)."
	f(withChecks(t, analysistest.Checked), names("cheaper", "cheaper", "no verdict", "dearer", "dearer"), "No verdict on cri-pod-stats to cadvisor: "+frozen)
	f(withChecks(t, func(cell bench.Cell) []record.Check {
		checks := analysistest.Checked(cell)
		checks[1].Report, checks[1].Err = nil, "it is gone"
		return checks
	}),
		names("no verdict", "no verdict", "no verdict", "no verdict", "no verdict"),
		"No verdict on cgroup to cadvisor, cri-container-stats to cadvisor, cri-pod-stats to cadvisor, cri-pod-metrics to cadvisor, cadvisor+cri-container-stats to cadvisor: cadvisor: the answers of cadvisor could not be checked: it is gone.",
		"No verdict on cri-pod-stats to cadvisor: "+frozen,
		"No verdict on cadvisor+cri-container-stats to cadvisor: cadvisor+cri-container-stats: the answers of cadvisor could not be checked: it is gone.")
}

// What is found in several cells is told once, with its cells, what breaks the rule
// first.
func TestFindings(t *testing.T) {
	d := table.New(withChecks(t, func(cell bench.Cell) []record.Check {
		checks := analysistest.Checked(cell)
		if cell.Profile == "idle" {
			checks[1].Report.Findings = nil
		} else {
			checks[0].Report.Findings[0].Evidence = "nothing has it"
		}
		return checks
	}))
	s := section(t, d, "truth")
	var captions []string
	for _, x := range s.Tables {
		captions = append(captions, x.Caption)
	}
	if diff := cmp.Diff([]string{
		"pods=35 containers=1 profile=idle: answers, by collector", "pods=35 containers=1 profile=active: answers, by collector",
		"Defects: numbers that cannot be used, or that are not there", "Limits: what a reader of right numbers must know",
	}, captions); diff != "" {
		t.Fatalf("tables (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{
		"cri-container-stats: 35/35: 4.90/9.80/14.7: 10.0: <0.001: 0/0: nothing",
		"cri-pod-stats: 35/35: 0.006/0.012/0.018: 94.0: <0.001: 2/0: frozen",
		"cri-pod-metrics: 35/35: -: 100: 1: 0/1: nothing",
		"cadvisor: 35/35: 5.05/10.1/15.1: 9.00: <0.001: 0/1: nothing",
	}, texts(s.Tables[1], 0, 1, 2, 4, 5, 7, 8)); diff != "" {
		t.Errorf("checks (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{
		"cri-pod-stats: frozen: yes: 2/35 containers: container_cpu_usage_seconds_total of container 0123456789abc is 1.25 s in all of 20 answers over 20s while the kernel's grew by 0.35 s (idle, active)",
		"cri-pod-stats: absent: no: pods: container_memory_rss, container_memory_page_faults_total, container_memory_major_page_faults_total, container_memory_swap and 1 more: nothing has it (idle, active; figures vary)",
	}, texts(s.Tables[2], 0, 1, 2, 3, 4)); diff != "" {
		t.Errorf("defects (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{
		"cri-pod-metrics: coarse: containers: container_cpu_usage_seconds_total: all of 41 different values are whole multiples of 1 s; PodSandboxMetrics cannot say it finer (idle, active)",
		"cadvisor: skewed: answers: timestamps in one answer lie up to 13.2 s apart, in 20 of 20 answers (active)",
	}, texts(s.Tables[3], 0, 1, 2, 3)); diff != "" {
		t.Errorf("limits (-want +got):\n%s", diff)
	}
}

// That nothing was checked is said, and why; what could not be checked is named.
func TestUnchecked(t *testing.T) {
	f := func(r *analysis.Report, want string) {
		t.Helper()
		s := section(t, table.New(r), "truth")
		if !slices.Contains(s.Lines, want) {
			t.Errorf("lines %q, want %q", s.Lines, want)
		}
	}
	f(reporttest.Headline(t), "Nothing was checked: what is said of cost holds whether or not the answers are true.")
	f(&analysis.Report{Truth: plan.TruthOff}, "Nothing was checked: the plan asks for no check (truth: off). What is said of cost holds whether or not the answers are true.")
	f(reporttest.Trouble(t), "Could not be checked: cri-pod-metrics: ListPodSandboxMetrics is not supported here (needs containerd 2.2 or later)")
	f(&analysis.Report{Truth: agreement.Nothing, Checks: []analysis.Check{{Source: &agreement.SourceReport{}}}},
		"Of 1 checks, one for each collector, profile and state of the node, 0 found what breaks the plan's rule (nothing) and 0 could not be made. By that rule every arm may have a verdict.")
}

// Cost stands beside age, arms of one age are compared, and agreement must be shown.
func TestAgreementTable(t *testing.T) {
	s := section(t, table.New(reporttest.Node(t)), "truth")
	agreed := s.Sections[0]
	if diff := cmp.Diff([]string{
		"cri-container-stats: CPU time: 0.0400 [-0.0600, 0.140]: agrees", "cri-container-stats: working set: 0.400 [0.300, 0.500]: agrees",
		"cri-pod-stats: CPU time: 0.0400 [-0.0600, 0.140]: agrees", "cri-pod-stats: working set: 0.400 [0.300, 0.500]: agrees",
		"cri-pod-metrics: CPU time: 0.0400 [-0.0600, 0.140]: agrees", "cri-pod-metrics: working set: 0.400 [0.300, 0.500]: agrees",
		"cadvisor: CPU time: 0.0400 [-0.0600, 0.140]: agrees", "cadvisor: working set: 0.400 [0.300, 0.500]: agrees",
	}, texts(agreed.Tables[0], 0, 1, 3, 6)); diff != "" {
		t.Errorf("agreement (-want +got):\n%s", diff)
	}
}

// A kubelet is checked in each state, and each state has its rows.
func TestStates(t *testing.T) {
	run, err := analysistest.Kubelet(3, "containerd", 0.8)
	if err != nil {
		t.Fatal(err)
	}
	run.Host.Simulated = false
	run.Checks = func(cell bench.Cell) []record.Check {
		off := analysistest.Clean(cell, analysistest.Answers("kubelet-summary", cell, 14, 0.9))
		on := analysistest.Clean(cell, analysistest.Answers("kubelet-summary", cell, 0.5, 1))
		off[0].State, on[0].State = bench.GateOff, bench.GateOn
		return append(off, on...)
	}
	r, err := run.Input().Analyze()
	if err != nil {
		t.Fatal(err)
	}
	s := section(t, table.New(r), "truth")
	if diff := cmp.Diff([]string{
		"kubelet-summary: gate-off: 110/110: 7.00/14.0/21.0", "kubelet-summary: gate-on: 110/110: 0.250/0.500/0.750",
	}, texts(s.Tables[0], 0, 1, 2, 3)); diff != "" {
		t.Errorf("checks (-want +got):\n%s", diff)
	}
}
