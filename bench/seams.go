package bench

import (
	"context"
	"time"
)

// The Runner works through the small interfaces below; each is the seam to one
// package, and where tests put their fakes.

// Agents starts agent processes (package agent).
type Agents interface {
	// Start starts a fresh process, opens the collector in it and makes the first
	// call. It returns an *UnsupportedError where the source cannot do what the
	// collector asks.
	Start(ctx context.Context, collector string, s Source) (AgentProcess, error)
}

// An AgentProcess is one agent that runs one collector.
type AgentProcess interface {
	PID() int
	// Run makes the calls of the warm-up and of the window, and returns when the
	// last one has its answer. Until Report is asked for, the agent then does
	// nothing, so that the second reading of the meter sees the calls alone.
	Run(ctx context.Context, w Window) error
	// Report returns what was measured, without Cost.
	Report(ctx context.Context) (AgentReport, error)
	// Close ends the process and waits for its end. It may be called twice.
	Close() error
}

// A Window is what an agent is told to do and when.
type Window struct {
	// Start is when the first call of the window is due; the warm-up is before it.
	Start    time.Time     `json:"start"`
	Interval time.Duration `json:"interval"`
	// WarmUpCalls are made at the same interval before Start, Calls from Start on.
	WarmUpCalls int `json:"warm_up_calls"`
	Calls       int `json:"calls"`
	// Timeout is the deadline of each call, counted from its start.
	Timeout time.Duration `json:"timeout"`
}

// A Meter reads what components cost (package meter).
type Meter interface {
	// Watch finds and opens all that Begin and End read of the node's components
	// and of the agents, given by pid. Everything slow happens here.
	Watch(ctx context.Context, agents []int) (Watch, error)
}

// A Watch meters windows of the same processes, one after the other.
type Watch interface {
	// Begin takes the readings at the start of a window; they yield no value.
	Begin() error
	// End takes the readings at the end of the window, CPU time first.
	End() (Metered, error)
	Close() error
}

// Metered is the difference of two readings.
type Metered struct {
	// Start is the instant of the first edge's CPU readings, Length the time from
	// there to those of the second.
	Start  time.Time
	Length time.Duration
	Costs  Costs
	// Agents are the parts of Costs[ComponentAgent], in the order of the pids.
	Agents []Cost
	// Guards has steal, foreign and harness CPU, where they can be read.
	Guards Guards
	// Changed names metered processes that ended inside the window, Shims those of the
	// runtime's shims that ended or began.
	Changed, Shims []string
	// Warnings name what could not be metered and why.
	Warnings []error
}

// A Schedule says what is next (package schedule).
type Schedule interface {
	// Next returns the slot to run now, false when all is done.
	Next() (Slot, bool)
	// Done tells how a slot went, so that a void trial is run again and an
	// unsupported arm is not.
	Done(t *Trial)
	// Remaining is an estimate of the time that what is left will take.
	Remaining() time.Duration
}

// A Recorder keeps finished trials (package record). When Append returns, the
// trial is safe on disk.
type Recorder interface {
	Append(t *Trial) error
}
