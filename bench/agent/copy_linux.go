package agent

import (
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// Copy makes a copy of a program in memory, for agents to be started from: its path, and
// what gives it back. The kernel divides the pages of a program among all processes that
// run it (PSS); agents that shared theirs with the harness would look a few MiB smaller
// than a kubelet is, and those of an arm with several not by as much each. Agents of one
// arm share theirs: a kubelet is one process.
func Copy(program string) (path string, done func() error, err error) {
	from, err := os.Open(program)
	if err != nil {
		return "", nil, fmt.Errorf("copy the program for agents: %w", err)
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	fd, err := unix.MemfdCreate("agent", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return "", nil, fmt.Errorf("copy %s into memory for agents: %w", program, err)
	}
	to := os.NewFile(uintptr(fd), "agent")
	if _, err = io.Copy(to, from); err == nil {
		_, err = unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, unix.F_SEAL_WRITE|unix.F_SEAL_SHRINK|unix.F_SEAL_GROW|unix.F_SEAL_SEAL)
	}
	if err != nil {
		return "", nil, errors.Join(fmt.Errorf("copy %s into memory for agents: %w", program, err), to.Close())
	}
	return fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), fd), to.Close, nil
}
