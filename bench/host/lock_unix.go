//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package host

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// openLock opens or makes the file. The folder may be everybody's: a link that
// somebody put there is not followed, and what is no plain file, or somebody else's, is
// refused. Nobody else may open it: who can open a file can hold its lock, and would keep
// the node from runs and clean-ups for as long as he likes.
func openLock(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0o600)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	switch {
	case err != nil:
	case !info.Mode().IsRegular():
		err = fmt.Errorf("%s is no plain file", path)
	case !mine(info):
		err = fmt.Errorf("%s belongs to another user, who could hold it for ever: remove it", path)
	default:
		err = f.Chmod(0o600) // one of an older version was everybody's to open
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// mine says whether a file is of the user that this process acts as.
func mine(info os.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Geteuid()
}

// tryLock takes a lock that ends with the process; see flock(2).
func tryLock(f *os.File) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var lockErr error
	if err := raw.Control(func(fd uintptr) { lockErr = unix.Flock(int(fd), unix.LOCK_EX|unix.LOCK_NB) }); err != nil {
		return err
	}
	if errors.Is(lockErr, unix.EWOULDBLOCK) {
		return errHeld
	}
	return lockErr
}
