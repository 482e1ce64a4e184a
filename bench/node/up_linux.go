package node

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
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
	wanted := spec.programs
	if c.Kubelet != nil {
		wanted = append(slices.Clip(wanted), kubeletProgram)
	}
	if c.Bridge {
		wanted = append(slices.Clip(wanted), networkPlugins...)
	}
	programs, err := findPrograms(ctx, c.BinDir, wanted, trusted)
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
	state, err := newState(ctx, c, runDir, cgroup, spec, programs)
	if err != nil {
		return nil, err
	}
	state.debugged(c, spec)
	groups, err := vacant(ctx, state)
	if err != nil {
		return nil, err
	}
	if state.Outside, err = state.survey(spec, groups.fs); err != nil {
		return nil, err
	}
	if c.Bridge {
		if state.Outside.Bridge, err = freeBridge(cgroup); err != nil {
			return nil, err
		}
	}
	if err := state.write(); err != nil {
		return nil, err
	}
	// From here on there is something to take down.
	n := &Node{State: *state, config: c, own: programs}
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
		s.Snapshotter = spec.copier
		s.Warnings = append(s.Warnings, fmt.Sprintf("the snapshotter is %s, which copies every layer: %v", spec.copier, err))
	}
	if err := s.Outside.mount(); err != nil {
		return err
	}
	if err := writeFiles(c, spec, *s, ""); err != nil {
		return err
	}
	if n.ended, err = s.Service.start(ctx, groups, s.Dir, s.environment()); err != nil {
		return err
	}
	if err := s.write(); err != nil {
		return err
	}
	readyCtx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	if err := n.waitReady(readyCtx); err != nil {
		return fmt.Errorf("start %s: %w; %s", s.Argv[0], err, logTail(s.Log, logLines))
	}
	if err := s.write(); err != nil || s.Kubelet == nil {
		return err
	}
	return n.startKubelet(ctx, c.Kubelet.StatsFromCRI)
}

// newState is the state of a node that is about to be.
func newState(ctx context.Context, c Config, runDir, cgroup string, spec runtimeSpec, programs []Program) (*State, error) {
	boot, err := bootID()
	if err != nil {
		return nil, err
	}
	config := filepath.Join(c.Dir, spec.configName)
	s := &State{
		Format:  stateFormat,
		Runtime: c.Runtime,
		Created: time.Now().UTC(),
		Dir:     c.Dir, RunDir: runDir,
		Socket: filepath.Join(runDir, c.Runtime+".sock"),
		Service: Service{
			Config: config,
			Log:    filepath.Join(c.Dir, c.Runtime+".log"),
			Cgroup: cgroup,
			Argv:   spec.argv(programs[0].Path, config),
		},
		PodsCgroups: c.PodsCgroups,
		Programs:    programs,
		Snapshotter: spec.snapshotter,
		BootID:      boot,
	}
	if c.Kubelet == nil {
		if spec.onlyKnown {
			if err := s.knownFree(spec.kubeletSocket); err == nil {
				s.Socket = spec.kubeletSocket
			} else {
				s.Warnings = append(s.Warnings, fmt.Sprintf("%s is served on a path of its own, where cAdvisor does not find it: %v", c.Runtime, err))
			}
		}
		return s, nil
	}
	s.Socket = spec.kubeletSocket
	if s.Kubelet, err = newKubelet(ctx, s, *c.Kubelet); err != nil {
		return nil, err
	}
	s.PodsCgroups = append(slices.Clip(s.PodsCgroups), cgroup+kubeletPods)
	return s, nil
}

// debugged says where the runtime serves what it says of itself, if it is to.
func (s *State) debugged(c Config, spec runtimeSpec) {
	switch {
	case !c.Debug:
	case spec.debug:
		s.Debug = filepath.Join(s.RunDir, "debug.sock")
		s.Profiles = s.Debug
	case spec.profileEnv != "":
		s.Profiles = s.Socket
	}
}

// writeFiles makes the node's folders and writes its config, with what is laid over it.
func writeFiles(c Config, spec runtimeSpec, s State, over string) error {
	in := func(name string) string { return filepath.Join(s.Dir, name) }
	set := settings{
		Etc: s.Dir, Root: in("root"), State: in("state"), Temp: in("tmp"),
		Socket: s.Socket, Debug: s.Debug, RunDir: s.RunDir, ShimSockets: filepath.Join(s.RunDir, shimDir), Exits: filepath.Join(s.RunDir, exitsDir),
		CNIConf: in("cni/net.d"), CNIBin: in("cni/bin"),
		Programs: programPaths(s.Programs), RuncRoot: in("state/runc"),
		SandboxImage:       c.SandboxImage,
		Snapshotter:        s.Snapshotter,
		StatsCollectPeriod: c.StatsCollectPeriod, SnapshotStatsPeriod: c.SnapshotStatsPeriod,
	}
	resource, err := hasCapability(unix.CAP_SYS_RESOURCE)
	if err != nil {
		return err
	}
	set.RestrictOOMScoreAdj = !resource
	for _, dir := range []string{set.Root, set.State, set.Temp, set.CNIConf, set.CNIBin, set.ShimSockets} {
		if err := os.MkdirAll(dir, 0o711); err != nil {
			return err
		}
	}
	files := map[string]fileSpec{spec.configName: {spec.config, 0o644}}
	if set.Bridge = s.Outside.Bridge; set.Bridge != "" {
		set.CNIBin, set.CNIData = filepath.Dir(set.Programs[networkPlugins[0].name]), in("cni/data")
		files[cniConfName] = fileSpec{bridgeConf, 0o644}
	} else {
		files[cniConfName] = fileSpec{cniConf, 0o644}
		files["cni/bin/loopback"] = fileSpec{cniPlugin, 0o755}
	}
	maps.Copy(files, spec.files)
	for name, file := range files {
		data, err := render(file.text, set)
		if err == nil && name == spec.configName {
			data, err = overlay(data, over)
		}
		if err != nil {
			return err
		}
		if err := os.WriteFile(in(name), data, file.mode); err != nil {
			return err
		}
	}
	return nil
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

// vacant opens the cgroups and says what is in the way of the node: processes in
// one of its cgroups, or a daemon behind its socket.
func vacant(ctx context.Context, s *State) (cgroups, error) {
	hierarchies, err := cgroupfs.Open(cgroupfs.Root)
	if err != nil {
		return cgroups{}, err
	}
	groups := cgroups{hierarchies}
	for _, path := range s.cgroups() {
		pids, err := groups.procs(path)
		if err != nil {
			return cgroups{}, err
		}
		for pid := range pids {
			return cgroups{}, fmt.Errorf("start a node in %s: %w: its cgroup %s holds %d processes of others, one is %d", s.Dir, ErrInUse, path, len(pids), pid)
		}
	}
	if s.Kubelet != nil {
		for _, socket := range []string{s.Socket, kubeletSocketPath} {
			if err := s.knownFree(socket); err != nil {
				return cgroups{}, fmt.Errorf("start a node with a kubelet in %s: %w: %w, and a kubelet knows no other path", s.Dir, ErrInUse, err)
			}
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
	if running, err := s.running(s.BootID); err != nil {
		return err
	} else if running {
		return fmt.Errorf("start a node in %s: %w: %s, process %d", dir, ErrInUse, s.Runtime, s.PID)
	}
	return n.clear(ctx)
}
