package cadvisor

import (
	"context"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/cadvisor/lib/model"
	"github.com/google/go-cmp/cmp"
	"k8s.io/klog/v2"

	"cri-stats-bench/bench"
	"cri-stats-bench/collectors/internal/podcgroup"
)

// TestFlagsAreKubelets checks that cAdvisor has the flags that are set, and the
// defaults that settings name. flag.Set on the process is undone.
func TestFlagsAreKubelets(t *testing.T) {
	before := make(map[string]string)
	flag.VisitAll(func(f *flag.Flag) { before[f.Name] = f.Value.String() })
	t.Cleanup(func() {
		for name, value := range before {
			if f := flag.Lookup(name); f.Value.String() != value {
				if err := flag.Set(name, value); err != nil {
					t.Error(err)
				}
			}
		}
	})
	if got, want := before["global_housekeeping_interval"]+" "+before["update_machine_info_interval"],
		defaultGlobalHousekeeping.String()+" "+defaultMachineInfo.String(); got != want {
		t.Errorf("cAdvisor's defaults are %s, want %s", got, want)
	}
	f := func(s bench.Source, set settings, want map[string]string) {
		t.Helper()
		if err := setFlags(set, s); err != nil {
			t.Fatal(err)
		}
		got := make(map[string]string)
		for name := range want {
			got[name] = flag.Lookup(name).Value.String()
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("flags (-want +got):\n%s", diff)
		}
	}
	f(bench.Source{Runtime: "cri-o", Endpoint: "unix:///run/crio/crio.sock"}, kubeletSettings(), map[string]string{
		"housekeeping_interval": "10s", "global_housekeeping_interval": "1m0s",
		"containerd": "/run/containerd/containerd.sock", "containerd-namespace": "k8s.io",
	})
	f(bench.Source{Runtime: "containerd", Endpoint: "unix:///x/c.sock"}, settings{housekeeping: never, global: never, machine: never}, map[string]string{
		"housekeeping_interval": "24h0m0s", "global_housekeeping_interval": "24h0m0s", "update_machine_info_interval": "24h0m0s",
		"containerd": "/x/c.sock",
	})
}

func TestSocketPath(t *testing.T) {
	f := func(endpoint, want string) {
		t.Helper()
		if got := socketPath(endpoint); got != want {
			t.Errorf("socketPath(%q) = %q, want %q", endpoint, got, want)
		}
	}
	f("unix:///run/containerd/containerd.sock", "/run/containerd/containerd.sock")
	f("/run/x.sock", "/run/x.sock")
	f("tcp://127.0.0.1:1", "")
	f("", "")
}

func TestCheckSocket(t *testing.T) {
	if err := checkSocket(bench.Source{Runtime: "containerd", Endpoint: "unix:///anywhere"}); err != nil {
		t.Errorf("containerd: %v", err)
	}
	err := checkSocket(bench.Source{Runtime: "cri-o", Endpoint: "unix://" + filepath.Join(t.TempDir(), "crio.sock")})
	u, ok := errors.AsType[*bench.UnsupportedError](err)
	if !ok || !strings.Contains(u.Needs, "/var/run/crio/crio.sock") {
		t.Errorf("CRI-O where cAdvisor does not look: %v", err)
	}
}

func TestHasPressure(t *testing.T) {
	root := t.TempDir()
	if hasPressure(root) {
		t.Error("pressure without its file")
	}
	if err := os.WriteFile(filepath.Join(root, "cpu.pressure"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if !hasPressure(root) {
		t.Error("no pressure with its file")
	}
}

// TestAwait waits for containers of which one is read late or never.
func TestAwait(t *testing.T) {
	f := func(limit time.Duration, late bool, words string, is error) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			c := &subject{manager: &stub{ask: func() (map[string]model.ContainerInfo, error) {
				answer := infos()
				if late && time.Since(start) > 3*time.Second {
					return answer, nil
				}
				unread := answer[bareContainer]
				unread.Stats = nil
				answer[bareContainer] = unread
				return answer, errors.New("no data in cache")
			}}}
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			defer cancel()
			got, err := c.await(ctx, bench.Source{Pods: pods})
			switch {
			case words == "" && (err != nil || len(got) != len(infos()) || time.Since(start) != 3*time.Second+look):
				t.Errorf("%d of %d cgroups after %v, %v", len(got), len(infos()), time.Since(start), err)
			case words != "" && (err == nil || !strings.Contains(err.Error(), words)):
				t.Errorf("%v, want an error with %q", err, words)
			case is != nil && !errors.Is(err, is):
				t.Errorf("%v is not %v", err, is)
			}
		})
	}
	f(time.Hour, true, "", nil)
	f(time.Hour, false, "after 30s it has not read 1 containers: main2\nno data in cache", nil)
	f(time.Second, false, "deadline", context.DeadlineExceeded)
}

func TestCheckHandlers(t *testing.T) {
	index, err := podcgroup.NewIndex(pods)
	if err != nil {
		t.Fatal(err)
	}
	f := func(runtime, namespace string, words string) {
		t.Helper()
		answer := map[string]model.ContainerInfo{
			"/":             {},
			podCgroup:       {},
			containerCgroup: {ContainerReference: model.ContainerReference{Namespace: namespace}},
		}
		err := checkHandlers(bench.Source{Runtime: runtime, Endpoint: "unix:///c.sock"}, index, answer)
		if words == "" && err != nil || words != "" && (err == nil || !strings.Contains(err.Error(), words)) {
			t.Errorf("%s container read as %q: %v, want an error with %q", runtime, namespace, err, words)
		}
	}
	f("containerd", "containerd", "")
	f("cri-o", "crio", "")
	f("fakecri", "", "")
	f("containerd", "", "plain cgroup")
	f("cri-o", "", "no connection to unix:///c.sock")
}

func TestOpenRefuses(t *testing.T) {
	f := func(s bench.Source, words string) {
		t.Helper()
		c, err := OpenKubelet(t.Context(), s)
		if err == nil {
			c.Close()
		}
		if err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("open: %v, want an error with %q", err, words)
		}
	}
	f(bench.Source{}, "no cgroup parent")
	f(bench.Source{CgroupParent: "/x", Pods: []bench.Pod{{}}}, "pod id")
	f(bench.Source{CgroupParent: "/x", Runtime: "cri-o", Endpoint: "unix:///nonexistent"}, "not supported here")
}

// TestQuiet checks that nothing of cAdvisor's log reaches standard output, which
// is where the agent speaks to the harness, and that its errors reach standard
// error.
func TestQuiet(t *testing.T) {
	capture := func(f **os.File) func() string {
		t.Helper()
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		before := *f
		*f = w
		return func() string {
			*f = before
			w.Close()
			defer r.Close()
			text, err := io.ReadAll(r)
			if err != nil {
				t.Error(err)
			}
			return string(text)
		}
	}
	out, err := capture(&os.Stdout), capture(&os.Stderr)
	quiet()
	klog.Info("information")
	klog.Warning("a warning")
	klog.Error("an error")
	klog.Flush()
	if text := out(); text != "" {
		t.Errorf("standard output has %q", text)
	}
	if text := err(); !strings.Contains(text, "an error") || strings.Contains(text, "information") || strings.Contains(text, "a warning") {
		t.Errorf("standard error has %q, want the error alone", text)
	}
}
