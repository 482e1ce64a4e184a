package node

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/pelletier/go-toml/v2"

	"cri-stats-bench/bench/cgroupfs"
)

// Restart ends the runtime's daemon and starts it as v says; it returns when it can run
// pods. Its containers go on meanwhile, under the shims that they have. Each variant
// begins from what Up was given, not from the variant before it.
//
// One that does not come up is ended again; the error has the lines of its log that say
// why. Only the process that brought the node up can restart it.
func (n *Node) Restart(ctx context.Context, v Variant) (err error) {
	if n.config.Runtime == "" {
		return fmt.Errorf("restart the runtime of %s: this process did not bring the node up", n.State.Dir)
	}
	programs, err := n.programsOf(ctx, v)
	if err != nil {
		return err
	}
	unlock, err := n.lock()
	if err != nil {
		return err
	}
	defer unlock()
	s, spec := &n.State, runtimes[n.config.Runtime]
	if err := n.end(ctx, &s.Service, n.ended); err != nil {
		return err
	}
	s.Variant, s.Programs, s.Argv = v.Name, programs, spec.argv(programs[0].Path, s.Config)
	if err := writeFiles(n.config, spec, *s, v.Config); err != nil {
		return fmt.Errorf("configure %s as %s: %w", n.config.Runtime, v.Name, err)
	}
	hierarchies, err := cgroupfs.Open(cgroupfs.Root)
	if err != nil {
		return err
	}
	// The command line must be on disk before a process has it.
	if err := s.write(); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), termTimeout+killTimeout)
			defer cancel()
			err = errors.Join(err, n.end(ctx, &s.Service, n.ended))
		}
	}()
	if n.ended, err = s.Service.start(ctx, cgroups{hierarchies}, s.Dir, append(s.environment(), v.Env...)); err != nil {
		return err
	}
	if err := s.write(); err != nil {
		return err
	}
	readyCtx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	if err := n.waitReady(readyCtx); err != nil {
		return fmt.Errorf("start %s as %s: %w; %s", s.Argv[0], v.Name, err, logTail(s.Log, logLines))
	}
	return s.write()
}

// KeepsPods says whether pods go on just as well when the runtime is restarted as v: the
// programs that stand between it and its containers are the same files. Where they are
// not, old pods would be measured under old shims, and are to be made anew.
func (n *Node) KeepsPods(ctx context.Context, v Variant) (bool, error) {
	programs, err := n.programsOf(ctx, v)
	if err != nil {
		return false, err
	}
	for i, now := range n.State.Programs[1:] {
		same, err := sameFile(now.Path, programs[i+1].Path)
		if err != nil || !same {
			return false, err
		}
	}
	return true, nil
}

// sameFile says whether two files have the same bytes.
func sameFile(a, b string) (bool, error) {
	if a == b {
		return true, nil
	}
	x, err := os.ReadFile(a)
	if err != nil {
		return false, err
	}
	y, err := os.ReadFile(b)
	return bytes.Equal(x, y), err
}

// Runs returns the name of the variant whose daemon runs, empty for what Up started. It
// is an error if none does, or another program than that variant's.
func (n *Node) Runs() (string, error) {
	s := &n.State
	running, err := s.running(s.BootID)
	if err == nil && !running {
		err = errEnded
	}
	var exe string
	if err == nil {
		exe, err = os.Readlink(filepath.Join(procRoot, fmt.Sprint(s.PID), "exe"))
	}
	if err == nil && exe != s.Programs[0].Path {
		err = fmt.Errorf("it runs %s, not %s", exe, s.Programs[0].Path)
	}
	if err != nil {
		return "", fmt.Errorf("look at the runtime of %s, process %d: %w", s.Dir, s.PID, err)
	}
	return s.Variant, nil
}

// programsOf are the programs of a variant: the node's own, and in their place those of
// the same name in the variant's folder.
func (n *Node) programsOf(ctx context.Context, v Variant) ([]Program, error) {
	if v.Programs == "" {
		return n.own, nil
	}
	dir, err := filepath.Abs(v.Programs)
	if err != nil {
		return nil, err
	}
	out, found := slices.Clone(n.own), 0
	for i, want := range runtimes[n.config.Runtime].programs {
		if _, err := os.Stat(filepath.Join(dir, want.name)); errors.Is(err, fs.ErrNotExist) {
			continue
		} else if err != nil {
			return nil, fmt.Errorf("programs of %s: %w", v.Name, err)
		}
		want.below, want.system = "", false
		programs, err := findPrograms(ctx, dir, []programSpec{want}, named)
		if err != nil {
			return nil, fmt.Errorf("programs of %s: %w", v.Name, err)
		}
		out[i] = programs[0]
		found++
	}
	if found == 0 {
		return nil, fmt.Errorf("programs of %s: %s has none of this runtime, as %s", v.Name, dir, runtimes[n.config.Runtime].programs[0].name)
	}
	return out, nil
}

// overlay lays TOML over TOML: tables are joined, all else is replaced.
func overlay(base []byte, over string) ([]byte, error) {
	if over == "" {
		return base, nil
	}
	var below, above map[string]any
	if err := toml.Unmarshal(base, &below); err != nil {
		return nil, fmt.Errorf("read the node's own config: %w", err)
	}
	if err := toml.Unmarshal([]byte(over), &above); err != nil {
		return nil, fmt.Errorf("read the config to lay over it: %w", err)
	}
	join(below, above)
	return toml.Marshal(below)
}

func join(to, from map[string]any) {
	for key, v := range from {
		table, ok := v.(map[string]any)
		if mine, both := to[key].(map[string]any); ok && both {
			join(mine, table)
			continue
		}
		to[key] = v
	}
}
