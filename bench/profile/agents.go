package profile

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/google/pprof/profile"

	"cri-stats-bench/bench/agent"
)

// mergeAgents is what the agents of an arm wrote of their windows, as one profile.
func mergeAgents(dir string, pids []int, value string) ([]byte, error) {
	var all []*profile.Profile
	for _, pid := range pids {
		p, err := ofAgent(filepath.Join(dir, strconv.Itoa(pid)), value)
		if err != nil {
			return nil, fmt.Errorf("agent %d: %w", pid, err)
		}
		all = append(all, p)
	}
	merged, err := profile.Merge(all)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = merged.Write(&b)
	return b.Bytes(), err
}

// ofAgent reads what one agent wrote, by the first part of the files' names.
func ofAgent(base, value string) (*profile.Profile, error) {
	read := func(end string) (*profile.Profile, error) {
		data, err := os.ReadFile(base + end)
		if err != nil {
			return nil, err
		}
		return parse(data)
	}
	if value == cpuValue {
		return read(agent.CPUProfile)
	}
	before, err := read(agent.BeforeProfile)
	if err != nil {
		return nil, err
	}
	after, err := read(agent.AfterProfile)
	if err != nil {
		return nil, err
	}
	return since(before, after)
}
