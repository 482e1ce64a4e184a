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
	c := &cellGroup{cell: cell, groups: make(map[string]*group)}
	order := make([]*group, len(b.arms))
	for i, arm := range b.arms {
		order[i] = &group{cell: c, arm: arm, collectors: arm.Collectors, unsupported: b.unsupported[arm.Name] != ""}
		c.groups[arm.Name] = order[i]
	}
	tried := false
	for _, t := range trials {
		if t.Cell == cell {
			tried = true
			g := c.groups[t.Arm.Name]
			g.tried = append(g.tried, t)
		}
	}
	if !tried {
		b.runNote(NoteNotRun, fmt.Sprintf("no trial was run in %s", cell))
		return nil
	}

	for _, g := range order {
		if err := b.arm(g); err != nil {
			return fmt.Errorf("%s in %s: %w", g.arm.Name, cell, err)
		}
	}
	out := Cell{Cell: cell}
	for _, g := range order {
		if err := b.compare(g); err != nil {
			return err
		}
	}
	for _, g := range order {
		out.Arms = append(out.Arms, *g.result)
	}
	b.report.Cells = append(b.report.Cells, out)
	return nil
}

// arm observes the trials of one arm in one cell and sums them up.
func (b *builder) arm(g *group) error {
	g.result = &ArmResult{Arm: g.arm.Name, Tried: len(g.tried)}
	b.use(g)
	if len(g.used) == 0 {
		b.explainEmpty(g)
		return nil
	}
	o := newObserver(b.report.Parts)
	for _, t := range g.used {
		if err := o.observe(t); err != nil {
			return err
		}
		g.result.Trials = append(g.result.Trials, TrialID{t.Sweep, t.Round, t.Attempt, t.Start})
	}
	g.columns = o.columns
	g.result.Columns = o.sorted()
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

// use picks the trials that count: the usable one of each round.
func (b *builder) use(g *group) {
	repeated := 0
	for _, t := range g.tried {
		if len(t.Void) > 0 {
			g.result.Void++
		}
		if !t.Usable() {
			continue
		}
		if n := len(g.used); n > 0 && roundOf(g.used[n-1]) == roundOf(t) {
			repeated++
			continue
		}
		g.used = append(g.used, t)
	}
	g.result.Used = len(g.used)
	b.countUsed(g)
	if repeated > 0 {
		p := g.placeOf(repeated, len(g.tried))
		g.result.Notes = addID(g.result.Notes, b.notes.at(NoteRepeated, "a second usable trial of a round is not used", p))
	}
}

// countUsed adds to the arm's tally of the whole run.
func (b *builder) countUsed(g *group) {
	for i := range b.report.Arms {
		if b.report.Arms[i].Name == g.arm.Name {
			b.report.Arms[i].Used += len(g.used)
		}
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
		text := "every trial is void: "
		for i, reason := range slices.Sorted(maps.Keys(reasons)) {
			if i > 0 {
				text += ", "
			}
			text += string(reason)
		}
		note = b.notes.at(NoteNoTrials, text, g.placeOf(len(g.tried), len(g.tried)))
	}
	g.result.Notes = addID(g.result.Notes, note)
}

// warnings turns what usable trials warn of into notes of the row.
func (b *builder) warnings(g *group) {
	for _, t := range g.used {
		seen := make(map[string]bool)
		warn := func(kind NoteKind, text string) {
			if key := string(kind) + pattern(text); !seen[key] {
				seen[key] = true
				g.result.Notes = addID(g.result.Notes, b.notes.count(kind, text, g.place()))
			}
		}
		for _, text := range t.Warnings {
			warn(NoteTrial, text)
		}
		for _, a := range t.Agents {
			for _, text := range a.Warnings {
				warn(NoteAnswer, a.Collector+": "+text)
			}
		}
	}
	if len(g.collectors) > 1 {
		note := b.notes.rule(NoteJoint, strings.Join(g.collectors, " and ")+" ran at once: one call means one of each, and the costs are joint")
		g.result.Notes = addID(g.result.Notes, note)
	}
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
	p := g.place()
	var err error
	mean := func(s Series) Estimate {
		var e Estimate
		if err == nil {
			e, err = b.mean(s, g.columns[s], p)
		}
		return e
	}
	// Only of the total and its parts is it worth a note that they are absent: the
	// node has no PSS, and a harness in a container may not see the rest.
	cost := func(c bench.Component, wanted bool) Cost {
		out := Cost{Component: c}
		cpu, pss := Series{Metric: CPUCores, Component: c}, Series{Metric: PSS, Component: c}
		if wanted || g.columns[cpu] != nil {
			out.CPU = mean(cpu)
		}
		if wanted || g.columns[pss] != nil {
			out.PSS = mean(pss)
		}
		return out
	}
	g.result.Total = cost(Total, true)
	g.result.CPUPerCall = mean(Series{Metric: CPUPerCall, Component: Total})
	for _, c := range Components() {
		if slices.ContainsFunc(g.used, func(t *bench.Trial) bool { return t.Costs[c] != nil }) {
			g.result.Components = append(g.result.Components, cost(c, slices.Contains(b.report.Parts, c)))
		}
	}
	return err
}

// collector sums up the calls of one collector.
func (b *builder) collector(g *group, collector string) error {
	r := CollectorResult{Collector: collector}
	var windows []bench.Calls
	failedIn := make(map[string]int) // trials by the first reason
	for _, t := range g.used {
		for i := range t.Agents {
			a := &t.Agents[i]
			if a.Collector != collector {
				continue
			}
			windows = append(windows, a.Calls)
			r.Calls += len(a.Calls)
			r.Failed += a.Calls.Failed()
			r.Missing += len(a.Missing)
			if j := slices.IndexFunc(a.Calls, func(c bench.Call) bool { return c.Err != "" }); j >= 0 {
				failedIn[a.Calls[j].Err]++
			}
		}
	}
	failed := b.failedNotes(g, r, failedIn)
	g.result.Notes = append(g.result.Notes, failed...)

	var err error
	if r.Response, err = b.latency(windows, bench.Call.Response, failed); err != nil {
		return fmt.Errorf("response time: %w", err)
	}
	if r.Service, err = b.latency(windows, service, failed); err != nil {
		return fmt.Errorf("service time: %w", err)
	}
	p := g.place()
	take := func(of func(Series, []Observation, Place) (Estimate, error), s Series) Estimate {
		var e Estimate
		if err == nil {
			e, err = of(s, g.columns[s], p)
		}
		return e
	}
	r.FirstCall = take(b.mean, Series{Metric: FirstCall, Collector: collector})
	r.Bytes = take(b.count, Series{Metric: AnswerBytes, Collector: collector})
	r.Pods = take(b.count, Series{Metric: AnswerPods, Collector: collector})
	r.Containers = take(b.count, Series{Metric: AnswerContainers, Collector: collector})
	r.Samples = take(b.count, Series{Metric: AnswerSamples, Collector: collector})
	r.Expected = take(b.count, Series{Metric: Expected, Collector: collector})
	if s := (Series{CPUCores, bench.ComponentAgent, collector}); g.columns[s] != nil {
		r.CPU = take(b.mean, s)
	}
	if s := (Series{PSS, bench.ComponentAgent, collector}); g.columns[s] != nil {
		r.PSS = take(b.mean, s)
	}
	g.result.Collectors = append(g.result.Collectors, r)
	return err
}

// failedNotes says how many calls failed, and why first.
func (b *builder) failedNotes(g *group, r CollectorResult, firstErrors map[string]int) []int {
	if r.Failed == 0 {
		return nil
	}
	p := g.placeOf(0, len(g.used))
	reason := ""
	for _, text := range slices.Sorted(maps.Keys(firstErrors)) {
		p.Trials += firstErrors[text]
		if reason == "" || firstErrors[text] > firstErrors[reason] {
			reason = text
		}
	}
	text := fmt.Sprintf("%s: %d of %d calls failed, most often: %s; they rank above every answer, and costs are those of the fewer answers",
		r.Collector, r.Failed, r.Calls, reason)
	return []int{b.notes.at(NoteFailedCalls, text, p)}
}
