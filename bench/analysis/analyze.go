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
	b := &builder{
		notes: newNotebook(),
		report: &Report{
			Name: in.Plan.Name, Description: in.Plan.Description, Experiment: in.Plan.Experiment,
			Hash: hash, Seed: in.Plan.Seed, Mode: in.Plan.Mode,
			Baseline: in.Plan.Baseline, Idle: in.Plan.Idle, Margin: in.Plan.Margin,
			Level: intervalLevel, Host: in.Host,
			Parts: parts(in.Plan.Experiment, in.Trials),
		},
	}
	if err := b.build(in); err != nil {
		return nil, fmt.Errorf("analyse a run of plan %s: %w", in.Plan.Name, err)
	}
	return b.report, nil
}

// parts returns the components that the headline sums over, less those that no
// trial metered: a total that names its parts is better than none.
func parts(experiment string, trials []bench.Trial) []bench.Component {
	var out []bench.Component
	for _, part := range headline(experiment) {
		if slices.ContainsFunc(trials, func(t bench.Trial) bool { return t.Usable() && t.Costs[part] != nil }) {
			out = append(out, part)
		}
	}
	return out
}

// headline returns the components that carry the cost of an experiment.
func headline(experiment string) []bench.Component {
	reader := bench.ComponentAgent
	if experiment == "kubelet" {
		reader = bench.ComponentKubelet
	}
	return []bench.Component{reader, bench.ComponentRuntime, bench.ComponentShims}
}

// A builder makes one report.
type builder struct {
	report *Report
	notes  *notebook
	arms   []bench.Arm
	// unsupported has what arms need that the node does not have.
	unsupported map[string]string
}

// A cellGroup is a cell and the trials of each arm in it.
type cellGroup struct {
	cell   bench.Cell
	groups map[string]*group
}

// A group is the trials of one arm in one cell.
type group struct {
	cell       *cellGroup
	arm        bench.Arm
	collectors []string
	// unsupported is set where the node cannot run the arm, in this cell or another.
	unsupported bool
	// tried and used are in the order of sweep, round and attempt; used has one
	// trial per round.
	tried, used []*bench.Trial
	columns     map[Series][]Observation
	result      *ArmResult
}

// place is where a note about all usable trials of the group holds.
func (g *group) place() Place { return g.placeOf(len(g.used), len(g.used)) }

func (g *group) placeOf(trials, of int) Place {
	return Place{Arm: g.arm.Name, Cell: g.cell.cell, Trials: trials, Of: of}
}

func (b *builder) build(in Input) error {
	trials := sorted(in.Trials)
	for _, d := range in.Damage {
		b.runNote(NoteDamage, "not used: "+d)
	}
	for _, part := range headline(in.Plan.Experiment) {
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
	b.span(trials)
	b.arms = arms(in.Plan.Arms, trials)
	b.tally(trials)

	for _, cell := range cells(in.Plan.Cells(), trials) {
		if err := b.cell(cell, trials); err != nil {
			return err
		}
	}
	b.report.Notes = b.notes.notes
	return nil
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
	for _, arm := range b.arms {
		tally := Arm{Name: arm.Name, Collectors: arm.Collectors, Interval: arm.Interval, Window: arm.Window}
		voids := make(map[bench.VoidReason]VoidCount)
		for _, t := range trials {
			if t.Arm.Name != arm.Name {
				continue
			}
			tally.Tried++
			if t.Unsupported != "" && tally.Unsupported == "" {
				tally.Unsupported = t.Unsupported
			}
			counted := make(map[bench.VoidReason]bool)
			for _, v := range t.Void {
				if counted[v.Reason] {
					continue
				}
				counted[v.Reason] = true
				count, ok := voids[v.Reason]
				if !ok {
					count = VoidCount{Reason: v.Reason, Example: v.Detail}
				}
				count.Trials++
				voids[v.Reason] = count
			}
		}
		for _, reason := range slices.Sorted(maps.Keys(voids)) {
			tally.Void = append(tally.Void, voids[reason])
		}
		if tally.Unsupported != "" {
			b.unsupported[arm.Name] = tally.Unsupported
		}
		b.report.Arms = append(b.report.Arms, tally)
	}
}
