package host

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func p[T any](v T) *T { return &v }

// fit is a node with nothing wrong.
func fit() *Host {
	return &Host{
		OS:      "linux",
		Kernel:  Kernel{Clocksource: "tsc"},
		CPU:     CPU{Count: 8, Governors: []string{"performance"}, Turbo: p(false)},
		Memory:  Memory{AvailableBytes: p(uint64(8 << 30)), SwapBytes: p(uint64(0))},
		Cgroup:  Cgroup{Mode: "v2", Controllers: []string{"cpu", "memory"}},
		Probe:   &Probe{Seconds: 1, Steal: 0.001, Busy: 0.02},
		Load:    &Load{One: 0.1},
		Harness: Harness{EUID: p(0), MaxOpenFiles: p(uint64(1 << 20))},
	}
}

func TestPreflight(t *testing.T) {
	f := func(change func(h *Host), ours []string, want ...string) {
		t.Helper()
		h := fit()
		change(h)
		var got []string
		checks := Preflight(h, ours...)
		for _, c := range checks {
			if c.Status != OK {
				got = append(got, fmt.Sprintf("%s %s", c.Status, c.Name))
			}
			if c.Name == "" || c.Detail == "" || (c.Status == Warn || c.Status == Fail) != (c.Remedy != "") {
				t.Errorf("check %+v", c)
			}
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("diff (-want +got):\n%s", d)
		}
		blocked := slices.ContainsFunc(checks, func(c Check) bool { return c.Status == Warn || c.Status == Fail })
		if ok, reasons := Publishable(checks); ok == blocked || ok != (len(reasons) == 0) {
			t.Errorf("publishable %t for %q", ok, reasons)
		}
	}
	f(func(*Host) {}, nil)
	f(func(h *Host) { h.Harness.EUID = p(1000) }, nil, "fail root")
	f(func(h *Host) { h.Cgroup.Mode = "hybrid" }, nil, "warn cgroup")
	f(func(h *Host) { h.Cgroup.Problem = "no hierarchy" }, nil, "fail cgroup")
	f(func(h *Host) { h.Cgroup.Controllers = []string{"cpu"} }, nil, "fail cgroup")
	f(func(h *Host) { h.CPU.Count = 2 }, nil, "warn cpus")
	f(func(h *Host) { h.CPU.Emulated = "QEMU TCG" }, nil, "warn machine")
	f(func(h *Host) { h.Memory.AvailableBytes = p(uint64(100 << 20)) }, nil, "fail memory")
	f(func(h *Host) { h.Memory.AvailableBytes = p(uint64(500 << 20)) }, nil, "warn memory")
	f(func(h *Host) { h.Memory.SwapBytes = p(uint64(1 << 30)) }, nil, "warn swap")
	f(func(h *Host) { h.CPU.Governors = []string{"performance", "powersave"} }, nil, "warn governor")
	f(func(h *Host) { h.CPU.Turbo = p(true) }, nil, "warn turbo")
	f(func(h *Host) { h.Kernel.Clocksource = "hpet" }, nil, "warn clocksource")
	f(func(h *Host) { h.Probe.Steal = 0.006 }, nil, "warn steal")
	f(func(h *Host) { h.Probe.Busy = 0.3 }, nil, "warn load")
	f(func(h *Host) { h.Harness.MaxOpenFiles = p(uint64(1024)) }, nil, "warn open files")
	f(func(h *Host) { h.Readers = []Reader{{"kubelet", 7}} }, nil, "warn other readers")
	f(func(h *Host) { h.Readers = []Reader{{"kubelet", 7}} }, []string{"kubelet"})
	f(func(h *Host) { *h = Host{OS: "darwin", CPU: CPU{Count: 8}} }, nil,
		"unknown root", "unknown cgroup", "unknown memory", "unknown swap", "unknown governor", "unknown turbo", "unknown clocksource",
		"unknown steal", "unknown load", "unknown open files", "unknown other readers")
}

func TestPublishableSaysWhy(t *testing.T) {
	h := fit()
	h.CPU.Count = 2
	_, reasons := Publishable(Preflight(h))
	if d := cmp.Diff([]string{"2 CPUs, fewer than 4: not for publication"}, reasons); d != "" {
		t.Errorf("diff (-want +got):\n%s", d)
	}
}
