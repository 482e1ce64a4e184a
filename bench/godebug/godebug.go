// Package godebug asks a Go daemon what it says of itself over a unix socket that serves
// expvar and net/http/pprof: containerd's debug socket, CRI-O's own.
//
// It connects anew for each question, since the daemon behind a socket is another one
// after a restart. It reads answers and understands none of them but memstats.
package godebug

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"

	"cri-stats-bench/bench"
)

const (
	// MaxAnswer is more than a profile of a daemon has, in bytes.
	MaxAnswer = 64 << 20
	// maxVars is more than a daemon says of itself in /debug/vars.
	maxVars = 4 << 20
)

// Get returns the answer to a path, which may have a query: "/debug/pprof/profile?seconds=5".
// Any other status than 200 is an error, and so is an answer above MaxAnswer.
func Get(ctx context.Context, socket, path string) ([]byte, error) {
	return get(ctx, socket, path, MaxAnswer)
}

func get(ctx context.Context, socket, path string, most int64) (_ []byte, err error) {
	transport := &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", socket)
		},
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://daemon"+path, http.NoBody)
	if err != nil {
		return nil, err
	}
	answer, err := transport.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, answer.Body.Close()) }()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s of %s: %s", request.URL.Path, socket, answer.Status)
	}
	data, err := io.ReadAll(io.LimitReader(answer.Body, most+1))
	if err == nil && int64(len(data)) > most {
		err = fmt.Errorf("more than %d bytes", most)
	}
	if err != nil {
		return nil, fmt.Errorf("%s of %s: %w", request.URL.Path, socket, err)
	}
	return data, nil
}

// Allocated returns what the daemon has allocated since it began (/debug/vars, package
// expvar), nil where it does not tell.
func Allocated(ctx context.Context, socket string) (*bench.Allocations, error) {
	const path = "/debug/vars"
	data, err := get(ctx, socket, path, maxVars)
	if err != nil {
		return nil, err
	}
	var vars struct {
		MemStats *struct {
			TotalAlloc, Mallocs float64
		} `json:"memstats"`
	}
	if err := json.Unmarshal(data, &vars); err != nil {
		return nil, fmt.Errorf("%s of %s: %w", path, socket, err)
	}
	if vars.MemStats == nil {
		return nil, nil
	}
	return &bench.Allocations{Bytes: vars.MemStats.TotalAlloc, Objects: vars.MemStats.Mallocs}, nil
}
