package godebug

import (
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cri-stats-bench/bench"
)

// serve answers on a socket of its own, whose path it returns.
func serve(t *testing.T, handle http.HandlerFunc) string {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "debug.sock")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: handle}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
	return socket
}

// refused says whether an error is, or is not, as wanted.
func refused(t *testing.T, what string, err error, want string) {
	t.Helper()
	if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
		t.Errorf("%s: %v, want %q", what, err, want)
	}
}

func TestAllocated(t *testing.T) {
	f := func(status int, answer string, want *bench.Allocations, wantErr string) {
		t.Helper()
		socket := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/debug/vars" {
				t.Errorf("asked for %s", r.URL)
			}
			w.WriteHeader(status)
			_, _ = w.Write([]byte(answer))
		})
		got, err := Allocated(t.Context(), socket)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("allocated (-want +got):\n%s", diff)
		}
		refused(t, "Allocated", err, wantErr)
	}
	f(200, `{"cmdline": ["containerd"], "memstats": {"TotalAlloc": 4096, "Mallocs": 7, "Frees": 1}}`, &bench.Allocations{Bytes: 4096, Objects: 7}, "")
	f(200, `{"cmdline": ["containerd"]}`, nil, "")
	f(200, `{"memstats": {"TotalAlloc": "many"}}`, nil, "/debug/vars of ")
	f(404, ``, nil, "404 Not Found")
}

func TestGet(t *testing.T) {
	socket := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(r.URL.String()))
	})
	const path = "/debug/pprof/profile?seconds=5"
	got, err := Get(t.Context(), socket, path)
	if string(got) != path || err != nil {
		t.Errorf("Get: %q, %v", got, err)
	}
	_, err = get(t.Context(), socket, path, int64(len(path))-1)
	refused(t, "more than the most", err, "more than 29 bytes")
	_, err = Get(t.Context(), filepath.Join(t.TempDir(), "none.sock"), path)
	refused(t, "nobody serves", err, "connect")
}
