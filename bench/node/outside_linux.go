package node

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"

	"cri-stats-bench/bench/cgroupfs"
)

// kubeletSocketPath is where every kubelet serves device plugins, whatever its
// root folder is (k8s.io/kubelet/pkg/apis/deviceplugin/v1beta1, KubeletSocket).
const kubeletSocketPath = "/var/lib/kubelet/device-plugins/kubelet.sock"

// containerLogs is where every kubelet puts links to the logs of its containers
// (pkg/kubelet/kubelet.go, DefaultContainerLogsDir).
const containerLogs = "/var/log/containers"

// kubeletPaths are made by a kubelet outside of its root folder, each after what
// is in it.
var kubeletPaths = []string{
	kubeletSocketPath, "/var/lib/kubelet/device-plugins/DEPRECATION", "/var/lib/kubelet/device-plugins", "/var/lib/kubelet",
	containerLogs,
}

// kubeletSysctls are set by every kubelet at its start
// (pkg/kubelet/cm/container_manager_linux.go, setupKernelTunables).
//
// Note: protectKernelDefaults would have it refuse to start instead.
var kubeletSysctls = []string{
	"vm/overcommit_memory", "vm/panic_on_oom", "kernel/panic", "kernel/panic_on_oops", "kernel/keys/root_maxkeys", "kernel/keys/root_maxbytes",
}

// hugetlb is the controller without which CRI-O does not start a kubelet's pods:
// a kubelet limits huge pages, and runc cannot on version 1 where no hierarchy
// has them.
const hugetlb = "hugetlb"

// sysctlRoot is where the kernel's settings are.
var sysctlRoot = filepath.Join(procRoot, "sys")

// allPaths are those that any node may make.
func allPaths() []string {
	paths := slices.Clone(kubeletPaths)
	for _, spec := range runtimes {
		paths = slices.Concat(paths, spec.paths, spec.knownPaths)
	}
	return paths
}

// survey notes what a node will change outside of its folders.
func (s *State) survey(spec runtimeSpec, hierarchies *cgroupfs.FS) (Outside, error) {
	var o Outside
	paths := spec.paths
	if s.Socket == spec.kubeletSocket {
		paths = slices.Concat(paths, spec.knownPaths)
	}
	if s.Kubelet != nil {
		paths = slices.Concat(paths, kubeletPaths)
	}
	for _, path := range paths {
		_, err := os.Lstat(path)
		if err == nil {
			continue
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return o, err
		}
		o.Paths = append(o.Paths, path)
	}
	if s.Kubelet == nil {
		return o, nil
	}
	o.Sysctls = make(map[string]string)
	for _, name := range kubeletSysctls {
		data, err := os.ReadFile(filepath.Join(sysctlRoot, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue // a kernel without it
		}
		if err != nil {
			return o, fmt.Errorf("note a setting of the kernel that a kubelet changes: %w", err)
		}
		o.Sysctls[name] = strings.TrimSpace(string(data))
	}
	if spec.hugetlb && hierarchies.Version() == 1 {
		if _, err := hierarchies.Dir(hugetlb, "/"); err != nil {
			o.Hierarchies = append(o.Hierarchies, filepath.Join(cgroupfs.Root, hugetlb))
		}
	}
	return o, nil
}

// knownFree says who has, or had, the path that a runtime is known by.
func (s *State) knownFree(socket string) error {
	if _, err := os.Lstat(socket); err == nil {
		return fmt.Errorf("%s is another daemon's, alive or dead", socket)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	proc, err := procfs.NewFS(procRoot)
	if err != nil {
		return err
	}
	all, err := readProcesses(proc)
	if err != nil {
		return err
	}
	// A shim that another runtime left behind would pass for one of this node's.
	for _, p := range all {
		if owner, isShim := shimOwner(p.argv); isShim && owner == socket {
			return fmt.Errorf("%v is a shim of another runtime at %s", p, socket)
		}
	}
	return nil
}

// check refuses what survey would not have noted.
func (o Outside) check() error {
	known := func(what string, names, all []string) error {
		for _, name := range names {
			if !slices.Contains(all, name) {
				return fmt.Errorf("%s %q is not a node's", what, name)
			}
		}
		return nil
	}
	var sysctls []string
	for name := range o.Sysctls {
		sysctls = append(sysctls, name)
	}
	var bridge error
	if o.Bridge != "" && !strings.HasPrefix(o.Bridge, bridgePrefix) {
		bridge = fmt.Errorf("bridge %q is not a node's", o.Bridge)
	}
	return errors.Join(
		bridge,
		known("path", o.Paths, allPaths()),
		known("cgroup hierarchy", o.Hierarchies, []string{filepath.Join(cgroupfs.Root, hugetlb)}),
		known("kernel setting", sysctls, kubeletSysctls),
	)
}

// mount mounts the hierarchies that are lacking.
func (o Outside) mount() error {
	for _, dir := range o.Hierarchies {
		err := os.Mkdir(dir, 0o755)
		if err == nil || errors.Is(err, fs.ErrExist) {
			err = unix.Mount("cgroup", dir, "cgroup", 0, filepath.Base(dir))
		}
		if err != nil {
			return fmt.Errorf("mount the cgroup hierarchy of %s: %w", filepath.Base(dir), errors.Join(err, os.Remove(dir)))
		}
	}
	return nil
}

// unmount unmounts them again. The kernel calls one busy for a moment after its
// last cgroup was removed, and keeps one alive that was unmounted while a removed
// cgroup was still dying: then every process is still told to have a cgroup in it, of
// which shims find no mount and answer without stats. To mount and unmount it once
// more lets go of it.
func (o Outside) unmount(ctx context.Context) (left []string, err error) {
	for _, dir := range o.Hierarchies {
		var failed error
		poll(ctx, func() bool {
			// EINVAL: it is no mount point, and ENOENT: not even a folder.
			if failed = unix.Unmount(dir, unix.UMOUNT_NOFOLLOW); errors.Is(failed, unix.EINVAL) || errors.Is(failed, unix.ENOENT) {
				failed = nil
			}
			switch {
			case errors.Is(failed, unix.EBUSY):
				return false
			case failed != nil || released(filepath.Base(dir)):
				return true
			}
			// Letting go takes the kernel a while, and to mount it would keep it.
			waited, cancel := context.WithTimeout(ctx, releaseTimeout)
			defer cancel()
			if poll(waited, func() bool { return released(filepath.Base(dir)) }) {
				return true
			}
			if unix.Mount("cgroup", dir, "cgroup", 0, filepath.Base(dir)) == nil {
				failed = unix.Unmount(dir, unix.UMOUNT_NOFOLLOW)
			}
			return false
		})
		if failed == nil {
			failed = os.Remove(dir)
		}
		if failed != nil && !errors.Is(failed, fs.ErrNotExist) {
			left = append(left, dir)
			err = errors.Join(err, fmt.Errorf("unmount a cgroup hierarchy: %w", failed))
		}
	}
	return left, err
}

// released says whether a controller is in no hierarchy of version 1 any more. Where
// the kernel does not tell it is taken to be.
func released(controller string) bool {
	proc, err := procfs.NewFS(procRoot)
	if err != nil {
		return true
	}
	summaries, err := proc.CgroupSummarys()
	if err != nil {
		return true
	}
	return !slices.ContainsFunc(summaries, func(s procfs.CgroupSummary) bool { return s.SubsysName == controller && s.Hierarchy != 0 })
}

// removeDeadSockets removes the sockets in a folder that nobody listens on any more: those of
// shims that were killed. The folder was not there before the node.
func removeDeadSockets(ctx context.Context, dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTDIR) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if entry.Type() != fs.ModeSocket {
			continue
		}
		path := filepath.Join(dir, entry.Name())
		conn, err := new(net.Dialer).DialContext(ctx, "unix", path)
		switch {
		case err == nil:
			err = conn.Close() // somebody's
		case errors.Is(err, unix.ECONNREFUSED):
			err = os.Remove(path)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// restore removes the paths and puts the kernel's settings back. A folder that
// others have put something into meanwhile stays.
func (o Outside) restore(ctx context.Context, dir string) error {
	errs := []error{removeLinks(containerLogs, dir)}
	for _, path := range o.Paths {
		errs = append(errs, removeDeadSockets(ctx, path))
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, unix.ENOTEMPTY) {
			errs = append(errs, err)
		}
	}
	if o.Bridge != "" {
		errs = append(errs, removeBridge(o.Bridge))
	}
	for name, value := range o.Sysctls {
		name = filepath.Join(sysctlRoot, name)
		data, err := os.ReadFile(name)
		if err == nil && strings.TrimSpace(string(data)) != value {
			err = os.WriteFile(name, []byte(value), 0o644)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("put back a setting of the kernel: %w", err))
		}
	}
	return errors.Join(errs...)
}

// removeLinks removes the links in dir that point below target.
func removeLinks(dir, target string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	errs := []error{err}
	for _, entry := range entries {
		name := filepath.Join(dir, entry.Name())
		to, err := os.Readlink(name)
		if err != nil || !within(filepath.Clean(to), target) {
			continue // no link, or to somewhere else
		}
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
