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
// window and applies the void rules. Whatever goes wrong is in the trial.
func (r *Runner) measure(ctx context.Context, slot Slot, pods []Pod) *Trial {
	t := &Trial{Slot: slot, Pods: len(pods), Containers: countContainers(pods)}
	condition, broken := r.treat(ctx, t)
	if broken != nil {
		t.Void = []Void{*broken}
		return t
	}
	ctx, cancel := context.WithTimeout(ctx, graceTime+slot.Arm.WarmUp+slot.Arm.Window+r.patience(slot.Arm))
	defer cancel()

	agents, err := r.start(ctx, slot.Arm, pods)
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
		return t
	case err != nil:
		t.Void = []Void{{VoidAgent, err.Error()}}
		return t
	}
	pids := make([]int, len(agents))
	for i, a := range agents {
		pids[i] = a.PID()
	}
	watch, err := r.Meter.Watch(ctx, pids)
	if err != nil {
		t.Void = []Void{{VoidMeter, err.Error()}}
		return t
	}
	defer func() {
		if err := watch.Close(); err != nil {
			r.Log.Warn("close the meter", "err", err)
		}
	}()
	r.tell(Progress{Phase: PhaseTrial, Slot: slot, Remaining: r.Schedule.Remaining()})
	if broken := r.trial(ctx, t, agents, watch, &condition); broken != nil {
		t.Void = append(t.Void, *broken)
	}
	if t.Length > 0 {
		r.review(ctx, t, condition)
	}
	running, err := r.Workload.Running(ctx)
	t.countPods(pods, running, err)
	return t
}

// start starts the agents of an arm. It returns those that run, also with an error.
func (r *Runner) start(ctx context.Context, arm Arm, pods []Pod) ([]AgentProcess, error) {
	source := r.Source
	source.Pods = pods
	var agents []AgentProcess
	for _, collector := range arm.Collectors {
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
func (r *Runner) trial(ctx context.Context, t *Trial, agents []AgentProcess, watch Watch, before **Condition) *Void {
	metered, broken := r.window(ctx, t, agents, watch, before)
	if broken != nil {
		return broken
	}
	for i, a := range agents {
		report, err := a.Report(ctx)
		if err != nil {
			return &Void{VoidAgent, fmt.Sprintf("report of %s: %v", t.Arm.Collectors[i], err)}
		}
		report.Cost = metered.Agents[i]
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
func (r *Runner) window(ctx context.Context, t *Trial, agents []AgentProcess, watch Watch, before **Condition) (*Metered, *Void) {
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
