package meter

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/prometheus/procfs"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/cgroupfs"
)

// find looks a process up by its pid.
func (m *Meter) find(component bench.Component, pid int) (*process, error) {
	p, err := m.proc.Proc(pid)
	if err != nil {
		return nil, fmt.Errorf("find the process of the %s: %w", component, err)
	}
	stat, err := p.Stat()
	if err != nil {
		return nil, fmt.Errorf("find the process of the %s: %w", component, err)
	}
	return &process{
		component: component,
		pid:       pid,
		comm:      stat.Comm,
		start:     stat.Starttime,
		dir:       procDir(m.cfg.Proc, pid),
		threads:   make(map[string]uint64),
	}, nil
}

// errEnded says that a process ended, errReplaced that another one has its pid
// since, so that what was read by the pid is not its own.
var (
	errEnded    = errors.New("it ended")
	errReplaced = errors.New("it ended, and another process has its id")
)

// lives returns nil if the process still runs, or what became of it. A zombie has
// ended.
func (m *Meter) lives(p *process) error {
	now, err := m.proc.Proc(p.pid)
	var stat procfs.ProcStat
	if err == nil {
		stat, err = now.Stat()
	}
	switch {
	case gone(err):
		return errEnded
	case err != nil:
		return err
	case stat.Starttime != p.start:
		return errReplaced
	case stat.State == "Z" || stat.State == "X":
		return errEnded
	}
	return nil
}

// shims finds the processes that stand between the runtime and its containers.
// They are no children of the runtime, so their names and arguments tell. None is
// an answer, unless there are some of another runtime only: then the socket may
// be the wrong one, and the error is errOtherShims.
func (m *Meter) shims(of *process) ([]*process, error) {
	if of == nil {
		return nil, nil
	}
	runtime, err := m.proc.Proc(of.pid)
	if err != nil {
		return nil, err
	}
	daemon, err := runtime.Comm()
	if err != nil {
		return nil, err
	}
	all, err := m.proc.AllProcs()
	if err != nil {
		return nil, fmt.Errorf("find shims: %w", err)
	}
	name, match := "containerd-shim", containerdShim
	if strings.HasPrefix(daemon, "crio") {
		name, match = "conmon", crioShim
	}
	var shims []*process
	others := 0
	for _, p := range all {
		comm, err := p.Comm()
		if err == nil && !strings.HasPrefix(comm, name) {
			continue
		}
		var args []string
		if err == nil {
			args, err = p.CmdLine()
		}
		var shim *process
		if err == nil && !oneCall(args) {
			if match(args, m.cfg.RuntimeSocket) {
				shim, err = m.find(bench.ComponentShims, p.PID)
			} else {
				others++
			}
		}
		switch {
		case gone(err): // ended while we looked
		case err != nil:
			return nil, fmt.Errorf("find shims: %w", err)
		case shim != nil:
			shims = append(shims, shim)
		}
	}
	if len(shims) == 0 && others > 0 && name != "conmon" { // of which others say that they are podman's
		return nil, fmt.Errorf("%w of %s on %s, but %d of others", errOtherShims, daemon, m.cfg.RuntimeSocket, others)
	}
	return shims, nil
}

// errOtherShims says that all shims on the node are somebody else's.
var errOtherShims = errors.New("find shims: there is none")

// oneCall says from its arguments whether a process of a shim's program is there
// for one call only, and gone before a window ends: containerd's with "start" or
// "delete" at the end, conmon for a command that is run in a container.
func oneCall(args []string) bool {
	if len(args) == 0 {
		return true // a zombie
	}
	last := args[len(args)-1]
	return last == "start" || last == "delete" || slices.Contains(args, "-e") || slices.Contains(args, "--exec")
}

// containerdShim says from its arguments whether a shim belongs to the containerd
// on the socket:
//
//	containerd-shim-runc-v2 -namespace k8s.io -id 5f… -address /run/containerd/containerd.sock
func containerdShim(args []string, socket string) bool {
	i := slices.Index(args, "-address")
	return i >= 0 && i+1 < len(args) && sameSocket(args[i+1], socket)
}

// crioShim says the same of a conmon of CRI-O:
//
//	conmon -b … -c 5f… --exit-dir /var/run/crio/exits … --socket-dir-path /var/run/crio …
//
// conmon does not say whose it is. Those of podman, which uses it too, have
// "libpod" in their exit folder; two CRI-O on one node cannot be told apart.
func crioShim(args []string, _ string) bool {
	return !slices.ContainsFunc(args, func(arg string) bool { return strings.Contains(arg, "/libpod/") })
}

// sameSocket compares two paths of sockets, of which one may go through a link
// (/var/run).
func sameSocket(a, b string) bool {
	a, b = filepath.Clean(strings.TrimPrefix(a, "unix://")), filepath.Clean(strings.TrimPrefix(b, "unix://"))
	if a == b {
		return true
	}
	a, errA := filepath.EvalSymlinks(a)
	b, errB := filepath.EvalSymlinks(b)
	return errA == nil && errB == nil && a == b
}

// ownCgroup returns the path of a daemon's cgroup in the controller's hierarchy and
// the processes in it and below it, or why it is not the daemon's own. family are
// the processes that it shares it with by right.
func (m *Meter) ownCgroup(cg *cgroupfs.FS, c cgroupfs.Controller, d *domain, family map[int]bool) (path string, pids map[int]bool, err error) {
	path, err = cg.PathOf(m.cfg.Proc, d.pid, c)
	if err != nil {
		return "", nil, err
	}
	notOwn := func(format string, args ...any) error {
		return fmt.Errorf("the %s's cgroup %s is not its own: %s", d.component, path, fmt.Sprintf(format, args...))
	}
	if path == "/" {
		return "", nil, notOwn("it is the root of the hierarchy")
	}
	if pods := m.cfg.PodsCgroup; pods != "" && (within(pods, path) || within(path, pods)) {
		return "", nil, notOwn("the pods are in %s", pods)
	}
	dir, err := cg.Dir(c, path)
	if err != nil {
		return "", nil, err
	}
	pids, err = processesIn(dir)
	if err != nil {
		return "", nil, err
	}
	for pid := range pids {
		ours, err := m.ofFamily(pid, d.pid, family)
		if err != nil {
			return "", nil, notOwn("whose process %d is cannot be seen: %v", pid, err)
		}
		if !ours {
			return "", nil, notOwn("process %d is in it", pid)
		}
	}
	return path, pids, nil
}

// within says whether the cgroup path is parent or lies below it.
func within(path, parent string) bool {
	path, parent = filepath.Clean("/"+path), filepath.Clean("/"+parent)
	return path == parent || strings.HasPrefix(path, strings.TrimSuffix(parent, "/")+"/")
}

// ofFamily says whether a process is of the family of a daemon (the runtime and
// its shims, the kubelet) or descends from it as a helper does. Processes of
// containers descend from shims too, but live in a pid namespace of their own.
func (m *Meter) ofFamily(pid, daemon int, family map[int]bool) (bool, error) {
	if family[pid] {
		return true, nil
	}
	namespace := func(pid int) (string, error) {
		return os.Readlink(filepath.Join(procDir(m.cfg.Proc, pid), "ns", "pid"))
	}
	home, err := namespace(daemon)
	if err != nil {
		return false, err
	}
	// A chain of parents is short; the bound holds against pids that are given
	// anew while we climb.
	for climbed, at := 0, pid; climbed < 64 && at > 1; climbed++ {
		if family[at] {
			return true, nil
		}
		where, err := namespace(at)
		if gone(err) {
			return true, nil // it ended: a helper, or nobody that matters for long
		}
		if err != nil {
			return false, err
		}
		if where != home {
			return false, nil
		}
		p, err := m.proc.Proc(at)
		var stat procfs.ProcStat
		if err == nil {
			stat, err = p.Stat()
		}
		if gone(err) {
			return true, nil
		}
		if err != nil {
			return false, err
		}
		at = stat.PPID
	}
	return false, nil
}

// processesIn returns the processes in the cgroup's folder and below it.
func processesIn(dir string) (map[int]bool, error) {
	pids := make(map[int]bool)
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			if gone(err) && path != dir {
				return nil // a cgroup below ended while we looked
			}
			return err
		}
		name := filepath.Join(path, "cgroup.procs")
		data, err := os.ReadFile(name)
		if gone(err) && path != dir {
			return nil
		}
		if err != nil {
			return err
		}
		for line := range strings.Lines(string(data)) {
			pid, err := parsePID(line)
			if err != nil {
				return fmt.Errorf("read %s: %w", name, err)
			}
			pids[pid] = true
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list the processes of a cgroup: %w", err)
	}
	return pids, nil
}
