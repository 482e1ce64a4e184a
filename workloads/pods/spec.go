package pods

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"cri-stats-bench/bench"
)

// A profile is what the containers of a cell do.
type profile struct {
	args   func(Config) []string // of the image's program
	memory func(Config) int64    // bytes that it holds beyond its own
	// ended are containers beside them that have ended and are not removed, nested are
	// cgroups inside that of each container, as a service manager in it would make.
	ended, nested int
	// networked pods have a network namespace of their own, imageFiles are in the image.
	networked, imageFiles bool
}

const (
	// manyFiles are written by each container of the profile "files": what a runtime that
	// walks the writable layer has to look at. Each takes a block.
	manyFiles = 10_000
	fileBytes = 4096
	// endedContainers are those of a pod of the profile "exited": its init containers.
	endedContainers = 3
	nestedCgroups   = 10
)

var idle = profile{
	args:   func(Config) []string { return []string{"pause"} },
	memory: func(Config) int64 { return 0 },
}

// profiles has what Cell.Profile may be.
var profiles = map[string]profile{
	"idle":             idle,
	bench.ProfileChurn: idle,
	"files": {
		args:   func(Config) []string { return []string{"pause", "--files", strconv.Itoa(manyFiles)} },
		memory: func(Config) int64 { return manyFiles * fileBytes }, // page cache, until it is needed
	},
	bench.ProfileExited:    {args: idle.args, memory: idle.memory, ended: endedContainers},
	bench.ProfileNested:    {args: idle.args, memory: idle.memory, nested: nestedCgroups},
	bench.ProfileNetworked: {args: idle.args, memory: idle.memory, networked: true},
	bench.ProfileImage:     {args: idle.args, memory: idle.memory, imageFiles: true},
	"active": {
		args: func(cfg Config) []string {
			args := []string{
				"burn",
				"--cpu", strconv.FormatFloat(cfg.ActiveCPU, 'g', -1, 64),
				"--hold", strconv.FormatInt(cfg.ActiveMemory, 10),
			}
			if cfg.ActiveCache > 0 {
				args = append(args, "--cache", strconv.FormatInt(cfg.ActiveCache, 10))
			}
			return append(args, cfg.ActiveMore...)
		},
		memory: func(cfg Config) int64 { return cfg.ActiveMemory + cfg.ActiveCache },
	},
}

// A spec is what each pod of a cell is made of.
type spec struct {
	Image      string
	Args       []string
	Containers int
	Handler    string
	// Ended and Nested are as in profile.
	Ended  int `json:",omitempty"`
	Nested int `json:",omitempty"`
	// Networked is as in profile.
	Networked bool `json:",omitempty"`

	memory int64  // bytes that each container holds
	label  string // value of LabelSpec
}

// Program returns the arguments of the image's program in each container of the
// cell, and the bytes that it holds. It refuses a cell that nobody could make; of
// cfg, only what containers of the profile "active" do counts.
func Program(c bench.Cell, cfg Config) (args []string, memory int64, err error) {
	p, ok := profiles[c.Profile]
	switch {
	case !ok:
		return nil, 0, fmt.Errorf("unknown profile %q; there are %s", c.Profile, strings.Join(slices.Sorted(maps.Keys(profiles)), ", "))
	case c.Pods < 0:
		return nil, 0, fmt.Errorf("cannot run %d pods", c.Pods)
	case c.ContainersPerPod < 1:
		return nil, 0, fmt.Errorf("cannot run pods of %d containers", c.ContainersPerPod)
	}
	return p.args(cfg), p.memory(cfg), nil
}

func (w *Workload) spec(c bench.Cell) (spec, error) {
	args, memory, err := Program(c, w.cfg)
	if err != nil {
		return spec{}, err
	}
	s := spec{
		Image:      w.cfg.Image,
		Args:       args,
		Containers: c.ContainersPerPod,
		Handler:    w.cfg.RuntimeHandler,
		Ended:      profiles[c.Profile].ended,
		Nested:     profiles[c.Profile].nested,
		Networked:  profiles[c.Profile].networked,
		memory:     memory,
	}
	if profiles[c.Profile].imageFiles {
		if s.Image = w.cfg.FilesImage; s.Image == "" {
			return spec{}, fmt.Errorf("pods of the profile %q: no image of many files was given", c.Profile)
		}
	}
	data, err := json.Marshal(s)
	if err != nil {
		return spec{}, fmt.Errorf("encode spec of %s: %w", c, err)
	}
	sum := sha256.Sum256(data)
	s.label = hex.EncodeToString(sum[:8])
	return s, nil
}
