package criconn

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"path/filepath"
	"strings"
)

// A Problem is what is wrong with an endpoint.
type Problem string

// The problems. Malformed is a mistake in what was typed; all others say that
// the node is unfit as it is.
const (
	Malformed    Problem = "is not an endpoint"
	NoSocket     Problem = "no such socket"
	NoPermission Problem = "no permission to connect"
	NoListener   Problem = "nobody listens there"
	NoAnswer     Problem = "takes connections but does not answer"
	NotGRPC      Problem = "does not speak gRPC"
	NotCRI       Problem = "speaks gRPC but not CRI"
	OldCRI       Problem = "speaks CRI v1alpha2 only"
	NotReady     Problem = "speaks CRI but is not ready"
)

// An EndpointError says what is wrong with a CRI endpoint and what to do.
type EndpointError struct {
	Endpoint string
	Problem  Problem
	Remedy   string
	Err      error // what came back, if anything did
}

// Error is one line: endpoint, problem, cause, remedy.
func (e *EndpointError) Error() string {
	cause := ""
	if e.Err != nil {
		cause = " (" + e.Err.Error() + ")"
	}
	return fmt.Sprintf("CRI endpoint %q %s%s; %s", e.Endpoint, e.Problem, cause, e.Remedy)
}

// Unwrap returns what came back.
func (e *EndpointError) Unwrap() error { return e.Err }

// remedies has one piece of advice per problem of the node. Malformed has none
// here: what to do depends on what was typed.
var remedies = map[Problem]string{
	NoSocket:     "is the runtime running? usual sockets are /run/containerd/containerd.sock and /run/crio/crio.sock",
	NoPermission: "CRI sockets belong to root: run as root",
	NoListener:   "the socket was left behind by a runtime that ended: start the runtime",
	NoAnswer:     "is this a CRI socket, and is the runtime well? see its log",
	NotGRPC:      "this is some other server's socket: give the runtime's CRI socket",
	NotCRI:       "where this is containerd, its CRI plugin is disabled: remove \"cri\" from disabled_plugins in its config and restart it",
	OldCRI:       "needs containerd 1.6 or later, or CRI-O 1.23 or later, for CRI v1",
	NotReady:     "wait until the runtime has started, or see its log",
}

// problem makes the error for a problem of the node.
func (a address) problem(p Problem, err error) *EndpointError {
	return &EndpointError{Endpoint: a.String(), Problem: p, Remedy: remedies[p], Err: err}
}

// An address is a parsed endpoint, in the words of package net.
type address struct {
	network string // "unix" or "tcp"
	address string
}

// String is the endpoint in its normal form.
func (a address) String() string { return a.network + "://" + a.address }

// Normalize returns the one form of an endpoint that records hold:
// unix:///path or tcp://HOST:PORT. It connects to nothing; its error is an
// *EndpointError with the Problem Malformed.
func Normalize(endpoint string) (string, error) {
	a, err := parse(endpoint)
	if err != nil {
		return "", err
	}
	return a.String(), nil
}

func parse(endpoint string) (address, error) {
	malformed := func(remedy string) (address, error) {
		return address{}, &EndpointError{Endpoint: endpoint, Problem: Malformed, Remedy: remedy}
	}
	if strings.ContainsAny(endpoint, "\x00\r\n") {
		return malformed("it holds control characters")
	}
	scheme, rest, ok := strings.Cut(endpoint, "://")
	if !ok {
		scheme, rest = "unix", endpoint
	}
	switch scheme {
	case "unix":
		absolute := strings.HasPrefix(rest, "/") || filepath.IsAbs(rest) // the latter for C:/ alone
		clean := filepath.ToSlash(filepath.Clean(rest))
		if !absolute || strings.Trim(clean, "/") == "" {
			return malformed("write unix:///path/of.sock (three slashes), or the socket's absolute path")
		}
		return address{"unix", clean}, nil
	case "tcp":
		host, port, err := net.SplitHostPort(rest)
		if err != nil || port == "" {
			return malformed("write tcp://127.0.0.1:PORT")
		}
		// CRI over TCP is plain text, and whoever speaks it owns the node.
		if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return malformed("TCP endpoints must be on loopback: write tcp://127.0.0.1:PORT")
		}
		return address{"tcp", net.JoinHostPort(host, port)}, nil
	default:
		return malformed("write unix:///path, /path or tcp://127.0.0.1:PORT")
	}
}

// connectError says why a plain connection was not to be had.
func (a address) connectError(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("dial %s: %w", a, context.Cause(ctx))
	case errors.Is(err, fs.ErrNotExist):
		return a.problem(NoSocket, err)
	case errors.Is(err, fs.ErrPermission):
		return a.problem(NoPermission, err)
	case errors.Is(err, context.DeadlineExceeded):
		return a.problem(NoAnswer, err)
	default: // refused, or not a socket: net's error says which
		return a.problem(NoListener, err)
	}
}
