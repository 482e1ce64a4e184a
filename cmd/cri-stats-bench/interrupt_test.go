//go:build unix

package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"cri-stats-bench/bench/criconn/fakecri"
)

// The first signal ends what is under way, and after a moment says what is waited for; what
// comes within that moment is the same wish, and what comes later ends the program.
func TestInterruptible(t *testing.T) {
	f := func(want string, ends bool, pauses ...time.Duration) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			signals := make(chan os.Signal, 1)
			var out bytes.Buffer
			ended := false
			ctx := interruptible(t.Context(), signals, &out, func() { ended = true })
			for _, pause := range pauses {
				time.Sleep(pause)
				signals <- os.Interrupt
				synctest.Wait()
				if !errors.Is(ctx.Err(), context.Canceled) {
					t.Errorf("after a signal: %v", ctx.Err())
				}
			}
			time.Sleep(2 * sameWish)
			synctest.Wait()
			told := out.String()
			if !ended { // or the goroutine of the program would outlive the test
				signals <- os.Interrupt
				synctest.Wait()
			}
			if says := strings.Contains(told, "interrupt again to end at once"); !says || strings.Contains(told, "cri-stats-bench cleanup") != ends || !strings.Contains(told, want) {
				t.Errorf("after %v: says %q", pauses, told)
			}
		})
	}
	f("interrupted: ending", false, 0)
	f("interrupted: ending", false, 0, sameWish/2)
	f("ended at once", true, 0, 2*sameWish)
}

// interruptedTwice starts the program on a runtime, interrupts it after a while, and once more
// after ten seconds. It returns how long each took to end it, and what it said.
func interruptedTwice(t *testing.T, args ...string) (first, second time.Duration, status int, says string) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, args...)
	cmd.Env = append(os.Environ(), childVariable+"=1", "CONTAINER_RUNTIME_ENDPOINT=")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	wait := func(signal os.Signal, most time.Duration) (time.Duration, bool) {
		start := time.Now()
		_ = cmd.Process.Signal(signal) // it may just have ended
		select {
		case <-done:
			return time.Since(start), true
		case <-time.After(most):
			return most, false
		}
	}
	time.Sleep(1500 * time.Millisecond)
	first, ended := wait(os.Interrupt, 10*time.Second)
	if !ended {
		if second, ended = wait(os.Interrupt, 10*time.Second); !ended {
			_, _ = wait(syscall.SIGKILL, time.Minute)
		}
	}
	return first, second, cmd.ProcessState.ExitCode(), stderr.String()
}

// endsWhenInterrupted holds that a command ends within ten seconds of an interrupt, whatever
// a runtime does to it, or says what it waits for; and that a second one ends it at once. The
// runtime never answers the methods that hang; a command without any has none.
func endsWhenInterrupted(t *testing.T, hang string, args ...string) {
	t.Helper()
	if hang != "" {
		dir, err := os.MkdirTemp("", "hang-*") //nolint:usetesting // a short path: the name of a socket has at most 107 bytes
		if err != nil {
			t.Fatal(err)
		}
		server, err := fakecri.Start(fakecri.Options{Endpoint: "unix://" + dir + "/cri.sock", Hang: strings.Fields(hang)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := errors.Join(server.Stop(), os.RemoveAll(dir)); err != nil {
				t.Error(err)
			}
		})
		args = append(args, "-r", server.Endpoint())
	}
	first, second, status, says := interruptedTwice(t, args...)
	switch {
	case first < 10*time.Second:
		if status != exitInterrupted || !strings.Contains(says, "interrupted") {
			t.Errorf("status %d, says %q", status, says)
		}
	case !strings.Contains(says, "interrupt again to end at once"):
		t.Errorf("does not end within 10 s, and says %q", says)
	case second > time.Second || status != exitInterrupted || !strings.Contains(says, "cri-stats-bench cleanup"):
		t.Errorf("a second interrupt ended it after %v with status %d, and it says %q", second, status, says)
	}
	t.Logf("ended %v after the first interrupt, %v after the second", first, second)
}

func TestInterruptEnds(t *testing.T) {
	f := func(hang string, args ...string) {
		t.Run(args[0]+" "+hang, func(t *testing.T) {
			t.Parallel()
			endsWhenInterrupted(t, hang, args...)
		})
	}
	f("ListContainers ListPodSandbox ImageStatus RuntimeConfig Status", "doctor")
	f("ListPodSandbox", "collect", "cri-pod-stats")
	f("ListPodSandboxStats", "collect", "cri-pod-stats")
	f("", "demo", "--out", t.TempDir())
}
