package bench

import "time"

// The positive control is an arm whose extra cost is known, so that a report can
// show that the experiment would have found such a difference: each call of the
// collector ControlCollector is one of ControlOf, then burns ControlCPU of CPU
// time and waits until ControlDelay has gone by since the answer came.
const (
	ControlCollector = "control"
	ControlOf        = "cri-pod-stats"
	ControlCPU       = 5 * time.Millisecond
	ControlDelay     = 7 * time.Millisecond
)
