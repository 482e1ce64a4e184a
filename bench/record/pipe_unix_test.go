//go:build unix

package record

import (
	"path/filepath"
	"syscall"
	"testing"
)

// A pipe in the place of a file holds nobody.
func TestPipe(t *testing.T) {
	dir, _ := exampleRun(t, 1)
	if err := syscall.Mkfifo(filepath.Join(dir, EndFile), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir); err == nil {
		t.Error("opened a pipe")
	}
}
