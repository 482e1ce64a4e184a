// Package durable writes small files that are there whole or not at all, and stay so when
// the power goes: what is in them reaches the disk before their name, and their name before
// the caller goes on.
//
// Who changes something of somebody else's writes down beforehand what it was; a note that
// the next boot does not find is none. Packages gate, node and record keep their notes so.
// It appends to nothing, locks nothing and makes no folder.
package durable

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Draft is the name under which [WriteFile] begins a file. It is in the same folder, hidden,
// and left behind by nobody but who is killed meanwhile.
func Draft(path string) string {
	return filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".new")
}

// WriteFile makes or replaces a file, with that mode whatever the umask says. It follows no
// symbolic link. Two may not write the same file at once.
func WriteFile(path string, data []byte, mode fs.FileMode) error {
	return write(realDisk{}, path, data, mode)
}

// SyncDir puts a folder on disk, and with it the names in it: a file that is synced can
// still be lost with its name. On Windows names are synced with their files, and it does
// nothing.
func SyncDir(dir string) error { return realDisk{}.syncDir(dir) }

// A disk has the steps of a durable write, for tests to watch their order and to let them
// fail.
type disk interface {
	create(path string) (file, error)
	rename(from, to string) error
	remove(path string) error
	syncDir(dir string) error
}

type file interface {
	io.WriteCloser
	Chmod(fs.FileMode) error
	Sync() error
}

func write(d disk, path string, data []byte, mode fs.FileMode) error {
	draft := Draft(path)
	if err := d.remove(draft); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := d.create(draft)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close()); err == nil {
		err = d.rename(draft, path)
	}
	if err != nil {
		return errors.Join(err, d.remove(draft))
	}
	return d.syncDir(filepath.Dir(path))
}

// realDisk is that of the operating system.
type realDisk struct{}

// create makes a file that was not there, so that no link stands in its place.
func (realDisk) create(path string) (file, error) {
	return os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
}

func (realDisk) rename(from, to string) error { return os.Rename(from, to) }

func (realDisk) remove(path string) error { return os.Remove(path) }
