package agent

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/pprof"
	"strconv"
)

// The files of an agent that profiles itself: its pid, and one of these ends. What it
// allocated in the window is what is in the second of the two that is not in the first.
const (
	CPUProfile    = ".cpu.pb.gz"
	BeforeProfile = ".before.pb.gz"
	AfterProfile  = ".after.pb.gz"
)

// A profiler profiles its own process over one window; with no folder, it does nothing.
type profiler struct {
	dir string
	cpu *os.File
}

// begin begins with the window's first call.
func (p *profiler) begin() (err error) {
	if p.dir == "" {
		return nil
	}
	if err := p.allocs(BeforeProfile); err != nil {
		return err
	}
	if p.cpu, err = os.Create(p.path(CPUProfile)); err != nil {
		return fmt.Errorf("profile an agent: %w", err)
	}
	if err := pprof.StartCPUProfile(p.cpu); err != nil {
		return fmt.Errorf("profile an agent: %w", err)
	}
	return nil
}

// end ends with the answer to the last one.
func (p *profiler) end() error {
	if p.cpu == nil {
		return nil
	}
	pprof.StopCPUProfile()
	err := errors.Join(p.cpu.Close(), p.allocs(AfterProfile))
	p.cpu = nil
	return err
}

// allocs writes what was allocated since the process began.
func (p *profiler) allocs(end string) error {
	f, err := os.Create(p.path(end))
	if err == nil {
		err = errors.Join(pprof.Lookup("allocs").WriteTo(f, 0), f.Close())
	}
	if err != nil {
		return fmt.Errorf("profile an agent: %w", err)
	}
	return nil
}

func (p *profiler) path(end string) string {
	return filepath.Join(p.dir, strconv.Itoa(os.Getpid())+end)
}
