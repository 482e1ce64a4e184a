package kubeletconn_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/kubeletconn"
	"cri-stats-bench/bench/kubeletconn/fakekubelet"
)

func dial(t *testing.T, k bench.Kubelet) *kubeletconn.Conn {
	t.Helper()
	c, err := kubeletconn.New(k)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestStatus(t *testing.T) {
	operations := map[string]bench.Operation{
		"list_podsandbox_stats": {Count: 30, Seconds: 1.5, Errors: 2},
		"version":               {Count: 1, Seconds: 0.001},
	}
	server := fakekubelet.Start(t, fakekubelet.Face{Provider: "cri", Version: "v1.37.2", Operations: operations})
	got, err := dial(t, server.Kubelet()).Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := kubeletconn.Status{Provider: "cri", Version: "v1.37.2", Operations: operations}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("status (-want +got):\n%s", diff)
	}
}

func TestConfig(t *testing.T) {
	server := fakekubelet.Start(t, fakekubelet.Face{Gates: map[string]bool{"A": true, "B": false}})
	got, err := dial(t, server.Kubelet()).Config(t.Context())
	want := kubeletconn.Config{FeatureGates: map[string]bool{"A": true, "B": false}, StaticPodPath: "/etc/kubernetes/manifests"}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("config, %v (-want +got):\n%s", err, diff)
	}
}

func TestPods(t *testing.T) {
	const answer = `{"kind": "PodList", "items": [
		{"metadata": {"name": "well-node", "labels": {"a": "b"}}, "status": {"phase": "Running", "containerStatuses": [{"name": "c", "state": {"running": {}}}]}},
		{"metadata": {"name": "refused-node"}, "status": {"phase": "Failed", "reason": "OutOfpods", "message": "Pod was rejected: Node didn't have enough resource: pods"}},
		{"metadata": {"name": "waiting-node"}, "status": {"phase": "Pending", "containerStatuses": [
			{"name": "well", "state": {"running": {}}},
			{"name": "sick", "state": {"waiting": {"reason": "ErrImageNeverPull", "message": "it is not there"}}},
			{"name": "late", "state": {"waiting": {"reason": "ContainerCreating"}}}]}}]}`
	server := fakekubelet.Start(t, fakekubelet.Face{Bodies: map[string]string{"/pods": answer}})
	got, err := dial(t, server.Kubelet()).Pods(t.Context())
	want := []kubeletconn.Pod{
		{Name: "well-node", Labels: map[string]string{"a": "b"}},
		{Name: "refused-node", Trouble: "OutOfpods: Pod was rejected: Node didn't have enough resource: pods"},
		{Name: "waiting-node", Trouble: "container sick: ErrImageNeverPull: it is not there"},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("pods, %v (-want +got):\n%s", err, diff)
	}
	server.Change(func(f *fakekubelet.Face) { f.Bodies["/pods"] = "[]" })
	if _, err := dial(t, server.Kubelet()).Pods(t.Context()); err == nil || !strings.Contains(err.Error(), "read /pods of the kubelet at 127.0.0.1:") {
		t.Errorf("an answer that is no list of pods: %v", err)
	}
}

func TestReady(t *testing.T) {
	server := fakekubelet.Start(t, fakekubelet.Face{})
	c := dial(t, server.Kubelet())
	if err := c.Ready(t.Context()); err != nil {
		t.Error(err)
	}
	server.Change(func(f *fakekubelet.Face) {
		f.Sick = "[-]syncloop failed: sync loop took longer than expected\nhealthz check failed"
	})
	if err := c.Ready(t.Context()); err == nil || !strings.HasSuffix(err.Error(), "500 Internal Server Error: [-]syncloop failed: sync loop took longer than expected") {
		t.Errorf("a sick kubelet: %v", err)
	}
}

func TestToken(t *testing.T) {
	server := fakekubelet.Start(t, fakekubelet.Face{})
	without := dial(t, server.Kubelet())
	server.WantToken(t, "secret")
	if err := dial(t, server.Kubelet()).Ready(t.Context()); err != nil {
		t.Error(err)
	}
	err := without.Ready(t.Context())
	if err == nil || !strings.HasSuffix(err.Error(), "401 Unauthorized: Unauthorized") {
		t.Errorf("without a token: %v", err)
	}
	k := server.Kubelet()
	k.TokenFile += ".gone"
	if err := dial(t, k).Ready(t.Context()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a token that is not there: %v", err)
	}
}

// A kubelet is known by its own certificate, whatever its name, or by who signed
// it; another's is refused.
func TestCertificate(t *testing.T) {
	server := fakekubelet.Start(t, fakekubelet.Face{})
	stranger := server.Kubelet()
	stranger.CAFile = filepath.Join(t.TempDir(), "other.crt")
	if err := os.WriteFile(stranger.CAFile, certificate(t), 0o600); err != nil {
		t.Fatal(err)
	}
	var unknown x509.UnknownAuthorityError
	if err := dial(t, stranger).Ready(t.Context()); !errors.As(err, &unknown) {
		t.Errorf("a certificate that is not pinned: %v", err)
	}
	if asked := server.Asked(); asked != nil {
		t.Errorf("asked for %v all the same", asked)
	}
	// Ours and another's: the right one is found.
	own, err := os.ReadFile(server.Kubelet().CAFile)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(stranger.CAFile, append(certificate(t), own...), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := dial(t, stranger).Ready(t.Context()); err != nil {
		t.Error(err)
	}
}

// certificate makes a self-signed certificate in PEM, as a kubelet does.
func certificate(t *testing.T) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "node@1"}, DNSNames: []string{"node"},
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	data, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: data})
}

func TestGet(t *testing.T) {
	server := fakekubelet.Start(t, fakekubelet.Face{Bodies: map[string]string{"/stats/summary": "{}"}})
	c := dial(t, server.Kubelet())
	got, err := c.Get(t.Context(), "/stats/summary", "", []byte("so far "))
	if err != nil || string(got) != "so far {}" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := c.Get(t.Context(), "/none", "", nil); err == nil || !strings.Contains(err.Error(), "get /none from the kubelet at 127.0.0.1:") || !strings.Contains(err.Error(), "404") {
		t.Errorf("a path that is not there: %v", err)
	}
	server.Change(func(f *fakekubelet.Face) { f.Delay = time.Minute })
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := c.Get(ctx, "/stats/summary", "", nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("an answer that does not come: %v", err)
	}
}

func TestNewRefuses(t *testing.T) {
	f := func(k bench.Kubelet, want string) {
		t.Helper()
		if _, err := kubeletconn.New(k); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", k, err, want)
		}
	}
	empty := filepath.Join(t.TempDir(), "empty.crt")
	if err := os.WriteFile(empty, []byte("-----BEGIN RSA PRIVATE KEY-----\n-----END RSA PRIVATE KEY-----\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f(bench.Kubelet{Endpoint: "http://127.0.0.1:10255"}, "must be https://HOST:PORT")
	f(bench.Kubelet{Endpoint: "https://127.0.0.1:10250/metrics"}, "must be https://HOST:PORT")
	f(bench.Kubelet{Endpoint: "https://%"}, "kubelet endpoint")
	f(bench.Kubelet{Endpoint: "https://127.0.0.1:1", CAFile: empty + ".gone"}, "no such file")
	f(bench.Kubelet{Endpoint: "https://127.0.0.1:1", CAFile: empty}, "it holds no certificate in PEM")
}

func FuzzParseStatus(f *testing.F) {
	f.Add([]byte("# TYPE kubelet_metrics_provider gauge\nkubelet_metrics_provider{provider=\"cri\"} 1\n"))
	f.Add([]byte("# TYPE kubelet_runtime_operations_duration_seconds histogram\nkubelet_runtime_operations_duration_seconds_sum 1\n"))
	f.Add([]byte("kubelet_runtime_operations_errors_total 1\nkubernetes_build_info NaN\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := kubeletconn.ParseStatus(data)
		if err == nil && s.Operations == nil {
			t.Error("no operations")
		}
	})
}
