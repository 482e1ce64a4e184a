package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/prometheus/procfs"
)

// procRoot is where procfs is mounted.
const procRoot = "/proc"

// A process is what /proc tells of one.
type process struct {
	pid, parent int
	// start is in clock ticks after boot.
	start uint64
	name  string
	argv  []string
}

func (p process) String() string { return fmt.Sprintf("process %d (%s)", p.pid, p.name) }

// readProcess reads one process; fs.ErrNotExist if it is gone or a zombie.
func readProcess(proc procfs.FS, pid int) (process, error) {
	handle, err := proc.Proc(pid)
	if err != nil {
		return process{}, err
	}
	stat, err := handle.Stat()
	if errors.Is(err, syscall.ESRCH) || err == nil && (stat.State == "Z" || stat.State == "X") {
		err = fmt.Errorf("process %d: %w", pid, os.ErrNotExist)
	}
	if err != nil {
		return process{}, err
	}
	argv, err := handle.CmdLine()
	if err != nil {
		return process{}, err
	}
	return process{pid, stat.PPID, stat.Starttime, stat.Comm, argv}, nil
}

// readProcesses reads all that live, without kernel threads.
func readProcesses(proc procfs.FS) ([]process, error) {
	handles, err := proc.AllProcs()
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	all := make([]process, 0, len(handles))
	for _, handle := range handles {
		p, err := readProcess(proc, handle.PID)
		switch {
		case errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ESRCH):
			// It ended meanwhile.
		case err != nil:
			return nil, fmt.Errorf("read process %d: %w", handle.PID, err)
		case p.parent != 2 && p.pid != 2:
			all = append(all, p)
		}
	}
	return all, nil
}

// shims say, by the name that their programs begin with, which argument of a shim
// tells whose it is:
//
//	/usr/bin/containerd-shim-runc-v2 -namespace k8s.io -id 4f… -address /run/containerd/containerd.sock
//	/usr/bin/conmon -b … -c 4f… --exit-dir /run/crio/exits -l …
var shims = map[string]string{"containerd-shim": "address", "conmon": "exit-dir"}

// shimOwner returns what a shim says of whose it is, a path, and whether argv is a
// shim's at all.
func shimOwner(argv []string) (string, bool) {
	for prefix, flag := range shims {
		if len(argv) == 0 || !strings.HasPrefix(filepath.Base(argv[0]), prefix) {
			continue
		}
		for i, arg := range argv {
			name, value, found := strings.Cut(strings.TrimLeft(arg, "-"), "=")
			if name != flag || !strings.HasPrefix(arg, "-") {
				continue
			}
			if found {
				return value, true
			}
			if i+1 < len(argv) {
				return argv[i+1], true
			}
		}
		return "", true
	}
	return "", false
}

// ownsShim says whether a shim that says this of itself is the node's.
func (s *State) ownsShim(owner string) bool {
	return owner == s.Socket || owner == filepath.Join(s.RunDir, exitsDir)
}

// is says whether argv is the daemon's, or that of the shell that is about to
// become it (see cgroups.command).
func (s *Service) is(argv []string) bool {
	return len(argv) >= len(s.Argv) && slices.Equal(argv[len(argv)-len(s.Argv):], s.Argv)
}

// isDaemon says whether argv is that of one of the node's daemons.
func (s *State) isDaemon(argv []string) bool {
	return slices.ContainsFunc(s.services(), func(service *Service) bool { return service.is(argv) })
}

// ours picks the processes that belong to the node out of all: the daemons, the
// shims, what is in the daemons' cgroups, all that descends from these, and what is
// in the cgroups of its pods. inNode and inPods are the pids in those cgroups.
//
// What descends from another runtime's shim is not ours even in a cgroup of
// the pods: somebody ran pods of an existing runtime under the same parent.
func (s *State) ours(all []process, inNode, inPods map[int]bool) []process {
	byPID := make(map[int]process, len(all))
	for _, p := range all {
		byPID[p.pid] = p
	}
	const unknown, mine, foreign = 0, 1, 2
	verdicts := make(map[int]int, len(all))
	var judge func(p process) int
	judge = func(p process) int {
		if v, ok := verdicts[p.pid]; ok {
			return v
		}
		verdicts[p.pid] = unknown // ends a circle, which the kernel never makes
		v := unknown
		if owner, isShim := shimOwner(p.argv); isShim && !s.ownsShim(owner) {
			v = foreign
		} else if isShim || inNode[p.pid] || s.isDaemon(p.argv) {
			v = mine
		} else if parent, ok := byPID[p.parent]; ok {
			v = judge(parent)
		}
		verdicts[p.pid] = v
		return v
	}
	var found []process
	for _, p := range all {
		// Neither ourselves nor what everything descends from.
		if p.pid == 1 || p.pid == os.Getpid() {
			continue
		}
		if v := judge(p); v == mine || v == unknown && inPods[p.pid] {
			found = append(found, p)
		}
	}
	slices.SortFunc(found, func(a, b process) int { return a.pid - b.pid })
	return found
}

// signal sends sig to just this process: where its pid has passed to another one,
// nothing is sent. os.FindProcess holds a pidfd, so that the check stays true.
func (p process) signal(proc procfs.FS, sig syscall.Signal) error {
	handle, err := os.FindProcess(p.pid)
	if err != nil {
		return err
	}
	defer handle.Release() //nolint:errcheck // it has no error to give
	if now, err := readProcess(proc, p.pid); errors.Is(err, os.ErrNotExist) || err == nil && now.start != p.start {
		return nil
	} else if err != nil {
		return err
	}
	if err := handle.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("send %v to %v: %w", sig, p, err)
	}
	return nil
}

// poll calls done every few milliseconds until it says true, and says whether it
// did before ctx ended.
func poll(ctx context.Context, done func() bool) bool {
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for !done() {
		select {
		case <-ctx.Done():
			return false
		case <-ticker.C:
		}
	}
	return true
}
