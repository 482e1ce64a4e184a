package live

import (
	"os"
	"path/filepath"
	"testing"
)

func TestUsage(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a", "b", "sub/c"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, make([]byte, 4096), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Link(filepath.Join(dir, "a"), filepath.Join(dir, "again")); err != nil {
		t.Fatal(err)
	}
	bytes, inodes, err := usage(dir)
	if err != nil || inodes != 5 || bytes < 3*4096 || bytes > 5*65536 {
		t.Errorf("%g bytes in %g files and folders, %v; want 5 of them", bytes, inodes, err)
	}
	if _, _, err := usage(filepath.Join(dir, "missing")); err == nil {
		t.Error("a folder that is not there has a size")
	}
}
