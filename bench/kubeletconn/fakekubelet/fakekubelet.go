// Package fakekubelet serves the endpoints of a kubelet out of memory, over TLS with
// a certificate of its own, for the tests of whatever speaks to a kubelet.
//
// It stands to package kubeletconn as fakecri stands to criconn. It runs no pods:
// what it says of pods, its caller has told it.
package fakekubelet

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cri-stats-bench/bench"
)

// A Face is what the kubelet says.
type Face struct {
	// Provider is the one in kubelet_metrics_provider; none if empty.
	Provider string
	// Version is its build's.
	Version    string
	Operations map[string]bench.Operation
	// Gates are the feature gates in /configz.
	Gates map[string]bool
	// Sick is what /healthz answers instead of "ok".
	Sick string
	// Bodies are answers of further paths, such as /stats/summary.
	Bodies map[string]string
	// Delay is how long those take.
	Delay time.Duration
}

// A Server is a kubelet that serves.
type Server struct {
	http *httptest.Server
	dir  string

	mu    sync.Mutex
	face  Face
	token string
	asked []string
	load  func(*Face)
}

// Start serves until the test ends.
func Start(t testing.TB, face Face) *Server {
	t.Helper()
	s := &Server{dir: t.TempDir(), face: face}
	s.http = httptest.NewUnstartedServer(s)
	s.http.EnableHTTP2 = true
	s.http.StartTLS()
	t.Cleanup(s.http.Close)
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.http.Certificate().Raw})
	if err := os.WriteFile(s.path("kubelet.crt"), certificate, 0o600); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *Server) path(name string) string { return filepath.Join(s.dir, name) }

// Kubelet is how to reach the server.
func (s *Server) Kubelet() bench.Kubelet {
	k := bench.Kubelet{Endpoint: s.http.URL, CAFile: s.path("kubelet.crt")}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.token != "" {
		k.TokenFile = s.path("token")
	}
	return k
}

// WantToken makes the server refuse who does not show the token, and writes it to
// the file that Kubelet names.
func (s *Server) WantToken(t testing.TB, token string) {
	t.Helper()
	if err := os.WriteFile(s.path("token"), []byte(token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.token = token
}

// Change changes what the server says.
func (s *Server) Change(change func(*Face)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.face)
}

// Load has load look, before each answer, what the kubelet is to say: it may read
// the configuration that a restart has put in force.
func (s *Server) Load(load func(*Face)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.load = load
}

// Asked returns which paths were asked for, in order.
func (s *Server) Asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.asked = append(s.asked, r.URL.Path)
	if s.load != nil {
		s.load(&s.face)
	}
	face, token := s.face, s.token
	s.mu.Unlock()
	if token != "" && r.Header.Get("Authorization") != "Bearer "+token {
		http.Error(w, "Unauthorized", http.StatusUnauthorized)
		return
	}
	var body string
	switch r.URL.Path {
	case "/healthz":
		if body = "ok"; face.Sick != "" {
			http.Error(w, face.Sick, http.StatusInternalServerError)
			return
		}
	case "/metrics":
		body = face.metrics()
	case "/configz":
		data, err := json.Marshal(map[string]any{"kubeletconfig": map[string]any{"featureGates": face.Gates, "staticPodPath": "/etc/kubernetes/manifests"}})
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		body = string(data)
	default:
		var ok bool
		if body, ok = face.Bodies[r.URL.Path]; !ok {
			http.NotFound(w, r)
			return
		}
		select {
		case <-time.After(face.Delay):
		case <-r.Context().Done():
			return
		}
	}
	_, _ = w.Write([]byte(body)) // who has gone does not miss it
}

// metrics is the text of /metrics.
func (f *Face) metrics() string {
	var b strings.Builder
	if f.Provider != "" {
		fmt.Fprintf(&b, "# TYPE kubelet_metrics_provider gauge\nkubelet_metrics_provider{provider=%q} 1\n", f.Provider)
	}
	fmt.Fprintf(&b, "# TYPE kubernetes_build_info gauge\nkubernetes_build_info{git_version=%q,major=\"1\"} 1\n", f.Version)
	fmt.Fprint(&b, "# TYPE kubelet_runtime_operations_duration_seconds histogram\n")
	names := slices.Sorted(maps.Keys(f.Operations))
	for _, name := range names {
		o := f.Operations[name]
		const metric = "kubelet_runtime_operations_duration_seconds"
		fmt.Fprintf(&b, "%s_bucket{operation_type=%q,le=\"+Inf\"} %d\n", metric, name, o.Count)
		fmt.Fprintf(&b, "%s_sum{operation_type=%q} %v\n%s_count{operation_type=%q} %d\n", metric, name, o.Seconds, metric, name, o.Count)
	}
	fmt.Fprint(&b, "# TYPE kubelet_runtime_operations_errors_total counter\n")
	for _, name := range names {
		if n := f.Operations[name].Errors; n > 0 {
			fmt.Fprintf(&b, "kubelet_runtime_operations_errors_total{operation_type=%q} %d\n", name, n)
		}
	}
	return b.String()
}
