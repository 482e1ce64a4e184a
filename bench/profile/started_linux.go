package profile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"cri-stats-bench/bench"
)

// The kernel tells of processes that begin through its process events connector, see
// linux/cn_proc.h and linux/connector.h: a netlink message around a connector's message
// around an event. All are in the byte order of the machine.
const (
	connectorIndex, connectorValue = 1, 1 // CN_IDX_PROC, CN_VAL_PROC
	listen, ignore                 = 1, 2 // PROC_CN_MCAST_LISTEN, _IGNORE

	eventNone, eventFork, eventExec, eventExit = 0, 1, 2, 0x80000000

	connectorHead = 20 // struct cn_msg: idx, val, seq, ack, len, flags
	eventHead     = 16 // struct proc_event up to its data: what, cpu, timestamp
	// forkSize is that of the longest event that is read here.
	forkSize = 16

	// eventBuffer holds events until they are read; a runtime that starts a process for
	// each of 500 containers sends some thousands within a second.
	eventBuffer = 8 << 20
	ackTimeout  = time.Second
)

// A startedCount counts the processes that some processes, and those that they started,
// start until it is ended.
type startedCount struct {
	socket int
	stop   chan struct{}
	done   chan error

	// alive are the processes that are counted for, by pid, started those of them that
	// began meanwhile.
	alive   map[int]*counted
	started []*counted
}

// A counted is a process that a component started.
type counted struct {
	component bench.Component
	program   string
}

// countStarted begins to count. It fails where the kernel does not tell: without root,
// without CONFIG_PROC_EVENTS, and outside of the first pid namespace.
func countStarted(parts map[bench.Component][]int) (_ *startedCount, err error) {
	c := &startedCount{stop: make(chan struct{}), done: make(chan error, 1), alive: make(map[int]*counted)}
	for component, pids := range parts {
		for _, pid := range pids {
			name, err := comm(pid)
			if err != nil {
				return nil, fmt.Errorf("count what the %s starts: %w", component, err)
			}
			c.alive[pid] = &counted{component, name}
		}
	}
	if c.socket, err = unix.Socket(unix.AF_NETLINK, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, unix.NETLINK_CONNECTOR); err != nil {
		return nil, fmt.Errorf("ask the kernel for process events: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("ask the kernel for process events: %w", err), unix.Close(c.socket))
		}
	}()
	// Past the limit for users, as root may; what the kernel gives else is enough mostly.
	_ = unix.SetsockoptInt(c.socket, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, eventBuffer)
	// Reads end now and then, so that the count can be ended.
	timeout := unix.NsecToTimeval(int64(ackTimeout / 10))
	if err := unix.SetsockoptTimeval(c.socket, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &timeout); err != nil {
		return nil, err
	}
	if err := unix.Bind(c.socket, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: connectorIndex}); err != nil {
		return nil, err
	}
	if err := c.send(listen); err != nil {
		return nil, err
	}
	if err := c.acknowledged(); err != nil {
		return nil, err
	}
	go func() { c.done <- c.read() }()
	return c, nil
}

// send tells the connector to tell, or not to.
func (c *startedCount) send(what uint32) error {
	order := binary.NativeEndian
	const size = unix.NLMSG_HDRLEN + connectorHead + 4
	var b []byte
	b = order.AppendUint32(b, size)
	b = order.AppendUint16(b, unix.NLMSG_DONE)
	b = order.AppendUint16(b, 0)
	b = order.AppendUint32(b, 0)
	b = order.AppendUint32(b, 0)
	b = order.AppendUint32(b, connectorIndex)
	b = order.AppendUint32(b, connectorValue)
	b = order.AppendUint32(b, 0)
	b = order.AppendUint32(b, 0)
	b = order.AppendUint16(b, uint16(unsafe.Sizeof(what)))
	b = order.AppendUint16(b, 0)
	b = order.AppendUint32(b, what)
	return unix.Sendto(c.socket, b, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK})
}

// acknowledged waits for the kernel's word that it will tell.
func (c *startedCount) acknowledged() error {
	buf := make([]byte, os.Getpagesize())
	for end := time.Now().Add(ackTimeout); time.Now().Before(end); {
		n, _, err := unix.Recvfrom(c.socket, buf, 0)
		if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return err
		}
		what, data, ok := event(buf[:n])
		if ok && what == eventNone {
			if code := binary.NativeEndian.Uint32(data); code != 0 {
				return unix.Errno(code)
			}
			return nil
		}
	}
	return errors.New("no answer: it tells root in the first pid namespace only")
}

// event takes a netlink message apart: what happened, and at least forkSize bytes about
// it.
func event(message []byte) (what uint32, data []byte, ok bool) {
	const head = unix.NLMSG_HDRLEN + connectorHead
	if len(message) < head+eventHead+forkSize {
		return 0, nil, false
	}
	return binary.NativeEndian.Uint32(message[head:]), message[head+eventHead:], true
}

// read takes events until the count is stopped, and then those that wait.
func (c *startedCount) read() error {
	buf := make([]byte, os.Getpagesize())
	var last time.Time // for reading, once it is stopped
	for {
		if last.IsZero() {
			select {
			case <-c.stop:
				last = time.Now().Add(ackTimeout)
			default:
			}
		} else if time.Now().After(last) {
			return nil
		}
		n, _, err := unix.Recvfrom(c.socket, buf, 0)
		switch {
		case errors.Is(err, unix.EINTR), errors.Is(err, unix.EAGAIN) && last.IsZero():
			continue
		case errors.Is(err, unix.EAGAIN):
			return nil
		case err != nil: // ENOBUFS: some events were lost, and nobody knows whose
			return fmt.Errorf("read process events: %w", err)
		}
		if what, data, ok := event(buf[:n]); ok {
			c.take(what, data)
		}
	}
}

// take counts one event.
func (c *startedCount) take(what uint32, data []byte) {
	field := func(i int) int { return int(int32(binary.NativeEndian.Uint32(data[4*i:]))) }
	switch what {
	case eventFork: // pid and tgid of the parent, then those of the child
		parent, child, group := c.alive[field(1)], field(2), field(3)
		if parent == nil || child != group { // somebody else's, or a thread
			return
		}
		p := &counted{parent.component, parent.program}
		c.alive[child] = p
		c.started = append(c.started, p)
	case eventExec: // pid and tgid
		if p := c.alive[field(1)]; p != nil {
			if name, err := comm(field(1)); err == nil { // or it has ended already
				p.program = name
			}
		}
	case eventExit: // pid and tgid: its number may be another process's next
		if field(0) == field(1) {
			delete(c.alive, field(0))
		}
	}
}

// end ends the count and returns how many processes each component started, by program.
func (c *startedCount) end() (map[bench.Component]map[string]int, error) {
	close(c.stop)
	err := errors.Join(<-c.done, c.send(ignore), unix.Close(c.socket))
	if err != nil {
		return nil, err
	}
	out := make(map[bench.Component]map[string]int)
	for _, p := range c.started {
		if out[p.component] == nil {
			out[p.component] = make(map[string]int)
		}
		out[p.component][p.program]++
	}
	return out, nil
}

// comm is the name of a process, which may have ended.
func comm(pid int) (string, error) {
	data, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "comm"))
	return string(bytes.TrimSuffix(data, []byte("\n"))), err
}
