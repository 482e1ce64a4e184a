package node

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"cri-stats-bench/bench/testfile"
)

func TestRender(t *testing.T) {
	f := func(name, template string, data any) {
		t.Helper()
		got, err := render(template, data)
		if err != nil {
			t.Fatal(err)
		}
		testfile.Golden(t, filepath.Join("testdata", name), got)
	}
	s := settings{
		Etc: "/d", Root: "/d/root", State: "/d/state", Temp: "/d/tmp", Socket: "/r/cri.sock", RunDir: "/r", ShimSockets: "/r/s", Exits: "/r/exits",
		CNIConf: "/d/cni/net.d", CNIBin: "/d/cni/bin", RuncRoot: "/d/state/runc",
		Programs:     map[string]string{"runc": "/b/runc", "conmon": "/usr/bin/conmon", "pinns": "/b/pinns"},
		SandboxImage: "127.0.0.1:5000/pause:1", Snapshotter: "overlayfs",
	}
	f("containerd.toml", containerdConfig, s)
	f("crio.conf", crioConfig, s)
	s.RestrictOOMScoreAdj = true
	s.SnapshotStatsPeriod = 1_000_000 * time.Second
	s.Snapshotter = "native"
	s.SandboxImage = "quotes\"back\\slash\x7f\n"
	s.Programs["runc"] = "/it's $HOME/runc"
	s.StatsCollectPeriod = 1500 * time.Millisecond
	f("containerd-knobs.toml", containerdConfig, s)
	s.StatsCollectPeriod = 90 * time.Second
	f("crio-knobs.conf", crioConfig, s)
	f("runc-wrapper", runcWrapper, s)
	k := kubeletSettings{
		RuntimeEndpoint: "unix:///run/crio/crio.sock", Address: "127.0.0.1", Port: "10250",
		Manifests: "/d/manifests", PodLogs: "/d/pod-logs", VolumePlugins: "/d/volume-plugins", CgroupRoot: "/pods",
	}
	f("kubelet.yaml", kubeletTemplate, k)
	k.KubeletConfig, k.RestrictOOMScoreAdj = KubeletConfig{StatsFromCRI: true, MaxPods: 250}, true
	f("kubelet-knobs.yaml", kubeletTemplate, k)
}

// The wrapper around runc changes what CRI-O asks for in the bundle, hands on all
// arguments, and leaves other calls alone.
func TestRuncWrapper(t *testing.T) {
	dir := t.TempDir()
	runc, bundle := filepath.Join(dir, "it's runc"), filepath.Join(dir, "bundle")
	text, err := render(runcWrapper, settings{Programs: map[string]string{"runc": runc}})
	if err == nil {
		err = errors.Join(
			os.Mkdir(bundle, 0o755),
			os.WriteFile(filepath.Join(dir, "wrapper"), text, 0o755),
			os.WriteFile(runc, []byte("#!/bin/sh\nprintf '<%s>' \"$@\"\nexit 7\n"), 0o755),
		)
	}
	if err != nil {
		t.Fatal(err)
	}
	f := func(config, want string, args ...string) {
		t.Helper()
		name := filepath.Join(bundle, "config.json")
		if err := os.WriteFile(name, []byte(config), 0o644); err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), filepath.Join(dir, "wrapper"), args...).Output()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != 7 {
			t.Errorf("%q ended with %v, want what runc ended with", args, err)
		}
		if got := "<" + strings.Join(args, "><") + ">"; got != string(out) {
			t.Errorf("runc was called with %s, the wrapper with %s", out, got)
		}
		if got := read(t, name); got != want {
			t.Errorf("after %q the config is %s, want %s", args, got, want)
		}
	}
	const asked, granted = `{"process":{"oomScoreAdj":-998,"args":["a b"]}}`, `{"process":{"oomScoreAdj": 0,"args":["a b"]}}`
	f(asked, granted, "--root", "/r", "create", "--bundle", bundle, "--pid-file", "/p", "id")
	f(asked, granted, "--root", "/r", "create", "-b", bundle, "two words")
	f("{\n\t\"oomScoreAdj\": -998\n}\n", "{\n\t\"oomScoreAdj\": 0\n}\n", "create", "-b", bundle, "indented")
	f(asked, asked, "--root", "/r", "start", "id")
	f(`{"oomScoreAdj":999}`, `{"oomScoreAdj":999}`, "create", "--bundle", bundle, "id")
	// A string with quotes in it has backslashes before them.
	f(`{"env":["X=\"oomScoreAdj\":-1"]}`, `{"env":["X=\"oomScoreAdj\":-1"]}`, "create", "--bundle", bundle, "id")
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
	f(func(c *Config) { c.Runtime = "docker" }, `unknown runtime "docker", known are: containerd, containerd-distribution, crio`)
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
	f(func(c *Config) { c.SnapshotStatsPeriod = 1500 * time.Millisecond }, "multiple of 1s")
	f(func(c *Config) { c.StatsCollectPeriod = -1 }, "negative")
	f(func(c *Config) { c.StatsCollectPeriod = 1500 * time.Millisecond }, "")
	f(func(c *Config) { c.Runtime, c.StatsCollectPeriod = "crio", 1500*time.Millisecond }, "multiple of 1s")
	f(func(c *Config) { c.Runtime, c.SnapshotStatsPeriod = "crio", time.Second }, "crio has none to set")
	f(func(c *Config) { c.Kubelet = &KubeletConfig{StatsFromCRI: true} }, "")
	f(func(c *Config) { c.Kubelet = &KubeletConfig{MaxPods: -1} }, "negative")
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
