package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/agreement"
)

type testHost struct {
	Kernel string  `json:"kernel"`
	CPUs   int     `json:"cpus"`
	Load   float64 `json:"load"`
}

func (h testHost) Identity() string { return fmt.Sprintf("%s/%d", h.Kernel, h.CPUs) }

var (
	examplePlan = map[string]any{"name": "x", "rounds": map[string]int{"min": 3, "max": 3}, "seed": uint64(1<<64 - 1)}
	exampleHost = testHost{"6.1.0", 2, 0.5}
)

// exampleRun writes a run of n trials and returns its directory and the trials.
func exampleRun(t *testing.T, n int) (string, []bench.Trial) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "out", "run-1")
	w, err := Create(dir, examplePlan, exampleHost)
	if err != nil {
		t.Fatal(err)
	}
	var trials []bench.Trial
	r := rand.New(rand.NewPCG(1, 2))
	for i := range n {
		trial := exampleTrial(r, i, 3+i)
		trial.Costs = bench.Costs{bench.ComponentAgent: {bench.CPUSeconds: 0.25}} // short lines, since tests go over every byte
		trials = append(trials, *trial)
		if err := w.Append(trial); err != nil {
			t.Fatal(err)
		}
	}
	fmt.Fprintln(w.Log(), "level=INFO msg=done")
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return dir, trials
}

func TestWriteAndRead(t *testing.T) {
	dir, want := exampleRun(t, 5)
	r, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, r.Trials); diff != "" {
		t.Errorf("trials (-written +read):\n%s", diff)
	}
	if len(r.Damage) > 0 || r.Format != 1 || r.Dir != dir {
		t.Errorf("damage %v, format %d, directory %s", r.Damage, r.Format, r.Dir)
	}
	if want := "{\n  \"name\": \"x\",\n  \"rounds\": {\n    \"max\": 3,\n    \"min\": 3\n  },\n  \"seed\": 18446744073709551615\n}\n"; string(r.Plan) != want {
		t.Errorf("plan.json %s, want %s", r.Plan, want)
	}
	var host testHost
	if err := json.Unmarshal(r.Host, &host); err != nil || host != exampleHost {
		t.Errorf("host.json %s: %v", r.Host, err)
	}
	if log, err := os.ReadFile(filepath.Join(dir, LogFile)); err != nil || string(log) != "level=INFO msg=done\n" {
		t.Errorf("run.log %q: %v", log, err)
	}
	if damage, err := Verify(dir); len(damage) > 0 || err != nil {
		t.Errorf("Verify: %v, %v", damage, err)
	}
}

func TestCreateTwice(t *testing.T) {
	dir, trials := exampleRun(t, 1)
	if _, err := Create(dir, 1, 2); !errors.Is(err, fs.ErrExist) || err.Error() != "create run: "+dir+" holds a format.json already: file already exists" {
		t.Errorf("Create in a run: error %v", err)
	}
	if r, err := Open(dir); err != nil || len(r.Trials) != len(trials) {
		t.Errorf("after it: %v, %v", r, err)
	}
}

func TestCreateErrors(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	if _, err := Create(dir, func() {}, 1); err == nil || !strings.HasPrefix(err.Error(), "encode plan.json: json: unsupported type") {
		t.Errorf("Create: error %v", err)
	}
	if _, err := Create(dir, 1, math.NaN()); err == nil || !strings.HasPrefix(err.Error(), "encode host.json: json: unsupported value") {
		t.Errorf("Create: error %v", err)
	}
	occupied := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(occupied, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(filepath.Join(occupied, "run"), 1, 2); err == nil || !strings.HasPrefix(err.Error(), "create run: mkdir ") {
		t.Errorf("Create below a file: error %v", err)
	}
}

func TestAppendNotANumber(t *testing.T) {
	w, err := Create(filepath.Join(t.TempDir(), "run"), 1, 2)
	if err != nil {
		t.Fatal(err)
	}
	trial := &bench.Trial{Slot: bench.Slot{Arm: bench.Arm{Name: "cgroup"}, Cell: bench.Cell{Pods: 10}}, Guards: bench.Guards{bench.GuardSteal: math.NaN()}}
	want := "append the trial of arm cgroup at pods=10 containers=0 profile=, round 0: json: unsupported value: NaN"
	if err := w.Append(trial); err == nil || err.Error() != want {
		t.Errorf("Append: error %v, want %s", err, want)
	}
	trial.Guards = nil
	if err := errors.Join(w.Append(trial), w.Close()); err != nil {
		t.Error(err)
	}
	if r, err := Open(w.dir); err != nil || len(r.Trials) != 1 || len(r.Damage) > 0 {
		t.Errorf("after it: %v, %v", r, err)
	}
}

// TestTornAnywhere cuts the last line at every byte, as a harness does that is
// killed: the trials before are there, the tear is told, and a resumed run goes
// on as if the last trial had never been.
func TestTornAnywhere(t *testing.T) {
	dir, trials := exampleRun(t, 3)
	path := filepath.Join(dir, TrialsFile)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lastLine := bytes.LastIndexByte(whole[:len(whole)-1], '\n') + 1
	for end := lastLine + 1; end < len(whole); end++ {
		if err := os.WriteFile(path, whole[:end], 0o644); err != nil {
			t.Fatal(err)
		}
		r, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		want := []Damage{{TrialsFile, 3, true, fmt.Sprintf("torn: ends after %d bytes without a newline", end-lastLine)}}
		if diff := cmp.Diff(want, r.Damage); diff != "" || len(r.Trials) != 2 {
			t.Fatalf("cut at %d: %d trials, damage (-want +got):\n%s", end, len(r.Trials), diff)
		}
		if end%97 != 0 && end != len(whole)-1 {
			continue // resuming syncs the disk, so not for each
		}
		w, r, err := Resume(dir, examplePlan, exampleHost)
		if err != nil {
			t.Fatalf("cut at %d: %v", end, err)
		}
		if len(r.Trials) != 2 {
			t.Fatalf("cut at %d: resumed with %d trials", end, len(r.Trials))
		}
		if err := errors.Join(w.Append(&trials[2]), w.Close()); err != nil {
			t.Fatal(err)
		}
		if after, err := os.ReadFile(path); err != nil || !bytes.Equal(whole, after) {
			t.Fatalf("cut at %d: after resuming the file is another one (error %v)", end, err)
		}
	}
}

func planSum(t *testing.T) string {
	data, err := json.Marshal(examplePlan)
	if err != nil {
		t.Fatal(err)
	}
	return hash(data)
}

func TestResumeRefuses(t *testing.T) {
	dir, _ := exampleRun(t, 2)
	f := func(plan, host any, want string) {
		t.Helper()
		w, _, err := Resume(dir, plan, host)
		if w != nil || err == nil || strings.ReplaceAll(err.Error(), dir, "DIR") != want {
			t.Errorf("Resume: error %v, want %s", err, want)
		}
	}
	other := map[string]any{"name": "x", "rounds": map[string]int{"min": 3, "max": 5}, "retries": 1}
	f(other, exampleHost, `resume DIR: it was begun with another plan: rounds.max was 3, is 5, seed was 18446744073709551615, is not there, retries was not there, is 1`)
	f([]int{1}, exampleHost, `resume DIR: it was begun with another plan: it was {"name":"x","rounds":{"max":3,"min":3},"seed":18446744073709551615}, is [1]`)
	f(examplePlan, testHost{"6.2.0", 4, 0.5}, `resume DIR: it was begun on another host (6.1.0/2, here 6.2.0/4): cpus was 2, is 4, kernel was "6.1.0", is "6.2.0"`)

	// What the host does not call its identity may differ.
	w, r, err := Resume(dir, examplePlan, testHost{"6.1.0", 2, 7})
	if err != nil || len(r.Trials) != 2 {
		t.Fatalf("Resume: %v", err)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
}

func TestDifferencesAreFew(t *testing.T) {
	got := differences([]byte(`{}`), []byte(`{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6,"g":7}`))
	if len(got) != 6 || got[5] != "and 2 more" {
		t.Errorf("differences: %q", got)
	}
}

// Checks are kept beside the trials; a run from before there were any has none.
func TestChecks(t *testing.T) {
	dir, _ := exampleRun(t, 1)
	w, r, err := Resume(dir, examplePlan, exampleHost)
	if err != nil || r.Checks != nil {
		t.Fatalf("checks %v, %v", r.Checks, err)
	}
	want := []Check{
		{
			Cell: bench.Cell{Pods: 3, ContainersPerPod: 1, Profile: "idle"}, State: bench.GateOn, Collectors: []string{"kubelet-summary"},
			Start: time.Unix(1, 2).UTC(), Length: time.Second,
			Report: &agreement.Report{Findings: []agreement.Finding{{Source: "kubelet-summary", Kind: agreement.Frozen, Severity: agreement.Defect}}},
		},
		{Collectors: []string{"cri-pod-stats"}, Err: "the runtime is gone"},
	}
	for i := range want {
		if err := w.AppendCheck(&want[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, ChecksFile)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// A line that is not whole is told, and cut off when the run goes on.
	if err := os.WriteFile(path, append(whole, whole[:20]...), 0o644); err != nil {
		t.Fatal(err)
	}
	w, r, err = Resume(dir, examplePlan, exampleHost)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, r.Checks); diff != "" || len(r.Damage) != 1 || r.Damage[0].Error() != "checks.jsonl:3: torn: ends after 20 bytes without a newline" {
		t.Errorf("damage %v, checks (-want +got):\n%s", r.Damage, diff)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, whole) {
		t.Errorf("%v, left %q", err, now)
	}
}

// Profiles come back as they were kept, beside the trials and not among them, also by a
// run that is gone on with.
func TestProfiles(t *testing.T) {
	dir, _ := exampleRun(t, 1)
	var want []Profile
	for i := range 2 {
		p := Profile{
			Trial: *exampleTrial(rand.New(rand.NewPCG(1, uint64(i))), i, 3),
			Parts: []ProfiledPart{
				{Component: bench.ComponentShims, User: 1.25, System: 0.5, Started: map[string]int{"runc": 35}},
				{Component: bench.ComponentRuntime, Started: map[string]int{}, CPU: []HotFunction{{"main.main", 0.01, 0.5}}, Files: []string{"profiles/x.pb.gz"}},
			},
			Missing: []string{"cpu profile of the kubelet: 403 Forbidden"},
		}
		want = append(want, p)
		w, r, err := Resume(dir, examplePlan, exampleHost)
		if err != nil || len(r.Profiles) != i {
			t.Fatalf("%d profiles before, %v", len(r.Profiles), err)
		}
		if err := errors.Join(w.AppendProfile(&p), w.Close()); err != nil {
			t.Fatal(err)
		}
	}
	r, err := Open(dir)
	if err != nil || len(r.Damage) > 0 || len(r.Trials) != 1 {
		t.Fatalf("%d trials, damage %v, %v", len(r.Trials), r.Damage, err)
	}
	if diff := cmp.Diff(want, r.Profiles); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
