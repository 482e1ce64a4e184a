package node

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// makeDir makes the node's folder, if need be, and returns its path with all
// links followed, as the kernel will list it among mounts.
func makeDir(dir string) (string, error) {
	if err := os.MkdirAll(dir, 0o711); err != nil {
		return "", fmt.Errorf("make the node's folder: %w", err)
	}
	return filepath.EvalSymlinks(dir)
}

// lockDir keeps two processes from bringing up or taking down a node in dir at
// the same time. The kernel gives the lock back when a process is killed.
func lockDir(dir string) (unlock func(), err error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		if errors.Is(err, unix.EWOULDBLOCK) {
			err = errors.New("another process is bringing up or taking down a node there")
		}
		return nil, errors.Join(fmt.Errorf("lock %s: %w", dir, err), f.Close())
	}
	// The one that held the lock before may have removed the folder.
	mine, err := f.Stat()
	if err == nil {
		var now fs.FileInfo
		if now, err = os.Stat(dir); err == nil && !os.SameFile(mine, now) {
			err = fmt.Errorf("lock %s: the folder was replaced meanwhile, try again", dir)
		}
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() { _ = f.Close() }, nil // nothing was written through it
}

// removeDir removes the node's folder if nothing but the draft of a state is in
// it, and the folder of the default one. Either may hold something of others, or
// be a mount point of theirs, and then stays.
func removeDir(dir string) {
	if vacant, err := vacantDir(dir); err != nil || !vacant {
		return
	}
	_ = os.Remove(filepath.Join(dir, stateDraft()))
	_ = os.Remove(dir)
	if dir == DefaultDir {
		_ = os.Remove(filepath.Dir(dir))
	}
}
