package node

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
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
	"kubelet":    "/var/lib/kubelet/config.yaml",
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
	if _, err := readProcess(proc, pid); pid == 1 || errors.Is(err, fs.ErrNotExist) {
		if pid, err = holder(proc, socket); err != nil {
			return nil, err
		}
	} else if err != nil {
		return nil, err
	}
	return describe(proc, socket, pid)
}

// describe reads what is to be known of the daemon that serves socket.
func describe(proc procfs.FS, socket string, pid int) (*Daemon, error) {
	p, err := readProcess(proc, pid)
	if err != nil {
		return nil, err
	}
	exe, err := os.Readlink(fmt.Sprintf("%s/%d/exe", procRoot, pid))
	if err != nil {
		return nil, fmt.Errorf("%w (root can)", err)
	}
	d := &Daemon{Socket: socket, PID: pid, StartTicks: p.start, Name: p.name, Exe: exe, Argv: p.argv, ArgvSHA256: fmt.Sprintf("%x", sha256.Sum256([]byte(strings.Join(p.argv, "\x00"))))}
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

// DiscoverKubelet finds the kubelet of this node that serves on a port, given as
// https://HOST:PORT. Its cgroup, config and process are in what it returns; Socket
// is the endpoint.
//
// It needs root.
func DiscoverKubelet(endpoint string) (*Daemon, error) {
	d, err := discoverKubelet(endpoint)
	if err != nil {
		return nil, fmt.Errorf("find the kubelet behind %s: %w", endpoint, err)
	}
	return d, nil
}

func discoverKubelet(endpoint string) (*Daemon, error) {
	u, err := url.Parse(endpoint)
	if err != nil {
		return nil, err
	}
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	if err != nil {
		return nil, fmt.Errorf("no port in it: %w", err)
	}
	inodes := make(map[string]bool)
	for _, name := range []string{"tcp", "tcp6"} {
		name = filepath.Join(procRoot, "self/net", name)
		data, err := os.ReadFile(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue // a kernel without version 6
		}
		if err != nil {
			return nil, err
		}
		found, err := listenersOn(data, port)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		for _, inode := range found {
			inodes[fmt.Sprintf("socket:[%d]", inode)] = true
		}
	}
	if len(inodes) == 0 {
		return nil, fmt.Errorf("nobody listens on port %d in this network namespace", port)
	}
	proc, err := procfs.NewFS(procRoot)
	if err != nil {
		return nil, err
	}
	pid, err := holderOf(proc, inodes)
	if err != nil {
		return nil, err
	}
	return describe(proc, endpoint, pid)
}

// listenersOn returns the inodes of the sockets that listen on a port, from
// /proc/net/tcp or tcp6 (proc_pid_net(5); Documentation/networking/proc_net_tcp.rst):
//
//	sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
//	 0: 0100007F:280A 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 48879 1 …
func listenersOn(data []byte, port uint64) ([]uint64, error) {
	const listening = "0A" // TCP_LISTEN
	var inodes []uint64
	for line := range strings.Lines(string(data)) {
		fields := strings.Fields(line)
		if len(fields) < 10 || fields[0] == "sl" || fields[3] != listening {
			continue
		}
		_, text, _ := strings.Cut(fields[1], ":")
		local, err := strconv.ParseUint(text, 16, 16)
		if err != nil {
			return nil, fmt.Errorf("local address %q: %w", fields[1], err)
		}
		if local != port {
			continue
		}
		inode, err := strconv.ParseUint(fields[9], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("inode of a socket: %w", err)
		}
		inodes = append(inodes, inode)
	}
	return inodes, nil
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
// open.
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
	return holderOf(proc, inodes)
}

// holderOf returns the process, other than pid 1, that has one of the sockets
// open; among several the one that bears the name of a daemon.
func holderOf(proc procfs.FS, inodes map[string]bool) (int, error) {
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
