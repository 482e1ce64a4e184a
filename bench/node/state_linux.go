package node

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"cri-stats-bench/bench/durable"
)

const (
	stateFile   = "node.json"
	stateFormat = 2
)

// stateDraft becomes stateFile when it is whole. It is all that is in Dir when the very
// first writing is cut short.
func stateDraft() string { return durable.Draft(stateFile) }

// write replaces the state file in one step. The caller holds the lock on Dir.
func (s *State) write() error {
	name := filepath.Join(s.Dir, stateFile)
	data, err := json.MarshalIndent(s, "", "  ")
	if err == nil {
		err = durable.WriteFile(name, append(data, '\n'), 0o644)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

// readState reads the state of the node in dir; fs.ErrNotExist if there is none.
func readState(dir string) (*State, error) {
	name := filepath.Join(dir, stateFile)
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	s, err := parseState(data)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return s, nil
}

func parseState(data []byte) (*State, error) {
	s := new(State)
	if err := json.Unmarshal(data, s); err != nil {
		return nil, err
	}
	if s.Format != stateFormat {
		return nil, fmt.Errorf("format %d, this program knows format %d", s.Format, stateFormat)
	}
	return s, s.check()
}

// check refuses a state that would make Down act on what cannot be a node's:
// the file may have been written to by others.
func (s *State) check() error {
	c := Config{Runtime: s.Runtime, BinDir: "-", SandboxImage: "-", Dir: s.Dir, PodsCgroups: s.PodsCgroups}
	if err := c.validate(); err != nil {
		return err
	}
	type place struct{ what, path, parent, prefix string }
	prefix := strings.TrimPrefix(cgroupName, "/")
	places := []place{
		{"folder of sockets", s.RunDir, runRoot, ""},
		{"cgroup", s.Cgroup, "/", prefix},
	}
	if s.Socket != runtimes[s.Runtime].kubeletSocket {
		places = append(places, place{"socket", s.Socket, s.RunDir, ""})
	}
	services := []Service{s.Service}
	if s.Kubelet != nil {
		services = append(services, s.Kubelet.Service)
		places = append(places, place{"cgroup", s.Kubelet.Cgroup, "/", prefix})
	}
	for _, service := range services {
		if len(service.Argv) < 2 {
			return errors.New("no command line of a daemon")
		}
	}
	for _, p := range places {
		if path.Dir(p.path) != p.parent || path.Clean(p.path) != p.path || !strings.HasPrefix(path.Base(p.path), p.prefix) {
			return fmt.Errorf("%s %q is not a node's", p.what, p.path)
		}
	}
	return s.Outside.check()
}

// vacantDir says whether dir holds nothing but, at most, a state file whose first
// writing was cut short; true if it is not there.
func vacantDir(dir string) (bool, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	for _, entry := range entries {
		if entry.Name() != stateDraft() {
			return false, nil
		}
	}
	return true, err
}
