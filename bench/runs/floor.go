package runs

import (
	"fmt"
	"math"
	"slices"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/stat"
)

// A Floor is a number that no runtime has a part in: the CPU time of the agent of an
// arm that only sleeps or reads cgroup files, and how long that reading takes. Where
// it moves, the node, the kernel or the harness did.
type Floor struct {
	Cell   bench.Cell        `json:"cell"`
	Arm    string            `json:"arm"`
	Series analysis.Series   `json:"series"`
	Old    Side              `json:"old"`
	New    Side              `json:"new"`
	Ratio  analysis.Estimate `json:"ratio"`
	// P is that of a change by no more than the margin, Adjusted after Holm over all
	// floors. Changed says that it is below 5 %.
	P        float64 `json:"p"`
	Adjusted float64 `json:"p_adjusted"`
	Changed  bool    `json:"changed,omitempty"`

	contrast stat.Contrast
}

// floors compares what no runtime has a part in.
func (b *builder) floors() error {
	for i := range b.old.Report.Cells {
		cell := b.old.Report.Cells[i].Cell
		for _, arm := range b.old.Plan.Arms {
			name := b.old.label(arm.Name)
			old, new := b.old.arm(cell, name), b.new.arm(cell, name)
			if !b.old.floor(arm) || old == nil || new == nil || armDifference(b.old, b.new, name) != "" {
				continue
			}
			if err := b.floorArm(cell, arm, old, new); err != nil {
				return err
			}
		}
	}
	p := make([]float64, len(b.c.Floors))
	for i, f := range b.c.Floors {
		p[i] = f.P
	}
	adjusted, err := adjust(stat.Holm, p)
	if err != nil {
		return err
	}
	for i := range b.c.Floors {
		f := &b.c.Floors[i]
		f.Adjusted, f.Changed = adjusted[i], adjusted[i] < alpha
	}
	return nil
}

func (b *builder) floorArm(cell bench.Cell, arm bench.Arm, old, new *analysis.ArmResult) error {
	series := []analysis.Series{{Metric: analysis.CPUCores, Component: bench.ComponentAgent}}
	for _, c := range arm.Collectors {
		if c != bench.IdleCollector {
			series = append(series, analysis.Series{Metric: analysis.ServiceP50, Collector: c})
		}
	}
	for _, s := range series {
		x, y := observe(old, s), observe(new, s)
		if len(x.logs) == 0 || len(y.logs) == 0 {
			continue
		}
		f := Floor{Cell: cell, Arm: arm.Name, Series: s, Old: x.side(), New: y.side(), contrast: stat.Shift(y.logs, x.logs)}
		var t tails
		var err error
		f.Ratio, t, err = test(f.contrast, b.margin)
		if unanswerable(err) {
			continue
		}
		if err != nil {
			return fmt.Errorf("compare %s of %s in %s: %w", s, arm.Name, cell, err)
		}
		f.P = math.Min(1, 2*math.Min(t.regressed, t.improved))
		b.c.Floors = append(b.c.Floors, f)
	}
	return nil
}

// moved returns the floor of a cell that rose most, or fell most; nil if none did.
// CPU time is held against CPU time and latency against latency: a node may answer
// late that computes as fast as ever. Where a plan has none of the kind, the other
// kind has to do.
func (b *builder) moved(e *Endpoint, rose bool) *Floor {
	here := slices.DeleteFunc(slices.Clone(b.c.Floors), func(f Floor) bool { return f.Cell != e.Cell })
	alike := func(f Floor) bool { return isTime(f.Series.Metric) == isTime(e.Series.Metric) }
	if slices.ContainsFunc(here, alike) {
		here = slices.DeleteFunc(here, func(f Floor) bool { return !alike(f) })
	}
	var most *Floor
	for i := range here {
		f := &here[i]
		if !f.Changed || f.Ratio.Value > 1 != rose {
			continue
		}
		if most == nil || math.Abs(math.Log(f.Ratio.Value)) > math.Abs(math.Log(most.Ratio.Value)) {
			most = f
		}
	}
	return most
}

// netOfNode withdraws a verdict that the node explains: a loss where the floor rose,
// a gain where it fell. It stands if it is beyond the margin also over the floor's
// change, as a difference of two differences. Memory does not go with the speed of a
// node.
func (b *builder) netOfNode(e *Endpoint, o open) error {
	if e.Series.Metric == analysis.PSS || e.Verdict != Regressed && e.Verdict != Improved {
		return nil
	}
	f := b.moved(e, e.Verdict == Regressed)
	if f == nil {
		return nil
	}
	net := slices.Clone(o.contrast)
	for _, term := range f.contrast {
		net = append(net, stat.Term{Weight: -term.Weight, Values: term.Values})
	}
	ratio, t, err := test(net, b.margin)
	if err != nil {
		return fmt.Errorf("%s of %s over %s in %s: %w", e.Series, e.Arm, f.Arm, e.Cell, err)
	}
	e.Net = &ratio
	p := t.regressed
	if e.Verdict == Improved {
		p = t.improved
	}
	if p >= alpha {
		e.Verdict = Inconclusive
		e.Notes = append(e.Notes, b.note(fmt.Sprintf("%s of %s changed by %s: the node explains this", f.Series, f.Arm, relative(f.Ratio.Value))))
	}
	return nil
}

// warn collects what a reader must know before he trusts a verdict.
func (b *builder) warn() {
	add := func(format string, args ...any) { b.c.Warnings = append(b.c.Warnings, fmt.Sprintf(format, args...)) }
	for _, f := range b.c.Floors {
		if f.Changed {
			add("%s in %s: %s differs by %s, in which no runtime has a part: the node, its kernel or the harness changed", f.Arm, f.Cell, f.Series, relative(f.Ratio.Value))
		}
	}
	if len(b.c.Floors) == 0 {
		add("no arm idle or cgroup has CPU time in two trials of each run: a change of the node cannot be told from one of the runtime")
	}
	lost := 0
	for _, u := range b.c.Unmatched {
		if u.Lost {
			lost++
		}
	}
	if lost > 0 {
		add("%d of what the new run was to measure could not be compared: without it the verdict cannot be Same", lost)
	}
	for _, r := range []*Run{b.old, b.new} {
		b.c.Warnings = append(b.c.Warnings, r.concerns()...)
	}
	b.warnOfVoid(add)
}

// mostlyVoid is the level at which the share of void trials is worth a warning.
const mostlyVoid = 0.01

// warnOfVoid says where many more trials broke a guard than before: the node was
// busier.
func (b *builder) warnOfVoid(add func(format string, args ...any)) {
	old, new := b.c.Old, b.c.New
	if old.Tried == 0 || new.Tried == 0 {
		return
	}
	t, err := stat.Fisher(new.Void, new.Tried, old.Void, old.Tried)
	if err == nil && t.PGreater < mostlyVoid {
		add("%d of %d trials are void, %d of %d in the old run: the node was busier, or the runtime ended", new.Void, new.Tried, old.Void, old.Tried)
	}
}
