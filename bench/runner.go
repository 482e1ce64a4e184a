package bench

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"runtime/debug"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

// A Runner carries out a schedule: for each slot it brings the node to the cell,
// starts fresh agents, meters one window, applies the void rules, and records
// the trial before it starts the next.
//
//	scale · start agents · warm-up [ window ] report · stop agents
//	                      meter ^          ^ meter
//
// Slices are trials whose agents live together: all of a block are started, one
// arm at a time is measured, the others are paused.
type Runner struct {
	Workload Workload
	Agents   Agents
	Meter    Meter
	Schedule Schedule
	Recorder Recorder
	// Source is where agents read; the Runner fills in its Pods.
	Source Source
	Limits Limits
	// Timeout is the deadline of each call.
	Timeout time.Duration
	// Settle is how long the node is left alone after the cell has changed.
	Settle time.Duration
	// Log must not be written to the place that is measured; it is silent inside
	// windows.
	Log *slog.Logger
	// Progress, if set, is told before and after each trial and each change of
	// density, never inside a window.
	Progress func(Progress)
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
	// graceTime is what a block may take beyond windows and timeouts before it is
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
		// Cleaning up must survive the interruption that made it necessary.
		stopCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
		defer cancel()
		if stopErr := r.Workload.Stop(stopCtx); stopErr != nil {
			err = errors.Join(err, fmt.Errorf("remove the pods of this run: %w", stopErr))
		}
	}()

	var cell Cell
	failures := 0
	for first := true; ; first = false {
		slots, ok := r.Schedule.Next()
		if !ok {
			return nil
		}
		slot := slots[0]
		changed := first || slot.Cell != cell
		if changed {
			r.tell(Progress{Phase: PhaseScale, Slot: slot, Remaining: r.Schedule.Remaining()})
		}
		// Note: Scale is by difference, so it also repairs what a trial lost.
		pods, err := r.Workload.Scale(ctx, slot.Cell)
		if err != nil {
			return fmt.Errorf("bring the node to %s: %w", slot.Cell, err)
		}
		if changed {
			cell = slot.Cell
			if err := sleep(ctx, r.Settle); err != nil {
				return err
			}
		}

		trials := r.block(ctx, slots, pods)
		if err := ctx.Err(); err != nil {
			return err // the trials in progress are lost, and only those
		}
		for _, t := range trials {
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
		}
	}
}

// broken returns the reason why nothing was measured at all, nil if something was.
func (t *Trial) broken() *Void {
	for i := range t.Void {
		if t.Void[i].Reason == VoidAgent || t.Void[i].Reason == VoidMeter {
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

// block runs slots whose agents live together: one trial, or all slices of a
// round. Whatever goes wrong is in the trials. An arm that is not supported has
// one trial, whatever its slots.
func (r *Runner) block(ctx context.Context, slots []Slot, pods []Pod) []*Trial {
	limit := graceTime
	for _, s := range slots {
		limit += s.Arm.WarmUp + s.Arm.Window + r.patience(s.Arm)
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()

	c := crew{byArm: make(map[string][]AgentProcess)}
	defer func() {
		for _, a := range c.agents {
			if err := a.Close(); err != nil {
				r.Log.Warn("end an agent", "err", err)
			}
		}
	}()
	var trials []*Trial
	add := func(s Slot) *Trial {
		t := &Trial{Slot: s, Pods: len(pods), Containers: countContainers(pods)}
		trials = append(trials, t)
		return t
	}
	var ready []Slot
	unsupported := make(map[string]bool)
	for _, s := range slots {
		if unsupported[s.Arm.Name] {
			continue
		}
		var u *UnsupportedError
		switch err := r.muster(ctx, &c, s.Arm, pods); {
		case errors.As(err, &u):
			unsupported[s.Arm.Name] = true
			add(s).Unsupported = u.Error()
		case err != nil:
			add(s).Void = []Void{{VoidAgent, err.Error()}}
			return trials
		default:
			ready = append(ready, s)
		}
	}
	if len(ready) == 0 {
		return trials
	}

	watch, err := r.Meter.Watch(ctx, c.pids())
	if err != nil {
		add(ready[0]).Void = []Void{{VoidMeter, err.Error()}}
		return trials
	}
	defer func() {
		if err := watch.Close(); err != nil {
			r.Log.Warn("close the meter", "err", err)
		}
	}()
	measured := make([]*Trial, 0, len(ready))
	for _, s := range ready {
		r.tell(Progress{Phase: PhaseTrial, Slot: s, Remaining: r.Schedule.Remaining()})
		t := add(s)
		measured = append(measured, t)
		if broken := r.trial(ctx, t, &c, watch); broken != nil {
			t.Void = append(t.Void, *broken)
			break
		}
	}
	// Once for all slices: asking the runtime costs it CPU.
	running, err := r.Workload.Running(ctx)
	for _, t := range measured {
		t.countPods(pods, running, err)
	}
	return trials
}

// crew is the agents of one block.
type crew struct {
	agents []AgentProcess
	byArm  map[string][]AgentProcess
}

func (c *crew) pids() []int {
	pids := make([]int, len(c.agents))
	for i, a := range c.agents {
		pids[i] = a.PID()
	}
	return pids
}

// of returns the agents of an arm and which of the crew they are.
func (c *crew) of(arm string) (agents []AgentProcess, at []int) {
	agents = c.byArm[arm]
	for _, a := range agents {
		at = append(at, slices.Index(c.agents, a))
	}
	return agents, at
}

// muster starts the agents of an arm, unless they run.
func (r *Runner) muster(ctx context.Context, c *crew, arm Arm, pods []Pod) error {
	if c.byArm[arm.Name] != nil {
		return nil
	}
	source := r.Source
	source.Pods = pods
	for _, collector := range arm.Collectors {
		a, err := r.Agents.Start(ctx, collector, source)
		if err != nil {
			return fmt.Errorf("start the agent of %s: %w", collector, err)
		}
		c.agents = append(c.agents, a)
		c.byArm[arm.Name] = append(c.byArm[arm.Name], a)
	}
	return nil
}

// trial measures one slot with agents that run, and applies the void rules. It
// returns why nothing was measured, if so.
func (r *Runner) trial(ctx context.Context, t *Trial, c *crew, watch Watch) *Void {
	agents, at := c.of(t.Arm.Name)
	metered, broken := r.window(ctx, t, agents, watch)
	if broken != nil {
		return broken
	}
	own := make([]Cost, len(agents))
	for i, a := range agents {
		report, err := a.Report(ctx)
		if err != nil {
			return &Void{VoidAgent, fmt.Sprintf("report of %s: %v", t.Arm.Collectors[i], err)}
		}
		report.Cost = metered.Agents[at[i]]
		own[i] = report.Cost
		t.Agents = append(t.Agents, report)
	}
	t.Costs = metered.Costs
	if len(agents) < len(c.agents) {
		// The agents of other arms are paused; what they burn all the same is not
		// this arm's.
		t.Costs = maps.Clone(t.Costs)
		t.Costs[ComponentAgent] = sum(own)
	}
	r.guard(t, metered)
	return nil
}

// patience is how long beyond its window a trial may take before it is given up:
// every call may run into its timeout.
func (r *Runner) patience(arm Arm) time.Duration {
	calls := int(arm.Window/arm.Interval) + int(arm.WarmUp/arm.Interval) + 1
	return time.Duration(calls) * r.Timeout
}

// window lets the agents run and meters them. It returns why nothing was
// measured if an agent cannot run or the meter cannot read.
func (r *Runner) window(ctx context.Context, t *Trial, agents []AgentProcess, watch Watch) (*Metered, *Void) {
	// Nothing of ours may collect garbage inside the window.
	debug.FreeOSMemory()
	defer debug.SetGCPercent(debug.SetGCPercent(-1))

	arm := t.Arm
	if t.Cycle > 1 {
		arm.WarmUp = 0 // its agents have been at work in the cycle before
	}
	w := Window{
		Start:       time.Now().Add(startLead + arm.WarmUp),
		Interval:    arm.Interval,
		WarmUpCalls: int(arm.WarmUp / arm.Interval),
		Calls:       int(arm.Window / arm.Interval),
		Timeout:     r.Timeout,
	}
	lead := min(edgeLead+time.Duration(t.Pods)*edgeLeadPerPod, arm.Interval/4)
	group, groupCtx := errgroup.WithContext(ctx)
	for _, a := range agents {
		group.Go(func() error { return a.Run(groupCtx, w) })
	}
	var meterErr error
	if sleep(groupCtx, time.Until(w.Start.Add(-lead))) == nil {
		// In slices the runtime's memory is that of all arms, and slow readings would
		// disturb the next one.
		meterErr = watch.Begin(t.Cycle == 0)
		_ = sleep(groupCtx, time.Until(w.Start.Add(arm.Window-lead)))
	}
	// An agent that failed or a run that ends has cut the sleep short: Wait has
	// the reason.
	if err := group.Wait(); err != nil {
		return nil, &Void{VoidAgent, err.Error()}
	}
	if meterErr != nil {
		return nil, &Void{VoidMeter, meterErr.Error()}
	}
	metered, err := watch.End()
	if err != nil {
		return nil, &Void{VoidMeter, err.Error()}
	}
	t.Start, t.Length = metered.Start.UTC(), metered.Length
	return &metered, nil
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
