package record

import (
	"bytes"
	"cri-stats-bench/bench"
	"encoding/json"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

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
