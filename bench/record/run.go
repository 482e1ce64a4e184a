package record

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"cri-stats-bench/bench"
)

// A Run is what a directory holds.
type Run struct {
	Dir string
	// Format is the version that it was written in.
	Format int
	// Plan and Host are plan.json and host.json as they are on disk; nil where they are not as
	// they were written.
	Plan, Host json.RawMessage
	// Simulated says that no node was measured, as far as that stands beside host.json.
	Simulated bool
	// Trials are the whole ones, in the order in which they were run.
	Trials []bench.Trial
	// Checks are the whole ones of the answers, in the order in which they were made;
	// none in a run whose plan asks for none, or from before there were any.
	Checks []Check
	// Profiles are the whole ones of trials that were profiled, in the order in which they
	// were made; none in a run that was not asked for any.
	Profiles []Profile
	// End says how the run ended; nil where it was interrupted or is under way.
	End *End
	// Damage is what is not whole. Nothing of it is in Trials.
	Damage []Damage

	manifest manifest
	// whole is the length of trials.jsonl up to and with the last whole line,
	// wholeChecks that of checks.jsonl, wholeProfiles that of profiles.jsonl.
	whole, wholeChecks, wholeProfiles int64
}

// A Damage is one place of a run that is not as it was written.
type Damage struct {
	File string
	// Line counts from 1; 0 where the file as a whole is meant.
	Line int
	// Torn marks an end without newline: the harness or the node died while it
	// wrote. Nothing else is lost then, and Resume mends it.
	Torn   bool
	Reason string
}

// Error names the place and what is wrong there: "trials.jsonl:17: checksum
// 0b1c2d3e, want 1a2b3c4d".
func (d Damage) Error() string {
	if d.Line == 0 {
		return fmt.Sprintf("%s: %s", d.File, d.Reason)
	}
	return fmt.Sprintf("%s:%d: %s", d.File, d.Line, d.Reason)
}

// Open reads a run. Damage is not an error: it is in the Run, and it is the
// caller who decides whether what is left is enough. An error means that the
// directory is no run, cannot be read, or is of a newer format.
func Open(dir string) (*Run, error) {
	m, err := readManifest(dir)
	if err != nil {
		return nil, err
	}
	r := &Run{Dir: dir, Format: m.Format, Simulated: m.Simulated, manifest: m}
	for _, f := range []struct {
		dst        *json.RawMessage
		name, want string
	}{{&r.Plan, PlanFile, m.PlanSHA256}, {&r.Host, HostFile, m.HostSHA256}} {
		data, damage, err := readJSON(dir, f.name, f.want)
		if err != nil {
			return nil, err
		}
		*f.dst = data
		r.Damage = append(r.Damage, damage...)
	}
	if err := r.readFile(TrialsFile, r.readTrials); err != nil {
		return nil, err
	}
	if err := r.readFile(ChecksFile, r.readChecks); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err := r.readFile(ProfilesFile, r.readProfiles); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err := r.readEnd(); err != nil {
		return nil, err
	}
	return r, nil
}

// readFile reads a file of lines.
func (r *Run) readFile(name string, read func(io.Reader) error) error {
	f, err := openRegular(filepath.Join(r.Dir, name), os.O_RDONLY, 0)
	if err != nil {
		return fmt.Errorf("open run %s: %w", r.Dir, err)
	}
	if err := errors.Join(read(f), f.Close()); err != nil {
		return fmt.Errorf("read %s: %w", f.Name(), err)
	}
	return nil
}

// readTrials reads trials.jsonl.
func (r *Run) readTrials(in io.Reader) (err error) {
	var d decoder
	r.whole, err = r.readLines(in, TrialsFile, trialFrame.of(r.manifest.Run), func(data []byte) error {
		r.Trials = append(r.Trials, bench.Trial{})
		last := len(r.Trials) - 1
		err := d.trial(data, &r.Trials[last])
		if err != nil {
			r.Trials = r.Trials[:last]
			return fmt.Errorf("decode the trial: %w", err)
		}
		return nil
	})
	return err
}

// readChecks reads checks.jsonl.
func (r *Run) readChecks(in io.Reader) (err error) {
	r.wholeChecks, err = r.readLines(in, ChecksFile, checkFrame.of(r.manifest.Run), func(data []byte) error {
		var c Check
		if err := json.Unmarshal(data, &c); err != nil {
			return fmt.Errorf("decode the check: %w", err)
		}
		r.Checks = append(r.Checks, c)
		return nil
	})
	return err
}

// readProfiles reads profiles.jsonl.
func (r *Run) readProfiles(in io.Reader) (err error) {
	r.wholeProfiles, err = r.readLines(in, ProfilesFile, profileFrame.of(r.manifest.Run), func(data []byte) error {
		var p Profile
		if err := json.Unmarshal(data, &p); err != nil {
			return fmt.Errorf("decode the profile: %w", err)
		}
		r.Profiles = append(r.Profiles, p)
		return nil
	})
	return err
}

// mostDamage is how many damaged lines of a file are named: a file can be nothing else.
const mostDamage = 10_000

// readLines reads lines, which may be of any length, passes the value of each on,
// and notes what is damaged. It returns how long all whole lines are.
func (r *Run) readLines(in io.Reader, name string, f frame, take func(value []byte) error) (whole int64, err error) {
	buffered := bufio.NewReaderSize(in, 1<<16)
	var line []byte
	damaged := 0
	defer func() {
		if damaged > mostDamage {
			r.Damage = append(r.Damage, Damage{name, 0, false, fmt.Sprintf("and %d more lines", damaged-mostDamage)})
		}
	}()
	for number := 1; ; number++ {
		line, err = readLine(buffered, line[:0])
		if errors.Is(err, io.EOF) && len(line) == 0 {
			return whole, nil
		}
		if errors.Is(err, io.EOF) {
			r.Damage = append(r.Damage, Damage{name, number, true, fmt.Sprintf("torn: ends after %d bytes without a newline", len(line))})
			return whole, nil
		}
		if err != nil {
			return whole, err
		}
		value, err := f.value(line[:len(line)-1])
		if err == nil {
			err = take(value)
		}
		if err != nil {
			if damaged++; damaged <= mostDamage {
				r.Damage = append(r.Damage, Damage{name, number, false, err.Error()})
			}
		}
		whole += int64(len(line))
	}
}

// readLine appends one line with its newline to line. It returns io.EOF with
// what there is where the newline is missing.
func readLine(in *bufio.Reader, line []byte) ([]byte, error) {
	for {
		part, err := in.ReadSlice('\n')
		line = append(line, part...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
		}
	}
}

// Verify reads a run and returns what is damaged in it. Where the directory
// cannot be read as a run at all, that is the error.
func Verify(dir string) ([]Damage, error) {
	r, err := Open(dir)
	if err != nil {
		return nil, err
	}
	return r.Damage, nil
}
