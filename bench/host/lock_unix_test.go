//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package host

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// TestMain lets the test binary be another run that holds the lock.
func TestMain(m *testing.M) {
	if path := os.Getenv("HOST_TEST_LOCK"); path != "" {
		if _, err := AcquireLock(path); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println("held")
		_, _ = bufio.NewReader(os.Stdin).ReadString('\n') // until killed
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	for range 2 { // it can be had again
		lock, err := AcquireLock(path)
		if err != nil {
			t.Fatal(err)
		}
		_, err = AcquireLock(path)
		var held *LockError
		if !errors.As(err, &held) || held.PID != os.Getpid() || held.Path != path {
			t.Errorf("had it twice: %v", err)
		}
		if err := lock.Release(); err != nil {
			t.Error(err)
		}
	}
}

func TestLockErrorText(t *testing.T) {
	f := func(pid int, want string) {
		t.Helper()
		if got := (&LockError{"/run/lock/x.lock", pid}).Error(); got != want {
			t.Errorf("error %q, want %q", got, want)
		}
	}
	f(123, "another run, pid 123, holds /run/lock/x.lock; wait or end it")
	f(0, "another run holds /run/lock/x.lock; wait or end it")
}

// TestLockOfTheDead kills another process that holds the lock.
func TestLockOfTheDead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), "HOST_TEST_LOCK="+path)
	out, errOut := cmd.StdoutPipe()
	in, errIn := cmd.StdinPipe()
	if err := errors.Join(errOut, errIn, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "held\n" {
		t.Fatalf("the other run said %q, %v", line, err)
	}
	_, err = AcquireLock(path)
	var held *LockError
	if !errors.As(err, &held) || held.PID != cmd.Process.Pid {
		t.Errorf("took the lock that pid %d holds: %v", cmd.Process.Pid, err)
	}
	if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	lock, err := AcquireLock(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := lock.Release(); err != nil {
		t.Error(err)
	}
}

// TestLockFollowsNoLink puts a link where the lock should be: its target must not
// be overwritten.
func TestLockFollowsNoLink(t *testing.T) {
	dir := t.TempDir()
	target, path := filepath.Join(dir, "precious"), filepath.Join(dir, "lock")
	if err := errors.Join(os.WriteFile(target, []byte("text"), 0o600), os.Symlink(target, path)); err != nil {
		t.Fatal(err)
	}
	if _, err := AcquireLock(path); err == nil {
		t.Error("followed a link")
	}
	if data, err := os.ReadFile(target); err != nil || string(data) != "text" {
		t.Errorf("the target holds %q, %v", data, err)
	}
	if _, err := AcquireLock(filepath.Join(dir, "none", "lock")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("locked in a folder that is not there: %v", err)
	}
}

// A lock that others could open could be held by them: it is ours alone, also where it was
// not, and another user's is refused.
func TestLockIsOurs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	lock, err := AcquireLock(path)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if err := lock.Release(); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() != 0 {
		t.Log("left out: the lock of another user (needs root)")
		return
	}
	if err := os.Chown(path, 4711, 4711); err != nil {
		t.Fatal(err)
	}
	if _, err := AcquireLock(path); err == nil {
		t.Error("took a lock that is another user's")
	}
}
