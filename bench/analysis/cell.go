package analysis

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"cri-stats-bench/bench"
)

// cell adds one cell to the report: first every arm by itself, then the
// comparisons between them.
func (b *builder) cell(cell bench.Cell, trials []*bench.Trial) error {
	c, err := b.gather(cell, trials)
	if err != nil || c == nil {
		return err
	}
	b.cells = append(b.cells, c)
	for _, g := range c.order {
		if err := b.arm(g); err != nil {
			return fmt.Errorf("%s in %s: %w", g.arm.Name, cell, err)
		}
	}
	for _, g := range c.order {
		if err := b.settled(g); err != nil {
			return fmt.Errorf("%s in %s: %w", g.arm.Name, cell, err)
		}
		if err := b.compare(g); err != nil {
			return err
		}
		if err := b.overheads(g); err != nil {
			return err
		}
	}
	return nil
}

// gather finds the trials of a cell that count and observes them. It returns nil
// where none was tried.
func (b *builder) gather(cell bench.Cell, trials []*bench.Trial) (*cellGroup, error) {
	c := &cellGroup{cell: cell, groups: make(map[string]*group)}
	for _, arm := range b.arms {
		g := newGroup(c, arm, b.unsupported[arm.Name] != "")
		c.order = append(c.order, g)
		c.groups[arm.Name] = g
	}
	var here []*bench.Trial
	for _, t := range trials {
		if t.Cell == cell {
			here = append(here, t)
			c.groups[t.Arm.Name].add(t)
		}
	}
	if len(here) == 0 {
		b.runNote(NoteNotRun, fmt.Sprintf("no trial was run in %s", cell))
		return nil, nil
	}
	newest := newestBlocks(here)
	for _, g := range c.order {
		for _, s := range []*set{g.trials, g.slices} {
			s.pick(newest)
			o := newObserver(b.report.Parts)
			for _, t := range s.used {
				if err := o.observe(t); err != nil {
					return nil, fmt.Errorf("%s in %s: %w", g.arm.Name, cell, err)
				}
			}
			s.columns = o.columns
		}
	}
	var idle *set
	if g := c.groups[b.report.Idle]; g != nil {
		idle = g.slices
	}
	for _, g := range c.order {
		g.slices.atCadence(g.arm.Interval, idle)
	}
	return c, nil
}

// arm sums up the trials of one arm in one cell.
func (b *builder) arm(g *group) error {
	b.counts(g)
	if g.empty() {
		b.explainEmpty(g)
		return nil
	}
	g.result.Source = g.set(ResponseP50).regime
	g.result.Trials, g.result.Columns = g.trials.ids(), sortedColumns(g.trials.columns)
	g.result.SliceTrials, g.result.SliceColumns = g.slices.ids(), sortedColumns(g.slices.columns)
	b.regimeNotes(g)
	for _, s := range []*set{g.trials, g.slices} {
		b.warnings(g, s)
	}
	if err := b.costs(g); err != nil {
		return err
	}
	for _, collector := range g.collectors {
		if err := b.collector(g, collector); err != nil {
			return fmt.Errorf("collector %s: %w", collector, err)
		}
	}
	return nil
}

// counts says how many trials the row rests on, and adds them to the arm's tally
// of the whole run.
func (b *builder) counts(g *group) {
	r := g.result
	r.Tried, r.Used, r.Void = len(g.trials.tried), len(g.trials.used), g.trials.void
	r.Slices = Counts{len(g.slices.tried), len(g.slices.used), g.slices.void}
	for i := range b.report.Arms {
		if a := &b.report.Arms[i]; a.Name == g.arm.Name {
			a.Trials.Used += r.Used
			a.Slices.Used += r.Slices.Used
		}
	}
	for _, s := range []*set{g.trials, g.slices} {
		if s.repeated > 0 {
			note := b.notes.at(NoteRepeated, "a usable trial is not used: a later attempt stands in for it", g.placeOf(s.repeated, len(s.tried), s.regime))
			r.Notes = addID(r.Notes, note)
		}
	}
}

// regimeNotes says where a sliced arm's numbers come from if that is not the usual.
func (b *builder) regimeNotes(g *group) {
	add := func(note int) { g.result.Notes = addID(g.result.Notes, note) }
	switch slices, trials := len(g.slices.used), len(g.trials.used); {
	case len(g.slices.tried) > 0 && slices == 0:
		add(b.notes.at(NoteRegime, "no slice counts: all numbers are of trials of its own", g.placeOf(0, 0, InSlices)))
	case slices > 0 && trials == 0:
		add(b.notes.at(NoteRegime, "no trial of its own counts: nothing is known of its memory", g.placeOf(0, 0, InTrials)))
	}
	if len(g.slices.used) == 0 || g.slices.stated == nil {
		return
	}
	if g.set(CPUCores) != g.slices {
		add(b.notes.at(NoteRegime, fmt.Sprintf("CPU time is that of trials of its own: slices have calls every %v, and without slices of an idle arm their cost cannot be stated at %v",
			g.slices.arm.Interval, g.arm.Interval), g.placeOf(0, 0, InSlices)))
		return
	}
	add(b.notes.rule(NoteStated, fmt.Sprintf("slices have calls every %v; their CPU time is stated at %v: what is above the idle arm of the same cycle goes with the calls",
		g.slices.arm.Interval, g.arm.Interval)))
}

// explainEmpty says why a row has no numbers.
func (b *builder) explainEmpty(g *group) {
	tried := slices.Concat(g.trials.tried, g.slices.tried)
	var note int
	switch needs, ok := b.unsupported[g.arm.Name]; {
	case ok:
		note = b.notes.rule(NoteUnsupported, fmt.Sprintf("%s: %s", g.arm.Name, needs))
	case len(tried) == 0:
		note = b.notes.at(NoteNoTrials, "no trial of this arm was run", g.placeOf(0, 0, InTrials))
	default:
		reasons := make(map[bench.VoidReason]bool)
		for _, t := range tried {
			for _, v := range t.Void {
				reasons[v.Reason] = true
			}
		}
		var texts []string
		for _, reason := range slices.Sorted(maps.Keys(reasons)) {
			texts = append(texts, string(reason))
		}
		note = b.notes.at(NoteNoTrials, "every trial is void: "+strings.Join(texts, ", "), g.placeOf(len(tried), len(tried), regimeOf(tried[0])))
	}
	g.result.Notes = addID(g.result.Notes, note)
}

// Components are the components that can be metered, in the order of tables.
func Components() []bench.Component {
	return []bench.Component{
		bench.ComponentAgent, bench.ComponentRuntime, bench.ComponentShims, bench.ComponentKubelet,
		bench.ComponentHarness, bench.ComponentPods, bench.ComponentNode,
	}
}

// costs sums up CPU and memory.
func (b *builder) costs(g *group) error {
	var err error
	mean := func(s Series) Estimate {
		var e Estimate
		if err == nil {
			e, err = b.mean(g, g.set(s.Metric), s)
		}
		return e
	}
	has := func(s Series) bool { return g.set(s.Metric).columns[s] != nil }
	// Only of the total and its parts is it worth a note that they are absent: the
	// node has no PSS, and a harness in a container may not see the rest.
	cost := func(c bench.Component, wanted bool) Cost {
		out := Cost{Component: c}
		cpu, pss := Series{Metric: CPUCores, Component: c}, Series{Metric: PSS, Component: c}
		if wanted || has(cpu) {
			out.CPU = mean(cpu)
		}
		if wanted || has(pss) {
			out.PSS = mean(pss)
		}
		return out
	}
	g.result.Total = cost(Total, true)
	g.result.CPUPerCall = mean(Series{Metric: CPUPerCall, Component: Total})
	for _, c := range Components() {
		wanted := slices.Contains(b.report.Parts, c)
		metered := func(t *bench.Trial) bool { return t.Costs[c] != nil }
		if slices.ContainsFunc(g.trials.used, metered) || slices.ContainsFunc(g.slices.used, metered) {
			g.result.Components = append(g.result.Components, cost(c, wanted))
		}
	}
	return err
}
