package host

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// A Lock allows one run on a node. The kernel releases it when the process ends,
// in whatever way.
type Lock struct{ file *os.File }

// A LockError says that another run holds the lock.
type LockError struct {
	Path string
	// PID is the other run's process, 0 if it has not said.
	PID int
}

// Error names the holder and what to do.
func (e *LockError) Error() string {
	who := "another run"
	if e.PID > 0 {
		who = fmt.Sprintf("another run, pid %d,", e.PID)
	}
	return fmt.Sprintf("%s holds %s; wait or end it", who, e.Path)
}

// errHeld is how a system says that a lock is somebody else's.
var errHeld = errors.New("the lock is held")

// lockName is the file's name where the caller gives none.
const lockName = "cri-stats-bench.lock"

// DefaultLock is the path of the lock that all runs on a node have in common:
// in /run/lock, or in the folder for temporary files where there is no such
// folder.
func DefaultLock() string {
	const dir = "/run/lock"
	if info, err := os.Stat(dir); err == nil && info.IsDir() {
		return filepath.Join(dir, lockName)
	}
	return filepath.Join(os.TempDir(), lockName)
}

// AcquireLock takes the lock at path, DefaultLock() if it is empty. It does not
// wait: where another run holds it the error is a *LockError.
func AcquireLock(path string) (*Lock, error) {
	if path == "" {
		path = DefaultLock()
	}
	f, err := openLock(path)
	if err != nil {
		return nil, fmt.Errorf("open the lock of the node: %w", err)
	}
	if err := tryLock(f); err != nil {
		holder := holderOf(f)
		closeErr := f.Close()
		if errors.Is(err, errHeld) {
			return nil, &LockError{path, holder}
		}
		return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), closeErr)
	}
	// Only the holder writes, so that the file says who it is.
	err = f.Truncate(0)
	if err == nil {
		_, err = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("write the process id to %s: %w", path, err), f.Close())
	}
	return &Lock{f}, nil
}

// Release gives the lock back. The file stays, empty: another run may have it
// open just now, and would lock a file that nobody else finds.
func (l *Lock) Release() error {
	if err := errors.Join(l.file.Truncate(0), l.file.Close()); err != nil {
		return fmt.Errorf("release the lock of the node: %w", err)
	}
	return nil
}

// holderOf reads the process id in a lock file, 0 if there is none.
func holderOf(f *os.File) int {
	text, err := io.ReadAll(io.LimitReader(f, 32))
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || pid < 0 {
		return 0
	}
	return pid
}
