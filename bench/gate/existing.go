package gate

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/child"
	"cri-stats-bench/bench/durable"
)

// DefaultStateFile is where the original configuration of a node's kubelet is kept
// while a run has changed it.
const DefaultStateFile = "/var/lib/cri-stats-bench/kubelet.json"

// ErrChanged says that the configuration of the kubelet is not the original one: a
// run changed it and has not put it back.
var ErrChanged = errors.New("a run has left the kubelet's configuration changed")

// Existing is the treatment of a kubelet that somebody else runs: for each gate
// there is a whole configuration file, and a command that restarts the kubelet.
type Existing struct {
	Untouched // says how to ask it
	// Path is the configuration file that the kubelet reads. Off and On are the files
	// whose content is put there.
	Path, Off, On string
	// Restart is the command, with its arguments: systemctl restart kubelet.
	Restart []string
	// StateFile is DefaultStateFile if empty.
	StateFile string
}

var _ bench.Treatment = (*Existing)(nil)

// state is what must be known to put everything back. It is on disk before
// anything is changed, so that whoever comes after a crash can do it.
type state struct {
	Path     string        `json:"path"`
	Original []byte        `json:"original"`
	Restart  []string      `json:"restart"`
	Kubelet  bench.Kubelet `json:"kubelet"`
	Created  time.Time     `json:"created"`
}

// Unchanged returns ErrChanged where an earlier run was not put back: the kubelet
// then does not do what its owner configured. An empty stateFile stands for
// DefaultStateFile.
func Unchanged(stateFile string) error {
	stateFile = cmp.Or(stateFile, DefaultStateFile)
	_, err := os.Stat(stateFile)
	switch {
	case err == nil:
		return fmt.Errorf("%w (%s): cri-stats-bench cleanup puts it back", ErrChanged, stateFile)
	case errors.Is(err, fs.ErrNotExist):
		return nil
	}
	return err
}

// Check says what is wrong with the configuration files before anything is
// changed, and returns ErrChanged where an earlier run was not put back.
func (e *Existing) Check() error {
	if err := Unchanged(e.StateFile); err != nil {
		return err
	}
	if len(e.Restart) == 0 {
		return errors.New("no command to restart the kubelet")
	}
	for _, path := range []string{e.Path, e.Off, e.On} {
		if _, err := os.ReadFile(path); err != nil {
			return fmt.Errorf("read a configuration of the kubelet: %w", err)
		}
	}
	return nil
}

func (e *Existing) stateFile() string { return cmp.Or(e.StateFile, DefaultStateFile) }

// Apply puts the configuration file of the gate in place, restarts the kubelet,
// and returns when the gate is in force.
func (e *Existing) Apply(ctx context.Context, name string) error {
	gate, err := on(name)
	if err != nil {
		return err
	}
	from := e.Off
	if gate {
		from = e.On
	}
	config, err := os.ReadFile(from)
	if err != nil {
		return fmt.Errorf("read the kubelet's configuration for %s: %w", name, err)
	}
	if err := e.keep(); err != nil {
		return err
	}
	if err := overwrite(e.Path, config); err != nil {
		return fmt.Errorf("put the kubelet's configuration for %s in place: %w", name, err)
	}
	if err := restart(ctx, e.Restart); err != nil {
		return err
	}
	return e.await(ctx, name)
}

// keep writes the original configuration down, once.
func (e *Existing) keep() error {
	if _, err := readState(e.stateFile()); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	original, err := os.ReadFile(e.Path)
	if err != nil {
		return fmt.Errorf("keep the kubelet's configuration: %w", err)
	}
	data, err := json.Marshal(state{Path: e.Path, Original: original, Restart: e.Restart, Kubelet: e.Kubelet, Created: time.Now().UTC()})
	if err == nil {
		err = os.MkdirAll(filepath.Dir(e.stateFile()), 0o755)
	}
	if err == nil {
		err = durable.SyncDir(filepath.Dir(filepath.Dir(e.stateFile())))
	}
	if err == nil {
		err = durable.WriteFile(e.stateFile(), data, 0o600) // its content may be nobody's business
	}
	if err != nil {
		return fmt.Errorf("keep the kubelet's configuration: %w", err)
	}
	return nil
}

// Revert puts the original configuration back and restarts the kubelet, if it was
// ever changed.
func (e *Existing) Revert(ctx context.Context) error {
	_, err := Recover(ctx, e.stateFile())
	return err
}

// Recover puts back what a run, perhaps a dead one, has changed, and returns which
// file that was; "" if there is nothing to put back. An empty stateFile stands for
// DefaultStateFile. What is written down of the original is kept until the kubelet
// works again.
func Recover(ctx context.Context, stateFile string) (path string, err error) {
	stateFile = cmp.Or(stateFile, DefaultStateFile)
	s, err := readState(stateFile)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	if err := overwrite(s.Path, s.Original); err != nil {
		return s.Path, fmt.Errorf("put the kubelet's configuration back (it is in %s): %w", stateFile, err)
	}
	if err := restart(ctx, s.Restart); err != nil {
		return s.Path, fmt.Errorf("the kubelet's configuration %s is back, but: %w", s.Path, err)
	}
	if err := (Untouched{s.Kubelet}).await(ctx, ""); err != nil {
		return s.Path, fmt.Errorf("the kubelet's configuration %s is back, but: %w", s.Path, err)
	}
	err = os.Remove(stateFile)
	if err == nil {
		err = durable.SyncDir(filepath.Dir(stateFile))
	}
	if err != nil {
		return s.Path, fmt.Errorf("the kubelet's configuration %s is back: %w", s.Path, err)
	}
	return s.Path, nil
}

func readState(path string) (state, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return state{}, err
	}
	s, err := parseState(data)
	if err != nil {
		return state{}, fmt.Errorf("read the kubelet's original configuration in %s: %w", path, err)
	}
	return s, nil
}

// parseState refuses what cannot be acted on whole: nobody must overwrite a file, or restart
// a kubelet, by half a note.
func parseState(data []byte) (state, error) {
	var s state
	if err := json.Unmarshal(data, &s); err != nil {
		return state{}, err
	}
	if !filepath.IsAbs(s.Path) || len(s.Restart) == 0 || s.Restart[0] == "" {
		return state{}, errors.New("it does not say where it belongs, or how to restart the kubelet")
	}
	return s, nil
}

// overwrite changes the content of a file that is there. It stays the same file,
// with its owner, mode and labels; where writing it is cut off, the original is
// still written down.
func overwrite(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Sync(), f.Close())
}

// restartTimeout is how long the command may take: systemd waits for 90 s until it
// kills what does not stop.
const restartTimeout = 2 * time.Minute

// restart runs the command that restarts the kubelet. An interruption does not cut it
// short: whoever restarts the kubelet next would not know what is half-way there.
func restart(ctx context.Context, argv []string) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), restartTimeout)
	defer cancel()
	// A file and not a pipe: where the command leaves a kubelet behind that has it
	// open, a pipe would be waited for, and its end would end the kubelet.
	out, err := os.CreateTemp("", "cri-stats-bench-restart-*")
	if err != nil {
		return fmt.Errorf("restart the kubelet: %w", err)
	}
	defer func() { err = errors.Join(err, out.Close(), os.Remove(out.Name())) }()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Stdout, cmd.Stderr = out, out
	child.Detach(cmd)
	if err := cmd.Run(); err != nil {
		said, readErr := os.ReadFile(out.Name())
		text := strings.TrimSpace(string(said))
		if text != "" {
			text = ": " + text
		}
		return errors.Join(fmt.Errorf("restart the kubelet with %q: %w%s", strings.Join(argv, " "), err, text), readErr)
	}
	return nil
}
