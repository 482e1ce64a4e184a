package cgroup

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/cgroupfs"
)

// A target is one cgroup of a pod or container, with its files kept open.
type target struct {
	entity bench.Entity
	dir    string // in the hierarchy of the memory controller
	// removed is set when the cgroup was found gone.
	removed bool

	cpu   cgroupfs.File // cpuacct.usage or cpu.stat
	usage cgroupfs.File // memory.usage_in_bytes or memory.current
	stat  cgroupfs.File // memory.stat
	tasks cgroupfs.File // pids.current, absent without the pids controller
	swap  cgroupfs.File // memory.swap.current, version 2 with swap accounting

	hasTasks, hasSwap bool
	opened            []cgroupfs.File
}

// openTarget opens the files of the entity's cgroup. pids.current and
// memory.swap.current need not be there; the others must.
func openTarget(hierarchies *cgroupfs.FS, entity bench.Entity) (_ target, err error) {
	t := target{entity: entity}
	defer func() {
		if err != nil {
			err = errors.Join(err, t.close())
		}
	}()
	cpu, err := hierarchies.CPUUsageFile(entity.Cgroup)
	if err != nil {
		return target{}, err
	}
	if t.dir, err = hierarchies.Dir(cgroupfs.Memory, entity.Cgroup); err != nil {
		return target{}, err
	}
	if t.cpu, err = t.open(cpu); err != nil {
		return target{}, err
	}
	usage := "memory.usage_in_bytes"
	if hierarchies.Version() == 2 {
		usage = "memory.current"
	}
	if t.usage, err = t.open(filepath.Join(t.dir, usage)); err != nil {
		return target{}, err
	}
	if t.stat, err = t.open(filepath.Join(t.dir, "memory.stat")); err != nil {
		return target{}, err
	}
	if pids, err := hierarchies.Dir(cgroupfs.PIDs, entity.Cgroup); err == nil { // no hierarchy: absent
		if t.tasks, t.hasTasks, err = t.openIfThere(filepath.Join(pids, "pids.current")); err != nil {
			return target{}, err
		}
	}
	if hierarchies.Version() == 2 {
		if t.swap, t.hasSwap, err = t.openIfThere(filepath.Join(t.dir, "memory.swap.current")); err != nil {
			return target{}, err
		}
	}
	return t, nil
}

func (t *target) open(name string) (cgroupfs.File, error) {
	f, err := cgroupfs.OpenFile(name)
	if err == nil {
		t.opened = append(t.opened, f)
	}
	return f, err
}

func (t *target) openIfThere(name string) (cgroupfs.File, bool, error) {
	f, err := t.open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return cgroupfs.File{}, false, nil
	}
	return f, err == nil, err
}

// close closes what is open.
func (t *target) close() error {
	var errs []error
	for _, f := range t.opened {
		errs = append(errs, f.Close())
	}
	t.opened = nil
	return errors.Join(errs...)
}

// read reads each file once, with one system call each.
func (t *target) read(c *Collector) (v values, err error) {
	data, err := t.cpu.Read(c.buf)
	if err != nil {
		return v, err
	}
	v.at = time.Now().UnixNano()
	v.bytes = len(data)
	if v.cpu, err = c.fs.ParseCPUUsage(data); err != nil {
		return v, fmt.Errorf("read %s: %w", t.cpu.Name(), err)
	}
	if v.usage, err = v.number(t.usage, c.buf); err != nil {
		return v, err
	}
	if data, err = t.stat.Read(c.buf); err != nil {
		return v, err
	}
	v.bytes += len(data)
	if err = v.stat.parse(data, c.keys); err != nil {
		return v, fmt.Errorf("read %s: %w", t.stat.Name(), err)
	}
	if v.hasTasks = t.hasTasks; v.hasTasks {
		if v.tasks, err = v.number(t.tasks, c.buf); err != nil {
			return v, err
		}
	}
	if v.hasSwap = t.hasSwap; v.hasSwap {
		if v.swap, err = v.number(t.swap, c.buf); err != nil {
			return v, err
		}
	}
	return v, nil
}

// number reads a file that holds one number.
func (v *values) number(f cgroupfs.File, buf []byte) (uint64, error) {
	data, err := f.Read(buf)
	if err != nil {
		return 0, err
	}
	v.bytes += len(data)
	n, err := cgroupfs.ParseUint(data)
	if err != nil {
		return 0, fmt.Errorf("read %s: %w", f.Name(), err)
	}
	return n, nil
}
