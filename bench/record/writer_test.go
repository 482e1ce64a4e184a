package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A smallDisk is a file on a disk that is full after some bytes.
type smallDisk struct {
	*os.File
	size        int64
	syncErr     error
	truncateErr error
	writes      int
}

func (d *smallDisk) WriteAt(data []byte, at int64) (int, error) {
	d.writes++
	room := max(0, d.size-at)
	if int64(len(data)) <= room {
		return d.File.WriteAt(data, at)
	}
	n, err := d.File.WriteAt(data[:room], at)
	return n, errors.Join(err, &os.PathError{Op: "write", Path: d.Name(), Err: syscall.ENOSPC})
}

func (d *smallDisk) Sync() error { return d.syncErr }

func (d *smallDisk) Truncate(size int64) error {
	if d.truncateErr != nil {
		return d.truncateErr
	}
	return d.File.Truncate(size)
}

// onSmallDisk is a writer with one trial on a disk that has room for so many
// bytes more.
func onSmallDisk(t *testing.T, room int64) (*Writer, *smallDisk) {
	t.Helper()
	dir, _ := exampleRun(t, 1)
	w, _, err := Resume(dir, examplePlan, exampleHost)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	disk := &smallDisk{File: w.trials.file.(*os.File), size: w.trials.size + room}
	w.trials.file = disk
	return w, disk
}

func TestFullDisk(t *testing.T) {
	trial := exampleTrial(rand.New(rand.NewPCG(3, 4)), 1, 10)
	size := int64(len(lineOf(t, trial)))
	for _, room := range []int64{0, 1, size / 2, size - 1} {
		w, disk := onSmallDisk(t, room)
		data, err := json.Marshal(trial)
		if err != nil {
			t.Fatal(err)
		}
		line := trialFrame.of(w.run).append(nil, data)
		path := filepath.Join(w.dir, TrialsFile)
		before, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		err = w.Append(trial)
		if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "write "+path+": ") {
			t.Errorf("room %d: error %v", room, err)
		}
		if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
			t.Errorf("room %d: the file has changed, error %v", room, err)
		}
		// Somebody makes room.
		disk.size = 1 << 20
		if err := w.Append(trial); err != nil {
			t.Errorf("room %d: with room again: %v", room, err)
		}
		if after, err := os.ReadFile(path); err != nil || !bytes.Equal(append(before, line...), after) {
			t.Errorf("room %d: the line is not there, error %v", room, err)
		}
		if disk.writes != 2 {
			t.Errorf("room %d: %d writes for two lines", room, disk.writes)
		}
	}
}

func TestSyncFails(t *testing.T) {
	w, disk := onSmallDisk(t, 1<<20)
	disk.syncErr = syscall.EIO
	trial := exampleTrial(rand.New(rand.NewPCG(3, 4)), 1, 10)
	err := w.Append(trial)
	if !errors.Is(err, syscall.EIO) {
		t.Fatalf("Append: error %v", err)
	}
	// Nobody knows what is on the disk: nothing more is written to it.
	disk.syncErr = nil
	if again := w.Append(trial); !errors.Is(again, syscall.EIO) || disk.writes != 1 {
		t.Errorf("Append after it: error %v, %d writes", again, disk.writes)
	}
}

func TestTruncateFails(t *testing.T) {
	w, disk := onSmallDisk(t, 10)
	disk.truncateErr = syscall.EROFS
	err := w.Append(exampleTrial(rand.New(rand.NewPCG(3, 4)), 1, 10))
	if !errors.Is(err, syscall.ENOSPC) || !errors.Is(err, syscall.EROFS) {
		t.Errorf("Append: error %v", err)
	}
	// What stays is a torn end, which a reader finds.
	if r, err := Open(w.dir); err != nil || len(r.Trials) != 1 || len(r.Damage) != 1 || !r.Damage[0].Torn {
		t.Errorf("Open after it: %v, %v", r, err)
	}
}
