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
	"reflect"
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

// TestEveryByte flips a bit in every byte: not one of them goes unnoticed, and at
// most two trials are lost (two, where it was a newline).
func TestEveryByte(t *testing.T) {
	dir, trials := exampleRun(t, 3)
	whole, err := os.ReadFile(filepath.Join(dir, TrialsFile))
	if err != nil {
		t.Fatal(err)
	}
	run, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	for i := range whole {
		damaged := bytes.Clone(whole)
		damaged[i] ^= 1 << (i % 8)
		r := Run{manifest: run.manifest}
		if err := r.readTrials(bytes.NewReader(damaged)); err != nil {
			t.Fatal(err)
		}
		if len(r.Damage) == 0 {
			t.Fatalf("byte %d: nothing noticed", i)
		}
		if len(r.Trials) < 1 {
			t.Fatalf("byte %d: %d trials are left, damage %v", i, len(r.Trials), r.Damage)
		}
		for j := range r.Trials {
			if round := r.Trials[j].Round; !reflect.DeepEqual(trials[round], r.Trials[j]) {
				t.Fatalf("byte %d: a trial has changed:\n%s", i, cmp.Diff(trials[round], r.Trials[j]))
			}
		}
	}
}

func TestDamage(t *testing.T) {
	dir, _ := exampleRun(t, 3)
	path := filepath.Join(dir, TrialsFile)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(whole), "\n")
	trial := lines[1][trialFrame.start() : len(lines[1])-2]
	sum := lines[1][len(frameHead) : len(frameHead)+sumDigits]
	run, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	sumOf := func(trial string) string { return trialFrame.of(run.manifest.Run).sum([]byte(trial)) }

	f := func(second string, rounds []int, want ...string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(lines[0]+second+lines[2]), 0o644); err != nil {
			t.Fatal(err)
		}
		r, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, d := range r.Damage {
			got = append(got, d.Error())
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("second line %.60q: damage (-want +got):\n%s", second, diff)
		}
		var left []int
		for i := range r.Trials {
			left = append(left, r.Trials[i].Round)
		}
		if diff := cmp.Diff(rounds, left); diff != "" {
			t.Errorf("second line %.60q: rounds left (-want +got):\n%s", second, diff)
		}
		if len(want) > 0 {
			_, _, err := Resume(dir, examplePlan, exampleHost)
			if want := "resume " + dir + ": the record is damaged: " + strings.Join(want, "\n"); err == nil || err.Error() != want {
				t.Errorf("second line %.60q: Resume: error %v, want %s", second, err, want)
			}
		}
	}
	frame := `not a line of the form {"crc32c":"…","trial":{…}}`
	others := []int{0, 2}
	f(lines[1], []int{0, 1, 2})
	f("", []int{0, 2}) // a whole line that is gone leaves no trace here; schedule.Skip misses it
	f("\n", others, "trials.jsonl:2: blank line")
	f("\n\n", others, "trials.jsonl:2: blank line", "trials.jsonl:3: blank line")
	f("garbage\n", others, "trials.jsonl:2: "+frame)
	f(trial+"\n", others, "trials.jsonl:2: "+frame)
	f(strings.Replace(lines[1], sum, "1234abcd", 1), others, "trials.jsonl:2: checksum "+sum+", want 1234abcd")
	f(strings.Replace(lines[1], `"pods":35`, `"pods":36`, 1), others, "trials.jsonl:2: checksum "+sumOf(strings.Replace(trial, `"pods":35`, `"pods":36`, 1))+", want "+sum)
	f(strings.TrimSuffix(lines[1], "\n"), []int{0}, "trials.jsonl:2: checksum "+sumOf(trial+frameTail+strings.TrimSuffix(lines[2], "}\n"))+", want "+sum) // two lines in one
	f("\x00\x00\x00\n", others, "trials.jsonl:2: "+frame)
	f(`{"crc32c":"`+sumOf(`{"pods":"many"}`)+`","trial":{"pods":"many"}}`+"\n", others,
		"trials.jsonl:2: decode the trial: json: cannot unmarshal string into Go struct field Trial.pods of type int")
	f(`{"crc32c":"`+sumOf(`{`)+`","trial":{}`+"\n", others, "trials.jsonl:2: decode the trial: unexpected end of JSON input")
}

// lineOf is the line of a trial.
func lineOf(t testing.TB, trial *bench.Trial) []byte {
	t.Helper()
	data, err := json.Marshal(trial)
	if err != nil {
		t.Fatal(err)
	}
	return trialFrame.append(nil, data)
}

// TestDamagedFiles damages the files beside the trials.
func TestDamagedFiles(t *testing.T) {
	f := func(name, content, want string) {
		t.Helper()
		dir, trials := exampleRun(t, 1)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		damage, err := Verify(dir)
		got := ""
		switch {
		case err != nil:
			got = strings.ReplaceAll(err.Error(), dir, "DIR")
		case len(damage) == 1:
			got = "damage: " + damage[0].Error()
			if r, err := Open(dir); err != nil || len(r.Trials) != len(trials) {
				t.Errorf("%s: %v, error %v", name, r, err)
			}
		}
		if got != want {
			t.Errorf("%s of %q: %s, want %s", name, content, got, want)
		}
	}
	f(PlanFile, `{"name":"y"}`, "damage: plan.json: SHA-256 "+hash([]byte(`{"name":"y"}`))+", want "+planSum(t))
	f(PlanFile, `{"name":`, "damage: plan.json: not JSON: unexpected end of JSON input")
	f(HostFile, ``, "damage: host.json: not JSON: unexpected end of JSON input")
	f(HostFile, `{"kernel":"6.1.0",  "cpus":2,"load":0.5}`, "") // spaces are no damage
	f(FormatFile, `{"format":2}`, "read DIR/format.json: format 2, this program reads 1 to 1")
	f(FormatFile, `{}`, "read DIR/format.json: format 0, this program reads 1 to 1")
	f(FormatFile, `{`, "decode DIR/format.json: unexpected end of JSON input")
}

func planSum(t *testing.T) string {
	data, err := json.Marshal(examplePlan)
	if err != nil {
		t.Fatal(err)
	}
	return hash(data)
}

func TestOpenMissing(t *testing.T) {
	f := func(remove, want string) {
		t.Helper()
		dir, _ := exampleRun(t, 1)
		if err := os.Remove(filepath.Join(dir, remove)); err != nil {
			t.Fatal(err)
		}
		_, err := Open(dir)
		if err == nil || !errors.Is(err, fs.ErrNotExist) || !strings.HasPrefix(strings.ReplaceAll(err.Error(), dir, "DIR"), want) {
			t.Errorf("without %s: error %v, want %s", remove, err, want)
		}
	}
	f(FormatFile, "open run DIR: it holds no format.json, so it is no run, or one that was not begun whole: ")
	f(PlanFile, "open run DIR: ")
	f(HostFile, "open run DIR: ")
	f(TrialsFile, "open run DIR: ")
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

func FuzzReadTrials(f *testing.F) {
	line := lineOf(f, exampleTrial(rand.New(rand.NewPCG(1, 2)), 0, 2))
	f.Add(line)
	f.Add(append(bytes.Clone(line), line[:len(line)/2]...))
	f.Add([]byte("\n\n"))
	f.Add([]byte{0, 0, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		// Whatever it is, also with a right checksum.
		for _, in := range [][]byte{data, trialFrame.append(nil, data)} {
			var r Run
			if err := r.readTrials(bytes.NewReader(in)); err != nil {
				t.Fatal(err)
			}
			torn := 0
			for _, d := range r.Damage {
				if d.Torn {
					torn++
				}
			}
			lines := bytes.Count(in, []byte("\n"))
			if got := len(r.Trials) + len(r.Damage) - torn; got != lines || r.whole > int64(len(in)) {
				t.Fatalf("%d trials and damaged lines in %d lines", got, lines)
			}
			if wantTorn := len(in) > 0 && in[len(in)-1] != '\n'; wantTorn != (torn == 1) || wantTorn != (r.whole < int64(len(in))) {
				t.Fatalf("torn %d times, whole %d of %d bytes", torn, r.whole, len(in))
			}
		}
	})
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

// A line of another run is none of this one, though it is whole.
func TestLineOfAnotherRun(t *testing.T) {
	dir, _ := exampleRun(t, 3)
	other, _ := exampleRun(t, 3)
	foreign, err := os.ReadFile(filepath.Join(other, TrialsFile))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, TrialsFile)
	own, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(own, []byte("\n"))
	lines[1] = bytes.SplitAfter(foreign, []byte("\n"))[1]
	if err := os.WriteFile(path, bytes.Join(lines, nil), 0o644); err != nil {
		t.Fatal(err)
	}
	r, err := Open(dir)
	if err != nil || len(r.Trials) != 2 || len(r.Damage) != 1 || !strings.HasPrefix(r.Damage[0].Error(), "trials.jsonl:2: checksum ") {
		t.Errorf("%d trials, damage %v, %v", len(r.Trials), r.Damage, err)
	}
}
