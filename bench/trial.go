package bench

import (
	"time"
)

// A Slot is a place in the schedule: which arm, in which cell, when.
type Slot struct {
	Cell Cell `json:"cell"`
	Arm  Arm  `json:"arm"`
	// Sweep counts passes over the densities, Round the shuffled rounds in one
	// cell of one sweep, Position the place in its round: all from 0.
	Sweep    int `json:"sweep"`
	Round    int `json:"round"`
	Position int `json:"position"`
	// Attempt is 0 at first, and one more each time a void trial is run again.
	Attempt int `json:"attempt"`
}

// A Trial is one window of one arm: the unit of analysis, and one line on disk.
type Trial struct {
	Slot
	// Start is the wall clock at the start of the window; Length its measured
	// length, between the two readings of the meter.
	Start  time.Time     `json:"start"`
	Length time.Duration `json:"length"`
	// Pods and Containers count what of ours ran, as the runtime said before the
	// window.
	Pods       int `json:"pods"`
	Containers int `json:"containers"`
	// Scaled is how the node came to its pods, nil where it had them before.
	Scaled *Scaled `json:"scaled,omitempty"`
	// Agents has one report per collector of the arm, in the arm's order.
	Agents []AgentReport `json:"agents,omitempty"`
	// Costs has one entry per metered component; the agent's is the sum over Agents.
	Costs Costs `json:"costs,omitempty"`
	// State is the treatment that was in force, as its subject said; empty where
	// nothing is treated. Operations are what the subject asked the runtime in the
	// window, by its own account, which is read a second or two before it and right
	// after it.
	State      string               `json:"state,omitempty"`
	Operations map[string]Operation `json:"operations,omitempty"`
	// Settled is how long the treatment's subject took from its start until its CPU use was
	// steady; 0 where it was not started for this trial. Allocated is what it allocated a
	// second, by its own account, about the window.
	Settled   time.Duration `json:"settled,omitempty"`
	Allocated *Allocations  `json:"allocated_per_second,omitempty"`
	// Churn is how pods were replaced meanwhile; nil where none were.
	Churn *Churned `json:"churn,omitempty"`
	// Guards are the readings that decide whether the trial is void.
	Guards Guards `json:"guards,omitempty"`
	// Void holds the reasons why the trial must not be used, none if it may be.
	Void []Void `json:"void,omitempty"`
	// Unsupported is what the arm needs and the node does not have. Such a trial
	// measured nothing.
	Unsupported string `json:"unsupported,omitempty"`
	// Warnings travel with the number: they are footnotes in every report.
	Warnings []string `json:"warnings,omitempty"`
}

// A Scaled is a change of density: how many pods there were, how many then, and how long
// that took, until each container ran.
type Scaled struct {
	From int           `json:"from"`
	To   int           `json:"to"`
	Took time.Duration `json:"took"`
}

// Usable says whether the trial may enter the analysis.
func (t *Trial) Usable() bool { return len(t.Void) == 0 && t.Unsupported == "" }

// An AgentReport is what one agent measured in one window.
type AgentReport struct {
	Collector string `json:"collector"`
	// FirstCall is how long the first call after opening took, before the
	// warm-up: connections, caches and handlers are cold then. 0 where its answer was
	// empty.
	FirstCall time.Duration `json:"first_call"`
	// Busy is how far into the window the last call of the warm-up lasted.
	Busy time.Duration `json:"busy,omitempty"`
	// Calls of the window, in order. The warm-up's are not kept.
	Calls Calls `json:"calls"`
	// Missing and Extra compare the last good answer of the window with the
	// containers that run: ids of ours that it lacks, and how many it has that
	// are not ours. Missing is sorted.
	Missing []string `json:"missing,omitempty"`
	Extra   int      `json:"extra,omitempty"`
	// Names are the metrics in the last good answer, sorted, each once.
	Names []string `json:"names,omitempty"`
	// Cost is this agent's part of the component "agent".
	Cost Cost `json:"cost,omitempty"`
	// Warnings of the last good answer.
	Warnings []string `json:"warnings,omitempty"`
}

// A Void is one reason, of the closed list, why a trial does not count.
type Void struct {
	Reason VoidReason `json:"reason"`
	Detail string     `json:"detail,omitempty"`
}

// A VoidReason names the guard that a trial broke.
type VoidReason string

// The void rules, fixed before the first measurement; their limits are in the
// plan and none of them looks at the result. See DESIGN.md, "Guards".
const (
	VoidSteal          VoidReason = "steal"           // the hypervisor took CPU from the node
	VoidForeignCPU     VoidReason = "foreign-cpu"     // somebody else's work on the node
	VoidRestart        VoidReason = "restart"         // a metered process ended or began
	VoidPodCount       VoidReason = "pod-count"       // not the pods that the cell asks for
	VoidMissedSchedule VoidReason = "missed-schedule" // the agent began calls late though it was free
	VoidHarnessCPU     VoidReason = "harness-cpu"     // we ourselves burned too much
	VoidAgent          VoidReason = "agent"           // the agent died or did not answer
	VoidMeter          VoidReason = "meter"           // a reading at an edge of the window is missing
	VoidTreatment      VoidReason = "treatment"       // not the state that the arm asks for
)

// A Guard names one reading that a void rule looks at.
type Guard string

// Guard readings over the window; fractions are of the node's whole CPU capacity.
const (
	GuardSteal    Guard = "steal_fraction"
	GuardForeign  Guard = "foreign_cpu_fraction" // node busy minus all accounted components
	GuardHarness  Guard = "harness_cpu_fraction"
	GuardLateness Guard = "lateness_seconds" // most that a free agent began late
)

// Guards are the readings by name; absent is not zero.
type Guards map[Guard]float64

// Limits are the most that a guard reading may be in a trial that counts.
type Limits struct {
	Steal   float64 `json:"steal"`
	Foreign float64 `json:"foreign_cpu"`
	Harness float64 `json:"harness_cpu"`
	// Lateness is a fraction of the arm's interval.
	Lateness float64 `json:"lateness"`
}
