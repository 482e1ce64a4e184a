package node

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/prometheus/procfs"

	"cri-stats-bench/bench/cgroupfs"
)

const (
	// downTimeout is for taking down a node whose bringing up was interrupted.
	downTimeout = time.Minute
	// termTimeout is how long the daemon may take to end by itself; the others are
	// how long processes, mounts and cgroups may stay although nothing holds them.
	termTimeout    = 10 * time.Second
	killTimeout    = 10 * time.Second
	unmountTimeout = 3 * time.Second
	// releaseTimeout is how long the kernel may take to let go of a hierarchy that was
	// unmounted, hierarchyTimeout how long it is tried.
	releaseTimeout   = 3 * time.Second
	hierarchyTimeout = 20 * time.Second
	rmdirTimeout     = 10 * time.Second
)

// Find finds the node in dir, whoever brought it up, alive or dead; DefaultDir
// if dir is empty. The error is fs.ErrNotExist where there is none.
func Find(dir string) (*Node, error) {
	if dir == "" {
		dir = DefaultDir
	}
	s, err := readState(dir)
	if err != nil {
		return nil, fmt.Errorf("find a node in %s: %w", dir, err)
	}
	if resolved, err := filepath.EvalSymlinks(dir); err != nil || resolved != s.Dir {
		return nil, fmt.Errorf("find a node in %s: its state file says that it is in %s", dir, s.Dir)
	}
	return &Node{State: *s}, nil
}

// Down takes down the node in dir, DefaultDir if dir is empty, and what is left
// of one that was killed before it had a state file. That nothing is there is no
// error.
func Down(ctx context.Context, dir string) error {
	if dir == "" {
		dir = DefaultDir
	}
	n, err := Find(dir)
	if err == nil {
		return n.Down(ctx)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	unlock, err := lockDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer unlock()
	removeDir(dir)
	return nil
}

// Down takes the node down: it ends the daemon, its shims and all containers,
// unmounts what is mounted in the node's folders, and removes its cgroups,
// sockets and folders. What is no longer there is no error, so that it may be
// called again, also by another process. It returns a *LeftError if something
// is left.
//
// It needs root. ctx should outlive an interrupted run.
func (n *Node) Down(ctx context.Context) error {
	if os.Geteuid() != 0 {
		return fmt.Errorf("take down the node in %s: %w: needs root", n.State.Dir, fs.ErrPermission)
	}
	unlock, err := lockDir(n.State.Dir)
	if err == nil {
		defer unlock()
		now, err := readState(n.State.Dir)
		if err == nil && !now.Created.Equal(n.State.Created) {
			return nil // this node is gone, and another one is in its place
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := n.clear(ctx); err != nil {
		return err
	}
	removeDir(n.State.Dir)
	return nil
}

// clear leaves nothing of the node but its empty folder.
func (n *Node) clear(ctx context.Context) error {
	s := &n.State
	var left []string
	var errs []error
	note := func(what string, names []string, err error) {
		for _, name := range names {
			left = append(left, what+" "+name)
		}
		if err != nil {
			errs = append(errs, err)
		}
	}

	hierarchies, err := cgroupfs.Open(cgroupfs.Root)
	if err != nil {
		return fmt.Errorf("take down the node in %s: %w", s.Dir, err)
	}
	groups := cgroups{hierarchies}
	processes, err := s.endProcesses(ctx, groups)
	note("process", processes, err)
	for _, ended := range []<-chan struct{}{n.ended, n.kubeletEnded} {
		if ended != nil && err == nil && len(processes) == 0 {
			<-ended
		}
	}
	for _, dir := range []string{s.Dir, s.RunDir} {
		unmountCtx, cancel := context.WithTimeout(ctx, unmountTimeout)
		mounts, err := unmountBelow(unmountCtx, dir)
		cancel()
		note("mount", mounts, err)
	}
	for _, path := range s.cgroups() {
		rmdirCtx, cancel := context.WithTimeout(ctx, rmdirTimeout)
		dirs, err := groups.remove(rmdirCtx, path)
		cancel()
		note("cgroup", dirs, err)
	}
	unmountCtx, cancel := context.WithTimeout(ctx, hierarchyTimeout)
	mounts, err := s.Outside.unmount(unmountCtx)
	cancel()
	note("mount", mounts, err)
	// Files only go when nothing uses them, above all no mount: removing through
	// one would remove what is not ours. The state file goes last.
	if len(left) == 0 && len(errs) == 0 {
		if err := s.Outside.restore(ctx, s.Dir); err != nil {
			errs = append(errs, err)
		} else if err := removeFiles(s.Dir, s.RunDir); err != nil {
			note("folder", []string{s.Dir}, err)
		}
	}
	if len(left) == 0 && len(errs) == 0 {
		return nil
	}
	return &LeftError{Dir: s.Dir, Left: left, Err: errors.Join(errs...)}
}

// cgroups are all that are the node's.
func (s *State) cgroups() []string {
	paths := append([]string{s.Cgroup}, s.PodsCgroups...)
	if s.Kubelet != nil {
		paths = append(paths, s.Kubelet.Cgroup)
	}
	return paths
}

// services are the daemons, those first that are to be ended first: a kubelet
// would start pods again, and a runtime would see its shims die and act on it.
func (s *State) services() []*Service {
	if s.Kubelet == nil {
		return []*Service{&s.Service}
	}
	return []*Service{&s.Kubelet.Service, &s.Service}
}

// processes finds those that are the node's.
func (s *State) processes(proc procfs.FS, groups cgroups) ([]process, error) {
	inNode := make(map[int]bool)
	for _, service := range s.services() {
		pids, err := groups.procs(service.Cgroup)
		if err != nil {
			return nil, err
		}
		maps.Copy(inNode, pids)
	}
	inPods := make(map[int]bool)
	for _, path := range s.PodsCgroups {
		pids, err := groups.procs(path)
		if err != nil {
			return nil, err
		}
		maps.Copy(inPods, pids)
	}
	all, err := readProcesses(proc)
	if err != nil {
		return nil, err
	}
	return s.ours(all, inNode, inPods), nil
}

// signal sends a signal to those of the node's processes that are picked until none is
// left, and returns those that are.
func (s *State) signal(ctx context.Context, proc procfs.FS, groups cgroups, sig syscall.Signal, timeout time.Duration, pick func(process) bool) (found []process, err error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	sent := make(map[int]process)
	poll(ctx, func() bool {
		var all []process
		if all, err = s.processes(proc, groups); err != nil {
			return true
		}
		found = found[:0]
		for _, p := range all {
			if !pick(p) {
				continue
			}
			found = append(found, p)
			if _, before := sent[p.pid]; before && sig == syscall.SIGTERM {
				continue // once is enough to be gentle
			}
			sent[p.pid] = p
			if err = p.signal(proc, sig); err != nil {
				return true
			}
		}
		if len(found) > 0 {
			return false
		}
		// A process that is ending is in no list of a cgroup any more, and its parent may be
		// gone before it.
		for pid, p := range sent {
			if now, err := readProcess(proc, pid); err == nil && now.start == p.start {
				found = append(found, p)
			}
		}
		return len(found) == 0
	})
	return found, err
}

// endProcesses ends the daemons, gently, and then all others that are the node's.
// It returns those that are left.
func (s *State) endProcesses(ctx context.Context, groups cgroups) ([]string, error) {
	proc, err := procfs.NewFS(procRoot)
	if err != nil {
		return nil, err
	}
	for _, service := range s.services() {
		if _, err := s.signal(ctx, proc, groups, syscall.SIGTERM, termTimeout, func(p process) bool { return service.is(p.argv) }); err != nil {
			return nil, err
		}
	}
	for _, path := range s.PodsCgroups {
		if err := groups.thaw(path); err != nil {
			return nil, err
		}
	}
	found, err := s.signal(ctx, proc, groups, syscall.SIGKILL, killTimeout, func(process) bool { return true })
	if err != nil {
		return nil, err
	}
	names := make([]string, len(found))
	for i, p := range found {
		names[i] = strings.TrimPrefix(p.String(), "process ")
	}
	return names, nil
}

// removeFiles empties dir and removes runDir, the state file after all others.
func removeFiles(dir, runDir string) error {
	if err := os.RemoveAll(runDir); err != nil {
		return err
	}
	// Only if no other node's sockets are there.
	_ = os.Remove(runRoot)
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if entry.Name() == stateFile {
			continue
		}
		if err := os.RemoveAll(filepath.Join(dir, entry.Name())); err != nil {
			return err
		}
	}
	if err := os.Remove(filepath.Join(dir, stateFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
