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

// guard takes the meter's readings into the trial and applies the void rules. None of them
// looks at a result.
func (r *Runner) guard(t *Trial, m *Metered) {
	t.Guards = Guards{}
	maps.Copy(t.Guards, m.Guards)
	for _, w := range m.Warnings {
		t.Warnings = append(t.Warnings, w.Error())
	}
	changed := m.Changed
	if t.Cell.Profile != ProfileChurn { // where pods come and go, so do their shims
		changed = slices.Concat(changed, m.Shims)
	}
	if len(changed) > 0 {
		t.void(VoidRestart, "%s", strings.Join(changed, ", "))
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
}

// countPods applies the rule that just the cell's pods ran, before and after.
func (t *Trial) countPods(before, after []Pod, err error) {
	switch {
	case err != nil:
		t.void(VoidPodCount, "list the pods after the window: %v", err)
	case len(before) != t.Cell.Pods:
		t.void(VoidPodCount, "%d pods ran, the cell asks for %d", len(before), t.Cell.Pods)
	case t.Cell.Profile == ProfileChurn:
		stay, _ := mortals(t.Cell, before)
		t.countStaying(stay, after)
	case !slices.EqualFunc(before, after, samePod):
		t.void(VoidPodCount, "%d pods ran before the window and %d after it, or not the same", len(before), len(after))
	}
}

func samePod(a, b Pod) bool { return a.ID == b.ID && slices.Equal(a.Containers, b.Containers) }

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
