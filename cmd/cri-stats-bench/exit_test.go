package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"

	"google.golang.org/grpc/codes"
	grpcstatus "google.golang.org/grpc/status"
)

// Every one of several errors has a line of its own, also where some carry a status.
func TestFlatten(t *testing.T) {
	a, b, c := errors.New("a"), errors.New("b"), errors.New("c")
	f := func(err error, want ...string) {
		t.Helper()
		var got []string
		for _, e := range flatten(err) {
			got = append(got, e.Error())
		}
		if !slices.Equal(got, want) {
			t.Errorf("%v is taken apart as %q, want %q", err, got, want)
		}
	}
	f(a, "a")
	f(errors.Join(a, b), "a", "b")
	f(errors.Join(a, statusError{exitInferior, errors.Join(b, c)}), "a", "b", "c")
	f(statusError{exitUsage, errors.Join(a, statusError{exitInferior, b})}, "a", "b")
	f(fmt.Errorf("read: %w", errors.Join(a, b)), "read: a\nb")
}

// Of what was interrupted one line is said; what failed besides is told all the same, however
// it is wrapped: it may be what is left on the node.
func TestComplainOfInterruption(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	f := func(err error, want ...string) {
		t.Helper()
		var out strings.Builder
		complain(ctx, &out, err)
		got := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
		for i := range got {
			got[i] = strings.TrimPrefix(got[i], "cri-stats-bench: ")
		}
		if !slices.Equal(got, want) {
			t.Errorf("%v: says %q, want %q", err, got, want)
		}
	}
	call := grpcstatus.Error(codes.Canceled, "context canceled")
	f(context.Canceled, "context canceled") // nobody has interrupted it
	cancel()
	left := errors.New("2 pods are left")
	f(fmt.Errorf("on crio: %w", context.Canceled), "interrupted")
	f(errors.Join(context.Canceled, fmt.Errorf("list: %w", call)), "interrupted")
	f(errors.Join(fmt.Errorf("list: %w", call), left), "interrupted", "2 pods are left")
	f(fmt.Errorf("on crio: %w", errors.Join(context.Canceled, left)), "on crio: context canceled", "2 pods are left")
	f(left, "2 pods are left")
}

// What is wrong with what was typed has one status, whoever finds it.
func TestUsageStatus(t *testing.T) {
	f := func(says string, args ...string) {
		t.Helper()
		if code, _, errs := invoke(args...); code != exitUsage || !strings.Contains(errs, says) {
			t.Errorf("%v: status %d, %q, want %d and %q", args, code, errs, exitUsage, says)
		}
	}
	f("none of the others can be", "run", "--preset", "quick", "--plan", "mine.yaml")
	f("none of the others can be", "report", "--full", "--format", "html", "nowhere")
	f("give the folder of a run", "report", "nowhere")
	f("nowhere", "run", "--resume", "nowhere")
	f("no private runtime", "run", "--runtime", "docker")
	f("no private runtime", "verify", "--runtime", "docker")
	if code, out, _ := invoke("--version"); code != exitDone || !strings.Contains(out, "cri-stats-bench version") {
		t.Errorf("--version: status %d, %q", code, out)
	}
}

// A reader that goes away is no error; a full disk is.
func TestReader(t *testing.T) {
	f := func(fails error, want error) {
		t.Helper()
		n := 0
		r := &reader{out: writerFunc(func(p []byte) (int, error) {
			if n++; n == 2 {
				return 0, fails
			}
			return len(p), nil
		})}
		var err error
		for range 3 {
			if _, err = r.Write([]byte("a line\n")); err != nil {
				break
			}
		}
		if !errors.Is(err, want) {
			t.Errorf("after %v: %v, want %v", fails, err, want)
		}
	}
	f(syscall.EPIPE, nil)
	f(syscall.ENOSPC, syscall.ENOSPC)
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// A panic is not a wrong flag.
func TestCaught(t *testing.T) {
	var errs strings.Builder
	if code := caught(&errs, func() int { panic("index out of range") }); code != exitFailed || !strings.Contains(errs.String(), "index out of range\n") || !strings.Contains(errs.String(), "TestCaught") {
		t.Errorf("status %d, %q", code, errs.String())
	}
}
