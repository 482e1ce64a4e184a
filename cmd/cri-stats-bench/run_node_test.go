//go:build node

package main

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	runtimev1 "k8s.io/cri-api/pkg/apis/runtime/v1"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/agreement"
	"cri-stats-bench/bench/cgroupfs"
	"cri-stats-bench/bench/record"
	"cri-stats-bench/bench/stat"
	"cri-stats-bench/workloads/pods"
)

// nodePlan visits two densities with every kind of source, in about a minute.
// Guards that would void trials on a machine with other work are wide open: what
// is tested here is that figures are right, not that they are precise.
const nodePlan = `
name: test
pods: [3, 20]
rounds: 1
interval: 500ms
window: 3s
warm_up: 500ms
settle: 1s
arms:
  - idle
  - cgroup
  - cri-container-stats
  - cri-pod-stats
  - cri-stream-pod-stats
  - {name: cri-pod-metrics, interval: 3s, warm_up: 3s}
  - {name: cadvisor, window: 15s}
  - cadvisor-ondemand
  - {name: cadvisor-metrics, window: 15s}
  - {name: cadvisor+cri-container-stats, window: 15s}
baseline: cadvisor
idle: idle
guards: {steal: 100%, foreign_cpu: 100%, harness_cpu: 100%, lateness: 100%}
retries: 0
`

// An account is the CPU time of a cgroup over time, read by hand.
type account struct {
	at    []time.Time
	usage []time.Duration
}

// watch reads the CPU time of the private node's daemon every 5 ms until ctx ends.
func watchAccount(ctx context.Context, t *testing.T) *account {
	a := new(account)
	fs, err := cgroupfs.Open(cgroupfs.Root)
	if err != nil {
		t.Error(err)
		return a
	}
	for ctx.Err() == nil {
		if usage, err := fs.CPUUsage("/cri-stats-bench-node"); err == nil {
			a.at, a.usage = append(a.at, time.Now()), append(a.usage, usage)
		}
		time.Sleep(5 * time.Millisecond)
	}
	return a
}

// between interpolates what was used between two instants.
func (a *account) between(from, to time.Time) (time.Duration, error) {
	at := func(x time.Time) (time.Duration, error) {
		for i := 1; i < len(a.at); i++ {
			if !a.at[i].Before(x) && a.at[i-1].Before(x) {
				part := float64(x.Sub(a.at[i-1])) / float64(a.at[i].Sub(a.at[i-1]))
				return a.usage[i-1] + time.Duration(part*float64(a.usage[i]-a.usage[i-1])), nil
			}
		}
		return 0, fmt.Errorf("no readings around %v", x)
	}
	begin, err := at(from)
	if err != nil {
		return 0, err
	}
	end, err := at(to)
	return end - begin, err
}

// The whole job on a private node; its figures are held against what can be seen
// by other roads.
func TestNodeRun(t *testing.T) {
	nothingLeft(t) // or the test would blame this run
	out := t.TempDir()
	cmd := program(t, "run", "--plan", file(t, "test.yaml", nodePlan), "--podload", podload(t), "--out", out)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	readings := make(chan *account)
	go func() { readings <- watchAccount(ctx, t) }()
	if err := cmd.Run(); err != nil {
		t.Fatalf("run: %v\n%s", err, stderr.String())
	}
	cancel()
	byHand := <-readings
	nothingLeft(t)

	dirs, err := filepath.Glob(filepath.Join(out, "*-test"))
	if err != nil || len(dirs) != 1 {
		t.Fatalf("folders of the run: %v, %v", dirs, err)
	}
	again, err := program(t, "report", dirs[0]).Output()
	if err != nil || !bytes.Equal(again, stdout.Bytes()) {
		t.Errorf("the report from the records is not the one of the run: %v", err)
	}
	records, err := record.Open(dirs[0])
	if err != nil || len(records.Damage) > 0 || len(records.Trials) != 20 {
		t.Fatalf("%d trials, damage %v, %v", len(records.Trials), records.Damage, err)
	}
	for i := range records.Trials {
		trial := &records.Trials[i]
		name := fmt.Sprintf("%s at %d pods", trial.Arm.Name, trial.Cell.Pods)
		if !trial.Usable() {
			t.Errorf("%s: %v %s", name, trial.Void, trial.Unsupported)
			continue
		}
		checkAnswers(t, name, trial)
		checkAccount(t, name, trial, byHand)
	}
	checkTruth(t, records.Checks)
}

// checkTruth: what every source was answered is found true at the highest density, new
// where it was read on demand, and as old as housekeeping makes it where it was not.
func checkTruth(t *testing.T, checks []record.Check) {
	t.Helper()
	ages := make(map[string]*agreement.Spread)
	for _, c := range checks {
		if c.Report == nil || c.Cell.Pods != 20 {
			t.Errorf("check of %v at %s: %s", c.Collectors, c.Cell, c.Err)
			continue
		}
		for _, f := range c.Report.Findings {
			t.Log(f.String())
		}
		for _, s := range c.Report.Sources {
			for _, f := range agreement.Required.Broken(c.Report, s.Name) {
				t.Errorf("found %v", f)
			}
			if _, twice := ages[s.Name]; twice || s.Containers != 20 || s.Calls < 4 || s.Failed > 0 {
				t.Errorf("%s: checked before: %v, %.1f containers, %d calls, %d failed", s.Name, twice, s.Containers, s.Calls, s.Failed)
			}
			ages[s.Name] = s.Age
			onDemand := s.Name != "cadvisor" && s.Name != "cadvisor-metrics"
			if s.Fresh == nil || onDemand != (s.Fresh.Value > 0.99) || !onDemand && s.Fresh.Value > 0.3 {
				t.Errorf("%s: fresh %+v", s.Name, s.Fresh)
			}
			switch {
			case s.Step == 1: // whole seconds are no clock
			case s.Age == nil || s.Clocks < 3:
				t.Errorf("%s: age %+v from %d clocks", s.Name, s.Age, s.Clocks)
			case onDemand && s.Age.P95 > 2, !onDemand && (s.Age.P95 < 3 || s.Age.Max > 32):
				t.Errorf("%s: age %+v", s.Name, s.Age)
			}
		}
	}
	if len(ages) != 7 {
		t.Errorf("%d sources were checked: %v", len(ages), ages)
	}
}

// checkAnswers: every container that runs is in every answer of every source.
func checkAnswers(t *testing.T, name string, trial *bench.Trial) {
	t.Helper()
	for _, agent := range trial.Agents {
		if agent.Calls.Failed() > 0 || len(agent.Missing) > 0 || agent.Extra > 0 {
			t.Errorf("%s: %d calls failed, missing %v, %d of others", name, agent.Calls.Failed(), agent.Missing, agent.Extra)
		}
		for _, call := range agent.Calls {
			if agent.Collector != "idle" && call.Containers != trial.Cell.Pods {
				t.Errorf("%s: %d containers in the answer of %s", name, call.Containers, agent.Collector)
				break
			}
		}
		if agent.Collector == "cri-pod-metrics" && trial.Cell.Pods == 20 {
			// containerd lets 10 sandboxes through at once and then 10 a second; the
			// call before was 3 s ago.
			if s := agent.Calls[0].Service; s < 900*time.Millisecond || s > 1600*time.Millisecond {
				t.Errorf("%s: took %v, want about 1 s", name, s)
			}
		}
	}
}

// checkAccount: the CPU time of runtime and shims is that of the daemon's cgroup,
// read by hand over the same window, within 2 % or two ticks.
func checkAccount(t *testing.T, name string, trial *bench.Trial, byHand *account) {
	t.Helper()
	want, err := byHand.between(trial.Start, trial.Start.Add(trial.Length))
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	got := trial.Costs[bench.ComponentRuntime][bench.CPUSeconds] + trial.Costs[bench.ComponentShims][bench.CPUSeconds]
	if diff := got - want.Seconds(); max(diff, -diff) > max(0.02*want.Seconds(), 0.020) {
		t.Errorf("%s: CPU of runtime and shims %.3f s, by hand %.3f s", name, got, want.Seconds())
	}
}

// The collector's call is held against the bare generated client, turn and turn
// about on the same pods: what an agent reports as service time is the runtime's.
func TestNodeBareClient(t *testing.T) {
	conn := privateNode(t, podload(t))
	images, err := conn.Images.ListImages(t.Context(), &runtimev1.ListImagesRequest{})
	if err != nil || len(images.GetImages()) != 1 {
		t.Fatalf("images of the node: %v, %v", images, err)
	}
	workload, err := pods.New(conn.Runtime, pods.Config{Run: "bare", Image: images.GetImages()[0].GetId(), CgroupFS: cgroupfs.Root})
	if err != nil {
		t.Fatal(err)
	}
	running, err := workload.Scale(t.Context(), bench.Cell{Pods: 12, ContainersPerPod: 1, Profile: "idle"})
	if err != nil {
		t.Fatal(err)
	}
	spec, _ := findCollector("cri-pod-stats")
	collector, err := spec.Open(t.Context(), bench.Source{Endpoint: conn.Endpoint, Pods: running})
	if err != nil {
		t.Fatal(err)
	}
	defer collector.Close()
	var ours, bare []float64
	var b bench.Batch
	for range 60 {
		start := time.Now()
		b.Reset()
		if err := collector.Collect(t.Context(), &b); err != nil {
			t.Fatal(err)
		}
		middle := time.Now()
		answer, err := conn.Runtime.ListPodSandboxStats(t.Context(), &runtimev1.ListPodSandboxStatsRequest{Filter: &runtimev1.PodSandboxStatsFilter{}})
		if err != nil || len(answer.GetStats()) != 12 || b.Pods() != 12 {
			t.Fatalf("%d and %d pods, %v", len(answer.GetStats()), b.Pods(), err)
		}
		ours, bare = append(ours, middle.Sub(start).Seconds()), append(bare, time.Since(middle).Seconds())
	}
	d, err := stat.LogRatios(bare, ours)
	if err != nil {
		t.Fatal(err)
	}
	ratio, err := stat.GeometricMeanRatio(d, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("collector over bare client: %.3f [%.3f, %.3f]", ratio.Value, ratio.CI.Lo, ratio.CI.Hi)
	if ratio.CI.Lo > 1.05 {
		t.Errorf("a call through the collector takes %.3f [%.3f, %.3f] times the bare client's", ratio.Value, ratio.CI.Lo, ratio.CI.Hi)
	}
}
