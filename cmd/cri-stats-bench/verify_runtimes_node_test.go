//go:build node && linux

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"cri-stats-bench/bench/agreement"
	"cri-stats-bench/bench/node"
)

// knownDefects are what verify finds of runtimes as they are, by runtime, source and kind;
// true where it must find it. All are real: QUANTITIES.md has them with their causes.
var knownDefects = map[string]map[string]map[agreement.Kind]bool{
	"containerd": {
		"cri-pod-metrics":        {agreement.Wrong: false}, // swap, on cgroup version 1
		"cri-stream-pod-metrics": {agreement.Wrong: false},
		"cadvisor":               {agreement.Zero: false}, // page faults of pods, on cgroup version 1
	},
	"containerd-distribution": {
		// A rate since the last call of anybody, of counters in one cache for all callers.
		"cri-container-stats": {agreement.WrongRate: false},
		"cri-pod-stats":       {agreement.WrongRate: false},
		"cadvisor":            {agreement.Zero: false},
	},
	"crio": {
		"cri-container-stats": {agreement.Zero: false, agreement.Wrong: false},
		"cri-pod-stats":       {agreement.Zero: false, agreement.Wrong: false, agreement.WrongRate: false, agreement.Absent: true},
		"cri-pod-metrics":     {agreement.Ambiguous: true, agreement.Wrong: false},
		"cadvisor":            {agreement.Zero: false},
	},
}

// On every runtime that there is, no field of an answer goes without a check or a reason,
// and nothing is found that is not known.
func TestNodeVerifyRuntimes(t *testing.T) {
	load := podload(t)
	for runtime, known := range knownDefects {
		t.Run(runtime, func(t *testing.T) {
			if runtime == "containerd-distribution" && leftOutDistribution(t) {
				return
			}
			report := verifyNode(t, "--runtime", runtime, "--podload", load)
			if !report.Referenced || len(report.Sources) < 3 {
				t.Errorf("%d sources, cgroups read: %t", len(report.Sources), report.Referenced)
			}
			for _, s := range report.Sources {
				if s.Failed > 0 {
					t.Errorf("%s: %d of %d calls failed", s.Name, s.Failed, s.Calls)
				}
				for _, field := range s.Fields {
					if field.How == "" {
						t.Errorf("%s: nothing says how %s is checked", s.Name, field.Metric)
					}
				}
			}
			found := make(map[string]map[agreement.Kind]bool)
			for _, f := range report.Findings {
				if f.Severity != agreement.Defect {
					continue
				}
				if _, ok := known[f.Source][f.Kind]; !ok {
					t.Errorf("found %v", f)
				}
				if found[f.Source] == nil {
					found[f.Source] = make(map[agreement.Kind]bool)
				}
				found[f.Source][f.Kind] = true
			}
			for source, kinds := range known {
				for kind, must := range kinds {
					if must && !found[source][kind] {
						t.Errorf("%s of %s was not found", kind, source)
					}
				}
			}
			nothingLeft(t)
		})
	}
}

// leftOutDistribution says in one line that there is no containerd of the distribution
// here, and fails where there should be one.
func leftOutDistribution(t *testing.T) bool {
	t.Helper()
	bin, err := node.DefaultBinDir(os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := exec.LookPath(filepath.Join(bin, "distribution", "containerd")); err == nil {
		return false
	}
	if _, err := exec.LookPath("apt-get"); err == nil {
		t.Error("the distribution's containerd is not there: scripts/node/distribution.sh")
		return true
	}
	t.Log("left out: the distribution's containerd (needs Debian or Ubuntu)")
	return true
}
