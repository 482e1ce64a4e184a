package cgroupfs

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cri-stats-bench/bench/testfile"
)

func TestOpen(t *testing.T) {
	f := func(files map[string]string, version int, cpuFile string) {
		t.Helper()
		root := testfile.Tree(t, files)
		c, err := Open(root)
		if err != nil {
			t.Error(err)
			return
		}
		if c.Version() != version {
			t.Errorf("version %d, want %d", c.Version(), version)
		}
		name, err := c.CPUUsageFile("/a/b")
		if want := filepath.Join(root, cpuFile); err != nil || name != want {
			t.Errorf("file of CPU usage %s, %v, want %s", name, err, want)
		}
	}
	f(map[string]string{"cgroup.controllers": "cpu memory"}, 2, "a/b/cpu.stat")
	f(map[string]string{"cpuacct/tasks": "", "memory/tasks": "", "unified/cgroup.procs": ""}, 1, "cpuacct/a/b/cpuacct.usage")
	f(map[string]string{"cpu,cpuacct/tasks": "", "memory/tasks": ""}, 1, "cpu,cpuacct/a/b/cpuacct.usage")
}

func TestOpenRefuses(t *testing.T) {
	_, err := Open(testfile.Tree(t, map[string]string{"cpuset/tasks": ""}))
	if err == nil || !strings.Contains(err.Error(), `controller "cpuacct"`) {
		t.Errorf("opened a tree without cpuacct: %v", err)
	}
	if _, err := Open(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("opened a root that is not there: %v", err)
	}
}

func TestPathOf(t *testing.T) {
	f := func(root map[string]string, cgroup, want string) {
		t.Helper()
		fs, err := Open(testfile.Tree(t, root))
		if err != nil {
			t.Fatal(err)
		}
		got, err := fs.PathOf(testfile.Tree(t, map[string]string{"17/cgroup": cgroup}), 17, CPUAcct)
		if err != nil || got != want {
			t.Errorf("path %q, %v, want %q", got, err, want)
		}
	}
	v1 := map[string]string{"cpu,cpuacct/tasks": "", "memory/tasks": ""}
	f(v1, "4:memory:/m\n2:cpu,cpuacct:/system.slice/with:colon\n1:name=systemd:/s\n0::/u\n", "/system.slice/with:colon")
	f(map[string]string{"cgroup.controllers": ""}, "0::/system.slice/containerd.service\n", "/system.slice/containerd.service")
}

func TestReadUsage(t *testing.T) {
	f := func(files map[string]string, cpu time.Duration, memory uint64) {
		t.Helper()
		c, err := Open(testfile.Tree(t, files))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := c.CPUUsage("x"); err != nil || got != cpu {
			t.Errorf("CPU %v, %v, want %v", got, err, cpu)
		}
		if got, err := c.MemoryUsage("x"); err != nil || got != memory {
			t.Errorf("memory %v, %v, want %v", got, err, memory)
		}
	}
	f(map[string]string{"cpuacct/tasks": "", "memory/tasks": "", "cpuacct/x/cpuacct.usage": "123456789\n",
		"memory/x/memory.usage_in_bytes": "4096\n"}, 123456789, 4096)
	f(map[string]string{"cgroup.controllers": "", "x/cpu.stat": "usage_usec 8537362\nuser_usec 6012210\nsystem_usec 2525152\n",
		"x/memory.current": "8192\n"}, 8537362*time.Microsecond, 8192)
}

func TestParseRefuses(t *testing.T) {
	for _, text := range []string{"", "\n", "-1\n", "1 2\n", "0x10\n", "18446744073709551616\n"} {
		if v, err := ParseUint([]byte(text)); err == nil {
			t.Errorf("ParseUint(%q) = %d", text, v)
		}
	}
	if _, err := ParseUint([]byte("max\n")); !errors.Is(err, ErrNoLimit) {
		t.Errorf("ParseUint(max): %v", err)
	}
	if _, err := ParseCPUStat([]byte("user_usec 1\n")); err == nil {
		t.Error("cpu.stat without usage_usec was read")
	}
}

func TestFileIsWhole(t *testing.T) {
	root := testfile.Tree(t, map[string]string{"f": "0123456789"})
	f, err := OpenFile(filepath.Join(root, "f"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Read(make([]byte, 10)); err == nil {
		t.Error("a buffer with no room beyond the file was taken for the whole file")
	}
	for range 2 {
		data, err := f.Read(make([]byte, 11))
		if diff := cmp.Diff("0123456789", string(data)); err != nil || diff != "" {
			t.Errorf("read: %v, diff (-want +got):\n%s", err, diff)
		}
	}
}

func FuzzParseFlat(f *testing.F) {
	f.Add([]byte("usage_usec 1\nuser_usec 2\n"))
	f.Add([]byte("total_rss 18446744073709551615"))
	f.Fuzz(func(t *testing.T, data []byte) {
		lines := 0
		if err := ParseFlat(data, func([]byte, uint64) { lines++ }); err == nil && len(strings.TrimSpace(string(data))) > 0 && lines == 0 {
			t.Errorf("%q is neither empty nor refused, and gave no value", data)
		}
	})
}

func BenchmarkRead(b *testing.B) {
	c, err := Open(Root)
	if err != nil && runtime.GOOS != "linux" {
		b.Skipf("left out: cgroups are Linux's, this is %s", runtime.GOOS)
	}
	if err != nil {
		b.Fatal(err)
	}
	name, err := c.CPUUsageFile("/")
	if err != nil {
		b.Fatal(err)
	}
	f, err := OpenFile(name)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	buf := make([]byte, 4096)
	b.ReportAllocs()
	for b.Loop() {
		data, err := f.Read(buf)
		if err == nil {
			_, err = c.ParseCPUUsage(data)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}
