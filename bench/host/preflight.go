package host

import (
	"fmt"
	"slices"
	"strings"
)

// A Status is the outcome of a check.
type Status string

// Outcomes. Fail: the node cannot be measured on. Warn: it can, but the numbers
// are not for publication. Unknown: the node does not tell.
const (
	OK      Status = "ok"
	Warn    Status = "warn"
	Fail    Status = "fail"
	Unknown Status = "unknown"
)

// A Check is one thing that was looked at before a run.
type Check struct {
	Name   string `json:"name"`
	Status Status `json:"status"`
	Detail string `json:"detail"`
	// Remedy is what to do about it, empty if it is OK or nothing can be done.
	Remedy string `json:"remedy,omitempty"`
}

// Limits of the checks.
const (
	minCPUs       = 4       // harness, runtime and pods need CPUs that are not each other's
	failAvailable = 1 << 28 // bytes of memory
	warnAvailable = 1 << 30
	maxSteal      = 0.005 // as in each window
	maxBusy       = 0.10  // of all CPUs, before there is any pod of ours
	minFiles      = 2048  // the meter holds one file per shim open, grpc and pods some more
)

// Preflight checks whether a described node is fit to measure on. ours names the
// readers of cgroup files that belong to the experiment itself ("kubelet").
func Preflight(h *Host, ours ...string) []Check {
	return []Check{
		h.checkRoot(), h.checkMachine(), h.checkCgroup(), h.checkCPUs(), h.checkMemory(), h.checkSwap(), h.checkGovernor(), h.checkTurbo(),
		h.checkClocksource(), h.checkSteal(), h.checkLoad(), h.checkFiles(), h.checkReaders(ours),
	}
}

// Publishable says whether numbers from the node may be published, and if not,
// why: the details of all checks that warn or fail.
func Publishable(checks []Check) (ok bool, reasons []string) {
	for _, c := range checks {
		if c.Status == Warn || c.Status == Fail {
			reasons = append(reasons, c.Detail)
		}
	}
	return len(reasons) == 0, reasons
}

func (h *Host) checkRoot() Check {
	const name = "root"
	switch {
	case h.Harness.EUID == nil:
		return Check{name, Unknown, "this system has no user ids", ""}
	case *h.Harness.EUID != 0:
		return Check{name, Fail, fmt.Sprintf("user %d, not root: memory and daemons of others cannot be read", *h.Harness.EUID), "run it with sudo"}
	}
	return Check{name, OK, "runs as root", ""}
}

func (h *Host) checkMachine() Check {
	const name = "machine"
	if h.CPU.Emulated != "" {
		return Check{name, Warn, fmt.Sprintf("emulated (%s): what works can be seen here, and no time or cost means anything", h.CPU.Emulated), "use a machine, or a virtual one with KVM"}
	}
	return Check{name, OK, "not emulated", ""}
}

func (h *Host) checkCgroup() Check {
	const name = "cgroup"
	switch {
	case h.OS != "linux":
		return Check{name, Unknown, "no cgroups on " + h.OS, ""}
	case h.Cgroup.Problem != "":
		return Check{name, Fail, h.Cgroup.Problem, "boot with systemd.unified_cgroup_hierarchy=1"}
	case h.Cgroup.Mode != "v2":
		return Check{name, Warn, fmt.Sprintf("cgroup %s: kubelets of today want version 2, and reading it costs otherwise", h.Cgroup.Mode),
			"boot with systemd.unified_cgroup_hierarchy=1"}
	}
	for _, c := range []string{"cpu", "memory"} {
		if !slices.Contains(h.Cgroup.Controllers, c) {
			return Check{name, Fail, fmt.Sprintf("cgroup v2 without the controller %q", c), "see cgroup_disable= in /proc/cmdline"}
		}
	}
	return Check{name, OK, "cgroup v2 with " + strings.Join(h.Cgroup.Controllers, ", "), ""}
}

func (h *Host) checkCPUs() Check {
	const name = "cpus"
	if h.CPU.Count < minCPUs {
		return Check{name, Warn, fmt.Sprintf("%d CPUs, fewer than %d: not for publication", h.CPU.Count, minCPUs), "use a larger node"}
	}
	return Check{name, OK, fmt.Sprintf("%d CPUs", h.CPU.Count), ""}
}

func (h *Host) checkMemory() Check {
	const name = "memory"
	if h.Memory.AvailableBytes == nil {
		return Check{name, Unknown, "available memory cannot be read", ""}
	}
	available := *h.Memory.AvailableBytes
	detail := fmt.Sprintf("%d MiB of memory available", available>>20)
	switch {
	case available < failAvailable:
		return Check{name, Fail, detail + ": too little for any pods", "free memory, or use a larger node"}
	case available < warnAvailable:
		return Check{name, Warn, detail + ": the kernel may reclaim while we measure", "free memory, or use a larger node"}
	}
	return Check{name, OK, detail, ""}
}

func (h *Host) checkSwap() Check {
	const name = "swap"
	switch {
	case h.Memory.SwapBytes == nil:
		return Check{name, Unknown, "swap cannot be read", ""}
	case *h.Memory.SwapBytes > 0:
		return Check{name, Warn, fmt.Sprintf("%d MiB of swap: what is swapped out is missing from memory figures", *h.Memory.SwapBytes>>20), "swapoff -a"}
	}
	return Check{name, OK, "no swap", ""}
}

func (h *Host) checkGovernor() Check {
	const name = "governor"
	governors := strings.Join(h.CPU.Governors, ", ")
	switch governors {
	case "":
		return Check{name, Unknown, "no frequency scaling to be seen here; a hypervisor may do it", ""}
	case "performance":
		return Check{name, OK, governors, ""}
	}
	return Check{name, Warn, fmt.Sprintf("governor %s: a second of CPU time is not the same work each time", governors),
		"cpupower frequency-set -g performance"}
}

func (h *Host) checkTurbo() Check {
	const name = "turbo"
	switch {
	case h.CPU.Turbo == nil:
		return Check{name, Unknown, "no turbo switch to be seen here", ""}
	case *h.CPU.Turbo:
		return Check{name, Warn, "turbo is on: the clock rate depends on heat and neighbours",
			"echo 0 >/sys/devices/system/cpu/cpufreq/boost, or echo 1 >/sys/devices/system/cpu/intel_pstate/no_turbo"}
	}
	return Check{name, OK, "turbo is off", ""}
}

// slowClocks are read through a system call or slow hardware, not in user space.
var slowClocks = []string{"acpi_pm", "hpet", "jiffies", "pit", "refined-jiffies", "xen"}

func (h *Host) checkClocksource() Check {
	const name = "clocksource"
	clock := h.Kernel.Clocksource
	switch {
	case clock == "":
		return Check{name, Unknown, "the clocksource cannot be read", ""}
	case slices.Contains(slowClocks, clock):
		return Check{name, Warn, fmt.Sprintf("clocksource %s: reading the time costs a microsecond or more", clock),
			"choose tsc in /sys/devices/system/clocksource/clocksource0 if it is available"}
	}
	return Check{name, OK, clock, ""}
}

func (h *Host) checkSteal() Check {
	const name = "steal"
	if h.Probe == nil {
		return Check{name, Unknown, "stolen time was not looked at", ""}
	}
	detail := fmt.Sprintf("%.2f %% of CPU time stolen within %.1f s", 100*h.Probe.Steal, h.Probe.Seconds)
	if h.Probe.Steal > maxSteal {
		return Check{name, Warn, detail + ": neighbours on the same machine", "use a dedicated machine, or come back later"}
	}
	return Check{name, OK, detail, ""}
}

func (h *Host) checkLoad() Check {
	const name = "load"
	if h.Probe == nil {
		return Check{name, Unknown, "load was not looked at", ""}
	}
	detail := fmt.Sprintf("CPUs %.1f %% busy within %.1f s", 100*h.Probe.Busy, h.Probe.Seconds)
	if h.Load != nil {
		detail += fmt.Sprintf(", load average %.2f", h.Load.One)
	}
	if h.Probe.Busy > maxBusy {
		return Check{name, Warn, detail + ": somebody works here", "stop other work on the node"}
	}
	return Check{name, OK, detail, ""}
}

func (h *Host) checkFiles() Check {
	const name = "open files"
	switch {
	case h.Harness.MaxOpenFiles == nil:
		return Check{name, Unknown, "the limit on open files cannot be read", ""}
	case *h.Harness.MaxOpenFiles < minFiles:
		return Check{name, Warn, fmt.Sprintf("at most %d open files, fewer than %d: 500 pods may need more", *h.Harness.MaxOpenFiles, minFiles), "ulimit -Hn 65536"}
	}
	return Check{name, OK, fmt.Sprintf("at most %d open files", *h.Harness.MaxOpenFiles), ""}
}

func (h *Host) checkReaders(ours []string) Check {
	const name = "other readers"
	if h.OS != "linux" {
		return Check{name, Unknown, "processes are looked at on Linux only", ""}
	}
	var found []string
	for _, r := range h.Readers {
		if !slices.Contains(ours, r.Name) {
			found = append(found, fmt.Sprintf("%s (pid %d)", r.Name, r.PID))
		}
	}
	if len(found) > 0 {
		return Check{name, Warn, strings.Join(found, ", ") + ": reads cgroup files too, which makes the next reader cheaper", "stop it while measuring"}
	}
	return Check{name, OK, "no known reader of cgroup files runs", ""}
}
