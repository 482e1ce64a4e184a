package node

// A Daemon is a runtime or a kubelet that runs already, found by where it serves.
type Daemon struct {
	// Socket is the path of the runtime's, or the kubelet's endpoint.
	Socket string `json:"socket"`
	PID    int    `json:"pid"`
	// StartTicks is its start time in clock ticks after boot (proc_pid_stat(5),
	// field 22).
	StartTicks uint64 `json:"start_ticks"`
	// Name is the process's own ("containerd"), Exe its program with links
	// followed.
	Name string `json:"name"`
	Exe  string `json:"exe"`
	// Argv is its command line. It is not recorded, since what people put there is nobody
	// else's (passwords of proxies); ArgvSHA256 tells two of them apart.
	Argv       []string `json:"-"`
	ArgvSHA256 string   `json:"argv_sha256,omitempty"`
	// Cgroup is the one whose CPU account it is on, as a path below the root of
	// the hierarchy; empty where there are no cgroups.
	Cgroup string `json:"cgroup,omitempty"`
	// Config is the config file that its command line names, or else the one that
	// a daemon of its name reads; nil if there is none. Further files that it
	// includes are not followed.
	Config *ConfigFile `json:"config,omitempty"`
}

// A ConfigFile is recorded by its digest: two runs with the same one had the
// same config.
type ConfigFile struct {
	Path   string `json:"path"`
	SHA256 string `json:"sha256"`
}
