package host

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"cri-stats-bench/bench/testfile"
)

// tree writes files under a temporary folder and returns options that look there.
func tree(t *testing.T, files map[string]string) Options {
	t.Helper()
	root := testfile.Tree(t, files)
	return Options{Proc: root + "/proc", Sys: root + "/sys", Etc: root + "/etc", Boot: root + "/boot"}
}

func stat(idle, steal int) string {
	return fmt.Sprintf("cpu  0 0 0 %d 0 0 0 %d 0 0\ncpu0 0 0 0 0 0 0 0 0 0 0\ncpu1 0 0 0 0 0 0 0 0 0 0\n", idle, steal)
}

// node is a virtual machine with cgroup version 2.
func node() map[string]string {
	var config bytes.Buffer
	w := gzip.NewWriter(&config)
	_, _ = w.Write([]byte("# CONFIG_NO_HZ_FULL is not set\nCONFIG_HZ=250\nCONFIG_TICK_CPU_ACCOUNTING=y\nCONFIG_OTHER=y\n"))
	_ = w.Close()
	return map[string]string{
		"etc/os-release":              "NAME=Debian\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n",
		"proc/sys/kernel/osrelease":   "6.12.1\n",
		"proc/sys/kernel/version":     "#1 SMP PREEMPT_DYNAMIC\n",
		"proc/cmdline":                "root=UUID=secret ro mitigations=auto,nosmt quiet\n",
		"proc/config.gz":              config.String(),
		"proc/cpuinfo":                "processor\t: 0\nmodel name\t: AMD EPYC\nflags\t\t: fpu hypervisor sse\n\nprocessor\t: 1\nmodel name\t: Other\n",
		"proc/meminfo":                "MemTotal:        8000000 kB\nMemFree:         1000000 kB\nMemAvailable:    6000000 kB\nSwapTotal:             0 kB\n",
		"proc/loadavg":                "0.50 0.25 0.12 1/100 4242\n",
		"proc/stat":                   stat(1000, 5),
		"proc/pressure/cpu":           "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n",
		"proc/cgroups":                "#subsys_name\thierarchy\tnum_cgroups\tenabled\ncpu\t0\t5\t1\n",
		"proc/77/comm":                "systemd-oomd\n",
		"proc/77/cmdline":             "/lib/systemd/systemd-oomd\x00",
		"proc/8/comm":                 "agent\n",
		"proc/8/cmdline":              "/opt/datadog-agent/bin/agent/agent\x00run\x00",
		"proc/9/comm":                 "bash\n",
		"proc/9/cmdline":              "bash\x00",
		"sys/class/dmi/id/sys_vendor": "QEMU\n", "sys/class/dmi/id/product_name": "Standard PC\n",
		"sys/devices/system/cpu/smt/active":                               "1\n",
		"sys/devices/system/cpu/isolated":                                 "\n",
		"sys/devices/system/cpu/cpufreq/boost":                            "0\n",
		"sys/devices/system/cpu/cpu0/cpufreq/scaling_governor":            "performance\n",
		"sys/devices/system/cpu/cpu1/cpufreq/scaling_governor":            "performance\n",
		"sys/devices/system/cpu/vulnerabilities/meltdown":                 "Not affected\n",
		"sys/devices/system/node/node0/cpumap":                            "3\n",
		"sys/devices/system/clocksource/clocksource0/current_clocksource": "tsc\n",
		"sys/kernel/mm/transparent_hugepage/enabled":                      "always [madvise] never\n",
		"sys/fs/cgroup/cgroup.controllers":                                "cpuset cpu io memory pids\n",
	}
}

func TestDescribe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := tree(t, node())
		o.Probe = time.Second
		go func() { // of two CPU seconds 1.5 are idle, 0.02 stolen
			time.Sleep(500 * time.Millisecond)
			if err := os.WriteFile(o.Proc+"/stat", []byte(stat(1150, 7)), 0o644); err != nil {
				t.Error(err)
			}
		}()
		h, err := Describe(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		h.OS, h.Arch, h.HostnameHash, h.Harness = "linux", "amd64", hashName("node"), Harness{GoVersion: "go1"}
		got, err := json.MarshalIndent(h, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, '\n')
		testfile.Golden(t, "testdata/host.json", got)
		if got := h.Identity(); got != "linux/amd64, kernel 6.12.1, AMD EPYC, 2 CPUs, 8 GiB, host 545ea5384610" {
			t.Errorf("identity %q", got)
		}
	})
}

// TestDescribeNothing looks at an empty folder: all is absent, nothing zero.
func TestDescribeNothing(t *testing.T) {
	h, err := Describe(t.Context(), tree(t, nil))
	if err != nil {
		t.Fatal(err)
	}
	want := &Host{OS: runtime.GOOS, Arch: runtime.GOARCH, HostnameHash: h.HostnameHash, CPU: CPU{Count: runtime.NumCPU()}, Harness: h.Harness}
	want.Cgroup.Problem = h.Cgroup.Problem
	if d := cmp.Diff(want, h); d != "" {
		t.Errorf("diff (-want +got):\n%s", d)
	}
}

func TestDescribeIsCancelled(t *testing.T) {
	o := tree(t, node())
	o.Probe = time.Hour
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if h, err := Describe(ctx, o); !errors.Is(err, context.Canceled) {
		t.Errorf("described %v in spite of the context: %v", h, err)
	}
}

// TestDescribeHere looks at the node of the test.
func TestDescribeHere(t *testing.T) {
	h, err := Describe(t.Context(), Options{Probe: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if h.CPU.Count < 1 || h.Harness.GoVersion != runtime.Version() {
		t.Errorf("described as %+v", h)
	}
	if runtime.GOOS == "linux" && (h.Kernel.Release == "" || h.Memory.TotalBytes == nil || h.Load == nil || h.Probe == nil || h.Cgroup.Mode == "") {
		t.Errorf("described as %+v", h)
	}
	for _, c := range Preflight(h) {
		t.Logf("%-7s %s: %s", c.Status, c.Name, c.Detail)
	}
	t.Log(h.Identity())
}

func TestCgroupMode(t *testing.T) {
	f := func(files map[string]string, want Cgroup) {
		t.Helper()
		got := tree(t, files).describeCgroup()
		if want.Problem != "" && strings.Contains(got.Problem, want.Problem) {
			got.Problem = want.Problem
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("diff (-want +got):\n%s", d)
		}
	}
	const cgroups = "#subsys_name\thierarchy\tnum_cgroups\tenabled\nmemory\t1\t5\t1\ncpuacct\t2\t5\t1\nhugetlb\t0\t1\t0\n"
	v1 := map[string]string{"proc/cgroups": cgroups, "sys/fs/cgroup/cpuacct/tasks": "", "sys/fs/cgroup/memory/tasks": ""}
	f(v1, Cgroup{Mode: "v1", Controllers: []string{"cpuacct", "memory"}})
	v1["sys/fs/cgroup/unified/cgroup.procs"] = ""
	f(v1, Cgroup{Mode: "hybrid", Controllers: []string{"cpuacct", "memory"}})
	f(map[string]string{"proc/cgroups": cgroups, "sys/fs/cgroup/memory/tasks": ""},
		Cgroup{Mode: "v1", Controllers: []string{"cpuacct", "memory"}, Problem: `no cgroup hierarchy with the controller "cpuacct"`})
	f(map[string]string{"sys/fs/cgroup/cgroup.controllers": "cpu memory\n"}, Cgroup{Mode: "v2", Controllers: []string{"cpu", "memory"}})
}

// TestKernelConfigFromBoot reads the config that distributions leave in /boot.
func TestKernelConfigFromBoot(t *testing.T) {
	o := tree(t, map[string]string{"proc/sys/kernel/osrelease": "6.1\n", "proc/config.gz": "damaged", "boot/config-6.1": "CONFIG_HZ=1000\n"})
	if d := cmp.Diff(map[string]string{"CONFIG_HZ": "1000"}, o.describeKernel().Config); d != "" {
		t.Errorf("diff (-want +got):\n%s", d)
	}
}
