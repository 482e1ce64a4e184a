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
	if err := b.aboves(c); err != nil {
		return err
	}
	return b.pairUp(c)
}

// gather finds the trials of a cell that count and observes them. It returns nil
// where none was tried.
func (b *builder) gather(cell bench.Cell, trials []*bench.Trial) (*cellGroup, error) {
	c := &cellGroup{cell: cell, groups: make(map[string]*group)}
	for _, arm := range b.arms {
		g := &group{
			cell: c, arm: arm, collectors: arm.Collectors, unsupported: b.unsupported[arm.Name] != "",
			result: &ArmResult{Arm: arm.Name, Sum: b.isSum(arm.Name)},
		}
		c.order = append(c.order, g)
		c.groups[arm.Name] = g
	}
	var here []*bench.Trial
	for _, t := range trials {
		if t.Cell == cell {
			here = append(here, t)
			g := c.groups[t.Arm.Name]
			g.tried = append(g.tried, t)
		}
	}
	if len(here) == 0 {
		b.runNote(NoteNotRun, fmt.Sprintf("no trial was run in %s", cell))
		return nil, nil
	}
	for _, g := range c.order {
		g.pick()
		o := newObserver(b.report.Parts)
		for _, t := range g.used {
			if err := o.observe(t); err != nil {
				return nil, fmt.Errorf("%s in %s: %w", g.arm.Name, cell, err)
			}
		}
		g.columns = o.columns
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
	g.result.Trials, g.result.Columns = g.ids(), sortedColumns(g.columns)
	b.warnings(g)
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
	r.Tried, r.Used, r.Void = len(g.tried), len(g.used), g.void
	for i := range b.report.Arms {
		if a := &b.report.Arms[i]; a.Name == g.arm.Name {
			if !r.Sum { // its trials are those of others
				a.Trials.Used += r.Used
			}
		}
	}
	if g.repeated > 0 {
		note := b.notes.at(NoteRepeated, "a usable trial is not used: a later attempt stands in for it", g.placeOf(g.repeated, len(g.tried)))
		r.Notes = addID(r.Notes, note)
	}
}

// explainEmpty says why a row has no numbers.
func (b *builder) explainEmpty(g *group) {
	var note int
	switch needs, ok := b.unsupported[g.arm.Name]; {
	case ok:
		note = b.notes.rule(NoteUnsupported, fmt.Sprintf("%s: %s", g.arm.Name, needs))
	case len(g.tried) == 0:
		note = b.notes.at(NoteNoTrials, "no trial of this arm was run", g.placeOf(0, 0))
	default:
		reasons := make(map[bench.VoidReason]bool)
		for _, t := range g.tried {
			for _, v := range t.Void {
				reasons[v.Reason] = true
			}
		}
		var texts []string
		for _, reason := range slices.Sorted(maps.Keys(reasons)) {
			texts = append(texts, string(reason))
		}
		note = b.notes.at(NoteNoTrials, "every trial is void: "+strings.Join(texts, ", "), g.placeOf(len(g.tried), len(g.tried)))
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
			e, err = b.mean(g, s)
		}
		return e
	}
	has := func(s Series) bool { return g.columns[s] != nil }
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
	if reads := (TotalOf(ReadCalls)); has(reads) {
		g.result.Reads = mean(reads)
	}
	if response := (Series{Metric: ResponseP50}); has(response) {
		g.result.Response = mean(response)
	}
	for _, c := range Components() {
		wanted := slices.Contains(b.report.Parts, c)
		metered := func(t *bench.Trial) bool { return t.Costs[c] != nil }
		if slices.ContainsFunc(g.used, metered) {
			g.result.Components = append(g.result.Components, cost(c, wanted))
		}
	}
	return err
}
