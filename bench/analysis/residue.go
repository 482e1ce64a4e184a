package analysis

import (
	"maps"
	"slices"

	"cri-stats-bench/bench"
)

// A Residue is something that no axis of the plan names and that may have varied
// all the same. What did not vary is shown too: it was looked at.
type Residue struct {
	// Name says what and in which unit: "arm_interval_seconds", "steal_fraction".
	Name string `json:"name"`
	// N counts arms or trials.
	N      int     `json:"n"`
	Least  float64 `json:"least"`
	Median float64 `json:"median"`
	Most   float64 `json:"most"`
}

// Varies says that it was not the same everywhere.
func (r Residue) Varies() bool { return r.Least != r.Most }

// residue collects what varied over the trials that count, and over arms.
func (b *builder) residue() error {
	found := make(map[string][]float64)
	add := func(name string, v float64) { found[name] = append(found[name], v) }
	for _, a := range b.arms {
		add("arm_interval_seconds", a.Interval.Seconds())
		add("arm_window_seconds", a.Window.Seconds())
		add("arm_warm_up_seconds", a.WarmUp.Seconds())
	}
	for _, c := range b.cells {
		for _, g := range c.order {
			for _, t := range g.used {
				residueOf(t, add)
			}
		}
	}
	restarts := 0
	for _, t := range b.trials {
		if slices.ContainsFunc(t.Void, func(v bench.Void) bool { return v.Reason == bench.VoidRestart }) {
			restarts++
		}
	}
	add("trials_with_restarts", float64(restarts))
	for _, name := range slices.Sorted(maps.Keys(found)) {
		values := found[name]
		slices.Sort(values)
		b.report.Residue = append(b.report.Residue, Residue{
			Name: name, N: len(values), Least: values[0], Median: values[len(values)/2], Most: values[len(values)-1],
		})
	}
	return nil
}

// residueOf adds what one trial has.
func residueOf(t *bench.Trial, add func(string, float64)) {
	add("attempt", float64(t.Attempt))
	add("containers_off_plan", float64(t.Containers-t.Cell.Pods*t.Cell.ContainersPerPod))
	if t.Arm.Window > 0 {
		add("length_over_window", t.Length.Seconds()/t.Arm.Window.Seconds())
	}
	for guard, v := range t.Guards {
		add(string(guard), v)
	}
	for i := range t.Agents {
		add("extra_containers", float64(t.Agents[i].Extra))
	}
}
