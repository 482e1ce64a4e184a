package node

import (
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/procfs"
)

// metricsText is as much of a kubelet's /metrics as is looked at.
func metricsText(provider string, seen int64) string {
	return fmt.Sprintf("# HELP kubelet_metrics_provider [ALPHA] x\n# TYPE kubelet_metrics_provider gauge\nkubelet_metrics_provider{provider=%q} 1\n"+
		"# TYPE kubelet_pleg_last_seen_seconds gauge\nkubelet_pleg_last_seen_seconds %g\n", provider, float64(seen))
}

func TestJudge(t *testing.T) {
	now := time.Unix(1_763_600_000, 0)
	f := func(text, provider, problem string) {
		t.Helper()
		got, err := judge([]byte(text), now)
		if got != provider || (err == nil) != (problem == "") || err != nil && !strings.Contains(err.Error(), problem) {
			t.Errorf("judge(%q) = %q, %v, want %q and %q", text, got, err, provider, problem)
		}
	}
	f(metricsText("cri", now.Unix()-1), "cri", "")
	f(metricsText("cadvisor", now.Unix()), "cadvisor", "")
	f(metricsText("cri", now.Unix()-60), "cri", "has not listed the pods of its runtime for 60 s")
	f(metricsText("cri", 0), "cri", "has not listed the pods of its runtime yet")
	f("# TYPE kubelet_metrics_provider gauge\nkubelet_metrics_provider{provider=\"cri\"} 1\n", "cri", "yet")
	f("# TYPE kubelet_metrics_provider gauge\nkubelet_metrics_provider{provider=\"cri\"} 1\nkubelet_pleg_last_seen_seconds NaN\n", "cri", "has not listed")
	f("kubelet_pleg_last_seen_seconds 1763600000\n", "", "names no provider")
	f("", "", "names no provider")
	const gate = "# TYPE kubernetes_feature_enabled gauge\nkubernetes_feature_enabled{name=\"PodAndContainerStatsFromCRI\",stage=\"BETA\"} "
	const seen = "\nkubelet_pleg_last_seen_seconds 1763600000\n"
	f(gate+"1"+seen, "cri", "")
	f(gate+"0"+seen, "cadvisor", "")
	f(gate+"0.5"+seen, "", "names no provider")
	f(gate+"0\n", "cadvisor", "yet")
	f("{", "", "parsing error")
}

func FuzzJudge(f *testing.F) {
	now := time.Unix(1_763_600_000, 0)
	f.Add(metricsText("cri", now.Unix()))
	f.Add("kubelet_pleg_last_seen_seconds x")
	f.Fuzz(func(t *testing.T, text string) {
		if provider, err := judge([]byte(text), now); err == nil && provider == "" {
			t.Errorf("well without a provider: %q", text)
		}
	})
}

func TestErrorLines(t *testing.T) {
	const log = `I1122 23:55:33.123456    4711 server.go:1] "Starting"
E1122 23:55:33.223456    4711 run.go:72] "command failed" err="failed to run Kubelet: running with swap on"
E is no header
Error: unknown flag

F1122 23:55:34.000001    4711 x.go:1] "Fatal"
panic: runtime error`
	f := func(lines int, want ...string) {
		t.Helper()
		got := lastLines(log, lines, klogError.MatchString)
		for i := range got {
			got[i], _, _ = strings.Cut(got[i], " ")
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("the last %d errors (-want +got):\n%s", lines, diff)
		}
	}
	f(9, "E1122", "F1122", "panic:")
	f(1, "panic:")
}

func TestReadLog(t *testing.T) {
	name := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(name, []byte("before\nafter\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	f := func(from int64, want string) {
		t.Helper()
		if got, err := readLog(name, from); err != nil || string(got) != want {
			t.Errorf("from %d: %q, %v, want %q", from, got, err, want)
		}
	}
	f(0, "before\nafter\n")
	f(7, "after\n")
	f(13, "")
	f(100, "") // it was made shorter meanwhile
}

// fakeKubelet is a node whose runtime and kubelet are this test's process, with a
// server in the kubelet's place.
func fakeKubelet(t *testing.T, gate bool, metrics func() string) *Kubelet {
	t.Helper()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text := "ok"
		if r.URL.Path == "/metrics" {
			text = metrics()
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(server.Close)
	proc, err := procfs.NewFS(procRoot)
	if err != nil {
		t.Fatal(err)
	}
	self, err := readProcess(proc, os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	s := withKubelet(testState(t))
	if s.BootID, err = bootID(); err != nil {
		t.Fatal(err)
	}
	k := s.Kubelet
	for _, service := range s.services() {
		service.PID, service.StartTicks = self.pid, self.start
	}
	k.Endpoint, k.CertFile, k.Log, k.LogStart, k.StatsFromCRI = server.URL, filepath.Join(s.Dir, "crt"), filepath.Join(s.Dir, "log"), 0, gate
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := errors.Join(os.WriteFile(k.CertFile, cert, 0o644), os.WriteFile(k.Log, []byte("I1122 23:55:33.123456    4711 server.go:1] \"Starting\"\n"), 0o644)); err != nil {
		t.Fatal(err)
	}
	return (&Node{State: *s}).Kubelet()
}

// It is waited for until it has listed pods.
func TestKubeletWaitReady(t *testing.T) {
	var asked atomic.Int32
	k := fakeKubelet(t, true, func() string {
		seen := time.Now().Unix()
		if asked.Add(1) < 3 {
			seen = 0
		}
		return metricsText("cri", seen)
	})
	if err := k.WaitReady(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := asked.Load(); n != 3 {
		t.Errorf("asked %d times, want until it was ready", n)
	}
	if provider, err := k.Provider(t.Context()); err != nil || provider != "cri" {
		t.Errorf("provider %q, %v", provider, err)
	}
}

func TestKubeletRefusesGate(t *testing.T) {
	answer := func(provider string) func() string {
		return func() string { return metricsText(provider, time.Now().Unix()) }
	}
	f := func(gate bool, provider, log, want string) {
		t.Helper()
		k := fakeKubelet(t, gate, answer(provider))
		if err := os.WriteFile(k.State().Log, []byte(log), 0o644); err != nil {
			t.Fatal(err)
		}
		for _, ask := range []func() error{
			func() error { return k.WaitReady(t.Context()) },
			func() error { _, err := k.Provider(t.Context()); return err },
		} {
			if err := ask(); want == "" && err != nil || want != "" && (!errors.Is(err, ErrGate) || !strings.Contains(err.Error(), want)) {
				t.Errorf("gate %v, provider %s: %v, want %q", gate, provider, err, want)
			}
		}
	}
	const line = "I1122 23:55:33.123456    4711 server.go:807] \"CRI implementation does not support PodSandboxStats, falling back to cadvisor stats\"\n"
	f(true, "cri", "", "")
	f(false, "cadvisor", line, "")
	f(true, "cadvisor", "", `its provider is "cadvisor"`)
	f(false, "cri", "", `its provider is "cri"`)
	f(true, "cri", line, "does not support PodSandboxStats")
}

func TestKubeletEnded(t *testing.T) {
	k := fakeKubelet(t, false, func() string { return "" })
	k.node.State.Kubelet.StartTicks++ // another process has its pid
	log := "E1122 23:55:33.223456    4711 run.go:72] \"command failed\" err=\"unrecognized feature gate\"\n"
	if err := os.WriteFile(k.State().Log, []byte(log), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := k.WaitReady(t.Context()); !errors.Is(err, errEnded) || !strings.Contains(err.Error(), "unrecognized feature gate") {
		t.Errorf("waited for one that has ended: %v", err)
	}
	if _, err := k.Provider(t.Context()); err == nil || !strings.Contains(err.Error(), "the kubelet does not run") {
		t.Errorf("provider of one that has ended: %v", err)
	}
	k = fakeKubelet(t, false, func() string { return "" })
	k.node.State.StartTicks++
	if status, err := k.Status(t.Context()); err != nil || !status.Running || status.Ready || status.Problem != "its runtime does not run" {
		t.Errorf("without a runtime: %+v, %v", status, err)
	}
}
