package node

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/prometheus/procfs"
)

// start starts the daemon in its cgroup and in a session of its own, and notes
// its process in s. dir is its folder, env all of its environment. It goes on
// when this process ends. ended is closed when it has ended and was reaped.
func (s *Service) start(ctx context.Context, groups cgroups, dir string, env []string) (ended <-chan struct{}, err error) {
	if err := groups.make(s.Cgroup); err != nil {
		return nil, err
	}
	// It must outlive ctx: Down ends it.
	cmd, done, err := groups.command(context.WithoutCancel(ctx), s.Cgroup, s.Argv)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, done()) }()
	log, err := os.OpenFile(s.Log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, log.Close()) }() // the daemon has its own
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Dir, cmd.Env = dir, env
	cmd.SysProcAttr.Setsid = true
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", s.Argv[0], err)
	}
	reaped := make(chan struct{})
	// Reaps the daemon, whose parent is this process as long as it lives. Down
	// waits for it; without a Down it ends with the process.
	go func() {
		defer close(reaped)
		_ = cmd.Wait() // the log says why it ended
	}()
	s.PID, s.StartTicks = cmd.Process.Pid, 0
	proc, err := procfs.NewFS(procRoot)
	if err != nil {
		return reaped, err
	}
	if p, err := readProcess(proc, s.PID); err == nil {
		s.StartTicks = p.start
	} else if !errors.Is(err, fs.ErrNotExist) { // that it ended is seen by whoever waits for it
		return reaped, fmt.Errorf("read process %d, just started: %w", s.PID, err)
	}
	return reaped, nil
}

// end ends a daemon of the node, gently at first, for who has the lock. What it has
// started goes on. That it does not run is no error. ended is nil where this process did
// not start it.
func (n *Node) end(ctx context.Context, s *Service, ended <-chan struct{}) error {
	proc, err := procfs.NewFS(procRoot)
	if err != nil {
		return err
	}
	p := process{pid: s.PID, start: s.StartTicks, name: filepath.Base(s.Argv[0])}
	for _, try := range []struct {
		sig     syscall.Signal
		timeout time.Duration
	}{{syscall.SIGTERM, termTimeout}, {syscall.SIGKILL, killTimeout}} {
		running, err := s.running(n.State.BootID)
		if err == nil && running {
			err = p.signal(proc, try.sig)
		}
		if err != nil {
			return fmt.Errorf("stop %s of %s: %w", p.name, n.State.Dir, err)
		}
		ctx, cancel := context.WithTimeout(ctx, try.timeout)
		gone := poll(ctx, func() bool {
			running, err = s.running(n.State.BootID)
			return err != nil || !running
		})
		cancel()
		if err != nil {
			return err
		}
		if gone {
			if ended != nil {
				<-ended
			}
			s.PID, s.StartTicks = 0, 0
			return n.State.write()
		}
	}
	return fmt.Errorf("stop %s of %s: %v does not end", p.name, n.State.Dir, p)
}

// running says whether the daemon's process lives: that very one, not another
// that has its pid now. boot is the boot_id under which it was started.
func (s *Service) running(boot string) (bool, error) {
	now, err := bootID()
	if err != nil {
		return false, err
	}
	if s.PID == 0 || boot != now {
		return false, nil
	}
	proc, err := procfs.NewFS(procRoot)
	if err != nil {
		return false, err
	}
	p, err := readProcess(proc, s.PID)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read process %d: %w", s.PID, err)
	}
	return p.start == s.StartTicks, nil
}

// bootID returns the kernel's name of the present boot.
func bootID() (string, error) {
	data, err := os.ReadFile(filepath.Join(procRoot, "sys/kernel/random/boot_id"))
	return strings.TrimSpace(string(data)), err
}

// environment is what a node's daemons see: a fixed one, since what happens to be
// set here must not change what is measured, and proxies have no part in it.
func (s *State) environment() []string {
	env := []string{"PATH=" + programPath(s.Programs), "HOME=/root", "TMPDIR=" + filepath.Join(s.Dir, "tmp")}
	if variable := runtimes[s.Runtime].profileEnv; variable != "" && s.Profiles != "" {
		env = append(env, variable)
	}
	return env
}
