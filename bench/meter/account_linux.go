package meter

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"cri-stats-bench/bench/cgroupfs"
)

// A reading is one value at one edge, or why there is none.
type reading struct {
	value time.Duration
	err   error
}

// since returns the time from the earlier reading to this one.
func (r reading) since(begin reading) (time.Duration, error) {
	if err := errors.Join(begin.err, r.err); err != nil {
		return 0, err
	}
	if r.value < begin.value {
		return 0, fmt.Errorf("CPU time went back from %v to %v", begin.value, r.value)
	}
	return r.value - begin.value, nil
}

// An account is the CPU time of one cgroup and all below it.
type account struct {
	fs         *cgroupfs.FS
	path       string
	file       cgroupfs.File
	buf        [4096]byte // cpu.stat of version 2 has less than 500 bytes
	begin, end reading
}

// openAccount opens the account of the cgroup at path. The error is
// fs.ErrNotExist where there is no such cgroup.
func openAccount(cg *cgroupfs.FS, path string) (*account, error) {
	name, err := cg.CPUUsageFile(path)
	if err != nil {
		return nil, err
	}
	file, err := cgroupfs.OpenFile(name)
	if err != nil {
		return nil, err
	}
	return &account{fs: cg, path: path, file: file}, nil
}

// read reads the account.
func (a *account) read() reading {
	data, err := a.file.Read(a.buf[:])
	if err != nil {
		return reading{err: err}
	}
	v, err := a.fs.ParseCPUUsage(data)
	if err != nil {
		return reading{err: fmt.Errorf("read %s: %w", a.file.Name(), err)}
	}
	return reading{value: v}
}

// A nodeReading is the node's CPU account at one edge and when it was read.
type nodeReading struct {
	at    time.Time
	ticks nodeTicks
	err   error
}

// A nodeAccount is the first line of /proc/stat.
type nodeAccount struct {
	file       *os.File
	fd         int
	cpus       int
	buf        [512]byte // ten numbers of at most 20 digits
	begin, end nodeReading
}

// openNode opens /proc/stat and counts CPUs.
func openNode(proc string) (*nodeAccount, error) {
	name := filepath.Join(proc, "stat")
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	cpus := countCPUs(data)
	if cpus == 0 {
		return nil, fmt.Errorf("read %s: no line of a CPU", name)
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	return &nodeAccount{file: file, fd: int(file.Fd()), cpus: cpus}, nil
}

// read reads the account. Only the first line is wanted, so a buffer that holds
// not more than that is enough.
func (n *nodeAccount) read() nodeReading {
	size, err := uninterrupted(func() (int, error) { return unix.Pread(n.fd, n.buf[:], 0) })
	at := time.Now()
	if err != nil {
		return nodeReading{at, nodeTicks{}, &os.PathError{Op: "read", Path: n.file.Name(), Err: err}}
	}
	ticks, err := parseNodeTicks(n.buf[:size])
	if err != nil {
		return nodeReading{at, nodeTicks{}, fmt.Errorf("read %s: %w", n.file.Name(), err)}
	}
	return nodeReading{at, ticks, nil}
}

// nodeUse is what the node used between two edges, in seconds of CPU time.
type nodeUse struct {
	capacity, busy, steal float64
}

// tick is the unit of /proc/stat: USER_HZ is 100 on every architecture that
// runtimes are built for.
const tick = 10 * time.Millisecond

// use returns what the node used between the edges.
func (n *nodeAccount) use() (nodeUse, error) {
	if err := errors.Join(n.begin.err, n.end.err); err != nil {
		return nodeUse{}, err
	}
	// Columns are single counters; the kernel lets iowait go back now and then
	// (proc_stat(5)), so that idle time is their sum.
	seconds := func(begin, end uint64) float64 {
		return float64(int64(end-begin)) * tick.Seconds()
	}
	b, e := n.begin.ticks, n.end.ticks
	u := nodeUse{
		capacity: n.end.at.Sub(n.begin.at).Seconds() * float64(n.cpus),
		steal:    seconds(b.steal, e.steal),
	}
	u.busy = u.capacity - seconds(b.idle+b.iowait, e.idle+e.iowait)
	if u.capacity <= 0 {
		return nodeUse{}, errors.New("no time passed between the two readings of the node")
	}
	return u, nil
}
