// Package agent runs a collector in a process of its own: the parent's side
// starts it and tells it when to read, the child's side reads and keeps the
// times. The process is the instrument's subject: its CPU and memory are what a
// kubelet would pay for the same reads, so it keeps Go's defaults, its garbage
// is part of the cost, and cAdvisor's global flags and caches never touch the
// harness.
//
// The two sides speak JSON, one message a line, over the child's standard input
// and output. The child ends when its input ends, so none outlives a harness
// that was killed.
//
// The package does not meter: package meter does, by pid, from outside. It
// decides nothing about what a time means.
package agent

import (
	"time"

	"cri-stats-bench/bench"
)

// order is what the parent asks; one field is set.
type order struct {
	Open   *open         `json:"open,omitempty"`
	Run    *bench.Window `json:"run,omitempty"`
	Report bool          `json:"report,omitempty"`
}

type open struct {
	Collector string       `json:"collector"`
	Source    bench.Source `json:"source"`
	// Timeout is the deadline for opening and for the first call.
	Timeout time.Duration `json:"timeout"`
	// Profiles is where the agent profiles itself to; empty for nowhere.
	Profiles string `json:"profiles,omitempty"`
}

// answer is what the child says to one order.
type answer struct {
	Report      *bench.AgentReport `json:"report,omitempty"`
	Unsupported *unsupported       `json:"unsupported,omitempty"`
	Error       string             `json:"error,omitempty"`
}

type unsupported struct {
	What  string `json:"what"`
	Needs string `json:"needs"`
}
