package bench

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// A Runner carries out a schedule: for each slot it brings the node to the cell,
// starts fresh agents, meters one window, applies the void rules, and records
// the trial before it starts the next.
//
//	scale · treat · start agents · warm-up [ window ] report · stop agents
//	                              meter ^          ^ meter
type Runner struct {
	Workload Workload
	Agents   Agents
	Meter    Meter
	Schedule Schedule
	Recorder Recorder
	// Treatment applies what arms ask for; nil where none does. With one, each trial
	// knows which state was in force, also of an arm that asks for nothing.
	Treatment Treatment
	// Blocks says that arms of one round that ask for the same treatment share one
	// application of it, if they come one after the other. Without, it is applied before
	// each trial.
	Blocks bool
	// Checker says whether answers are true; nil where nobody asks.
	Checker Checker
	// Source is where agents read; the Runner fills in its Pods.
	Source Source
	Limits Limits
	// Timeout is the deadline of each call.
	Timeout time.Duration
	// Churn is how long after one pod the next is replaced, in cells of that profile.
	Churn time.Duration
	// Settle is how long the node is left alone after the cell has changed.
	Settle time.Duration
	// Log must not be written to the place that is measured; it is silent inside
	// windows.
	Log *slog.Logger
	// Progress, if set, is told before and after each trial and each change of
	// density, never inside a window.
	Progress func(Progress)

	// applied is what the trial before this one had.
	applied block
}

// Progress is what is told of a run under way.
type Progress struct {
	Phase Phase
	Slot  Slot
	// Trial is the finished one, in PhaseDone.
	Trial     *Trial
	Remaining time.Duration
}

// A Phase is what the Runner begins to do, or has done.
type Phase string

// The phases.
const (
	PhaseScale Phase = "scale" // bring the node to the slot's cell
	PhaseTrial Phase = "trial" // run the slot
	PhaseDone  Phase = "done"  // the slot has been run and recorded
	PhaseCheck Phase = "check" // see whether what the slot's collectors answer is true
	PhaseStop  Phase = "stop"  // remove the workload
)

const (
	// edgeLead and edgeLeadPerPod are how long before the first due call the meter
	// reads, so that its reading and the call do not share a CPU; the second edge
	// has the same lead before the end, so that a window of n calls holds n
	// intervals. The readings take a tenth of a millisecond for each process, of
	// which a pod has about one. With calls in quick succession the lead is a
	// quarter of the interval: then the slow readings (context switches) run into
	// the first call, but those of CPU time come before them.
	edgeLead       = 20 * time.Millisecond
	edgeLeadPerPod = 200 * time.Microsecond
	// startLead is the time that agents need to get the order to start.
	startLead = 50 * time.Millisecond
	// graceTime is what a trial may take beyond windows and timeouts before it is
	// given up.
	graceTime = 30 * time.Second
	// stopTimeout is for cleaning up, after the run's own context has ended.
	stopTimeout = 5 * time.Minute
	// failuresInARow ends a run: the runtime is gone, or the agents cannot start.
	failuresInARow = 3
)

// Run runs all slots and then removes the workload, also when it is interrupted
// or fails. Trials that are finished are on disk in any case. The error joins
// what ended the run and what went wrong while cleaning up; it is ctx's own error
// after an interruption.
func (r *Runner) Run(ctx context.Context) (err error) {
	defer func() {
		r.tell(Progress{Phase: PhaseStop})
		err = errors.Join(err, r.restore(ctx))
	}()

	var cell Cell
	failures := 0
	from := 0
	for first := true; ; first = false {
		slot, ok := r.Schedule.Next()
		if !ok {
			return nil
		}
		changed := first || slot.Cell != cell
		if changed {
			r.tell(Progress{Phase: PhaseScale, Slot: slot, Remaining: r.Schedule.Remaining()})
		}
		begun := time.Now()
		// Note: Scale is by difference, so it also repairs what a trial lost.
		pods, err := r.Workload.Scale(ctx, slot.Cell)
		if err != nil {
			return fmt.Errorf("bring the node to %s: %w", slot.Cell, err)
		}
		var scaled *Scaled
		if changed {
			scaled = &Scaled{From: from, To: len(pods), Took: time.Since(begun)}
			cell, from = slot.Cell, len(pods)
			if err := sleep(ctx, r.Settle); err != nil {
				return err
			}
		}

		t, pods := r.measure(ctx, slot, pods)
		t.Scaled = scaled
		if err := ctx.Err(); err != nil {
			return err // the trial in progress is lost, and only that
		}
		if err := r.Recorder.Append(t); err != nil {
			return fmt.Errorf("record the trial of %s in round %d: %w", t.Arm.Name, t.Round, err)
		}
		r.Schedule.Done(t)
		r.tell(Progress{Phase: PhaseDone, Slot: t.Slot, Trial: t, Remaining: r.Schedule.Remaining()})
		if broken := t.broken(); broken == nil {
			failures = 0
		} else if failures++; failures == failuresInARow {
			return fmt.Errorf("%d trials in a row could not be run, the last because: %s: %s", failures, broken.Reason, broken.Detail)
		}
		if err := r.check(ctx, t, pods); err != nil {
			return fmt.Errorf("check what %s was answered in %s: %w", slot.Arm.Name, slot.Cell, err)
		}
	}
}

// restore reverts the treatment and removes the pods. The treatment comes first:
// it is somebody's configuration, and pods may be a kubelet's to remove. Cleaning
// up must survive the interruption that made it necessary.
func (r *Runner) restore(ctx context.Context) (err error) {
	ctx = context.WithoutCancel(ctx)
	within := func(do func(context.Context) error) error {
		bounded, cancel := context.WithTimeout(ctx, stopTimeout)
		defer cancel()
		return do(bounded)
	}
	if r.Treatment != nil {
		if err = within(r.Treatment.Revert); err != nil {
			err = fmt.Errorf("revert the treatment: %w", err)
		}
	}
	if stopErr := within(r.Workload.Stop); stopErr != nil {
		err = errors.Join(err, fmt.Errorf("remove the pods of this run: %w", stopErr))
	}
	return err
}

// broken returns the reason why nothing was measured at all, or not what was asked
// for; nil if something was.
func (t *Trial) broken() *Void {
	for i := range t.Void {
		switch t.Void[i].Reason {
		case VoidAgent, VoidMeter, VoidTreatment:
			return &t.Void[i]
		}
	}
	return nil
}

func (r *Runner) tell(p Progress) {
	if r.Progress != nil {
		r.Progress(p)
	}
}

// sleep waits for d, or returns why it did not.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

func countContainers(pods []Pod) int {
	n := 0
	for _, p := range pods {
		n += len(p.Containers)
	}
	return n
}
