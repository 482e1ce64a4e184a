package analysis

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/plan"
	"cri-stats-bench/bench/record"
	"cri-stats-bench/bench/stat"
)

// Analyze makes a report of a run that package record has read. What is damaged
// in it leaves a note, unless it is the plan or the host that cannot be decoded.
func Analyze(run *record.Run) (*Report, error) {
	in, err := NewInput(run)
	if err != nil {
		return nil, err
	}
	return in.Analyze()
}

// Analyze makes a report of the records. The same records give the same report,
// in whatever order the trials come. It returns an error where there is no plan
// or no trial at all; whatever else is wanting is a note.
func (in Input) Analyze() (*Report, error) {
	b, err := in.builder()
	if err != nil {
		return nil, err
	}
	for _, step := range []func() error{b.observe, b.treatments, b.truth, b.decide, b.withhold, b.freshness, b.design, b.kubelet, b.prices, b.scaling, b.selfChecks, b.controls, b.hypothesis, b.timeline} {
		if err := step(); err != nil {
			return nil, fmt.Errorf("analyse a run of plan %s: %w", in.Plan.Name, err)
		}
	}
	return b.finish(), nil
}

// builder returns a builder that knows the run as a whole and no cell yet.
func (in Input) builder() (*builder, error) {
	if in.Plan == nil {
		return nil, errors.New("analyse a run: it has no plan")
	}
	if len(in.Trials) == 0 {
		return nil, fmt.Errorf("analyse a run of plan %s: it has no trials", in.Plan.Name)
	}
	hash, err := in.Plan.Hash()
	if err != nil {
		return nil, err
	}
	spending := in.Spending
	if spending == nil {
		if spending, err = SpendingOf(in.Plan); err != nil {
			return nil, fmt.Errorf("looks of plan %s: %w", in.Plan.Name, err)
		}
	}
	planned := make([]string, len(in.Plan.Arms))
	for i, a := range in.Plan.Arms {
		planned[i] = a.Name
	}
	in, modes := in.labelled()
	in.Trials = withClients(in.Trials)
	in.Trials = slices.Concat(in.Trials, in.sums())
	b := &builder{
		input:    in,
		planned:  planned,
		modes:    modes,
		spending: spending, levels: spending.Levels(alpha),
		trials: sorted(in.Trials),
		notes:  newNotebook(),
		report: &Report{
			Name: in.Plan.Name, Description: in.Plan.Description, Experiment: in.Plan.Experiment,
			Hash: hash, Seed: in.Plan.Seed, Mode: in.Plan.Mode,
			Baseline: in.Plan.Baseline, Idle: in.Plan.Idle, Margin: in.Plan.Margin,
			Looks: in.Plan.Rounds.Looks(), End: in.End,
			Level: intervalLevel, VerdictLevel: verdictLevel, Host: in.Host,
			Parts: parts(in.Plan, in.Trials), Unsound: in.Unsound, Profiles: in.profiles(),
		},
	}
	b.arms = arms(slices.Concat(in.Plan.Arms, sumArms(in.Plan)), b.trials)
	b.again = copies(b.arms, in.Plan.Baseline, in.Plan.Idle, asked(in.Plan))
	if b.report.Baseline != "" || len(in.Plan.Comparisons) > 0 {
		b.report.Primary = primaryCell(in.Plan.Cells())
	}
	b.tally(b.trials)
	return b, nil
}

// parts returns the components that the headline sums over, less those that no
// trial metered: a total that names its parts is better than none.
func parts(p *plan.Plan, trials []bench.Trial) []bench.Component {
	var out []bench.Component
	for _, part := range headline(p) {
		if slices.ContainsFunc(trials, func(t bench.Trial) bool { return t.Usable() && t.Costs[part] != nil }) {
			out = append(out, part)
		}
	}
	return out
}

// headline returns the components that carry the cost of an experiment. Who compares two
// builds of a runtime does not ask what its clients cost.
func headline(p *plan.Plan) []bench.Component {
	runtime := []bench.Component{bench.ComponentRuntime, bench.ComponentShims}
	switch {
	case len(p.Treatments) > 0:
		return runtime
	case p.Experiment == plan.Kubelet:
		return append([]bench.Component{bench.ComponentKubelet}, runtime...)
	}
	return append([]bench.Component{bench.ComponentAgent}, runtime...)
}

// A builder makes one report.
type builder struct {
	input  Input
	trials []*bench.Trial // in an order that depends on nothing but them
	report *Report
	notes  *notebook
	arms   []bench.Arm // the plan's, then those that only the records know
	cells  []*cellGroup
	// planned are the plan's arms by the names that they have there.
	planned []string
	// spending says how the 5 % are spent over the looks, levels what that leaves for each.
	spending *stat.Spending
	levels   []float64
	// unsupported has what arms need that the node does not have.
	unsupported map[string]string
	// modes has those of a kubelet's arms.
	modes map[string]Mode
	// again has which arm an arm repeats under another name.
	again map[string]string
	// effects are those that numbers of rounds find, in standard deviations.
	effects map[int]float64
}

// observe notes what concerns the run as a whole, and goes through its cells.
func (b *builder) observe() error {
	in := &b.input
	for _, d := range in.Damage {
		b.runNote(NoteDamage, "not used: "+d)
	}
	if in.Unfinished {
		b.runNote(NoteUnfinished, "the records do not say that the run came to its end: it was interrupted, is under way, or is older than that file (end.json)")
	}
	for _, part := range headline(in.Plan) {
		if !slices.Contains(b.report.Parts, part) {
			b.runNote(NoteNotMetered, fmt.Sprintf("the component %s was not metered: it is not in the total", part))
		}
	}
	if in.Plan.Mode == plan.Parallel {
		b.runNote(NoteJoint, "all collectors ran at once: the costs of runtime and shims are joint, only the agent's are each collector's own")
	}
	for _, warning := range in.Plan.Warnings {
		b.runNote(NotePlan, warning.Error())
	}
	b.span(b.trials)
	for _, cell := range cells(in.Plan.Cells(), b.trials) {
		if err := b.cell(cell, b.trials); err != nil {
			return err
		}
	}
	return nil
}

// finish puts the report together.
func (b *builder) finish() *Report {
	for _, c := range b.cells {
		b.report.Cells = append(b.report.Cells, c.result())
	}
	b.report.Notes = b.notes.notes
	return b.report
}

// span finds the first and the last window. A trial that came to none has no
// start.
func (b *builder) span(trials []*bench.Trial) {
	for _, t := range trials {
		switch {
		case t.Start.IsZero():
		case b.report.First.IsZero():
			b.report.First, b.report.Last = t.Start, t.Start
		case t.Start.Before(b.report.First):
			b.report.First = t.Start
		case t.Start.After(b.report.Last):
			b.report.Last = t.Start
		}
	}
}

func (b *builder) runNote(kind NoteKind, text string) {
	b.report.RunNotes = addID(b.report.RunNotes, b.notes.rule(kind, text))
}

// sorted returns the trials in an order that depends on nothing but them.
func sorted(in []bench.Trial) []*bench.Trial {
	out := make([]*bench.Trial, len(in))
	for i := range in {
		out[i] = &in[i]
	}
	slices.SortStableFunc(out, func(a, b *bench.Trial) int {
		return cmp.Or(
			compareCells(a.Cell, b.Cell),
			cmp.Compare(a.Sweep, b.Sweep),
			cmp.Compare(a.Round, b.Round),
			cmp.Compare(a.Arm.Name, b.Arm.Name),
			cmp.Compare(a.Attempt, b.Attempt),
			a.Start.Compare(b.Start),
			cmp.Compare(a.Length, b.Length),
		)
	})
	return out
}

func compareCells(a, b bench.Cell) int {
	return cmp.Or(
		cmp.Compare(a.Profile, b.Profile),
		cmp.Compare(a.ContainersPerPod, b.ContainersPerPod),
		cmp.Compare(a.Pods, b.Pods),
	)
}

// arms returns the plan's arms, and after them those that only the records know.
func arms(planned []bench.Arm, trials []*bench.Trial) []bench.Arm {
	out := slices.Clone(planned)
	extra := make(map[string]bench.Arm)
	for _, t := range trials {
		if !slices.ContainsFunc(planned, func(a bench.Arm) bool { return a.Name == t.Arm.Name }) {
			extra[t.Arm.Name] = t.Arm
		}
	}
	for _, name := range slices.Sorted(maps.Keys(extra)) {
		out = append(out, extra[name])
	}
	return out
}

// cells is arms for cells.
func cells(planned []bench.Cell, trials []*bench.Trial) []bench.Cell {
	out := slices.Clone(planned)
	for _, t := range trials { // in order of their cells
		if !slices.Contains(out, t.Cell) {
			out = append(out, t.Cell)
		}
	}
	return out
}

// tally counts how the trials of each arm went over the whole run.
func (b *builder) tally(trials []*bench.Trial) {
	b.unsupported = make(map[string]string)
	byArm := make(map[string]*Arm)
	for _, arm := range b.arms {
		b.report.Arms = append(b.report.Arms, Arm{Name: arm.Name, Collectors: arm.Collectors, Clients: arm.Clients})
	}
	for i := range b.report.Arms {
		a := &b.report.Arms[i]
		byArm[a.Name] = a
		a.Trials.Interval, a.Trials.Window, a.Trials.WarmUp = b.arms[i].Interval, b.arms[i].Window, b.arms[i].WarmUp
	}
	for _, t := range trials {
		a := byArm[t.Arm.Name]
		if b.isSum(t.Arm.Name) {
			continue // its trials are counted where they ran
		}
		a.Trials.count(t)
		if t.Unsupported != "" && a.Unsupported == "" {
			a.Unsupported = t.Unsupported
			b.unsupported[a.Name] = t.Unsupported
		}
	}
	for _, a := range byArm {
		slices.SortFunc(a.Trials.Void, func(a, b VoidCount) int { return cmp.Compare(a.Reason, b.Reason) })
	}
}

// count takes one trial in.
func (c *Tally) count(t *bench.Trial) {
	c.Tried++
	counted := make(map[bench.VoidReason]bool)
	for _, v := range t.Void {
		if counted[v.Reason] {
			continue
		}
		counted[v.Reason] = true
		i := slices.IndexFunc(c.Void, func(c VoidCount) bool { return c.Reason == v.Reason })
		if i < 0 {
			i = len(c.Void)
			c.Void = append(c.Void, VoidCount{Reason: v.Reason, Example: v.Detail})
		}
		c.Void[i].Trials++
	}
}

// asked are the arms that the plan's comparisons name.
func asked(p *plan.Plan) []string {
	var out []string
	for _, c := range slices.Concat(p.Comparisons, p.Also) {
		out = append(out, c.Of, c.To)
	}
	return out
}
