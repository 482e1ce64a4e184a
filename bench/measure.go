package bench

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"golang.org/x/sync/errgroup"
)

// measure runs one slot: it applies the treatment, starts fresh agents, meters one
// window and applies the void rules. Whatever goes wrong is in the trial. It returns the
// pods that ran, too: a treatment may have taken those of before along.
func (r *Runner) measure(ctx context.Context, slot Slot, pods []Pod) (*Trial, []Pod) {
	t := &Trial{Slot: slot, Pods: len(pods), Containers: countContainers(pods)}
	fresh := r.fresh(&slot)
	condition, broken := r.treat(ctx, t, fresh)
	if broken == nil && fresh {
		var err error
		if pods, err = r.restock(ctx, slot.Cell, pods); err != nil {
			broken = &Void{VoidPodCount, "bring the pods back after " + slot.Arm.Treatment + " was applied: " + err.Error()}
		}
		t.Pods, t.Containers = len(pods), countContainers(pods)
	}
	if broken != nil {
		t.Void = []Void{*broken}
	} else {
		r.attempt(ctx, t, condition, pods)
	}
	if t.broken() != nil {
		r.applied = block{} // perhaps it is in force no more: the next trial applies it anew
	}
	return t, pods
}

// attempt measures a trial whose treatment is in force.
func (r *Runner) attempt(ctx context.Context, t *Trial, condition *Condition, pods []Pod) {
	slot := t.Slot
	ctx, cancel := context.WithTimeout(ctx, graceTime+slot.Arm.WarmUp+slot.Arm.Window+r.patience(slot.Arm))
	defer cancel()

	stay, mortal := mortals(slot.Cell, pods)
	agents, err := r.start(ctx, slot, stay)
	defer func() {
		for _, a := range agents {
			if err := a.Close(); err != nil {
				r.Log.Warn("end an agent", "err", err)
			}
		}
	}()
	var unsupported *UnsupportedError
	switch {
	case errors.As(err, &unsupported):
		t.Unsupported = unsupported.Error()
		return
	case err != nil:
		t.Void = []Void{{VoidAgent, err.Error()}}
		return
	}
	pids := make([]int, len(agents))
	for i, a := range agents {
		pids[i] = a.PID()
	}
	watch, err := r.Meter.Watch(ctx, pids)
	if err != nil {
		t.Void = []Void{{VoidMeter, err.Error()}}
		return
	}
	defer func() {
		if err := watch.Close(); err != nil {
			r.Log.Warn("close the meter", "err", err)
		}
	}()
	r.tell(Progress{Phase: PhaseTrial, Slot: slot, Remaining: r.Schedule.Remaining()})
	if broken := r.trial(ctx, t, agents, watch, &condition, mortal); broken != nil {
		t.Void = append(t.Void, *broken)
	}
	if t.Length > 0 {
		r.review(ctx, t, condition)
	}
	running, err := r.Workload.Running(ctx)
	t.countPods(pods, running, err)
}

// start starts the agents of an arm. It returns those that run, also with an error.
func (r *Runner) start(ctx context.Context, slot Slot, pods []Pod) ([]AgentProcess, error) {
	source := r.Source
	source.Pods, source.Churn = pods, slot.Cell.Profile == ProfileChurn
	var agents []AgentProcess
	for _, collector := range slot.Arm.Agents() {
		a, err := r.Agents.Start(ctx, collector, source)
		if err != nil {
			return agents, fmt.Errorf("start the agent of %s: %w", collector, err)
		}
		agents = append(agents, a)
	}
	return agents, nil
}

// trial measures one slot with agents that run, and applies the void rules. It
// returns why nothing was measured, if so.
func (r *Runner) trial(ctx context.Context, t *Trial, agents []AgentProcess, watch Watch, before **Condition, mortal []Pod) *Void {
	metered, broken := r.window(ctx, t, agents, watch, before, mortal)
	if broken != nil {
		return broken
	}
	for i, a := range agents {
		report, err := a.Report(ctx)
		if err != nil {
			return &Void{VoidAgent, fmt.Sprintf("report of %s: %v", t.Arm.Agents()[i], err)}
		}
		report.Cost = metered.Agents[i]
		if t.Cell.Profile == ProfileChurn {
			report.Extra = 0 // some of them came meanwhile, and whose they are nobody can tell
		}
		t.Agents = append(t.Agents, report)
	}
	t.Costs = metered.Costs
	r.guard(t, metered)
	return nil
}

// patience is how long beyond its window a trial may take before it is given up:
// every call may run into its timeout.
func (r *Runner) patience(arm Arm) time.Duration {
	interval := arm.shortest()
	calls := int(arm.Window/interval) + int(arm.WarmUp/interval) + 1
	return time.Duration(calls) * r.Timeout
}

// window lets the agents run and meters them. before becomes what the treatment's
// subject says shortly before the window. It returns why nothing was measured if an
// agent cannot run or the meter cannot read.
func (r *Runner) window(ctx context.Context, t *Trial, agents []AgentProcess, watch Watch, before **Condition, mortal []Pod) (*Metered, *Void) {
	// Nothing of ours may collect garbage inside the window.
	debug.FreeOSMemory()
	defer debug.SetGCPercent(debug.SetGCPercent(-1))

	arm := t.Arm
	start := time.Now().Add(startLead + arm.WarmUp)
	lead := min(edgeLead+time.Duration(t.Pods)*edgeLeadPerPod, arm.shortest()/4)
	group, groupCtx := errgroup.WithContext(ctx)
	for i, a := range agents {
		w := arm.window(i, start, r.Timeout)
		group.Go(func() error { return a.Run(groupCtx, w) })
	}
	var meterErr error
	churn := r.churn(ctx, t.Cell, mortal, start.Add(-arm.WarmUp))
	defer func() { churn.end(t) }() // after the second reading
	if condition := r.preview(groupCtx, start.Add(-lead)); condition != nil {
		*before = condition
	}
	if sleep(groupCtx, time.Until(start.Add(-lead))) == nil {
		meterErr = watch.Begin()
		_ = sleep(groupCtx, time.Until(start.Add(arm.Window-lead)))
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
