package record

import (
	"fmt"
	"io"
	"io/fs"
	"os"
)

// openRegular opens a file of a run. The folder of a run may be somebody else's gift: a link
// in it would lead to any file of the node, to be read, cut or written, and a pipe would
// hold who opens it for ever. So neither is opened.
func openRegular(path string, flags int, perm fs.FileMode) (*os.File, error) {
	f, err := os.OpenFile(path, flags|noFollow, perm)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is no regular file: %s", path, info.Mode().Type())
	}
	if err != nil {
		_ = f.Close() // nothing was done with it
		return nil, err
	}
	return f, nil
}

// readRegular reads one whole.
func readRegular(path string) ([]byte, error) {
	f, err := openRegular(path, os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it is only read
	return io.ReadAll(f)
}
