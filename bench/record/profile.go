package record

import "cri-stats-bench/bench"

// A Profile is what the parts of the node did in one trial that was made for that alone:
// whoever is profiled is slower, so its costs are no result.
type Profile struct {
	Trial bench.Trial `json:"trial"`
	// Parts are in the order of what they have to do with a call: agent, runtime, shims,
	// kubelet. One that is not there has none.
	Parts []ProfiledPart `json:"parts,omitempty"`
	// Missing says what could not be read and why.
	Missing []string `json:"missing,omitempty"`
}

// A ProfiledPart is one component over the window.
type ProfiledPart struct {
	Component bench.Component `json:"component"`
	// User and System are CPU time in seconds, in steps of a clock tick: of its processes
	// and of the children that they waited for (proc_pid_stat(5), fields 14 to 17).
	User   float64 `json:"user_seconds"`
	System float64 `json:"system_seconds"`
	// Started counts the processes that it and its children started, by the program that
	// they became, and those that became none by the name of who started them; nil where
	// the kernel does not tell.
	Started map[string]int `json:"started"`
	// CPU has functions by CPU time in seconds, Allocated by memory in bytes that they
	// asked for inside the window, the heaviest first; of a program that serves no pprof
	// there are none.
	CPU       []HotFunction `json:"cpu,omitempty"`
	Allocated []HotFunction `json:"allocated,omitempty"`
	// Files are the raw profiles, below the folder of the run.
	Files []string `json:"files,omitempty"`
}

// A HotFunction is one line of what `go tool pprof -top` prints: what the function spent
// itself, and with all that it called.
type HotFunction struct {
	Function string  `json:"function"`
	Flat     float64 `json:"flat"`
	Total    float64 `json:"total"`
}
