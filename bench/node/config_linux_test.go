package node

import (
	"flag"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	name = filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(name, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

func TestRender(t *testing.T) {
	f := func(name string, change func(*settings)) {
		t.Helper()
		s := settings{
			Root: "/d/root", State: "/d/state", Temp: "/d/tmp", Socket: "/r/containerd.sock", ShimSockets: "/r/s",
			CNIConf: "/d/cni/net.d", CNIBin: "/d/cni/bin", Runc: "/b/runc", RuncRoot: "/d/state/runc",
			SandboxImage: "127.0.0.1:5000/pause:1", Snapshotter: "overlayfs",
		}
		change(&s)
		got, err := runtimes["containerd"].render(s)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, name, got)
	}
	f("containerd.toml", func(*settings) {})
	f("containerd-knobs.toml", func(s *settings) {
		s.RestrictOOMScoreAdj = true
		s.StatsCollectPeriod = 1500 * time.Millisecond
		s.SnapshotStatsPeriod = 1_000_000 * time.Second
		s.Snapshotter = "native"
		s.SandboxImage = "quotes\"back\\slash\x7f\n"
	})
}

func TestNames(t *testing.T) {
	f := func(dir, wantRun, wantCgroup string) {
		t.Helper()
		run, cgroup := names(Config{Dir: dir}.withDefaults().Dir)
		if run != wantRun || cgroup != wantCgroup {
			t.Errorf("names of %q: %s, %s, want %s, %s", dir, run, cgroup, wantRun, wantCgroup)
		}
		if shims := run + "/" + shimDir; len(shims) > 42 {
			t.Errorf("%s is longer than containerd accepts for its shims' sockets", shims)
		}
	}
	f("", "/run/cri-stats-bench/node", "/cri-stats-bench-node")
	f("/var/lib/cri-stats-bench/node/", "/run/cri-stats-bench/node", "/cri-stats-bench-node")
	f("/tmp//n", "/run/cri-stats-bench/node-81805aaa", "/cri-stats-bench-node-81805aaa")
	f("/a/very/long/path/"+strings.Repeat("x", 200), "/run/cri-stats-bench/node-1e0d3b05", "/cri-stats-bench-node-1e0d3b05")
}

func TestValidate(t *testing.T) {
	f := func(change func(*Config), want string) {
		t.Helper()
		c := Config{Runtime: "containerd", BinDir: "/b", SandboxImage: "i", PodsCgroups: []string{"/pods"}}.withDefaults()
		change(&c)
		err := c.validate()
		if want == "" {
			if err != nil {
				t.Errorf("refused: %v", err)
			}
			return
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
	f(func(*Config) {}, "")
	f(func(c *Config) { c.Runtime = "docker" }, `unknown runtime "docker", known are: containerd`)
	f(func(c *Config) { c.BinDir = "" }, "no folder of the runtime's programs")
	f(func(c *Config) { c.SandboxImage = "" }, "no sandbox image")
	f(func(c *Config) { c.Dir = "here" }, `"here": must be a clean absolute path`)
	f(func(c *Config) { c.Dir = "/" }, "below the root")
	f(func(c *Config) { c.Dir = "/a/.." }, "clean")
	f(func(c *Config) { c.Dir = "/a b" }, `the character ' '`)
	f(func(c *Config) { c.Dir = "/a:b" }, `the character ':'`)
	f(func(c *Config) { c.PodsCgroups = []string{"/"} }, `cgroup of pods "/"`)
	f(func(c *Config) { c.PodsCgroups = []string{"/../x"} }, `cgroup of pods "/../x"`)
	f(func(c *Config) { c.PodsCgroups = []string{"x"} }, `cgroup of pods "x"`)
	f(func(c *Config) { c.PodsCgroups = []string{cgroupName + "/pods"} }, "must not be inside")
	f(func(c *Config) { c.SnapshotStatsPeriod = 1500 * time.Millisecond }, "whole seconds")
	f(func(c *Config) { c.StatsCollectPeriod = -1 }, "negative")
	// All at once.
	f(func(c *Config) { *c = Config{} }, "unknown runtime")
	f(func(c *Config) { *c = Config{} }, "no sandbox image")
}

func TestDefaultBinDir(t *testing.T) {
	f := func(env map[string]string, want string) {
		t.Helper()
		got, err := DefaultBinDir(func(name string) string { return env[name] })
		if want == "" {
			if err == nil {
				t.Errorf("%v gave %s, want an error", env, got)
			}
			return
		}
		if want += "/bin/current-" + runtime.GOARCH; err != nil || got != want {
			t.Errorf("%v gave %s, %v, want %s", env, got, err, want)
		}
	}
	f(map[string]string{"CRI_STATS_BENCH_CACHE": "/c", "XDG_CACHE_HOME": "/x", "HOME": "/h"}, "/c")
	f(map[string]string{"XDG_CACHE_HOME": "/x", "HOME": "/h"}, "/x/cri-stats-bench")
	f(map[string]string{"HOME": "/h"}, "/h/.cache/cri-stats-bench")
	f(nil, "")
}
