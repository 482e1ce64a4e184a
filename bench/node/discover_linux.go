package node

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"

	"cri-stats-bench/bench/cgroupfs"
)

// defaultConfigs are what daemons read when their command line names no config.
var defaultConfigs = map[string]string{
	"containerd": "/etc/containerd/config.toml",
	"crio":       "/etc/crio/crio.conf",
}

// Discover finds the daemon that serves a unix socket, given as a path or with
// unix:// before it. That is the process that called listen(2), or, where a
// service manager did and handed the socket over, the one that has it open.
//
// It needs root where the daemon is another user's.
func Discover(ctx context.Context, socket string) (*Daemon, error) {
	socket = strings.TrimPrefix(socket, "unix://")
	d, err := discover(ctx, socket)
	if err != nil {
		return nil, fmt.Errorf("find the daemon behind %s: %w", socket, err)
	}
	return d, nil
}

func discover(ctx context.Context, socket string) (*Daemon, error) {
	proc, err := procfs.NewFS(procRoot)
	if err != nil {
		return nil, err
	}
	pid, err := listener(ctx, socket)
	if err != nil {
		return nil, err
	}
	p, err := readProcess(proc, pid)
	if pid == 1 || errors.Is(err, fs.ErrNotExist) {
		if pid, err = holder(proc, socket); err == nil {
			p, err = readProcess(proc, pid)
		}
	}
	if err != nil {
		return nil, err
	}
	exe, err := os.Readlink(fmt.Sprintf("%s/%d/exe", procRoot, pid))
	if err != nil {
		return nil, fmt.Errorf("%w (root can)", err)
	}
	d := &Daemon{Socket: socket, PID: pid, StartTicks: p.start, Name: p.name, Exe: exe, Argv: p.argv}
	if groups, err := cgroupfs.Open(cgroupfs.Root); err == nil {
		if d.Cgroup, err = groups.PathOf(procRoot, pid, cgroupfs.CPUAcct); err != nil {
			return nil, err
		}
	}
	if d.Config, err = readConfig(fmt.Sprintf("%s/%d/root", procRoot, pid), configPath(p.argv, p.name)); err != nil {
		return nil, err
	}
	return d, nil
}

// listener returns the pid that the kernel noted when the socket was made to
// listen, see SO_PEERCRED in unix(7).
func listener(ctx context.Context, socket string) (_ int, err error) {
	conn, err := (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, "unix", socket)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	raw, err := conn.(*net.UnixConn).SyscallConn()
	if err != nil {
		return 0, err
	}
	var cred *unix.Ucred
	if controlErr := raw.Control(func(fd uintptr) {
		cred, err = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	}); controlErr != nil {
		return 0, controlErr
	}
	if err != nil {
		return 0, fmt.Errorf("ask the kernel who listens: %w", err)
	}
	if cred.Pid == 0 {
		return 0, errors.New("the kernel names no process: the daemon is in another pid namespace; run this in the host's")
	}
	return int(cred.Pid), nil
}

// holder returns the process, other than pid 1, that has the listening socket
// open; among several the one that bears the name of a runtime.
func holder(proc procfs.FS, socket string) (int, error) {
	table, err := proc.NetUNIX()
	if err != nil {
		return 0, fmt.Errorf("list unix sockets: %w", err)
	}
	inodes := make(map[string]bool)
	for _, row := range table.Rows {
		// __SO_ACCEPTCON, which procfs calls listen: not one of its connections.
		if row.Path == socket && row.Flags&(1<<16) != 0 {
			inodes[fmt.Sprintf("socket:[%d]", row.Inode)] = true
		}
	}
	if len(inodes) == 0 {
		return 0, errors.New("no listening socket of this name in /proc/net/unix: it is another network namespace's, or known by another path")
	}
	all, err := proc.AllProcs()
	if err != nil {
		return 0, err
	}
	var found, runtimes []string
	pid := 0
	for _, p := range all {
		if p.PID == 1 {
			continue
		}
		targets, err := p.FileDescriptorTargets()
		if err != nil || !slices.ContainsFunc(targets, func(t string) bool { return inodes[t] }) {
			continue // it has ended, or is not for us to look at
		}
		comm, err := p.Comm()
		if err != nil {
			continue
		}
		found = append(found, fmt.Sprintf("%d (%s)", p.PID, comm))
		if _, ok := defaultConfigs[comm]; ok {
			runtimes = append(runtimes, strconv.Itoa(p.PID))
		}
		if len(found) == 1 || len(runtimes) == 1 && runtimes[0] == strconv.Itoa(p.PID) {
			pid = p.PID
		}
	}
	if len(found) == 1 || len(runtimes) == 1 {
		return pid, nil
	}
	if len(found) == 0 {
		return 0, errors.New("a service manager listens for it, and no other process has the socket open: is it started? are we root?")
	}
	return 0, fmt.Errorf("several processes have the socket open: %s", strings.Join(found, ", "))
}

// configPath returns the config file that the command line names with --config or
// -c, else the one that daemons of the name read, else "".
func configPath(argv []string, name string) string {
	for i, arg := range argv {
		flag, value, found := strings.Cut(arg, "=")
		if !strings.HasPrefix(flag, "-") || !slices.Contains([]string{"config", "c"}, strings.TrimLeft(flag, "-")) {
			continue
		}
		if found {
			return value
		}
		if i+1 < len(argv) {
			return argv[i+1]
		}
	}
	return defaultConfigs[name]
}

// readConfig digests the file below root, the daemon's own view of the file
// system; nil if it is not there or its path is not known in full.
func readConfig(root, path string) (*ConfigFile, error) {
	if !filepath.IsAbs(path) {
		return nil, nil
	}
	data, err := os.ReadFile(filepath.Join(root, path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read its config: %w", err)
	}
	return &ConfigFile{path, fmt.Sprintf("%x", sha256.Sum256(data))}, nil
}
