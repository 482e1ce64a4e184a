package meter

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/prometheus/procfs"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/cgroupfs"
)

// A Meter finds what is to be metered; each Watch meters it.
type Meter struct {
	cfg  Config
	proc procfs.FS
	// clock reads the CPU clock of a process. It is a field since a process of a
	// test's folder has none.
	clock func(pid int) (time.Duration, error)
}

var _ bench.Meter = (*Meter)(nil)

// New returns a meter for the node. It fails where the configuration cannot be,
// or there is no procfs.
func New(cfg Config) (*Meter, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	proc, err := procfs.NewFS(cfg.Proc)
	if err != nil {
		return nil, fmt.Errorf("open procfs: %w", err)
	}
	return &Meter{cfg: cfg, proc: proc, clock: ProcessClock}, nil
}

// Watch finds the runtime, its shims, the kubelet, the harness and the agents, and opens
// their accounts. A process that is not there is an error; an account that
// cannot be read is a warning of each window.
func (m *Meter) Watch(ctx context.Context, agents []int) (_ bench.Watch, err error) {
	w := &watch{meter: m}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.Close())
		}
	}()
	harness, err := m.find(bench.ComponentHarness, m.cfg.HarnessPID)
	if err != nil {
		return nil, err
	}
	if w.daemon, err = m.daemon(bench.ComponentRuntime, m.cfg.Runtime); err != nil {
		return nil, err
	}
	shims, err := m.shims(w.daemon)
	if errors.Is(err, errOtherShims) {
		w.warnings, w.noShims = append(w.warnings, err), true
	} else if err != nil {
		return nil, err
	}
	// The order in which clocks are read at the start of a window.
	w.procs = append([]*process{harness}, shims...)
	kubelet, err := m.daemon(bench.ComponentKubelet, m.cfg.Kubelet)
	if err != nil {
		return nil, err
	}
	for _, p := range []*process{w.daemon, kubelet} {
		if p != nil {
			w.procs = append(w.procs, p)
			w.domains = append(w.domains, &domain{component: p.component, pid: p.pid})
		}
	}
	for _, pid := range agents {
		agent, err := m.find(bench.ComponentAgent, pid)
		if err != nil {
			return nil, err
		}
		w.procs = append(w.procs, agent)
		w.agents = append(w.agents, agent)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	for _, p := range w.procs {
		p.io, p.ioErr = cgroupfs.OpenFile(p.dir + "/io")
	}
	w.openNode()
	w.openCgroups()
	w.readBegin() // once for nothing, so that caches are warm and maps have their size
	return w, ctx.Err()
}

// daemon finds a daemon, nil where it is not metered.
func (m *Meter) daemon(c bench.Component, of func() (int, error)) (*process, error) {
	if of == nil {
		return nil, nil
	}
	pid, err := of()
	if err != nil {
		return nil, fmt.Errorf("find the process of the %s: %w", c, err)
	}
	return m.find(c, pid)
}

// openNode opens the account of the node.
func (w *watch) openNode() {
	node, err := openNode(w.meter.cfg.Proc)
	if err != nil {
		w.warnings = append(w.warnings, fmt.Errorf("%s: %s: %w", bench.ComponentNode, bench.CPUSeconds, err))
		return
	}
	w.node = node
}

// openCgroups opens the accounts of the pods and of the daemons.
func (w *watch) openCgroups() {
	warn := func(c bench.Component, q bench.Quantity, err error) {
		w.warnings = append(w.warnings, fmt.Errorf("%s: %s: %w", c, q, err))
	}
	cg, err := cgroupfs.Open(w.meter.cfg.CgroupRoot)
	if err != nil {
		w.warnings = append(w.warnings, fmt.Errorf("read no cgroup: %w", err))
		return
	}
	w.cgroups = cg
	if path := w.meter.cfg.PodsCgroup; path != "" {
		w.pods, err = openAccount(cg, path)
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("there is no cgroup %s", path)
			w.noPods = true
		}
		if err != nil {
			warn(bench.ComponentPods, bench.CPUSeconds, err)
		}
	}
	for _, d := range w.domains {
		family := make(map[int]bool)
		for _, p := range w.procs {
			if p.component == d.component || d.component == bench.ComponentRuntime && p.component == bench.ComponentShims {
				family[p.pid] = true
			}
		}
		path, pids, err := w.meter.ownCgroup(cg, cgroupfs.CPUAcct, d, family)
		if err == nil {
			d.account, err = openAccount(cg, path)
		}
		if err != nil {
			warn(d.component, bench.CPUCgroupSeconds, err)
		}
		for _, p := range w.procs {
			if d.account != nil && pids[p.pid] {
				p.covered = d
			}
		}
		// Version 1 may have the process elsewhere in the memory hierarchy.
		if d.memory, _, err = w.meter.ownCgroup(cg, cgroupfs.Memory, d, family); err != nil {
			warn(d.component, bench.MemoryCgroupBytes, err)
		}
	}
}
