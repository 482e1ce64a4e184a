//go:build !unix

package cgroupfs

import "io"

// pread reads once from the start of the file. There are no cgroups on such a
// system; it exists so that tools for records build there.
func pread(f File, buf []byte) (int, error) {
	n, err := f.f.ReadAt(buf, 0)
	if err == io.EOF {
		err = nil
	}
	return n, err
}
