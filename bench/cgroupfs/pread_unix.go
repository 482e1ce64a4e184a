//go:build unix

package cgroupfs

import "syscall"

// pread reads once from the start of the file.
func pread(f File, buf []byte) (int, error) {
	for {
		n, err := syscall.Pread(f.fd, buf, 0)
		if err != syscall.EINTR {
			return n, err
		}
	}
}
