package main

import (
	"bytes"
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/analysis/analysistest"
	"cri-stats-bench/bench/plan"
	"cri-stats-bench/bench/record"
	"cri-stats-bench/bench/runs"
)

const nightlyPlan = `
name: nightly
experiment: api
seed: 1
pods: [10]
truth: off
rounds: 12
interval: 1s
window: 2s
warm_up: 0s
arms: [idle, cgroup, cri-pod-stats, cadvisor]
baseline: cadvisor
idle: idle
margin: 5%
`

// A nightly run, as from a node: what is not set is as usual.
type nightlyRun struct {
	seed      uint64
	worse     float64 // factor on what cri-pod-stats costs the runtime
	node      string
	cpus      int
	simulated bool
}

// write makes the folder of a run that never took place.
func (n nightlyRun) write(t *testing.T, name string) string {
	t.Helper()
	p, err := plan.Decode("nightly.yaml", []byte(nightlyPlan), plan.Names{})
	if err != nil {
		t.Fatal(err)
	}
	truth := make(map[string]analysistest.Truth)
	for i, a := range p.Arms {
		runtime := 0.02 * float64(i+1)
		if a.Name == "cri-pod-stats" && n.worse > 0 {
			runtime *= n.worse
		}
		truth[a.Name] = analysistest.Truth{
			CPU:     map[bench.Component]analysistest.Line{bench.ComponentAgent: {Fixed: 0.01}, bench.ComponentRuntime: {Fixed: runtime}, bench.ComponentShims: {Fixed: 0.001}},
			PSS:     map[bench.Component]analysistest.Line{bench.ComponentAgent: {Fixed: 2e7}, bench.ComponentRuntime: {Fixed: 5e7}, bench.ComponentShims: {Fixed: 1e7}},
			Service: analysistest.Line{Fixed: 0.003}, Bytes: analysistest.Line{PerPod: 900},
		}
	}
	in := analysistest.Run{Plan: p, Truth: truth, Noise: 0.02, Jitter: 0.02, Seed: n.seed}.Input()
	dir := filepath.Join(t.TempDir(), name)
	w, err := record.Create(dir, p, map[string]any{
		"simulated": n.simulated, "version": "v1.0.0", "runtime": map[string]any{"name": "containerd", "version": "2.4.2"},
		"host": map[string]any{"hostname_hash": n.node, "cpu": map[string]any{"model": "A CPU", "count": max(n.cpus, 4)}, "kernel": map[string]any{"release": "6.12.1"}},
	})
	if err != nil {
		t.Fatal(err)
	}
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

// invoke runs the program.
func invoke(args ...string) (status int, stdout, stderr string) {
	var out, errs bytes.Buffer
	status = run(context.Background(), args, strings.NewReader(""), &out, &errs)
	return status, out.String(), errs.String()
}

func TestCompare(t *testing.T) {
	old := nightlyRun{seed: 1, node: "a"}.write(t, "old")
	again := nightlyRun{seed: 2, node: "a"}.write(t, "again")
	worse := nightlyRun{seed: 3, node: "a", worse: 1.4}.write(t, "worse")
	f := func(status int, stdout, stderr string, args ...string) {
		t.Helper()
		got, out, errs := invoke(append([]string{"compare"}, args...)...)
		if got != status || !strings.Contains(out, stdout) || !strings.Contains(errs, stderr) {
			t.Errorf("compare %v: status %d, want %d\nwant on standard output %q:\n%s\nwant on standard error %q:\n%s", args, got, status, stdout, out, stderr, errs)
		}
	}
	f(exitDone, "against the old one: Regressed", "", old, worse)
	f(exitInferior, "against the old one: Regressed", "regressed: worse", "--fail-on", "regressed,inconclusive", old, worse)
	f(exitDone, "against the old one: Same", "", "--fail-on", "regressed,inconclusive", old, again)
	f(exitInconclusive, "against the old one: Inconclusive", "inconclusive: again", "--fail-on", "regressed,inconclusive", "--margin", "0.5%", old, again)
	f(exitDone, "margin 30 %", "", "--margin", "0.3", old, worse)
	f(exitDone, "|Regressed 1.3", "", "--format", "markdown", old, worse)
	f(exitDone, "</html>", "", "--format", "html", old, worse)
	f(exitUsage, "", "text|markdown|html|json", "--format", "sculpture", old, worse)
	f(exitUsage, "", "--fail-on inferior: give some of regressed, inconclusive", "--fail-on", "inferior", old, worse)
	f(exitUsage, "", "5%", "--margin", "5", old, worse)
	f(exitUsage, "", "5%", "--margin", "wide", old, worse)
	f(exitUsage, "", "accepts 2 arg(s)", old)
	f(exitUsage, "", "old and old are the same run", old, old)
	f(exitUsage, "", "no such", old, filepath.Join(old, "nothing"))

	other := nightlyRun{seed: 3, node: "b", cpus: 8}.write(t, "other")
	f(exitUsage, "", "host.cpu.count: 4, then 8; --anyway", old, other)
	f(exitDone, "host.cpu.count", "", "--anyway", old, other)
	demo := nightlyRun{seed: 3, node: "a", simulated: true}.write(t, "demo")
	f(exitUsage, "", "kind of run: measured, then simulated", "--anyway", old, demo)
	f(exitDone, "SIMULATED", "", "--fail-on", "regressed,inconclusive", demo, nightlyRun{seed: 4, worse: 2, simulated: true, node: "a"}.write(t, "demo2"))

	_, out, _ := invoke("compare", "--format", "json", old, worse)
	var c runs.Comparison
	if err := json.Unmarshal([]byte(out), &c); err != nil || c.Verdict != runs.Regressed || len(c.Endpoints) == 0 {
		t.Errorf("as JSON: %v, %s with %d endpoints", err, c.Verdict, len(c.Endpoints))
	}
}

func TestReportNodes(t *testing.T) {
	var dirs []string
	for i, node := range []string{"a", "b", "c"} {
		dirs = append(dirs, nightlyRun{seed: uint64(i + 1), node: node, worse: 1 + 0.1*float64(i)}.write(t, "on-"+node))
	}
	f := func(status int, stdout, stderr string, args ...string) {
		t.Helper()
		got, out, errs := invoke(append([]string{"report"}, args...)...)
		if got != status || !strings.Contains(out, stdout) || !strings.Contains(errs, stderr) {
			t.Errorf("report %v: status %d, want %d\nwant on standard output %q:\n%s\nwant on standard error %q:\n%s", args, got, status, stdout, out, stderr, errs)
		}
	}
	f(exitDone, "nightly on 3 nodes", "", dirs...)
	f(exitDone, "nightly on 2 nodes", "", dirs[:2]...)
	f(exitDone, "cri-stats-bench nightly: containerd 2.4.2, 4 CPUs.", "", dirs[0])
	f(exitDone, "|· on-b|", "", append([]string{"--format", "markdown"}, dirs...)...)
	f(exitDone, `"prediction": {`, "", append([]string{"--format", "json"}, dirs...)...)
	f(exitUsage, "", "no format of several runs", append([]string{"--format", "junit"}, dirs...)...)
	f(exitUsage, "", "requires at least 1 arg", nil...)
	f(exitUsage, "", "the same run", dirs[0], dirs[0])
	demo := nightlyRun{seed: 3, node: "d", simulated: true}.write(t, "demo")
	f(exitUsage, "", "kind of run: measured, then simulated", dirs[0], demo)
}
