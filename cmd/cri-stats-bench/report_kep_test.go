package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/analysis/analysistest"
	"cri-stats-bench/bench/plan"
	"cri-stats-bench/bench/record"
	"cri-stats-bench/bench/runs"
)

// kepQuick makes the folder of a run of the preset kep-quick that never took place.
func kepQuick(t *testing.T, runtime, node string, ratio float64, seed uint64) string {
	t.Helper()
	p, _, err := readPlan("kep-quick")
	if err != nil {
		t.Fatal(err)
	}
	p.Seed, p.Truth = seed, plan.TruthOff
	made, err := analysistest.Kubelet(1, runtime, ratio)
	if err != nil {
		t.Fatal(err)
	}
	made.Plan, made.Seed = p, seed
	made.Truth["gate-off-again"] = made.Truth["gate-off"]
	dir := filepath.Join(t.TempDir(), runtime)
	w, err := record.Create(dir, p, map[string]any{
		"version": "v1.0.0", "runtime": map[string]any{"name": runtime, "version": "2.4.2"},
		"kubelet": map[string]any{"version": "v1.37.2", "provider": "cadvisor"}, "host": map[string]any{"hostname_hash": node},
	})
	if err != nil {
		t.Fatal(err)
	}
	in := made.Input()
	for i := range in.Trials {
		if err := w.Append(&in.Trials[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

// One run on each runtime of a node makes one report on all sentences of the KEP.
func TestReportKEP(t *testing.T) {
	containerd, crio := kepQuick(t, "containerd", "a", 0.8, 1), kepQuick(t, "cri-o", "a", 1.2, 2)
	f := func(status int, stdout, stderr string, args ...string) {
		t.Helper()
		got, out, errs := invoke(append([]string{"report"}, args...)...)
		if got != status || !strings.Contains(out, stdout) || !strings.Contains(errs, stderr) {
			t.Errorf("report %v: status %d, want %d\nwant on standard output %q:\n%s\nwant on standard error %q:\n%s", args, got, status, stdout, out, stderr, errs)
		}
	}
	f(exitDone, "kep-quick on 1 node\n", "", containerd, crio)
	f(exitDone, "|less than partial CRI|containerd 2.4|PASS|B → D|110 idle, scraped|12|CPU 0.", "", "--format", "markdown", containerd, crio)
	f(exitDone, "same numbers", "", "--format", "html", containerd, crio)
	f(exitInferior, "", "loss-below-2-percent on cri-o 2.4", "--fail-on", "inferior", containerd, crio)
	f(exitInferior, "", "loss-below-2-percent", "--fail-on", "inferior", crio)
	f(exitDone, "", "", "--fail-on", "inferior", containerd)

	_, out, _ := invoke("report", "--format", "json", containerd, crio)
	var n runs.Nodes
	if err := json.Unmarshal([]byte(out), &n); err != nil {
		t.Fatal(err)
	}
	said := make(map[string]analysis.Result)
	for _, v := range n.KEP {
		if v.Primary || v.Cell == nil {
			said[v.Sentence.ID+" on "+v.Runtime] = v.Result
		}
	}
	if len(said) != 5 || said["loss-below-2-percent on cri-o 2.4"] != analysis.Fail || said["reduction on containerd 2.4"] != analysis.Pass {
		t.Errorf("as JSON: %v", said)
	}
}
