package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// block runs slots whose agents live together: one trial, or all slices of a
// round. Whatever goes wrong is in the trials. An arm that is not supported has
// one trial, whatever its slots.
//
// A slot with a treatment is alone: what puts the node into another state ends the
// trial of its neighbours.
func (r *Runner) block(ctx context.Context, slots []Slot, pods []Pod) []*Trial {
	first := &Trial{Slot: slots[0], Pods: len(pods), Containers: countContainers(pods)}
	condition, broken := r.treat(ctx, first)
	if broken != nil {
		first.Void = []Void{*broken}
		return []*Trial{first}
	}
	limit := graceTime
	for _, s := range slots {
		limit += s.Arm.WarmUp + s.Arm.Window + r.patience(s.Arm)
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()

	c := crew{byArm: make(map[string][]AgentProcess), before: make(map[*Trial]*Condition)}
	defer func() {
		for _, a := range c.agents {
			if err := a.Close(); err != nil {
				r.Log.Warn("end an agent", "err", err)
			}
		}
	}()
	var trials []*Trial
	add := func(s Slot) *Trial {
		t := &Trial{Slot: s, Pods: first.Pods, Containers: first.Containers, State: first.State}
		c.before[t] = condition
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
	for _, t := range measured {
		if t.Length > 0 {
			r.review(ctx, t, c.before[t])
		}
	}
	// Once for all slices: asking the runtime costs it CPU.
	running, err := r.Workload.Running(ctx)
	for _, t := range measured {
		t.countPods(pods, running, err)
	}
	return trials
}

// crew is the agents of one block, and what the treatment's subject said before each
// of its windows.
type crew struct {
	agents []AgentProcess
	byArm  map[string][]AgentProcess
	before map[*Trial]*Condition
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
