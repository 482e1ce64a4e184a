package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// An outFolder is the folder that --out names. What the same command left there before
// goes first, so that old and new never stand side by side; only what its list names
// goes, since the folder may hold other people's files.
type outFolder struct {
	dir, list string
}

// openOut takes a folder for what a command writes.
func openOut(dir, command string) (*outFolder, error) {
	o := &outFolder{dir: dir, list: filepath.Join(dir, ".cri-stats-bench-"+command)}
	names, err := os.ReadFile(o.list)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read what an earlier %s left in %s: %w", command, dir, err)
	}
	for line := range strings.Lines(string(names)) {
		name := strings.TrimSuffix(line, "\n")
		if !filepath.IsLocal(name) {
			return nil, fmt.Errorf("remove what an earlier %s left in %s: its list %s names %q, which is not below the folder: remove the list", command, dir, o.list, name)
		}
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("remove what an earlier %s left: %w", command, err)
		}
	}
	if err := os.Remove(o.list); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("remove what an earlier %s left: %w", command, err)
	}
	return o, nil
}

// file writes a file below the folder. It stands in the list before it is made, so that
// a command that was killed leaves nothing that the next one does not know.
func (o *outFolder) file(name string, write func(io.Writer) error) error {
	if err := os.MkdirAll(o.dir, 0o755); err != nil {
		return fmt.Errorf("write a report: %w", err)
	}
	list, err := os.OpenFile(o.list, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("write a report: %w", err)
	}
	_, err = fmt.Fprintln(list, filepath.ToSlash(name))
	if err = errors.Join(err, list.Close()); err != nil {
		return fmt.Errorf("write %s: %w", o.list, err)
	}
	return writeFile(filepath.Join(o.dir, name), write)
}
