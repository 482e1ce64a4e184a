// Package testfile holds what tests keep in files: golden files, which the flag -update
// writes anew, and trees of small files that stand for /proc, /sys and cgroups. It is for
// tests alone.
package testfile

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write golden files anew")

// Updating says that golden files are written and not compared.
func Updating() bool { return *update }

// Golden compares with a file, or writes it.
func Golden[T ~string | ~[]byte](t testing.TB, path string, got T) {
	t.Helper()
	if *update {
		Write(t, path, string(got))
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// A checkout on Windows may have other line ends.
	if diff := cmp.Diff(strings.ReplaceAll(string(want), "\r\n", "\n"), string(got)); diff != "" {
		t.Errorf("%s (-want +got): is it better now? Then write it anew with -update (make golden):\n%s", path, diff)
	}
}

// Tree makes files with their texts below a new folder, and folders of names that end in
// a slash.
func Tree(t testing.TB, files map[string]string) (root string) {
	t.Helper()
	root = t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		if !strings.HasSuffix(name, "/") {
			Write(t, path, text)
		} else if err := os.MkdirAll(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// Write makes a file, and the folder that it is in.
func Write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
