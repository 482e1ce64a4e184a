package record

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// An appender adds lines to a file: each is written at once, and on disk when append
// returns.
type appender struct {
	file  file
	frame frame
	size  int64 // of the file, all of it whole lines on disk
	count int   // of those lines
	line  []byte
	// broken is why nothing can be appended any more.
	broken error
}

// file is what an appender needs of one.
type file interface {
	io.WriterAt
	Truncate(size int64) error
	Sync() error
	Close() error
}

// openAppender opens a file that has whole lines of a size.
func openAppender(dir, name string, f frame, size int64, flags int) (appender, error) {
	opened, err := openRegular(filepath.Join(dir, name), os.O_WRONLY|flags, 0o644)
	if err != nil {
		return appender{}, fmt.Errorf("open run: %w", err)
	}
	return appender{file: opened, frame: f, size: size}, nil
}

// append writes one value as one line. When it fails, the disk being full for one,
// the file is as it was before, and the value is not in it.
func (a *appender) append(value any) error {
	if a.broken != nil {
		return a.broken
	}
	data, err := json.Marshal(value)
	if err != nil {
		return err
	}
	a.line = a.frame.append(a.line[:0], data)
	_, err = a.file.WriteAt(a.line, a.size)
	if err == nil {
		err = a.file.Sync()
	}
	if err != nil {
		// A part of a line must not stay: the next one would make it damage in the
		// middle.
		if undo := a.cut(); undo != nil {
			err = errors.Join(err, fmt.Errorf("cut off the part of a line again: %w", undo))
			a.broken = err
		}
		return err // which names the file
	}
	a.size += int64(len(a.line))
	a.count++
	return nil
}

// cut cuts off what is behind the last whole line.
func (a *appender) cut() error { return errors.Join(a.file.Truncate(a.size), a.file.Sync()) }
