package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"runtime/debug"
	"slices"

	"google.golang.org/grpc/codes"
	grpcstatus "google.golang.org/grpc/status"

	"cri-stats-bench/bench/criconn"
	"cri-stats-bench/bench/host"
	"cri-stats-bench/bench/plan"
	"cri-stats-bench/workloads/pods"
)

// Exit statuses of the program.
const (
	exitDone         = 0
	exitFailed       = 1   // the harness failed
	exitUsage        = 2   // flags, plan or endpoint are wrong
	exitInconclusive = 10  // --fail-on inconclusive, and a primary verdict is
	exitInferior     = 20  // --fail-on inferior, and a primary verdict is
	exitUnfit        = 30  // the node is unfit for what is asked of it
	exitInterrupted  = 130 // by a signal; what was finished is on disk
)

// statusError gives an error an exit status where its type does not say it.
type statusError struct {
	status int
	error
}

func (e statusError) Unwrap() error { return e.error }

// usage marks an error as the user's input's.
func usage(format string, args ...any) error {
	return statusError{exitUsage, fmt.Errorf(format, args...)}
}

// status returns the exit status that an error stands for.
func status(ctx context.Context, err error) int {
	var (
		given    statusError
		planErr  *plan.Error
		endpoint *criconn.EndpointError
		memory   *pods.MemoryError
		held     *host.LockError
	)
	switch {
	case err == nil:
		return exitDone
	case ctx.Err() != nil && (errors.Is(err, context.Canceled) || grpcstatus.Code(err) == codes.Canceled):
		return exitInterrupted
	case errors.As(err, &given):
		return given.status
	case errors.As(err, &planErr):
		return exitUsage
	case errors.As(err, &endpoint):
		if endpoint.Problem == criconn.Malformed {
			return exitUsage
		}
		return exitUnfit
	case errors.As(err, &memory), errors.As(err, &held), errors.Is(err, fs.ErrPermission):
		return exitUnfit
	}
	return exitFailed
}

// cancelled says that an error is nothing but what an interruption does to what is under way:
// where several are joined, all of them.
func cancelled(err error) bool {
	switch e := err.(type) { //nolint:errorlint // each level is looked at
	case interface{ Unwrap() []error }:
		return !slices.ContainsFunc(e.Unwrap(), func(err error) bool { return !cancelled(err) })
	case interface{ Unwrap() error }:
		return cancelled(e.Unwrap())
	}
	return err == context.Canceled || grpcstatus.Code(err) == codes.Canceled //nolint:errorlint // a leaf
}

// caught runs f. A panic is a fault of the harness and ends with its status: the Go
// runtime's own would be that of wrong flags.
func caught(stderr io.Writer, f func() int) (code int) {
	defer func() {
		if p := recover(); p != nil {
			fmt.Fprintf(stderr, "cri-stats-bench: a fault of this program, please report it: %v\n%s", p, debug.Stack())
			code = exitFailed
		}
	}()
	return f()
}

// complain writes an error for a person, each of several on a line of its own. Of what was
// interrupted nobody need be told that its context was cancelled.
func complain(ctx context.Context, w io.Writer, err error) {
	told := false
	for _, e := range flatten(err) {
		if ctx.Err() != nil && cancelled(e) {
			e = errors.New("interrupted")
			if told {
				continue
			}
			told = true
		}
		fmt.Fprintf(w, "cri-stats-bench: %v\n", e)
	}
}

// flatten takes joined errors apart.
func flatten(err error) []error {
	if given, ok := err.(statusError); ok { //nolint:errorlint // not one inside of a join, whose other errors count too
		return flatten(given.error)
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var out []error
	for _, e := range joined.Unwrap() {
		out = slices.Concat(out, flatten(e))
	}
	return out
}
