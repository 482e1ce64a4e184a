// Package cgroupfs finds and reads cgroup files, of version 1 and 2 alike. The
// meter reads daemons through it, the cgroup collector reads containers, the
// managed node makes cgroups of its own.
//
// It knows where a file is and how to parse it. It does not know what a pod is,
// and it never walks or changes a cgroup that it was not given.
package cgroupfs

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Root is where cgroup hierarchies are mounted on every common distribution.
const Root = "/sys/fs/cgroup"

// A Controller is named as in version 1; version 2 has one hierarchy for all.
type Controller string

// Controllers that are read or joined here.
const (
	CPU     Controller = "cpu"
	CPUAcct Controller = "cpuacct"
	Memory  Controller = "memory"
	PIDs    Controller = "pids"
)

// FS is the set of hierarchies under one mount root.
type FS struct {
	root string
	// dirs maps a controller to the folder of its version 1 hierarchy, which may
	// hold several ("cpu,cpuacct"); nil on version 2.
	dirs map[Controller]string
}

// Open finds out what is mounted under root. On a hybrid node (version 2 beside
// version 1) the controllers are in version 1, and that is what counts.
func Open(root string) (*FS, error) {
	if _, err := os.Stat(filepath.Join(root, "cgroup.controllers")); err == nil {
		return &FS{root: root}, nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("find the cgroup version: %w", err)
	}
	entries, err := os.ReadDir(root)
	if err != nil {
		return nil, fmt.Errorf("find cgroup hierarchies: %w", err)
	}
	f := &FS{root: root, dirs: make(map[Controller]string)}
	for _, entry := range entries {
		dir := filepath.Join(root, entry.Name())
		if _, err := os.Stat(filepath.Join(dir, "tasks")); err != nil {
			continue // version 2 ("unified") and named hierarchies' parents have none
		}
		for name := range strings.SplitSeq(entry.Name(), ",") {
			// A link "cpuacct -> cpu,cpuacct" and its target are the same folder.
			f.dirs[Controller(name)] = dir
		}
	}
	for _, c := range []Controller{CPUAcct, Memory} {
		if f.dirs[c] == "" {
			return nil, fmt.Errorf("no cgroup hierarchy with the controller %q under %s: mount one, or boot with cgroup version 2", c, root)
		}
	}
	return f, nil
}

// Version is 1 or 2: where the CPU and memory controllers are.
func (f *FS) Version() int {
	if f.dirs == nil {
		return 2
	}
	return 1
}

// Dir returns the folder of the cgroup at path (below the hierarchy's root) in
// the hierarchy of the controller. The folder need not exist.
func (f *FS) Dir(c Controller, path string) (string, error) {
	if f.dirs == nil {
		return filepath.Join(f.root, path), nil
	}
	dir, ok := f.dirs[c]
	if !ok {
		return "", fmt.Errorf("no cgroup hierarchy with the controller %q under %s", c, f.root)
	}
	return filepath.Join(dir, path), nil
}

// Hierarchies returns the folders of all hierarchies, without repeats and in a
// fixed order: one on version 2. A process is moved by writing to each.
func (f *FS) Hierarchies() []string {
	if f.dirs == nil {
		return []string{f.root}
	}
	entries, err := os.ReadDir(f.root) // sorted by name
	if err != nil {
		return nil
	}
	seen := make(map[string]bool)
	var dirs []string
	for _, entry := range entries {
		dir, err := filepath.EvalSymlinks(filepath.Join(f.root, entry.Name()))
		if err != nil || seen[dir] {
			continue
		}
		if _, err := os.Stat(filepath.Join(dir, "cgroup.procs")); err != nil {
			continue
		}
		seen[dir] = true
		dirs = append(dirs, dir)
	}
	return dirs
}

// PathOf returns the path of the process's cgroup in the controller's hierarchy;
// proc is where procfs is mounted.
func (f *FS) PathOf(proc string, pid int, c Controller) (string, error) {
	name := fmt.Sprintf("%s/%d/cgroup", proc, pid)
	data, err := os.ReadFile(name)
	if err != nil {
		return "", err
	}
	if f.dirs == nil {
		c = ""
	}
	path, ok := parseProcCgroup(data)[c]
	if !ok {
		return "", fmt.Errorf("read %s: no line for the controller %q", name, c)
	}
	return path, nil
}

// parseProcCgroup parses /proc/PID/cgroup, see cgroups(7):
//
//	4:memory:/system.slice/containerd.service
//	2:cpu,cpuacct:/system.slice
//	1:name=systemd:/
//	0::/system.slice
//
// Version 2 is under the key "".
func parseProcCgroup(data []byte) map[Controller]string {
	paths := make(map[Controller]string)
	for line := range bytes.Lines(data) {
		parts := strings.SplitN(strings.TrimSuffix(string(line), "\n"), ":", 3)
		if len(parts) != 3 {
			continue
		}
		for name := range strings.SplitSeq(parts[1], ",") {
			paths[Controller(name)] = parts[2]
		}
	}
	return paths
}
