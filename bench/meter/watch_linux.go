package meter

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/cgroupfs"
)

// A watch holds what is open for one trial. It is used by one goroutine. Begin
// and End may be called again, for the next window of the same processes.
type watch struct {
	meter *Meter
	// procs are the metered processes in the order in which clocks are read at the
	// start: the harness first, the agents last.
	procs  []*process
	agents []*process
	// daemon is the runtime's, one of procs; nil where it is not metered.
	daemon *process
	// node and pods are nil where there is no such account.
	node *nodeAccount
	pods *account
	// domains are those of the metered daemons.
	domains []*domain
	// noShims is set where it is not known which shims are the runtime's.
	noShims bool
	// noPods is set where no pod can run, since the pods' cgroup does not exist.
	noPods  bool
	cgroups *cgroupfs.FS

	begun      bool
	closed     bool
	begin, end time.Time
	buf        [16 << 10]byte // status on a node of a thousand CPUs has some kilobytes
	// warnings are those of Watch; they hold for each window.
	warnings []error
}

var _ bench.Watch = (*watch)(nil)

// A domain is the own cgroup of a daemon, the runtime or the kubelet.
type domain struct {
	component bench.Component
	pid       int
	// account is nil, and memory, the path in the memory hierarchy, empty, where the
	// daemon has no cgroup of its own.
	account *account
	memory  string
}

// Begin takes the readings at the start of a window. A reading that has no value
// is a warning of End.
func (w *watch) Begin() error {
	if w.closed {
		return errClosed
	}
	w.readBegin()
	w.begun = true
	return nil
}

// readBegin takes all readings at the start of a window.
func (w *watch) readBegin() {
	w.beginCPU()
	for _, p := range w.procs {
		p.beginCounters(w.buf[:])
	}
}

// beginCPU reads CPU time from the outermost account to the innermost. It does
// not allocate while everything can be read.
func (w *watch) beginCPU() {
	if w.node != nil {
		w.node.begin = w.node.read()
	}
	w.procs[0].begin = w.clock(w.procs[0])
	if w.pods != nil {
		w.pods.begin = w.pods.read()
	}
	for _, d := range w.domains {
		if d.account != nil {
			d.account.begin = d.account.read()
		}
	}
	for _, p := range w.procs[1:] {
		p.begin = w.clock(p)
	}
	w.begin = time.Now()
}

// endCPU is beginCPU the other way round.
func (w *watch) endCPU() {
	w.end = time.Now()
	for i := len(w.procs) - 1; i > 0; i-- {
		w.procs[i].end = w.clock(w.procs[i])
	}
	for _, d := range slices.Backward(w.domains) {
		if d.account != nil {
			d.account.end = d.account.read()
		}
	}
	if w.pods != nil {
		w.pods.end = w.pods.read()
	}
	w.procs[0].end = w.clock(w.procs[0])
	if w.node != nil {
		w.node.end = w.node.read()
	}
}

// clock reads the clock of a process.
func (w *watch) clock(p *process) reading {
	v, err := w.meter.clock(p.pid)
	return reading{v, err}
}

// Begin, End and Close come in this order.
var (
	errNotBegun = errors.New("end the window of the meter: it was not begun")
	errClosed   = errors.New("begin a window of the meter: it is closed")
)

// End takes the readings at the end of the window, CPU first, and returns the
// differences.
func (w *watch) End() (bench.Metered, error) {
	if !w.begun {
		return bench.Metered{}, errNotBegun
	}
	w.begun = false
	w.endCPU()
	for _, p := range w.procs {
		p.endCounters(w.buf[:])
	}
	b := &delta{watch: w, metered: bench.Metered{Start: w.begin, Length: w.end.Sub(w.begin)}}
	b.metered.Warnings = append(b.metered.Warnings, w.warnings...)
	b.population()
	b.total()
	return b.metered, nil
}

// Close closes what Watch opened. It may be called twice.
func (w *watch) Close() error {
	if w.closed {
		return nil
	}
	w.closed, w.begun = true, false
	var errs []error
	for _, p := range w.procs {
		if p.io != (cgroupfs.File{}) {
			errs = append(errs, p.io.Close())
		}
	}
	for _, d := range append(w.domains, &domain{account: w.pods}) {
		if d.account != nil {
			errs = append(errs, d.account.file.Close())
		}
	}
	if w.node != nil {
		errs = append(errs, w.node.file.Close())
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("close the meter: %w", err)
	}
	return nil
}
