package cgroupfs

import (
	"fmt"
	"os"
)

// A File is a cgroup file that is kept open and read from its start again and
// again: a third of the system calls of opening it each time.
type File struct {
	f  *os.File
	fd int
}

// OpenFile opens a file to be read many times.
func OpenFile(name string) (File, error) {
	f, err := os.Open(name)
	if err != nil {
		return File{}, err
	}
	return File{f, int(f.Fd())}, nil
}

// Read reads the whole file into buf and returns the part that was filled. A
// file that may not have fitted is an error, never half a file.
//
// Note: it is one pread. The kernel makes the text of such a file in one piece,
// so a read that ends short of the buffer has all of it; asking again for the
// end of the file (os.File.ReadAt) would make the text a second time.
func (f File) Read(buf []byte) ([]byte, error) {
	if f.f == nil {
		return nil, os.ErrInvalid // its fd would be standard input
	}
	n, err := pread(f, buf)
	if err != nil {
		return nil, &os.PathError{Op: "read", Path: f.f.Name(), Err: err}
	}
	if n == len(buf) {
		return nil, fmt.Errorf("read %s: larger than %d bytes", f.f.Name(), len(buf)-1)
	}
	return buf[:n], nil
}

// Name is the path that the file was opened by.
func (f File) Name() string { return f.f.Name() }

// Close closes the file.
func (f File) Close() error { return f.f.Close() }
