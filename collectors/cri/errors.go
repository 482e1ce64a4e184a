package cri

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/criconn"
)

// errNoID is a warning.
var errNoID = errors.New("an item of the answer has no id and was left out")

// A callError is a call that failed:
//
//	ListPodSandboxStats on unix:///run/x.sock: deadline exceeded after 10s
//	ListPodSandboxStats on unix:///run/x.sock: Unavailable: connection refused
type callError struct {
	method, endpoint, problem string
	causes                    []error
}

func (e *callError) Error() string {
	return fmt.Sprintf("%s on %s: %s", e.method, e.endpoint, e.problem)
}

// Unwrap returns the error of the client, and the error of package context that
// it stands for: gRPC's own does not match it.
func (e *callError) Unwrap() []error { return e.causes }

// callError says what was asked of whom and how it failed.
func (c *collector) callError(err error, took time.Duration) error {
	if criconn.IsUnimplemented(err) {
		return &bench.UnsupportedError{What: c.method, Needs: criconn.Needs(c.method), Err: err}
	}
	e := &callError{method: c.method, endpoint: c.conn.Endpoint, causes: []error{err}}
	s := status.Convert(err)
	switch s.Code() {
	case codes.DeadlineExceeded:
		e.problem = "deadline exceeded after " + rounded(took).String()
		e.causes = append(e.causes, context.DeadlineExceeded)
	case codes.Canceled:
		e.problem = "cancelled after " + rounded(took).String()
		e.causes = append(e.causes, context.Canceled)
	default:
		e.problem = fmt.Sprintf("%s: %s", s.Code(), s.Message())
	}
	return e
}

// rounded leaves about three digits, as many as a reader wants to see.
func rounded(d time.Duration) time.Duration {
	for unit := 1000 * time.Second; unit > 1; unit /= 10 {
		if d >= 100*unit {
			return d.Round(unit)
		}
	}
	return d
}
