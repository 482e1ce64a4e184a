package pods

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"cri-stats-bench/bench/criconn"
)

// RemoveCgroups removes what is empty of the cgroups that pods of any run lived
// under: runtimes remove the cgroups of containers, but those of pods are the
// kubelet's business. A cgroup with processes in it is left alone, and so is all
// above it. cgroupFS is where the cgroup file systems are mounted. It is for the
// cleanup after dead runs: a run that makes pods meanwhile could lose the cgroup
// of one before its first process is in it.
func RemoveCgroups(ctx context.Context, cgroupFS string, driver criconn.CgroupDriver) error {
	roots, err := cgroupDirs(cgroupFS, CgroupParent(driver))
	if err != nil {
		return err
	}
	names := make(map[string]bool)
	for _, root := range roots {
		children, err := childCgroups(root)
		if err != nil {
			return err
		}
		for _, child := range children {
			names[filepath.Base(child)] = true
		}
	}
	_, err = removeCgroups(ctx, roots, driver, slices.Sorted(maps.Keys(names)))
	return err
}

// removePodCgroups removes the cgroups of pods, and the one above them if it is
// empty then. It returns those that are still in use.
func removePodCgroups(ctx context.Context, cgroupFS string, driver criconn.CgroupDriver, uids []string) (left []string, err error) {
	roots, err := cgroupDirs(cgroupFS, CgroupParent(driver))
	if err != nil {
		return nil, err
	}
	names := make([]string, len(uids))
	for i, uid := range uids {
		names[i] = path.Base(podCgroup(driver, uid))
	}
	return removeCgroups(ctx, roots, driver, names)
}

// removeCgroups removes the cgroups with these names below the roots, and the
// roots if they are empty then.
func removeCgroups(ctx context.Context, roots []string, driver criconn.CgroupDriver, names []string) (left []string, err error) {
	var dirs []string
	for _, root := range roots {
		for _, name := range names {
			dirs = append(dirs, filepath.Join(root, name))
		}
	}
	if driver == criconn.Systemd {
		if err := stopSlices(ctx, dirs); err != nil {
			return nil, err
		}
	}
	var errs []error
	for _, dir := range dirs {
		errs = append(errs, prune(dir))
		if _, err := os.Stat(dir); err == nil {
			left = append(left, dir)
		}
	}
	rootsLeft := false
	for _, root := range roots {
		children, err := childCgroups(root)
		errs = append(errs, err)
		rootsLeft = rootsLeft || len(children) > 0
	}
	if !rootsLeft {
		if driver == criconn.Systemd {
			errs = append(errs, stopSlices(ctx, roots))
		}
		for _, root := range roots {
			errs = append(errs, prune(root))
		}
	}
	return left, errors.Join(errs...)
}

// nest makes n cgroups inside that of a container, in each hierarchy that has it. They go
// with the container's, or with the pod's at the latest.
func nest(cgroupFS, pod, container string, n int) error {
	if cgroupFS == "" {
		return errors.New("make cgroups inside of it: this runtime makes none")
	}
	dirs, err := cgroupDirs(cgroupFS, pod)
	if err != nil {
		return err
	}
	made := 0
	for _, dir := range dirs {
		children, err := childCgroups(dir)
		if err != nil {
			return err
		}
		for _, child := range children {
			if !strings.Contains(filepath.Base(child), container) {
				continue
			}
			for i := range n {
				if err := os.Mkdir(filepath.Join(child, fmt.Sprintf("nested-%d", i)), 0o755); err != nil {
					return fmt.Errorf("make a cgroup inside of it: %w", err)
				}
			}
			made++
		}
	}
	if made == 0 {
		return fmt.Errorf("make cgroups inside of it: there is none of its own below %s", pod)
	}
	return nil
}

// cgroupDirs returns where a cgroup is, in each hierarchy that has it: one on
// cgroup v2, one per controller on v1.
func cgroupDirs(cgroupFS, cgroup string) ([]string, error) {
	hierarchies := []string{cgroupFS}
	if _, err := os.Stat(filepath.Join(cgroupFS, "cgroup.controllers")); errors.Is(err, fs.ErrNotExist) {
		entries, err := os.ReadDir(cgroupFS)
		if err != nil {
			return nil, fmt.Errorf("list cgroup hierarchies: %w", err)
		}
		hierarchies = nil
		for _, e := range entries {
			if e.IsDir() { // links such as cpu -> cpu,cpuacct lead to the same place
				hierarchies = append(hierarchies, filepath.Join(cgroupFS, e.Name()))
			}
		}
	}
	var dirs []string
	for _, h := range hierarchies {
		dir := filepath.Join(h, cgroup)
		switch _, err := os.Stat(dir); {
		case err == nil:
			dirs = append(dirs, dir)
		case !errors.Is(err, fs.ErrNotExist):
			return nil, fmt.Errorf("look for cgroup: %w", err)
		}
	}
	return dirs, nil
}

// prune removes dir and the cgroups in it, from the bottom up, as far as they are
// empty. The kernel refuses to remove a cgroup in use, which makes this safe.
func prune(dir string) error {
	children, err := childCgroups(dir)
	if err != nil {
		return err
	}
	var errs []error
	for _, child := range children {
		errs = append(errs, prune(child))
	}
	err = os.Remove(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.EBUSY) && !errors.Is(err, syscall.ENOTEMPTY) {
		errs = append(errs, fmt.Errorf("remove cgroup: %w", err))
	}
	return errors.Join(errs...)
}

func childCgroups(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list cgroup: %w", err)
	}
	var children []string
	for _, e := range entries {
		if e.IsDir() {
			children = append(children, filepath.Join(dir, e.Name()))
		}
	}
	return children, nil
}

// empty says whether no process is in dir or below.
func empty(dir string) (bool, error) {
	procs, err := os.ReadFile(filepath.Join(dir, "cgroup.procs"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // it may be removed meanwhile
		return false, fmt.Errorf("read processes of cgroup: %w", err)
	}
	if len(procs) > 0 {
		return false, nil
	}
	children, err := childCgroups(dir)
	if err != nil {
		return false, err
	}
	for _, child := range children {
		if ok, err := empty(child); err != nil || !ok {
			return false, err
		}
	}
	return true, nil
}

// stopSlices stops the slices whose cgroups these are, if no process is in any of
// them: systemd keeps an empty slice, and its cgroup, for as long as nobody stops
// it. Stopping one in use would kill what is in it.
func stopSlices(ctx context.Context, dirs []string) error {
	inUse := make(map[string]bool) // by unit name
	for _, dir := range dirs {
		if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		ok, err := empty(dir)
		if err != nil {
			return err
		}
		unit := filepath.Base(dir)
		inUse[unit] = inUse[unit] || !ok
	}
	var units []string
	for unit, used := range inUse {
		if !used && strings.HasSuffix(unit, ".slice") {
			units = append(units, unit)
		}
	}
	if len(units) == 0 {
		return nil
	}
	slices.Sort(units)
	out, err := exec.CommandContext(ctx, "systemctl", append([]string{"stop", "--"}, units...)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("stop %d empty slices: %w: %s", len(units), err, strings.TrimSpace(string(out)))
	}
	return nil
}
