package bench

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// void adds a reason why the trial does not count.
func (t *Trial) void(reason VoidReason, format string, args ...any) {
	t.Void = append(t.Void, Void{Reason: reason, Detail: fmt.Sprintf(format, args...)})
}

// guard takes the meter's readings into the trial, applies the void rules and
// notes what a reader should know. None of the rules looks at a result.
func (r *Runner) guard(t *Trial, m *Metered) {
	t.Guards = Guards{}
	maps.Copy(t.Guards, m.Guards)
	for _, w := range m.Warnings {
		t.Warnings = append(t.Warnings, w.Error())
	}
	if len(m.Changed) > 0 {
		t.void(VoidRestart, "%s", strings.Join(m.Changed, ", "))
	}
	t.Guards[GuardLateness] = lateness(t.Agents).Seconds()

	limits := []struct {
		guard  Guard
		limit  float64
		reason VoidReason
	}{
		{GuardSteal, r.Limits.Steal, VoidSteal},
		{GuardForeign, r.Limits.Foreign, VoidForeignCPU},
		{GuardHarness, r.Limits.Harness, VoidHarnessCPU},
		{GuardLateness, r.Limits.Lateness * t.Arm.shortest().Seconds(), VoidMissedSchedule},
	}
	for _, l := range limits {
		if value, ok := t.Guards[l.guard]; ok && value > l.limit {
			t.void(l.reason, "%s %.4g, at most %.4g", l.guard, value, l.limit)
		}
	}

	for i := range t.Agents {
		t.Warnings = append(t.Warnings, t.Agents[i].concerns(t.Containers)...)
	}
}

// countPods applies the rule that just the cell's pods ran, before and after.
func (t *Trial) countPods(before, after []Pod, err error) {
	switch {
	case err != nil:
		t.void(VoidPodCount, "list the pods after the window: %v", err)
	case len(before) != t.Cell.Pods:
		t.void(VoidPodCount, "%d pods ran, the cell asks for %d", len(before), t.Cell.Pods)
	case !slices.EqualFunc(before, after, samePod):
		t.void(VoidPodCount, "%d pods ran before the window and %d after it, or not the same", len(before), len(after))
	}
}

func samePod(a, b Pod) bool { return a.ID == b.ID && slices.Equal(a.Containers, b.Containers) }

// concerns are the warnings that an agent's report gives rise to.
func (a *AgentReport) concerns(containers int) []string {
	var out []string
	if n := len(a.Missing); n > 0 {
		out = append(out, fmt.Sprintf("%s: %d of %d containers are missing from the last answer", a.Collector, n, containers))
	}
	if n := a.Calls.Failed(); n > 0 {
		i := slices.IndexFunc(a.Calls, func(c Call) bool { return c.Err != "" })
		out = append(out, fmt.Sprintf("%s: %d of %d calls failed, the first because: %s", a.Collector, n, len(a.Calls), a.Calls[i].Err))
	}
	late := 0
	for i := 1; i < len(a.Calls); i++ {
		if previous := a.Calls[i-1]; previous.Start+previous.Service > a.Calls[i].Due {
			late++
		}
	}
	if late > 0 {
		out = append(out, fmt.Sprintf("%s: %d of %d calls were due before the answer to the one before them had come", a.Collector, late, len(a.Calls)))
	}
	return out
}

// lateness is the most that a call began late although its agent was free: the
// fault of the harness or of a node without a CPU to spare, not of the subject. An agent
// whose last call of the warm-up lasts into the window is not free before that has ended.
func lateness(agents []AgentReport) time.Duration {
	var most time.Duration
	for i := range agents {
		free := agents[i].Busy
		for _, call := range agents[i].Calls {
			most = max(most, call.Start-max(call.Due, free))
			free = call.Start + call.Service
		}
	}
	return most
}
