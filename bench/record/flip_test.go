package record

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cri-stats-bench/bench"
)

// A damaged file that says where and what was measured is nobody's word: it is not handed
// on. Whether the run was simulated stands a second time.
func TestDamagedPlanAndHost(t *testing.T) {
	for _, name := range []string{PlanFile, HostFile} {
		dir, _ := exampleRun(t, 1)
		path := filepath.Join(dir, name)
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, damaged := range [][]byte{nil, []byte("{"), bytes.Replace(data, []byte(":"), []byte(": "), 1), bytes.Replace(data, []byte(`"`), []byte(`"x`), 1)} {
			if err := os.WriteFile(path, damaged, 0o644); err != nil {
				t.Fatal(err)
			}
			r, err := Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			got := r.Plan
			if name == HostFile {
				got = r.Host
			}
			whitespace := bytes.Equal(bytes.ReplaceAll(damaged, []byte(" "), nil), bytes.ReplaceAll(data, []byte(" "), nil))
			if whitespace != (got != nil) || whitespace != (len(r.Damage) == 0) {
				t.Errorf("%s as %q: %q, damage %v", name, damaged, got, r.Damage)
			}
		}
	}
}

type madeUp struct{}

func (madeUp) IsSimulated() bool { return true }

func TestSimulatedTwice(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	w, err := Create(dir, 1, madeUp{})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, HostFile), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if r, err := Open(dir); err != nil || !r.Simulated || r.Host != nil {
		t.Errorf("%+v, %v", r, err)
	}
}

// Each bit of end.json counts, and so do checks that are lost with all of their file.
func TestEndFlips(t *testing.T) {
	dir, _ := exampleRun(t, 1)
	w, _, err := Resume(dir, examplePlan, exampleHost)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.AppendCheck(&Check{Cell: bench.Cell{Pods: 3}, Start: time.Unix(1, 0).UTC()}), w.End("all rounds were run"), w.Close()); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, EndFile)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	one := 1
	want := &End{"all rounds were run", 1, &one}
	for i := range data {
		for bit := range 8 {
			flipped := bytes.Clone(data)
			flipped[i] ^= 1 << bit
			if err := os.WriteFile(path, flipped, 0o644); err != nil {
				t.Fatal(err)
			}
			// It says what it said, or nothing.
			if r, err := Open(dir); err != nil || r.End == nil && len(r.Damage) == 0 || r.End != nil && !cmp.Equal(want, r.End) {
				t.Fatalf("bit %d of byte %d (%q): end %+v, damage %v, %v", bit, i, flipped[max(0, i-8):i+1], r.End, r.Damage, err)
			}
		}
	}
	if err := errors.Join(os.WriteFile(path, data, 0o644), os.Remove(filepath.Join(dir, ChecksFile))); err != nil {
		t.Fatal(err)
	}
	if r, err := Open(dir); err != nil || len(r.Damage) != 1 || r.Damage[0].Error() != "checks.jsonl: 0 checks, end.json says 1" {
		t.Errorf("without checks: damage %v, %v", r.Damage, err)
	}
}

// A run whose end could not be written whole goes on.
func TestResumeBrokenEnd(t *testing.T) {
	dir, _ := exampleRun(t, 2)
	if err := os.WriteFile(filepath.Join(dir, EndFile), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	w, r, err := Resume(dir, examplePlan, exampleHost)
	if err != nil || len(r.Trials) != 2 {
		t.Fatalf("Resume: %v", err)
	}
	if err := errors.Join(w.End("done"), w.Close()); err != nil {
		t.Fatal(err)
	}
	if r, err := Open(dir); err != nil || r.End == nil || len(r.Damage) > 0 {
		t.Errorf("%+v, %v", r, err)
	}
}

// A folder of somebody else's leads nowhere: what is a link in it is neither read, nor cut,
// nor written.
func TestLinks(t *testing.T) {
	for _, name := range []string{TrialsFile, ChecksFile, LogFile, EndFile, PlanFile, HostFile, FormatFile} {
		dir, _ := exampleRun(t, 1)
		precious := filepath.Join(t.TempDir(), "precious")
		path := filepath.Join(dir, name)
		if err := os.Rename(path, precious); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		} else if err != nil {
			if err := os.WriteFile(precious, []byte("precious"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		before, err := os.ReadFile(precious)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(precious, path); err != nil {
			t.Fatal(err)
		}
		w, _, err := Resume(dir, examplePlan, exampleHost)
		if err == nil {
			t.Errorf("Resume followed the link %s", name)
			_ = w.Close()
		}
		if after, err := os.ReadFile(precious); err != nil || !bytes.Equal(before, after) {
			t.Errorf("what %s leads to was %q and is %q, %v", name, before, after, err)
		}
	}
}

func TestWholeOrNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "gone")
	if err := writeJSON(dir, EndFile, []byte("{}")); err == nil {
		t.Error("wrote into a folder that is not there")
	}
	dir = t.TempDir()
	if err := writeJSON(dir, EndFile, []byte("{")); err == nil {
		t.Error("wrote what is no JSON")
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 0 {
		t.Errorf("left %v, %v", entries, err)
	}
	if err := writeJSON(dir, EndFile, []byte("{}")); err != nil {
		t.Fatal(err)
	}
	if err := writeJSON(dir, EndFile, []byte("{}")); !errors.Is(err, fs.ErrExist) {
		t.Errorf("wrote over what is there: %v", err)
	}
	if info, err := os.Stat(filepath.Join(dir, EndFile)); err != nil || info.Mode().Perm() != 0o644 || !strings.HasSuffix(info.Name(), ".json") {
		t.Errorf("%v, %v", info, err)
	}
}
