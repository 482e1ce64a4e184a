package node

import "time"

// State is what a node keeps on disk about itself, in Dir/node.json. It is there
// before anything else of the node is, so that a process that is killed at any
// moment leaves enough for another one to clean up.
type State struct {
	Format  int       `json:"format"`
	Runtime string    `json:"runtime"`
	Created time.Time `json:"created"`
	// Dir and RunDir are all folders of the node, with links followed.
	Dir    string `json:"dir"`
	RunDir string `json:"run_dir"`
	// Socket is where CRI is served, Config the daemon's config file, Log what it
	// writes to standard error.
	Socket string `json:"socket"`
	Config string `json:"config"`
	Log    string `json:"log"`
	// Cgroup is the daemon's own, PodsCgroups are the parents of all pods.
	Cgroup      string   `json:"cgroup"`
	PodsCgroups []string `json:"pods_cgroups,omitempty"`
	// Argv is how the daemon was started.
	Argv     []string  `json:"argv"`
	Programs []Program `json:"programs"`
	// Snapshotter is the one in the config: "overlayfs", or "native" where Dir
	// cannot hold an overlay.
	Snapshotter string `json:"snapshotter"`
	// Warnings say how this node differs from what was wanted.
	Warnings []string `json:"warnings,omitempty"`
	// BootID is the kernel's boot_id: pids of another boot mean nothing.
	BootID string `json:"boot_id"`
	// PID is the daemon's, 0 until it is started, and StartTicks its start time in
	// clock ticks after boot (proc_pid_stat(5), field 22): the two together name
	// one process for good.
	PID        int    `json:"pid,omitempty"`
	StartTicks uint64 `json:"start_ticks,omitempty"`
	// RuntimeName and RuntimeVersion are what it answered to Version, empty until
	// it did.
	RuntimeName    string `json:"runtime_name,omitempty"`
	RuntimeVersion string `json:"runtime_version,omitempty"`
}

// A Program is one of the runtime's, as it was when the node was started.
type Program struct {
	Name string `json:"name"`
	Path string `json:"path"`
	// Version is all that it says of its version, in one line.
	Version string `json:"version"`
}
