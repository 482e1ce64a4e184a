//go:build node

package main

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/record"
)

// openGuards are those of plans that test whether figures are right, on a machine with
// other work.
const openGuards = "guards: {steal: 100%, foreign_cpu: 100%, harness_cpu: 100%, lateness: 100%}\nretries: 0\n"

// measured runs a plan on a private node, with readings by hand beside it, and returns
// its trials and its report.
func measured(t *testing.T, plan string, trials int, flags ...string) ([]bench.Trial, string, *account) {
	t.Helper()
	nothingLeft(t)
	out := t.TempDir()
	cmd := program(t, append([]string{"run", "--plan", file(t, "test.yaml", plan), "--podload", podload(t), "--out", out}, flags...)...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	ctx, cancel := context.WithCancel(t.Context())
	readings := make(chan *account)
	go func() { readings <- watchAccount(ctx, t) }()
	err := cmd.Run()
	cancel()
	byHand := <-readings
	if err != nil {
		t.Fatalf("run: %v\n%s", err, stderr.String())
	}
	nothingLeft(t)
	dirs, err := filepath.Glob(filepath.Join(out, "*-*"))
	if err != nil || len(dirs) != 1 {
		t.Fatalf("folders of the run: %v, %v", dirs, err)
	}
	records, err := record.Open(dirs[0])
	if err != nil || len(records.Damage) > 0 || len(records.Trials) != trials {
		t.Fatalf("%d trials, want %d; damage %v, %v", len(records.Trials), trials, records.Damage, err)
	}
	for i := range records.Trials {
		if trial := &records.Trials[i]; !trial.Usable() {
			t.Errorf("%s: %v %s", trial.Arm.Name, trial.Void, trial.Unsupported)
		}
	}
	return records.Trials, stdout.String(), byHand
}

// Two configurations of a real containerd take turns in one run: it is restarted for each
// block, says what it has allocated, and keeps its pods.
func TestNodeTreatments(t *testing.T) {
	trials, report, byHand := measured(t, `
name: test
pods: 3
rounds: 2
interval: 500ms
window: 2s
warm_up: 500ms
settle: 100ms
truth: off
treatments:
  - old
  - {name: new, env: [GOGC=20], config: "[plugins.'io.containerd.cri.v1.runtime']\nstats_collect_period = '24h'\n"}
arms: [cri-pod-stats, cri-container-stats]
sums: {name: all, arms: [cri-pod-stats, cri-container-stats]}
comparisons: {of: all.new, to: all.old}
`+openGuards, 8)
	restarts := 0
	for i := range trials {
		trial := &trials[i]
		if trial.State != trial.Arm.Treatment || trial.Pods != 3 || len(trial.Agents[0].Missing) > 0 {
			t.Errorf("%s: %s was in force, %d pods, missing %v", trial.Arm.Name, trial.State, trial.Pods, trial.Agents[0].Missing)
		}
		if first := trial.Position%2 == 0; first != (trial.Settled > 0) {
			t.Errorf("%s at position %d: at rest after %v", trial.Arm.Name, trial.Position, trial.Settled)
		}
		if trial.Settled > 0 {
			restarts++
		}
		if a := trial.Allocated; a == nil || a.Bytes <= 0 || a.Objects <= 0 {
			t.Errorf("%s: allocated %+v", trial.Arm.Name, a)
		}
		checkAccount(t, trial.Arm.Name, trial, byHand)
	}
	if restarts != 4 {
		t.Errorf("%d restarts, want 4", restarts)
	}
	for _, want := range []string{"OLD AND NEW", "1. all.old", "new: config [plugins.'io.containerd"} {
		if !strings.Contains(strings.Join(strings.Fields(report), " "), want) { // wherever lines end
			t.Errorf("%q is not in the report:\n%s", want, report)
		}
	}
}

func TestNodeChurnContainerd(t *testing.T) { testChurn(t, "containerd") }
func TestNodeChurnCRIO(t *testing.T)       { testChurn(t, "crio") }

// testChurn replaces pods while arms read. What shims used that came and went is in the
// account of the runtime's cgroup, so that the total is right; failed and partial answers
// are counted, whatever this runtime does.
func testChurn(t *testing.T, runtime string) {
	trials, report, byHand := measured(t, fmt.Sprintf(`
name: test
pods: 6
profiles: churn
churn: 500ms
rounds: 1
interval: 500ms
window: 6s
warm_up: 1s
settle: 1s
truth: off
arms: [idle, cri-container-stats, cri-pod-stats, cri-pod-metrics]
baseline: idle
%s`, openGuards), 4, "--runtime", runtime)
	for i := range trials {
		trial := &trials[i]
		c, calls := trial.Churn, trial.Agents[0].Calls
		t.Logf("%s: %+v, %d calls, %d failed, %d partial, missing %d", trial.Arm.Name, c, len(calls), calls.Failed(), calls.Partial(), len(trial.Agents[0].Missing))
		if c == nil || c.Replaced < 2 || c.Replaced > c.Due || len(calls) != 12 {
			t.Errorf("%s: churn %+v, %d calls", trial.Arm.Name, c, len(calls))
		}
		if runtime == "crio" { // conmon is in the pods' cgroups
			trial.Costs[bench.ComponentShims] = nil
		}
		checkAccount(t, trial.Arm.Name, trial, byHand)
	}
	if !strings.Contains(report, "CHURN: ") {
		t.Errorf("no churn in the report:\n%s", report)
	}
}
