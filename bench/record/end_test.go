package record

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEnd(t *testing.T) {
	dir, trials := exampleRun(t, 3)
	open := func() *Run {
		t.Helper()
		r, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if r := open(); r.End != nil || len(r.Damage) != 0 {
		t.Errorf("a run that was interrupted has the end %+v and damage %v", r.End, r.Damage)
	}
	end := func(because string) {
		t.Helper()
		w, _, err := Resume(dir, examplePlan, exampleHost)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Append(&trials[0]); err != nil {
			t.Fatal(err)
		}
		if err := w.End(because); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	end("first")
	if diff := cmp.Diff(&End{"first", 4, new(int)}, open().End); diff != "" {
		t.Errorf("end (-want +got):\n%s", diff)
	}
	end("second") // a run that goes on ends anew
	if diff := cmp.Diff(&End{"second", 5, new(int)}, open().End); diff != "" {
		t.Errorf("end (-want +got):\n%s", diff)
	}

	// A whole line that is lost leaves no other trace.
	name := filepath.Join(dir, TrialsFile)
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(data, []byte("\n"))
	if err := os.WriteFile(name, bytes.Join(lines[:4], nil), 0o644); err != nil {
		t.Fatal(err)
	}
	want := []Damage{{File: TrialsFile, Reason: "4 trials, end.json says 5"}}
	if diff := cmp.Diff(want, open().Damage); diff != "" {
		t.Errorf("damage (-want +got):\n%s", diff)
	}
	if err := os.WriteFile(filepath.Join(dir, EndFile), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if r := open(); len(r.Damage) != 1 || r.Damage[0].File != EndFile {
		t.Errorf("damage of a broken %s: %v", EndFile, r.Damage)
	}
}
