// Package cgroup reads the stats of pods and containers straight from their
// cgroup files, with no runtime and no cache in between: the least that any
// source of the same numbers can cost, and the truth that collectors cri and
// cadvisor are held against. It reads through package cgroupfs.
//
// It knows CPU, memory, swap and process counts, since those are in cgroup
// files. It does not know networks or filesystems, and it does not look for
// pods: the population is what the Source names, found once when it is opened.
package cgroup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"syscall"
	"time"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/cgroupfs"
)

// bufferSize holds the largest of the files, memory.stat: 1.1 KiB on version 1,
// 1.7 KiB on version 2. A file that outgrows it is an error, see cgroupfs.File.
const bufferSize = 16 << 10

// A Collector keeps the files of each pod and container open and reads each of
// them once per call. It implements bench.Collector.
//
// Note: it does not look for containers that are new since Open. A directory
// listing per pod and call would cost as much as the reads, and a container
// that the Source does not name could not be told from somebody else's.
type Collector struct {
	fs      *cgroupfs.FS
	parent  string
	keys    *statKeys
	targets []target
	buf     []byte
}

var _ bench.Collector = (*Collector)(nil)

// Open finds the cgroups of all containers of s.Pods below s.CgroupParent and
// opens their files. A container without a cgroup there is an error. It returns
// an *UnsupportedError where there are no cgroups.
func Open(ctx context.Context, s bench.Source) (bench.Collector, error) {
	if runtime.GOOS != "linux" {
		return nil, &bench.UnsupportedError{What: "reading cgroups", Needs: "Linux"}
	}
	c, err := open(ctx, cgroupfs.Root, s)
	if err != nil {
		return nil, err
	}
	return c, nil
}

// open is Open with cgroups mounted at root.
func open(ctx context.Context, root string, s bench.Source) (*Collector, error) {
	if s.CgroupParent == "" {
		return nil, errors.New("open the cgroups of pods: no cgroup parent is given")
	}
	hierarchies, err := cgroupfs.Open(root)
	if err != nil {
		return nil, err
	}
	c := &Collector{fs: hierarchies, parent: s.CgroupParent, keys: statKeysOf(hierarchies.Version()), buf: make([]byte, bufferSize)}
	found, err := find(hierarchies, s)
	if err != nil {
		return nil, err
	}
	c.targets = make([]target, 0, len(found))
	for _, entity := range found {
		if err := ctx.Err(); err != nil {
			return nil, errors.Join(fmt.Errorf("open the cgroups under %s: %w", c.parent, err), c.Close())
		}
		t, err := openTarget(hierarchies, entity)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("open cgroup %s: %w", entity.Cgroup, err), c.Close())
		}
		c.targets = append(c.targets, t)
	}
	return c, nil
}

// Collect reads every cgroup once. A cgroup that was removed since the last call
// is left out from now on; one that cannot be read although it is still there is
// an error. b.Bytes counts what was read from files.
func (c *Collector) Collect(ctx context.Context, b *bench.Batch) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("read the cgroups under %s: %w", c.parent, err)
	}
	removed := false
	for i := range c.targets {
		t := &c.targets[i]
		v, err := t.read(c)
		if err != nil {
			if !t.isRemoved(err) {
				return fmt.Errorf("read cgroup %s: %w", t.entity.Cgroup, err)
			}
			t.removed, removed = true, true
			continue
		}
		v.add(b, t.entity)
	}
	if removed {
		c.forgetRemoved()
	}
	// There is no call here that could be cut short: what came too late is an
	// error all the same, as it is with the other collectors.
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("read the cgroups under %s: %w", c.parent, err)
	}
	return nil
}

// forgetRemoved drops the cgroups that are gone. It is done after the loop, so
// that an error on the way leaves the list as it is.
func (c *Collector) forgetRemoved() {
	c.targets = slices.DeleteFunc(c.targets, func(t target) bool {
		if t.removed {
			_ = t.close() // reading a removed cgroup failed already; closing it tells nothing more
		}
		return t.removed
	})
}

// Close closes the files. It may be called twice.
func (c *Collector) Close() error {
	var errs []error
	for i := range c.targets {
		errs = append(errs, c.targets[i].close())
	}
	c.targets = nil
	return errors.Join(errs...)
}

// isRemoved says whether err comes from the cgroup having been removed: reading
// an open file of such a cgroup gives ENODEV (kernfs_seq_start), and its folder
// is gone. The folder is asked too, since the error alone could have other
// reasons and a lost container must not look like one that ended.
func (t *target) isRemoved(err error) bool {
	if !errors.Is(err, syscall.ENODEV) && !errors.Is(err, fs.ErrNotExist) {
		return false
	}
	_, err = os.Stat(t.dir)
	return errors.Is(err, fs.ErrNotExist)
}

// values are the readings of one cgroup at one instant. What was not read is not
// in has.
type values struct {
	at    int64         // nanoseconds since 1970
	cpu   time.Duration // used since the cgroup was made
	usage uint64        // bytes
	stat  memoryStat
	tasks uint64
	swap  uint64 // bytes
	bytes int    // read from files

	hasTasks, hasSwap bool
}

// add appends the values to b.
func (v *values) add(b *bench.Batch, entity bench.Entity) {
	e := b.Entity(entity)
	b.Bytes += int64(v.bytes)
	b.Add(bench.CPUUsage, e, float64(v.cpu)/float64(time.Second), v.at)
	b.Add(bench.MemoryUsage, e, float64(v.usage), v.at)
	if v.stat.has(inactiveFile) {
		b.Add(bench.MemoryWorkingSet, e, float64(workingSet(v.usage, v.stat.value[inactiveFile])), v.at)
	}
	if v.stat.has(rss) {
		b.Add(bench.MemoryRSS, e, float64(v.stat.value[rss]), v.at)
	}
	if v.stat.has(pageFaults) {
		b.Add(bench.PageFaults, e, float64(v.stat.value[pageFaults]), v.at)
	}
	if v.stat.has(majorPageFaults) {
		b.Add(bench.MajorPageFaults, e, float64(v.stat.value[majorPageFaults]), v.at)
	}
	if v.hasTasks {
		b.Add(bench.ProcessCount, e, float64(v.tasks), v.at)
	}
	if v.hasSwap {
		b.Add(bench.SwapUsage, e, float64(v.swap), v.at)
	} else if v.stat.has(swap) {
		b.Add(bench.SwapUsage, e, float64(v.stat.value[swap]), v.at)
	}
}

// workingSet is the memory in use that is not inactive page cache, in bytes:
// usage - inactive_file, never below 0. cAdvisor (setMemoryStats in
// lib/container/libcontainer/handler.go) and containerd (getWorkingSet in
// internal/cri/server/container_stats_list.go) compute it so.
func workingSet(usage, inactiveFile uint64) uint64 {
	return usage - min(usage, inactiveFile)
}
