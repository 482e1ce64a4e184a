package agent

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"
)

// A process that is started from the copy runs it, and not the file that it was made
// of: they have no page in common.
func TestCopy(t *testing.T) {
	program, err := exec.LookPath("sleep")
	if err != nil {
		t.Fatal(err)
	}
	path, done, err := Copy(program)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "60")
	if err := cmd.Start(); err != nil {
		t.Fatalf("start the copy: %v", err)
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if err := done(); err != nil {
			t.Error(err)
		}
	}()
	var original, running unix.Stat_t
	if err := unix.Stat(program, &original); err != nil {
		t.Fatal(err)
	}
	if err := unix.Stat(fmt.Sprintf("/proc/%d/exe", cmd.Process.Pid), &running); err != nil {
		t.Fatal(err)
	}
	if original.Dev == running.Dev && original.Ino == running.Ino {
		t.Error("the process runs the original")
	}
	if _, _, err := Copy("/no/such/program"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("copy of nothing: %v", err)
	}
}
