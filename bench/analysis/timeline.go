package analysis

import (
	"cmp"
	"slices"
	"time"

	"cri-stats-bench/bench"
)

// A Moment is one trial in the order of time: what a picture of drift is drawn
// from. It has trials that never enter a number, too.
type Moment struct {
	Start time.Time  `json:"start"`
	Cell  bench.Cell `json:"cell"`
	Arm   string     `json:"arm"`
	// CPU is that of the total, in cores; nil where a part of it has no reading.
	CPU *float64 `json:"cpu_cores"`
	// Void has the guards that the trial broke.
	Void []bench.VoidReason `json:"void,omitempty"`
}

// timeline puts all trials in order of their windows. Those that came to none, as
// those of an unsupported arm, have no place in it.
func (b *builder) timeline() error {
	for _, t := range b.trials {
		if t.Start.IsZero() || t.Unsupported != "" || b.isSum(t.Arm.Name) {
			continue
		}
		m := Moment{Start: t.Start, Cell: t.Cell, Arm: t.Arm.Name}
		if seconds, ok := sum(t.Costs, b.report.Parts, bench.CPUSeconds); ok {
			if cores := seconds / t.Length.Seconds(); finite(cores) {
				m.CPU = &cores
			}
		}
		for _, v := range t.Void {
			m.Void = append(m.Void, v.Reason)
		}
		b.report.Timeline = append(b.report.Timeline, m)
	}
	// b.trials is in an order of its own, so that equal starts cannot depend on chance.
	slices.SortStableFunc(b.report.Timeline, func(a, b Moment) int {
		return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.Arm, b.Arm))
	})
	return nil
}
