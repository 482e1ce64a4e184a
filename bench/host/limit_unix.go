//go:build unix

package host

import "syscall"

// maxOpenFiles is the limit in force: the Go runtime has raised it to the hard one
// when the program began.
func maxOpenFiles() *uint64 {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return nil
	}
	files := uint64(limit.Cur) //nolint:unconvert // it is an int64 on FreeBSD
	return &files
}
