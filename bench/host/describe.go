package host

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/procfs"

	"cri-stats-bench/bench/cgroupfs"
)

// Options say where to look. Empty folders are the usual ones.
type Options struct {
	Proc string // "/proc"
	Sys  string // "/sys"
	Etc  string // "/etc"
	Boot string // "/boot"
	// Probe is how long to look at steal and load; 0 for not at all.
	Probe time.Duration
}

func (o Options) withDefaults() Options {
	for _, d := range []struct {
		dir   *string
		usual string
	}{{&o.Proc, "/proc"}, {&o.Sys, "/sys"}, {&o.Etc, "/etc"}, {&o.Boot, "/boot"}} {
		if *d.dir == "" {
			*d.dir = d.usual
		}
	}
	return o
}

// Describe says what this node is. It takes as long as the probe; the only error
// is the context's.
func Describe(ctx context.Context, o Options) (*Host, error) {
	o = o.withDefaults()
	h := &Host{OS: runtime.GOOS, Arch: runtime.GOARCH, Harness: describeSelf()}
	if name, err := os.Hostname(); err == nil {
		h.HostnameHash = hashName(name)
	}
	if data, err := os.ReadFile(filepath.Join(o.Etc, "os-release")); err == nil {
		h.Distribution = parseOSRelease(data)
	}
	h.System = strings.TrimSpace(line(o.Sys, "class/dmi/id/sys_vendor") + " " + line(o.Sys, "class/dmi/id/product_name"))
	h.Kernel = o.describeKernel()
	h.CPU = o.describeCPU()
	h.Memory.HugePages = parseChoice(line(o.Sys, "kernel/mm/transparent_hugepage/enabled"))
	h.Cgroup = o.describeCgroup()
	if proc, err := procfs.NewFS(o.Proc); err == nil {
		if m, err := proc.Meminfo(); err == nil {
			h.Memory.TotalBytes, h.Memory.AvailableBytes, h.Memory.SwapBytes = m.MemTotalBytes, m.MemAvailableBytes, m.SwapTotalBytes
		}
		if l, err := proc.LoadAvg(); err == nil {
			h.Load = &Load{l.Load1, l.Load5, l.Load15}
		}
		h.Readers = findReaders(proc)
		if err := h.probe(ctx, proc, o.Probe); err != nil {
			return nil, fmt.Errorf("describe the node: %w", err)
		}
	}
	return h, ctx.Err()
}

// describeSelf describes this program and what it may do.
func describeSelf() Harness {
	s := Harness{GoVersion: runtime.Version(), MaxOpenFiles: maxOpenFiles()}
	if euid := os.Geteuid(); euid >= 0 { // -1 on Windows
		s.EUID = &euid
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return s
	}
	s.Version = info.Main.Version
	for _, setting := range info.Settings {
		switch setting.Key {
		case "vcs.revision":
			s.Revision = setting.Value
		case "vcs.modified":
			modified := setting.Value == "true"
			s.Modified = &modified
		}
	}
	return s
}

func (o Options) describeKernel() Kernel {
	k := Kernel{
		Release:     line(o.Proc, "sys/kernel/osrelease"),
		Version:     line(o.Proc, "sys/kernel/version"),
		Mitigations: parseParameter(line(o.Proc, "cmdline"), "mitigations"),
		Clocksource: line(o.Sys, "devices/system/clocksource/clocksource0/current_clocksource"),
	}
	k.Config = o.kernelConfig(k.Release)
	names, _ := filepath.Glob(filepath.Join(o.Sys, "devices/system/cpu/vulnerabilities/*"))
	for _, name := range names {
		if status := line(name, ""); status != "" {
			if k.Vulnerabilities == nil {
				k.Vulnerabilities = make(map[string]string)
			}
			k.Vulnerabilities[filepath.Base(name)] = status
		}
	}
	if k.Release != "" {
		_, err := os.ReadFile(filepath.Join(o.Proc, "pressure/cpu")) // it can be there and switched off
		pressure := err == nil
		k.Pressure = &pressure
	}
	return k
}

// kernelConfig reads the config from where kernels or distributions leave it.
func (o Options) kernelConfig(release string) map[string]string {
	read := func(name string, unpack func(io.Reader) (io.Reader, error)) map[string]string {
		f, err := os.Open(name)
		if err != nil {
			return nil
		}
		defer func() { _ = f.Close() }() // it was only read
		text, err := unpack(f)
		if err != nil {
			return nil
		}
		config, err := parseKernelConfig(text)
		if err != nil || len(config) == 0 {
			return nil
		}
		return config
	}
	gunzip := func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) }
	plain := func(r io.Reader) (io.Reader, error) { return r, nil }
	if config := read(filepath.Join(o.Proc, "config.gz"), gunzip); config != nil {
		return config
	}
	if release == "" {
		return nil
	}
	return read(filepath.Join(o.Boot, "config-"+release), plain)
}

func (o Options) describeCPU() CPU {
	c := CPU{Count: runtime.NumCPU()}
	if data, err := os.ReadFile(filepath.Join(o.Proc, "cpuinfo")); err == nil {
		c.Model, c.Virtual = parseCPUInfo(data)
		c.Emulated = emulator(c.Model, line(o.Sys, "devices/system/clocksource/clocksource0/available_clocksource"))
	}
	if proc, err := procfs.NewFS(o.Proc); err == nil {
		// The whole node's, where NumCPU is what this process may run on.
		if stat, err := proc.Stat(); err == nil && len(stat.CPU) > 0 {
			c.Count = len(stat.CPU)
		}
	}
	cpus := filepath.Join(o.Sys, "devices/system/cpu")
	c.SMT = isSet(line(cpus, "smt/active"), "1")
	c.Isolated = line(cpus, "isolated")
	c.Turbo = isSet(line(cpus, "cpufreq/boost"), "1")
	if c.Turbo == nil {
		c.Turbo = isSet(line(cpus, "intel_pstate/no_turbo"), "0")
	}
	governors := make(map[string]bool)
	names, _ := filepath.Glob(filepath.Join(cpus, "cpu[0-9]*/cpufreq/scaling_governor"))
	for _, name := range names {
		if g := line(name, ""); g != "" {
			governors[g] = true
		}
	}
	c.Governors = slices.Sorted(maps.Keys(governors))
	if nodes, _ := filepath.Glob(filepath.Join(o.Sys, "devices/system/node/node[0-9]*")); len(nodes) > 0 {
		n := len(nodes)
		c.NUMANodes = &n
	}
	return c
}

func (o Options) describeCgroup() Cgroup {
	root := filepath.Join(o.Sys, "fs/cgroup")
	var c Cgroup
	if controllers := line(root, "cgroup.controllers"); controllers != "" {
		c.Mode, c.Controllers = "v2", strings.Fields(controllers)
	} else if summaries, err := o.cgroupSummaries(); err == nil {
		c.Mode = "v1"
		if _, err := os.Stat(filepath.Join(root, "unified", "cgroup.procs")); err == nil {
			c.Mode = "hybrid"
		}
		for _, s := range summaries {
			if s.Enabled == 1 {
				c.Controllers = append(c.Controllers, s.SubsysName)
			}
		}
		slices.Sort(c.Controllers)
	}
	if _, err := cgroupfs.Open(root); err != nil {
		c.Problem = err.Error()
	}
	return c
}

// cgroupSummaries reads /proc/cgroups; see cgroups(7).
func (o Options) cgroupSummaries() ([]procfs.CgroupSummary, error) {
	proc, err := procfs.NewFS(o.Proc)
	if err != nil {
		return nil, err
	}
	return proc.CgroupSummarys()
}

// probe looks at the CPUs for a while.
func (h *Host) probe(ctx context.Context, proc procfs.FS, length time.Duration) error {
	if length <= 0 {
		return nil
	}
	begin, err := proc.Stat()
	start := time.Now()
	if err != nil {
		return nil // absent
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(length):
	}
	end, err := proc.Stat()
	took := time.Since(start).Seconds()
	if err != nil || len(end.CPU) == 0 {
		return nil
	}
	b, e := begin.CPUTotal, end.CPUTotal
	capacity := took * float64(len(end.CPU))
	idle := e.Idle + e.Iowait - b.Idle - b.Iowait
	h.Probe = &Probe{Seconds: took, Steal: (e.Steal - b.Steal) / capacity, Busy: 1 - idle/capacity}
	return nil
}

// line returns the only line of a small file, "" where there is none.
func line(dir, name string) string {
	data, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(data))
}

// isSet says whether the text is the one that means yes; nil if there is no text.
func isSet(text, yes string) *bool {
	if text == "" {
		return nil
	}
	is := text == yes
	return &is
}
