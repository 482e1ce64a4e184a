package node

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"

	"cri-stats-bench/bench/cgroupfs"
)

const (
	// readyTimeout is how long a daemon may take until it can run pods.
	readyTimeout = 30 * time.Second
	// logLines of its log are shown when it cannot.
	logLines = 20
	// systemPath is where the daemon finds mount, modprobe and the like.
	systemPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
)

// Up brings up a node and returns when it can run pods. It clears away first
// what a dead node has left in Config.Dir, and returns ErrInUse where a live one
// is. When it fails, nothing is left.
//
// The daemon is in a session and a cgroup of its own and goes on when this
// process ends; Find finds it again. Its cgroup driver is cgroupfs, also where
// systemd runs: the node's cgroups then stand beside systemd's, which needs no
// unit files and no reload of a manager that is not ours.
//
// It needs root.
func Up(ctx context.Context, c Config) (_ *Node, err error) {
	c = c.withDefaults()
	if err := c.validate(); err != nil {
		return nil, err
	}
	if os.Geteuid() != 0 {
		return nil, fmt.Errorf("start a node in %s: %w: needs root", c.Dir, fs.ErrPermission)
	}
	spec := runtimes[c.Runtime]
	programs, err := findPrograms(ctx, c.BinDir, spec)
	if err != nil {
		return nil, err
	}
	runDir, cgroup := names(c.Dir)
	if c.Dir, err = makeDir(c.Dir); err != nil {
		return nil, err
	}
	unlock, err := lockDir(c.Dir)
	if err != nil {
		return nil, err
	}
	defer unlock()
	// Leaves the folder alone unless it is as empty as it was found or made.
	defer func() {
		if err != nil {
			removeDir(c.Dir)
		}
	}()
	if err := clearDead(ctx, c.Dir); err != nil {
		return nil, err
	}
	state, err := newState(c, runDir, cgroup, spec, programs)
	if err != nil {
		return nil, err
	}
	groups, err := vacant(ctx, state)
	if err != nil {
		return nil, err
	}
	if err := state.write(); err != nil {
		return nil, err
	}
	// From here on there is something to take down.
	n := &Node{State: *state}
	if err = n.start(ctx, c, spec, groups); err != nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), downTimeout)
		defer cancel()
		return nil, errors.Join(err, n.clear(ctx))
	}
	return n, nil
}

// start writes the node's files, starts the daemon and waits until it is ready.
func (n *Node) start(ctx context.Context, c Config, spec runtimeSpec, groups cgroups) (err error) {
	s := &n.State
	if err := canOverlay(s.Dir); err != nil {
		s.Snapshotter = "native"
		s.Warnings = append(s.Warnings, fmt.Sprintf("the snapshotter is native, which copies every layer: %v", err))
	}
	if err := writeFiles(c, spec, *s); err != nil {
		return err
	}
	if err := groups.make(s.Cgroup); err != nil {
		return err
	}
	// It must outlive ctx: Down ends it.
	cmd, done, err := groups.command(context.WithoutCancel(ctx), s.Cgroup, s.Argv)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	log, err := os.OpenFile(s.Log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, log.Close()) }() // the daemon has its own
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Dir = s.Dir
	// A fixed environment: what happens to be set here must not change what is
	// measured, and proxies have no part in it.
	cmd.Env = []string{"PATH=" + programPath(s.Programs), "HOME=/root", "TMPDIR=" + filepath.Join(s.Dir, "tmp")}
	cmd.SysProcAttr.Setsid = true
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", s.Argv[0], err)
	}
	ended := make(chan struct{})
	n.ended = ended
	// Reaps the daemon, whose parent is this process as long as it lives. Down
	// waits for it; without a Down it ends with the process.
	go func() {
		defer close(ended)
		_ = cmd.Wait() // the log says why it ended
	}()

	s.PID = cmd.Process.Pid
	proc, err := procfs.NewFS(procRoot)
	if err != nil {
		return err
	}
	if p, err := readProcess(proc, s.PID); err == nil {
		s.StartTicks = p.start
	} else if !errors.Is(err, fs.ErrNotExist) { // that it ended is said below, with its log
		return fmt.Errorf("read process %d, just started: %w", s.PID, err)
	}
	if err := s.write(); err != nil {
		return err
	}
	readyCtx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	if err := n.waitReady(readyCtx); err != nil {
		return fmt.Errorf("start %s: %w; %s", s.Argv[0], err, logTail(s.Log, logLines))
	}
	return s.write()
}

// newState is the state of a node that is about to be.
func newState(c Config, runDir, cgroup string, spec runtimeSpec, programs []Program) (*State, error) {
	boot, err := os.ReadFile(filepath.Join(procRoot, "sys/kernel/random/boot_id"))
	if err != nil {
		return nil, err
	}
	config := filepath.Join(c.Dir, "config.toml")
	return &State{
		Format:  stateFormat,
		Runtime: c.Runtime,
		Created: time.Now().UTC(),
		Dir:     c.Dir, RunDir: runDir,
		Socket:      filepath.Join(runDir, c.Runtime+".sock"),
		Config:      config,
		Log:         filepath.Join(c.Dir, c.Runtime+".log"),
		Cgroup:      cgroup,
		PodsCgroups: c.PodsCgroups,
		Argv:        spec.argv(programs[0].Path, config),
		Programs:    programs,
		Snapshotter: "overlayfs",
		BootID:      strings.TrimSpace(string(boot)),
	}, nil
}

// writeFiles makes the node's folders and writes its config.
func writeFiles(c Config, spec runtimeSpec, s State) error {
	in := func(name string) string { return filepath.Join(s.Dir, name) }
	set := settings{
		Root: in("root"), State: in("state"), Temp: in("tmp"),
		Socket: s.Socket, ShimSockets: filepath.Join(s.RunDir, shimDir),
		CNIConf: in("cni/net.d"), CNIBin: in("cni/bin"),
		Runc: programNamed(s.Programs, "runc"), RuncRoot: in("state/runc"),
		SandboxImage:       c.SandboxImage,
		Snapshotter:        s.Snapshotter,
		StatsCollectPeriod: c.StatsCollectPeriod, SnapshotStatsPeriod: c.SnapshotStatsPeriod,
	}
	resource, err := hasCapability(unix.CAP_SYS_RESOURCE)
	if err != nil {
		return err
	}
	set.RestrictOOMScoreAdj = !resource
	config, err := spec.render(set)
	if err != nil {
		return err
	}
	for _, dir := range []string{set.Root, set.State, set.Temp, set.CNIConf, set.CNIBin, set.ShimSockets} {
		if err := os.MkdirAll(dir, 0o711); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(set.CNIConf, "10-cri-stats-bench.conflist"), []byte(cniConf), 0o644); err != nil {
		return err
	}
	return os.WriteFile(s.Config, config, 0o644)
}

// hasCapability says whether this process has the capability, and so what it
// starts.
func hasCapability(capability uint) (bool, error) {
	proc, err := procfs.NewFS(procRoot)
	if err != nil {
		return false, err
	}
	self, err := proc.Self()
	if err != nil {
		return false, err
	}
	status, err := self.NewStatus()
	if err != nil {
		return false, fmt.Errorf("read the capabilities of this process: %w", err)
	}
	return status.CapEff&(1<<capability) != 0, nil
}

// findPrograms finds and tries the runtime's programs.
func findPrograms(ctx context.Context, dir string, spec runtimeSpec) ([]Program, error) {
	var programs []Program
	var errs []error
	for _, want := range spec.programs {
		name, err := filepath.EvalSymlinks(filepath.Join(dir, want.name))
		if errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, fmt.Errorf("find %s in %s: %w: build it first (make node-binaries)", want.name, dir, fs.ErrNotExist))
			continue
		}
		if err == nil {
			name, err = filepath.Abs(name)
		}
		var out []byte
		if err == nil {
			out, err = exec.CommandContext(ctx, name, want.version).Output()
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("ask %s in %s for its version: %w", want.name, dir, err))
			continue
		}
		programs = append(programs, Program{want.name, name, strings.Join(strings.Fields(string(out)), " ")})
	}
	return programs, errors.Join(errs...)
}

// programNamed returns the path of a program, "" if there is none of the name.
func programNamed(programs []Program, name string) string {
	for _, p := range programs {
		if p.Name == name {
			return p.Path
		}
	}
	return ""
}

// programPath is a PATH on which the node's own programs come first.
func programPath(programs []Program) string {
	var path strings.Builder
	for _, p := range programs {
		path.WriteString(filepath.Dir(p.Path) + ":")
	}
	return path.String() + systemPath
}

// vacant opens the cgroups and says what is in the way of the node: processes in
// one of its cgroups, or a daemon behind its socket.
func vacant(ctx context.Context, s *State) (cgroups, error) {
	hierarchies, err := cgroupfs.Open(cgroupfs.Root)
	if err != nil {
		return cgroups{}, err
	}
	groups := cgroups{hierarchies}
	for _, path := range append([]string{s.Cgroup}, s.PodsCgroups...) {
		pids, err := groups.procs(path)
		if err != nil {
			return cgroups{}, err
		}
		for pid := range pids {
			return cgroups{}, fmt.Errorf("start a node in %s: %w: its cgroup %s holds %d processes of others, one is %d", s.Dir, ErrInUse, path, len(pids), pid)
		}
	}
	if conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "unix", s.Socket); err == nil {
		err = fmt.Errorf("start a node in %s: %w: another daemon answers on %s", s.Dir, ErrInUse, s.Socket)
		return cgroups{}, errors.Join(err, conn.Close())
	}
	return groups, nil
}

// clearDead clears away a dead node in dir. A live one, and a folder that holds
// anything else, are errors.
func clearDead(ctx context.Context, dir string) error {
	s, err := readState(dir)
	if errors.Is(err, fs.ErrNotExist) {
		vacant, err := vacantDir(dir)
		if err == nil && !vacant {
			err = fmt.Errorf("start a node in %s: the folder holds something that is not a node's", dir)
		}
		return err
	}
	if err != nil {
		return err
	}
	n := &Node{State: *s}
	if running, err := n.running(); err != nil {
		return err
	} else if running {
		return fmt.Errorf("start a node in %s: %w: %s, process %d", dir, ErrInUse, s.Runtime, s.PID)
	}
	return n.clear(ctx)
}
