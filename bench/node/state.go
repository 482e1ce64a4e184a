package node

import "time"

// A Service is a daemon of a node: the runtime, or the kubelet.
type Service struct {
	// Config is its config file, Log what it writes to standard error.
	Config string `json:"config"`
	Log    string `json:"log"`
	// Cgroup is its own, in every hierarchy, as a path below their roots.
	Cgroup string `json:"cgroup"`
	// Argv is how it was started.
	Argv []string `json:"argv"`
	// PID is 0 until it is started, and StartTicks its start time in clock ticks
	// after boot (proc_pid_stat(5), field 22): the two together name one process for
	// good.
	PID        int    `json:"pid,omitempty"`
	StartTicks uint64 `json:"start_ticks,omitempty"`
}

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
	// Socket is where CRI is served.
	Socket string `json:"socket"`
	// Debug is where the runtime serves Go's expvar, Profiles where pprof; empty if nowhere.
	Debug    string `json:"debug,omitempty"`
	Profiles string `json:"profiles,omitempty"`
	// Service is the runtime's daemon.
	Service
	// Kubelet is the one on top of the runtime, nil if there is none.
	Kubelet *KubeletState `json:"kubelet,omitempty"`
	// PodsCgroups are the parents of all pods.
	PodsCgroups []string  `json:"pods_cgroups,omitempty"`
	Programs    []Program `json:"programs"`
	// Snapshotter holds the images and writable layers: "overlayfs" or "overlay" in
	// the runtime's words, or one that copies every layer where Dir cannot hold an
	// overlay.
	Snapshotter string `json:"snapshotter"`
	// Outside is what the daemons change outside of the node's folders.
	Outside Outside `json:"outside"`
	// Warnings say how this node differs from what was wanted.
	Warnings []string `json:"warnings,omitempty"`
	// BootID is the kernel's boot_id: pids of another boot mean nothing.
	BootID string `json:"boot_id"`
	// Variant is what Node.Restart started, empty for what Up did.
	Variant string `json:"variant,omitempty"`
	// RuntimeName and RuntimeVersion are what it answered to Version, empty until
	// it did.
	RuntimeName    string `json:"runtime_name,omitempty"`
	RuntimeVersion string `json:"runtime_version,omitempty"`
}

// KubeletState is what is to be known of a node's kubelet.
type KubeletState struct {
	Service
	KubeletConfig
	// Endpoint is where it serves, "https://127.0.0.1:PORT", with the certificate in
	// CertFile, which it has made and signed itself for the address in Endpoint.
	Endpoint string `json:"endpoint"`
	CertFile string `json:"cert_file"`
	// Manifests is the folder of static pods.
	Manifests string `json:"manifests"`
	// PodsCgroup is the parent of all its pods, as a path below the roots of the
	// hierarchies: one of State.PodsCgroups, or below one.
	PodsCgroup string `json:"pods_cgroup"`
	// LogStart is where in Log the lines of the present process begin, in bytes.
	LogStart int64 `json:"log_start,omitempty"`
}

// Outside is what a node changes outside of its own folders and cgroups, since
// its daemons have those paths in their programs. Down puts it back.
type Outside struct {
	// Paths were not there before.
	Paths []string `json:"paths,omitempty"`
	// Hierarchies of cgroup version 1 were not mounted before; what is named is
	// where.
	Hierarchies []string `json:"hierarchies,omitempty"`
	// Bridge is an interface that was not there before; empty for none.
	Bridge string `json:"bridge,omitempty"`
	// Sysctls are files below /proc/sys and what was in them before.
	Sysctls map[string]string `json:"sysctls,omitempty"`
}

// A Program is one that the node runs, as it was when the node was started.
type Program struct {
	Name string `json:"name"`
	Path string `json:"path"`
	// Version is all that it says of its version, in one line; empty if it says
	// nothing.
	Version string `json:"version"`
}
