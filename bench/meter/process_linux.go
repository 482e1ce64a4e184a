package meter

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/cgroupfs"
)

// A process is one metered process and its readings at both edges.
type process struct {
	component bench.Component
	pid       int
	comm      string
	// start is field 22 of /proc/PID/stat: the pid alone may be another process
	// later.
	start uint64
	// covered is the domain of a daemon whose account holds the process too, nil if
	// there is none.
	covered *domain

	dir        string // /proc/PID
	begin, end reading
	io         cgroupfs.File
	ioErr      error // why io is not open
	reads      counter
	switches   counter
	threads    map[string]uint64 // context switches at the start, by thread id
}

// A counter is what a process counted over the window, or why it is not known.
type counter struct {
	begin, value uint64
	err          error
}

// String names the process as warnings do.
func (p *process) String() string {
	return fmt.Sprintf("%s %s (pid %d)", p.component, p.comm, p.pid)
}

// beginCounters takes the first readings of reads and switches.
func (p *process) beginCounters(buf []byte) {
	p.reads, p.switches = counter{}, counter{}
	p.reads.begin, p.reads.err = p.readCalls(buf)
	clear(p.threads)
	p.switches.err = p.eachThread(buf, func(tid string, n uint64) { p.threads[tid] = n })
}

// endCounters takes the second ones and leaves the differences. Switches of a
// thread that ended inside the window are lost; one that began inside it counts
// whole.
func (p *process) endCounters(buf []byte) {
	if p.switches.err == nil {
		p.switches.err = p.eachThread(buf, func(tid string, n uint64) {
			if before := p.threads[tid]; before <= n {
				n -= before
			} // else a new thread has the id of one that ended
			p.switches.value += n
		})
	}
	if p.reads.err == nil {
		var n uint64
		n, p.reads.err = p.readCalls(buf)
		p.reads.value = n - p.reads.begin
	}
}

// readCalls reads how often the process called read and its like: all threads,
// ended ones included.
func (p *process) readCalls(buf []byte) (uint64, error) {
	if p.ioErr != nil {
		return 0, p.ioErr
	}
	data, err := p.io.Read(buf)
	if err != nil {
		return 0, err
	}
	n, err := field(data, "syscr")
	if err != nil {
		return 0, fmt.Errorf("read %s: %w", p.io.Name(), err)
	}
	return n, nil
}

// eachThread calls f with the context switches of each thread that lives.
//
// Note: /proc/PID/status has those of the main thread only, in a Go program next
// to none; procfs.Proc.NewStatus takes four times as long and 9 kB of garbage
// for each thread, of which 110 pods have a thousand.
func (p *process) eachThread(buf []byte, f func(tid string, switches uint64)) error {
	dir := filepath.Join(p.dir, "task")
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	tids, err := d.Readdirnames(-1)
	if err = errors.Join(err, d.Close()); err != nil {
		return err
	}
	found := false
	for _, tid := range tids {
		name := dir + "/" + tid + "/status"
		data, err := readInto(name, buf)
		if gone(err) {
			continue
		}
		if err != nil {
			return err
		}
		voluntary, err := field(data, "voluntary_ctxt_switches")
		if err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
		involuntary, err := field(data, "nonvoluntary_ctxt_switches")
		if err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
		f(tid, voluntary+involuntary)
		found = true
	}
	if !found {
		return fmt.Errorf("read %s: no thread lives", dir)
	}
	return nil
}

// memory is one process's part of the node's memory, in bytes.
type memory struct {
	pss, rss uint64
	anon     uint64
	anonErr  error // kernels before 5.3 do not split PSS
}

// memory reads /proc/PID/smaps_rollup; see field for a specimen. It is the sum
// over all mappings, which the kernel walks for it.
func (p *process) memory(buf []byte) (memory, error) {
	const kB = 1024
	name := filepath.Join(p.dir, "smaps_rollup")
	data, err := readInto(name, buf)
	if err != nil {
		return memory{}, err
	}
	var m memory
	var errs [2]error
	m.pss, errs[0] = field(data, "Pss")
	m.rss, errs[1] = field(data, "Rss")
	m.anon, m.anonErr = field(data, "Pss_Anon")
	if err := errors.Join(errs[:]...); err != nil {
		return memory{}, fmt.Errorf("read %s: %w", name, err)
	}
	if m.anonErr != nil {
		m.anonErr = fmt.Errorf("read %s: %w", name, m.anonErr)
	}
	m.pss, m.rss, m.anon = m.pss*kB, m.rss*kB, m.anon*kB
	return m, nil
}

// readInto reads a whole small file of procfs with three system calls: os.Open
// would also try to have it polled.
func readInto(name string, buf []byte) ([]byte, error) {
	fail := func(op string, err error) error { return &os.PathError{Op: op, Path: name, Err: err} }
	fd, err := uninterrupted(func() (int, error) { return unix.Open(name, unix.O_RDONLY|unix.O_CLOEXEC, 0) })
	if err != nil {
		return nil, fail("open", err)
	}
	n, err := uninterrupted(func() (int, error) { return unix.Read(fd, buf) })
	if err = errors.Join(err, unix.Close(fd)); err != nil {
		return nil, fail("read", err)
	}
	if n == len(buf) {
		return nil, fmt.Errorf("read %s: larger than %d bytes", name, len(buf)-1)
	}
	return buf[:n], nil
}

// uninterrupted makes a system call again while a signal cuts it short: Go's handlers ask
// the kernel to go on by itself, and not every file system does.
func uninterrupted(call func() (int, error)) (int, error) {
	for {
		n, err := call()
		if !errors.Is(err, unix.EINTR) {
			return n, err
		}
	}
}

// gone says whether a reading has no value because its process or thread ended.
func gone(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ESRCH)
}

// procDir is the folder of a process.
func procDir(proc string, pid int) string { return filepath.Join(proc, strconv.Itoa(pid)) }

// parsePID parses a line of cgroup.procs. The kernel writes 0 for a process of a
// pid namespace that the reader does not see into; it is somebody, so it is no
// error here, and nobody's child.
func parsePID(line string) (int, error) {
	pid, err := strconv.Atoi(strings.TrimSuffix(line, "\n"))
	if err == nil && pid < 0 {
		err = fmt.Errorf("%d is no process id", pid)
	}
	return pid, err
}
