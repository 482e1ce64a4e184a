//go:build node

package main

import (
	"path/filepath"
	"testing"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/record"
)

const profiledPlan = `
name: test
pods: [5]
rounds: 1
interval: 2s
window: 10s
warm_up: 2s
arms: [cri-pod-stats, cri-pod-metrics]
baseline: cri-pod-stats
truth: off
` + openGuards

// What profiles show must hold against what is known of the runtime: ListPodSandboxMetrics
// of containerd starts a runc for each container, of which the shims' pprof knows nothing,
// and ListPodSandboxStats starts nothing. The functions are those of containerd.
func TestNodeProfileContainerd(t *testing.T) {
	profiles := profiled(t, "containerd")
	for i := range profiles {
		p := &profiles[i]
		calls := len(p.Trial.Agents[0].Calls)
		started := 0 // of whatever name: a process may have ended before it is asked
		for _, part := range p.Parts[1:] {
			for _, n := range part.Started {
				started += n
			}
		}
		want := 0
		if p.Trial.Arm.Name == "cri-pod-metrics" {
			want = 5 * calls
		}
		if started != want || want > 0 && p.Parts[2].Started["runc"] == 0 {
			t.Errorf("%s: runtime and shims started %v and %v in %d calls over 5 containers, want %d", p.Trial.Arm.Name, p.Parts[1].Started, p.Parts[2].Started, calls, want)
		}
		if allocated := p.Parts[1].Allocated; len(allocated) == 0 {
			t.Errorf("%s: nothing is known of what containerd allocated", p.Trial.Arm.Name)
		}
	}
}

// CRI-O serves its profiles on the socket of CRI.
func TestNodeProfileCRIO(t *testing.T) {
	profiled(t, "crio")
}

// profiled runs the plan on a private runtime and returns the profiles of its two arms,
// with parts for agent, runtime and shims.
func profiled(t *testing.T, runtime string) []record.Profile {
	t.Helper()
	out := t.TempDir()
	nothingLeft(t)
	run := program(t, "run", "--plan", file(t, "test.yaml", profiledPlan), "--podload", podload(t), "--out", out, "--runtime", runtime, "--profile")
	if text, err := run.CombinedOutput(); err != nil {
		t.Fatalf("run: %v\n%s", err, text)
	}
	nothingLeft(t)
	dirs, err := filepath.Glob(filepath.Join(out, "*-test"))
	if err != nil || len(dirs) != 1 {
		t.Fatalf("folders of the run: %v, %v", dirs, err)
	}
	r, err := record.Open(dirs[0])
	if err != nil || len(r.Damage) > 0 || len(r.Trials) != 2 || len(r.Profiles) != 2 {
		t.Fatalf("%d trials, %d profiles, damage %v, %v", len(r.Trials), len(r.Profiles), r.Damage, err)
	}
	for i := range r.Profiles {
		p := &r.Profiles[i]
		if len(p.Missing) > 0 || len(p.Parts) != 3 {
			t.Fatalf("%s: %d parts, missing %v", p.Trial.Arm.Name, len(p.Parts), p.Missing)
		}
		for _, part := range p.Parts[:2] {
			// An agent uses a few milliseconds for ten calls: whether one of a hundred samples
			// a second falls on it is chance.
			if len(part.CPU) == 0 && part.Component != bench.ComponentAgent || len(part.Files) != 2 {
				t.Errorf("%s: %s has %d functions and files %v", p.Trial.Arm.Name, part.Component, len(part.CPU), part.Files)
			}
		}
		// The same CPU time by clocks of processes, and by ticks with that of ended children.
		cost := p.Trial.Costs[bench.ComponentRuntime][bench.CPUSeconds] + p.Trial.Costs[bench.ComponentShims][bench.CPUSeconds]
		ticks := 0.0
		for _, part := range p.Parts[1:] {
			ticks += part.User + part.System
		}
		if diff := cost - ticks; max(diff, -diff) > 0.15*cost+0.05 {
			t.Errorf("%s: CPU of runtime and shims %.3f s, in ticks %.3f s", p.Trial.Arm.Name, cost, ticks)
		}
	}
	return r.Profiles
}
