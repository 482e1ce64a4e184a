package record

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/durable"
)

// A Writer appends trials, and checks of the answers, to a run. It is for one
// goroutine.
type Writer struct {
	dir, run       string
	trials, checks appender
	// profiles is opened by the first one.
	profiles      appender
	wholeProfiles int64
	log           *os.File
}

var _ bench.Recorder = (*Writer)(nil)

// Create makes the directory of a new run, and what stands above it, and writes
// plan and host, each as JSON. Where the directory holds a file of a run already
// nothing in it is touched and the error matches fs.ErrExist.
func Create(dir string, plan, host any) (*Writer, error) {
	c, err := newContents(plan, host)
	if err != nil {
		return nil, err
	}
	c.manifest.Run = rand.Text()
	manifest, err := json.Marshal(c.manifest)
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", FormatFile, err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("create run: %w", err)
	}
	for _, name := range []string{FormatFile, PlanFile, HostFile, TrialsFile, ChecksFile, ProfilesFile, LogFile, EndFile} {
		if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
			return nil, fmt.Errorf("create run: %s holds a %s already: %w", dir, name, fs.ErrExist)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("create run: %w", err)
		}
	}
	if err := errors.Join(writeJSON(dir, PlanFile, c.plan), writeJSON(dir, HostFile, c.host)); err != nil {
		return nil, err
	}
	w, err := open(dir, &Run{manifest: c.manifest}, os.O_EXCL)
	if err != nil {
		return nil, err
	}
	// The manifest last: from here on the directory is a run.
	if err := errors.Join(writeJSON(dir, FormatFile, manifest), durable.SyncDir(filepath.Dir(dir))); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return w, nil
}

// Resume opens a run to go on after its last whole line, and returns what it
// holds. A torn end is cut off. Any other damage, another plan and another host
// are refused; the error then says where they differ.
func Resume(dir string, plan, host any) (*Writer, *Run, error) {
	c, err := newContents(plan, host)
	if err != nil {
		return nil, nil, err
	}
	r, err := Open(dir)
	if err != nil {
		return nil, nil, err
	}
	var damage []error
	for _, d := range r.Damage {
		if !d.Torn && d.File != EndFile { // which is made anew
			damage = append(damage, d)
		}
	}
	if len(damage) > 0 {
		return nil, nil, fmt.Errorf("resume %s: the record is damaged: %w", dir, errors.Join(damage...))
	}
	if c.manifest.PlanSHA256 != r.manifest.PlanSHA256 {
		return nil, nil, fmt.Errorf("resume %s: it was begun with another plan: %s", dir, strings.Join(differences(r.Plan, c.plan), ", "))
	}
	if c.manifest.HostIdentity != r.manifest.HostIdentity {
		return nil, nil, fmt.Errorf("resume %s: it was begun on another host (%s, here %s): %s", dir, r.manifest.HostIdentity, c.manifest.HostIdentity, strings.Join(differences(r.Host, c.host), ", "))
	}
	w, err := open(dir, r, 0)
	if err != nil {
		return nil, nil, err
	}
	if err := unend(dir); err != nil { // a run that goes on has not ended
		return nil, nil, errors.Join(err, w.Close())
	}
	if err := errors.Join(w.trials.cut(), w.checks.cut()); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("resume %s: cut off a torn end: %w", dir, err), w.Close())
	}
	return w, r, nil
}

// open opens the files that are appended to, behind what r has of them.
func open(dir string, r *Run, flags int) (_ *Writer, err error) {
	w := &Writer{dir: dir, run: r.manifest.Run, wholeProfiles: r.wholeProfiles}
	if w.trials, err = openAppender(dir, TrialsFile, trialFrame.of(w.run), r.whole, os.O_CREATE|flags); err != nil {
		return nil, err
	}
	w.trials.count = len(r.Trials)
	if w.checks, err = openAppender(dir, ChecksFile, checkFrame.of(w.run), r.wholeChecks, os.O_CREATE|flags); err != nil {
		return nil, errors.Join(err, w.trials.file.Close())
	}
	w.checks.count = len(r.Checks)
	if w.log, err = openRegular(filepath.Join(dir, LogFile), os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644); err != nil {
		return nil, errors.Join(fmt.Errorf("open run: %w", err), w.trials.file.Close(), w.checks.file.Close())
	}
	return w, nil
}

// Append writes one trial as one line. When it returns nil the line is on disk.
// When it fails, the disk being full for one, the file is as it was before, and
// the trial is not in it.
func (w *Writer) Append(t *bench.Trial) error {
	if err := w.trials.append(t); err != nil {
		return fmt.Errorf("append the trial of arm %s at %s, round %d: %w", t.Arm.Name, t.Cell, t.Round, err)
	}
	return nil
}

// AppendCheck writes one check as one line, as Append does.
func (w *Writer) AppendCheck(c *Check) error {
	if err := w.checks.append(c); err != nil {
		return fmt.Errorf("append the check of %v at %s: %w", c.Collectors, c.Cell, err)
	}
	return nil
}

// AppendProfile writes one profile as one line, as Append does.
func (w *Writer) AppendProfile(p *Profile) error {
	err := w.openProfiles()
	if err == nil {
		err = w.profiles.append(p)
	}
	if err != nil {
		return fmt.Errorf("append the profile of arm %s at %s: %w", p.Trial.Arm.Name, p.Trial.Cell, err)
	}
	return nil
}

// openProfiles opens the file of profiles behind its last whole line, once.
func (w *Writer) openProfiles() (err error) {
	if w.profiles.file != nil {
		return nil
	}
	if w.profiles, err = openAppender(w.dir, ProfilesFile, profileFrame.of(w.run), w.wholeProfiles, os.O_CREATE); err != nil {
		return err
	}
	return errors.Join(w.profiles.cut(), durable.SyncDir(w.dir))
}

// Log is where the run's log goes. It is not synced.
func (w *Writer) Log() io.Writer { return w.log }

// Close closes the files. All trials are on disk already.
func (w *Writer) Close() error {
	err := errors.Join(w.trials.file.Close(), w.checks.file.Close(), w.log.Close())
	if w.profiles.file != nil {
		err = errors.Join(err, w.profiles.file.Close())
	}
	if err != nil {
		return fmt.Errorf("close run %s: %w", w.dir, err)
	}
	return nil
}
