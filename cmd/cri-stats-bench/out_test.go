package main

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What a command left in a folder goes when it writes there again, and nothing else.
func TestOutFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "artifacts")
	f := func(command string, want []string, names ...string) {
		t.Helper()
		out, err := openOut(dir, command)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if err := out.file(name, func(w io.Writer) error { _, err := io.WriteString(w, command); return err }); err != nil {
				t.Fatal(err)
			}
		}
		var got []string
		for _, pattern := range []string{"[^.]*", "*/*"} {
			found, err := filepath.Glob(filepath.Join(dir, pattern))
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range found {
				if s, err := os.Stat(name); err == nil && s.Mode().IsRegular() {
					got = append(got, strings.TrimPrefix(name, dir+"/"))
				}
			}
		}
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s %v (-want +got):\n%s", command, names, diff)
		}
	}
	f("report", []string{"figures/cpu.svg", "report.txt"}, "report.txt", "figures/cpu.svg")
	if err := os.WriteFile(filepath.Join(dir, "theirs"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	f("compare", []string{"compare.txt", "figures/cpu.svg", "report.txt", "theirs"}, "compare.txt")
	f("report", []string{"compare.txt", "figures/pss.svg", "theirs"}, "figures/pss.svg")
	f("report", []string{"compare.txt", "report.txt", "theirs"}, "report.txt")

	if err := os.WriteFile(filepath.Join(dir, ".cri-stats-bench-report"), []byte("../victim\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	victim := filepath.Join(filepath.Dir(dir), "victim")
	if err := os.WriteFile(victim, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := openOut(dir, "report"); err == nil || !strings.Contains(err.Error(), `"../victim", which is not below the folder`) {
		t.Errorf("a list that leads out of the folder: %v", err)
	}
	if _, err := os.Stat(victim); err != nil {
		t.Error(err)
	}
}
