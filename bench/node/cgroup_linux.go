package node

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"cri-stats-bench/bench/cgroupfs"
)

// cgroups makes, lists and removes cgroups in all hierarchies of a node at once:
// a daemon that is only in some would be metered in only some.
type cgroups struct{ fs *cgroupfs.FS }

// wanted are the controllers without which the daemon could not be metered.
var wanted = []string{"cpu", "memory"}

// make makes the cgroup at path in every hierarchy, ready to be joined.
func (g cgroups) make(path string) error {
	for _, root := range g.fs.Hierarchies() {
		dir := root
		for name := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
			parent := dir
			dir = filepath.Join(dir, name)
			if g.fs.Version() == 2 {
				if err := enable(parent, wanted); err != nil {
					return err
				}
			}
			if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
				return fmt.Errorf("make a cgroup: %w", err)
			}
			if g.fs.Version() == 2 {
				continue
			}
			// Nothing may join a version 1 cpuset that has no CPUs and no memory nodes,
			// and a new one has none (cpusets.rst, "Usage Examples and Syntax").
			for _, file := range []string{"cpuset.cpus", "cpuset.mems"} {
				if err := inherit(parent, dir, file); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// enable lets the children of the cgroup in dir have the controllers, see
// "Enabling and Disabling" in cgroup-v2.rst. That is left so: others may have
// come to rely on it, and runc does the same for every pod.
func enable(dir string, controllers []string) error {
	name := filepath.Join(dir, "cgroup.subtree_control")
	data, err := os.ReadFile(name)
	if err != nil {
		return fmt.Errorf("read which controllers the children of a cgroup have: %w", err)
	}
	have := strings.Fields(string(data))
	for _, c := range controllers {
		if slices.Contains(have, c) {
			continue
		}
		if err := os.WriteFile(name, []byte("+"+c), 0o644); err != nil {
			return fmt.Errorf("enable the controller %s for the children of %s: %w", c, dir, err)
		}
	}
	return nil
}

// inherit copies a file from the parent cgroup where the child's is empty. A
// hierarchy that has no such file is left alone.
func inherit(parent, child, file string) error {
	name := filepath.Join(child, file)
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil && len(bytes.TrimSpace(data)) == 0 {
		if data, err = os.ReadFile(filepath.Join(parent, file)); err == nil {
			err = os.WriteFile(name, data, 0o644)
		}
	}
	if err != nil {
		return fmt.Errorf("copy %s from the parent of %s: %w", file, child, err)
	}
	return nil
}

// joinScript writes its own pid to each file that is named before "--" and then
// becomes what stands after it.
const joinScript = `while [ "$1" != -- ]; do echo $$ > "$1"; shift; done; shift; exec "$@"`

// command returns a command that is in the cgroup from its first instruction on,
// so that what it does at its start is on its account. ctx kills it when it ends,
// as in exec.CommandContext. The caller calls the function after the start.
func (g cgroups) command(ctx context.Context, path string, argv []string) (*exec.Cmd, func() error, error) {
	if g.fs.Version() == 2 {
		// clone3(2) with CLONE_INTO_CGROUP.
		dir, err := os.Open(filepath.Join(g.fs.Hierarchies()[0], path))
		if err != nil {
			return nil, nil, fmt.Errorf("open a cgroup to start %s in: %w", argv[0], err)
		}
		cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
		cmd.SysProcAttr = &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: int(dir.Fd())}
		return cmd, dir.Close, nil
	}
	// There is no such call for version 1: a shell joins and then execs.
	args := []string{"-eu", "-c", joinScript, "sh"}
	for _, root := range g.fs.Hierarchies() {
		args = append(args, filepath.Join(root, path, "cgroup.procs"))
	}
	cmd := exec.CommandContext(ctx, "/bin/sh", append(append(args, "--"), argv...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{}
	return cmd, func() error { return nil }, nil
}

// dirs returns the folders of the cgroup and of all below it, in all hierarchies,
// each before what is in it.
func (g cgroups) dirs(path string) ([]string, error) {
	var dirs []string
	for _, root := range g.fs.Hierarchies() {
		err := filepath.WalkDir(filepath.Join(root, path), func(name string, entry fs.DirEntry, err error) error {
			if err != nil {
				return gone(err)
			}
			if entry.IsDir() {
				dirs = append(dirs, name)
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("list cgroups: %w", err)
		}
	}
	return dirs, nil
}

// gone makes nil of the errors that a cgroup gives when it has just been removed.
func gone(err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENODEV) {
		return nil
	}
	return err
}

// procs returns the pids in the cgroup and in all below it.
func (g cgroups) procs(path string) (map[int]bool, error) {
	dirs, err := g.dirs(path)
	if err != nil {
		return nil, err
	}
	pids := make(map[int]bool)
	for _, dir := range dirs {
		data, err := os.ReadFile(filepath.Join(dir, "cgroup.procs"))
		// A threaded cgroup says EOPNOTSUPP; its processes are in the one above.
		if err != nil && gone(err) != nil && !errors.Is(err, syscall.EOPNOTSUPP) {
			return nil, fmt.Errorf("list processes of a cgroup: %w", err)
		}
		for _, field := range bytes.Fields(data) {
			pid, err := cgroupfs.ParseUint(field)
			if err != nil {
				return nil, fmt.Errorf("read %s: %w", filepath.Join(dir, "cgroup.procs"), err)
			}
			// A process of another pid namespace is listed as 0.
			if pid != 0 {
				pids[int(pid)] = true
			}
		}
	}
	return pids, nil
}

// thaw lets go on what is frozen, in version 1: there a frozen process does not
// even take SIGKILL (freezer-subsystem.rst).
func (g cgroups) thaw(path string) error {
	dirs, err := g.dirs(path)
	for _, dir := range dirs {
		name := filepath.Join(dir, "freezer.state")
		data, readErr := os.ReadFile(name)
		if readErr != nil || strings.TrimSpace(string(data)) == "THAWED" {
			continue // another hierarchy, or the top of this one
		}
		if writeErr := gone(os.WriteFile(name, []byte("THAWED"), 0o644)); writeErr != nil {
			err = errors.Join(err, fmt.Errorf("thaw a cgroup: %w", writeErr))
		}
	}
	return err
}

// remove removes the cgroup and all below it. The kernel calls a cgroup busy for
// a moment after its last process has ended, so that is tried again until ctx
// ends. It returns the folders that are left.
func (g cgroups) remove(ctx context.Context, path string) (left []string, err error) {
	poll(ctx, func() bool {
		left, err = g.dirs(path)
		if err != nil {
			return true
		}
		var busy []string
		for _, dir := range slices.Backward(left) {
			if rmErr := gone(syscall.Rmdir(dir)); rmErr != nil {
				busy = append(busy, dir)
				if !errors.Is(rmErr, syscall.EBUSY) && !errors.Is(rmErr, syscall.ENOTEMPTY) {
					err = errors.Join(err, fmt.Errorf("remove the cgroup %s: %w", dir, rmErr))
				}
			}
		}
		left = busy
		return len(left) == 0 || err != nil
	})
	return left, err
}
