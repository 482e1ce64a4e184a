package gate_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/gate"
	"cri-stats-bench/bench/kubeletconn/fakekubelet"
)

func TestObserve(t *testing.T) {
	operations := map[string]bench.Operation{"list_containers": {Count: 3, Seconds: 0.5}}
	f := func(face fakekubelet.Face, want string) {
		t.Helper()
		face.Operations = operations
		server := fakekubelet.Start(t, face)
		got, err := gate.Untouched{Kubelet: server.Kubelet()}.Observe(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(bench.Condition{State: want, Operations: operations}, got); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", face, diff)
		}
	}
	f(fakekubelet.Face{Provider: "cri"}, bench.GateOn)
	f(fakekubelet.Face{Provider: "cadvisor", Gates: map[string]bool{gate.Feature: true}}, bench.GateOff)
	f(fakekubelet.Face{Provider: "something new"}, "")
	// Before 1.37 a kubelet does not say; what it is configured with counts.
	f(fakekubelet.Face{Version: "v1.36.2"}, bench.GateOff)
	f(fakekubelet.Face{Version: "v1.36.2", Gates: map[string]bool{gate.Feature: true}}, bench.GateOn)
	f(fakekubelet.Face{Version: "v1.36.2", Gates: map[string]bool{gate.Feature: false}}, bench.GateOff)
}

func TestUntouched(t *testing.T) {
	u := gate.Untouched{Kubelet: bench.Kubelet{Endpoint: "https://127.0.0.1:1"}}
	if err := u.Apply(t.Context(), bench.GateOn); err == nil || !strings.Contains(err.Error(), "the plan names no way to restart it") {
		t.Error(err)
	}
	if err := u.Revert(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := u.Observe(t.Context()); err == nil {
		t.Error("a kubelet that is not there was observed")
	}
}

// restarter is a managed kubelet.
type restarter struct {
	*fakekubelet.Server
	err   error
	sick  error
	calls []bool
}

func (r *restarter) Provider(context.Context) (string, error) { return "", r.sick }

func (r *restarter) Restart(_ context.Context, on bool) error {
	r.calls = append(r.calls, on)
	if r.err == nil {
		r.Change(func(f *fakekubelet.Face) { f.Provider = map[bool]string{true: "cri", false: "cadvisor"}[on] })
	}
	return r.err
}

func TestManaged(t *testing.T) {
	server := &restarter{Server: fakekubelet.Start(t, fakekubelet.Face{})}
	m := gate.Managed{Restarter: server, Untouched: gate.Untouched{Kubelet: server.Kubelet()}}
	for _, name := range []string{bench.GateOn, bench.GateOn, bench.GateOff} {
		if err := m.Apply(t.Context(), name); err != nil {
			t.Fatal(err)
		}
		if c, err := m.Observe(t.Context()); err != nil || c.State != name {
			t.Errorf("after %s: %+v, %v", name, c, err)
		}
	}
	if err := m.Apply(t.Context(), "gate-ajar"); err == nil || !strings.Contains(err.Error(), "gate-off and gate-on") {
		t.Error(err)
	}
	if diff := cmp.Diff([]bool{true, true, false}, server.calls); diff != "" {
		t.Errorf("restarts (-want +got):\n%s", diff)
	}
	server.sick = errors.New("falling back to cadvisor stats")
	if _, err := m.Observe(t.Context()); !errors.Is(err, server.sick) {
		t.Errorf("a kubelet that does not follow its gate: %v", err)
	}
	server.err = errors.New("unrecognized feature gate: PodAndContainerStatsFromCRI")
	if err := m.Apply(t.Context(), bench.GateOn); !errors.Is(err, server.err) {
		t.Error(err)
	}
}

// home is a node whose kubelet somebody else runs: its configuration is a file, and
// a command makes it load the file.
type home struct {
	existing *gate.Existing
	server   *fakekubelet.Server
	loaded   string
}

func newHome(t *testing.T) *home {
	t.Helper()
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	for name, content := range map[string]string{"config.yaml": "original", "off.yaml": "cadvisor", "on.yaml": "cri", "loaded": "original"} {
		if err := os.WriteFile(at(name), []byte(content), 0o640); err != nil {
			t.Fatal(err)
		}
	}
	server := fakekubelet.Start(t, fakekubelet.Face{})
	server.Load(func(f *fakekubelet.Face) {
		content, err := os.ReadFile(at("loaded"))
		if err != nil {
			t.Error(err)
		}
		if f.Provider = string(content); f.Provider == "original" {
			f.Provider = "cadvisor"
		}
	})
	return &home{
		existing: &gate.Existing{
			Untouched: gate.Untouched{Kubelet: server.Kubelet()},
			Path:      at("config.yaml"), Off: at("off.yaml"), On: at("on.yaml"),
			Restart:   []string{"cp", at("config.yaml"), at("loaded")},
			StateFile: at("state/kubelet.json"),
		},
		server: server, loaded: at("loaded"),
	}
}

// is checks which configuration is in place and in force.
func (h *home) is(t *testing.T, want string) {
	t.Helper()
	for _, path := range []string{h.existing.Path, h.loaded} {
		got, err := os.ReadFile(path)
		if err != nil || string(got) != want {
			t.Errorf("%s: %q, %v, want %q", filepath.Base(path), got, err, want)
		}
	}
}

func TestExisting(t *testing.T) {
	h := newHome(t)
	if err := h.existing.Check(); err != nil {
		t.Fatal(err)
	}
	if err := h.existing.Revert(t.Context()); err != nil { // nothing was changed
		t.Fatal(err)
	}
	for _, name := range []string{bench.GateOn, bench.GateOff, bench.GateOn} {
		if err := h.existing.Apply(t.Context(), name); err != nil {
			t.Fatal(err)
		}
		if c, err := h.existing.Observe(t.Context()); err != nil || c.State != name {
			t.Errorf("after %s: %+v, %v", name, c, err)
		}
	}
	h.is(t, "cri")
	if err := h.existing.Check(); !errors.Is(err, gate.ErrChanged) {
		t.Errorf("another run may begin: %v", err)
	}
	if err := h.existing.Revert(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.is(t, "original")
	if info, err := os.Stat(h.existing.Path); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("the file has another mode: %v, %v", info.Mode(), err)
	}
	if err := h.existing.Check(); err != nil {
		t.Errorf("after Revert: %v", err)
	}
}

// A restart that has begun is not cut short: who restarts next would not know what is
// half-way there.
func TestInterruptedRestart(t *testing.T) {
	h := newHome(t)
	begun := filepath.Join(t.TempDir(), "begun")
	h.existing.Restart = []string{"sh", "-c", "touch " + begun + "; sleep 0.1; cp " + h.existing.Path + " " + h.loaded}
	ctx, interrupt := context.WithCancel(t.Context())
	go func() {
		for _, err := os.Stat(begun); err != nil; _, err = os.Stat(begun) {
			time.Sleep(time.Millisecond)
		}
		interrupt()
	}()
	if err := h.existing.Apply(ctx, bench.GateOn); !errors.Is(err, context.Canceled) {
		t.Errorf("Apply: %v", err)
	}
	h.is(t, "cri")
	if err := h.existing.Apply(ctx, bench.GateOff); !errors.Is(err, context.Canceled) {
		t.Errorf("Apply after the interruption: %v", err)
	}
	if err := h.existing.Revert(t.Context()); err != nil {
		t.Error(err)
	}
	h.is(t, "original")
}

// A command may leave the kubelet behind with the command's own output still open.
func TestRestartLeavesDaemon(t *testing.T) {
	h := newHome(t)
	h.existing.Restart = []string{"sh", "-c", "sleep 5 & cp " + h.existing.Path + " " + h.loaded}
	start := time.Now()
	if err := h.existing.Apply(t.Context(), bench.GateOn); err != nil {
		t.Error(err)
	}
	if d := time.Since(start); d > 4*time.Second {
		t.Errorf("waited %v, for the daemon's end", d)
	}
}

// Whoever comes after a crash knows nothing but the state file.
func TestRecover(t *testing.T) {
	h := newHome(t)
	if err := h.existing.Apply(t.Context(), bench.GateOn); err != nil {
		t.Fatal(err)
	}
	h.is(t, "cri")
	if err := gate.Unchanged(h.existing.StateFile); !errors.Is(err, gate.ErrChanged) {
		t.Errorf("another run may begin: %v", err)
	}
	path, err := gate.Recover(t.Context(), h.existing.StateFile)
	if err != nil || path != h.existing.Path {
		t.Fatalf("recovered %q, %v", path, err)
	}
	h.is(t, "original")
	if path, err := gate.Recover(t.Context(), h.existing.StateFile); path != "" || err != nil {
		t.Errorf("recovered again: %q, %v", path, err)
	}
}

// A kubelet that does not come back is an error, and the original stays known.
func TestRecoverFails(t *testing.T) {
	h := newHome(t)
	if err := h.existing.Apply(t.Context(), bench.GateOn); err != nil {
		t.Fatal(err)
	}
	h.server.Change(func(f *fakekubelet.Face) { f.Sick = "syncloop failed" })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := gate.Recover(ctx, h.existing.StateFile); err == nil || !strings.Contains(err.Error(), "syncloop failed") {
		t.Errorf("a sick kubelet: %v", err)
	}
	h.is(t, "original")
	if _, err := os.Stat(h.existing.StateFile); err != nil {
		t.Errorf("the state is gone: %v", err)
	}
	h.server.Change(func(f *fakekubelet.Face) { f.Sick = "" })
	if _, err := gate.Recover(t.Context(), h.existing.StateFile); err != nil {
		t.Error(err)
	}
}

func TestExistingRefuses(t *testing.T) {
	check := func(change func(*gate.Existing), want string) {
		t.Helper()
		h := newHome(t)
		change(h.existing)
		if err := h.existing.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Check: %v, want %q", err, want)
		}
	}
	check(func(e *gate.Existing) { e.Restart = nil }, "no command to restart the kubelet")
	check(func(e *gate.Existing) { e.On += ".gone" }, "no such file")
	check(func(e *gate.Existing) { e.Path += ".gone" }, "no such file")

	apply := func(change func(*gate.Existing), name, want string) {
		t.Helper()
		h := newHome(t)
		change(h.existing)
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		if err := h.existing.Apply(ctx, name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Apply: %v, want %q", err, want)
		}
	}
	apply(func(e *gate.Existing) { e.Restart = []string{"sh", "-c", "echo unit not found >&2; exit 5"} }, bench.GateOn, "exit status 5: unit not found")
	apply(func(e *gate.Existing) { e.Restart = []string{"true"} }, bench.GateOn, "it says that gate-off is in force, not gate-on")
	apply(func(*gate.Existing) {}, "gate-ajar", "unknown treatment")

	h := newHome(t)
	if err := os.MkdirAll(filepath.Dir(h.existing.StateFile), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"{", "{}"} {
		if err := os.WriteFile(h.existing.StateFile, []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := h.existing.Apply(t.Context(), bench.GateOn); err == nil || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("state %q: %v", bad, err)
		}
		h.is(t, "original")
	}
}
