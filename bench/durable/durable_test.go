package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A watched disk notes each step, and lets one of them fail.
type watched struct {
	steps []string
	fails string
}

var errFull = errors.New("no space left on device")

func (w *watched) step(name string) error {
	w.steps = append(w.steps, name)
	if name == w.fails {
		return errFull
	}
	return nil
}

func (w *watched) create(path string) (file, error) {
	if err := w.step("create " + path); err != nil {
		return nil, err
	}
	return watchedFile{w}, nil
}
func (w *watched) rename(from, to string) error { return w.step("rename " + from + " " + to) }
func (w *watched) remove(path string) error     { return w.step("remove " + path) }
func (w *watched) syncDir(dir string) error     { return w.step("sync folder " + dir) }

type watchedFile struct{ w *watched }

func (f watchedFile) Write(p []byte) (int, error) { return len(p), f.w.step("write") }
func (f watchedFile) Chmod(fs.FileMode) error     { return f.w.step("mode") }
func (f watchedFile) Sync() error                 { return f.w.step("sync") }
func (f watchedFile) Close() error                { return f.w.step("close") }

// What is in a file is on disk before it has its name, and its name before the caller goes
// on; where a step fails, the caller is told, and the name still has what it had.
func TestOrder(t *testing.T) {
	const draft = "d/.state.new"
	whole := []string{"remove " + draft, "create " + draft, "write", "mode", "sync", "close", "rename " + draft + " d/state", "sync folder d"}
	w := &watched{}
	if err := write(w, "d/state", []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(whole, w.steps); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
	for i, step := range whole {
		w := &watched{fails: step}
		if err := write(w, "d/state", []byte("x"), 0o600); !errors.Is(err, errFull) {
			t.Errorf("%s fails: %v", step, err)
		}
		told := strings.Join(w.steps, ", ")
		renamed, removed := strings.Contains(told, "rename"), strings.HasSuffix(told, "remove "+draft)
		switch {
		case i < 2: // there is no draft yet
			removed = true
		case i == len(whole)-1: // its name may be lost with the power, and the caller knows
			renamed, removed = false, true
		case i == len(whole)-2:
			renamed = false
		}
		if renamed || !removed {
			t.Errorf("%s fails: then %s", step, told)
		}
	}
}

func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	path, other := filepath.Join(dir, "state"), filepath.Join(dir, "other")
	if err := os.WriteFile(other, []byte("theirs"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(other, Draft(path)); err != nil { // somebody waits for us to write through it
		t.Fatal(err)
	}
	for _, text := range []string{"first", "second, and longer"} {
		if err := WriteFile(path, []byte(text), 0o640); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(path)
		if err != nil || string(got) != text {
			t.Errorf("%q, %v", got, err)
		}
	}
	if got, err := os.ReadFile(other); err != nil || string(got) != "theirs" {
		t.Errorf("the file behind the link is %q, %v", got, err)
	}
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode() != 0o640 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 {
		t.Errorf("%v is left, %v", entries, err)
	}
	if err := WriteFile(filepath.Join(dir, "nowhere", "state"), nil, 0o600); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("into a folder that is not there: %v", err)
	}
}
