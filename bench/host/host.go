// Package host says what a node is and whether it is fit to measure on, and holds
// the node-wide lock that allows one run at a time. The program puts a Host into
// host.json beside what it knows of the runtime; package record compares its
// Identity when a run goes on; package meter watches for steal and foreign load
// inside each window, of which the probe here is only a first look.
//
// It reads and never changes: a governor that is wrong, a swap that is on are
// named with their remedy, not set right. What a node does not tell is absent,
// on every system: elsewhere than on Linux that is most of it.
package host

import (
	"crypto/sha256"
	"fmt"
	"math"
	"strings"
)

// A Host is what one node is. Pointers are nil, and text and lists empty, where
// the node does not tell.
type Host struct {
	OS   string `json:"os"`   // runtime.GOOS
	Arch string `json:"arch"` // runtime.GOARCH
	// HostnameHash tells nodes apart without naming them: the first 12 digits of
	// the SHA-256.
	HostnameHash string `json:"hostname_hash,omitempty"`
	// Distribution is PRETTY_NAME of os-release(5).
	Distribution string `json:"distribution,omitempty"`
	// System is vendor and product of the machine or of the virtual one (DMI).
	System string `json:"system,omitempty"`

	Kernel  Kernel  `json:"kernel"`
	CPU     CPU     `json:"cpu"`
	Memory  Memory  `json:"memory"`
	Cgroup  Cgroup  `json:"cgroup"`
	Load    *Load   `json:"load,omitempty"`
	Probe   *Probe  `json:"probe,omitempty"`
	Harness Harness `json:"harness"`
	// Readers are processes of known programs that read cgroup files now and then.
	// They make the kernel flush counters, so that the next reader pays less.
	Readers []Reader `json:"readers,omitempty"`
}

// A Kernel is what decides how time and cgroups are accounted.
type Kernel struct {
	Release string `json:"release,omitempty"` // "6.12.1"
	Version string `json:"version,omitempty"` // "#1 SMP PREEMPT_DYNAMIC …"
	// Config has the options named in kernelOptions as the kernel was built; "n" is
	// one that is not set. Empty where the config cannot be read.
	Config map[string]string `json:"config,omitempty"`
	// Mitigations is the boot parameter of that name; Vulnerabilities say what came
	// of it.
	Mitigations     string            `json:"mitigations,omitempty"`
	Vulnerabilities map[string]string `json:"vulnerabilities,omitempty"`
	Clocksource     string            `json:"clocksource,omitempty"`
	// Pressure says whether there is pressure stall information (PSI).
	Pressure *bool `json:"pressure,omitempty"`
}

// A CPU is all of the node's.
type CPU struct {
	Model string `json:"model,omitempty"`
	// Count is how many are online, as the scheduler counts (hardware threads).
	Count     int    `json:"count"`
	SMT       *bool  `json:"smt,omitempty"`
	NUMANodes *int   `json:"numa_nodes,omitempty"`
	Isolated  string `json:"isolated,omitempty"` // a list of CPUs, isolcpus=
	// Governors are the different ones in use, sorted; none where there is no
	// frequency scaling, or the hypervisor does it.
	Governors []string `json:"governors,omitempty"`
	Turbo     *bool    `json:"turbo,omitempty"`
	// Virtual says whether the CPU shows a hypervisor (x86 only).
	Virtual *bool `json:"virtual,omitempty"`
	// Emulated names what makes the CPU by software, instruction by instruction, so that
	// times mean nothing; empty where a real one runs the code, in a virtual machine or not.
	Emulated string `json:"emulated,omitempty"`
}

// Memory is the node's, in bytes.
type Memory struct {
	TotalBytes     *uint64 `json:"total_bytes,omitempty"`
	AvailableBytes *uint64 `json:"available_bytes,omitempty"`
	SwapBytes      *uint64 `json:"swap_bytes,omitempty"`
	// HugePages is the mode of transparent huge pages: always, madvise or never.
	HugePages string `json:"transparent_huge_pages,omitempty"`
}

// A Cgroup is how cgroups are set up.
type Cgroup struct {
	// Mode is "v1", "v2", or "hybrid": version 2 beside version 1, which has the
	// controllers.
	Mode        string   `json:"mode,omitempty"`
	Controllers []string `json:"controllers,omitempty"`
	// Problem is why nothing can be metered by cgroup.
	Problem string `json:"problem,omitempty"`
}

// Load is the load average of proc_loadavg(5).
type Load struct {
	One     float64 `json:"1m"`
	Five    float64 `json:"5m"`
	Fifteen float64 `json:"15m"`
}

// A Probe is what the CPUs did for a moment before the run: fractions of their
// whole capacity, in steps of 10 ms of CPU time.
type Probe struct {
	Seconds float64 `json:"seconds"`
	Steal   float64 `json:"steal_fraction"`
	Busy    float64 `json:"busy_fraction"`
}

// A Harness is this program.
type Harness struct {
	Version  string `json:"version,omitempty"`
	Revision string `json:"revision,omitempty"`
	// Modified says whether the source differed from the revision.
	Modified  *bool  `json:"modified,omitempty"`
	GoVersion string `json:"go_version"`
	// EUID is the effective user, MaxOpenFiles the limit on open files.
	EUID         *int    `json:"euid,omitempty"`
	MaxOpenFiles *uint64 `json:"max_open_files,omitempty"`
}

// A Reader is a process of a known program.
type Reader struct {
	Name string `json:"name"`
	PID  int    `json:"pid"`
}

// Identity is one line that stays the same for as long as measurements on the
// node may be taken together: system, kernel release, CPU model and count, memory
// to the GiB (the last megabytes differ from boot to boot), and a hash of the
// host's name.
func (h *Host) Identity() string {
	parts := []string{h.OS + "/" + h.Arch}
	add := func(format string, v any) { parts = append(parts, fmt.Sprintf(format, v)) }
	if h.Kernel.Release != "" {
		add("kernel %s", h.Kernel.Release)
	}
	if h.CPU.Model != "" {
		add("%s", h.CPU.Model)
	}
	add("%d CPUs", h.CPU.Count)
	if total := h.Memory.TotalBytes; total != nil {
		add("%.0f GiB", math.Round(float64(*total)/(1<<30)))
	}
	if h.HostnameHash != "" {
		add("host %s", h.HostnameHash)
	}
	return strings.Join(parts, ", ")
}

// hashName shortens a name to what tells it apart.
func hashName(name string) string {
	return fmt.Sprintf("%x", sha256.Sum256([]byte(name)))[:12]
}
