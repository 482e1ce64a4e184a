package runs

import (
	"fmt"
	"math"
	"slices"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/stat"
)

// A Comparison sets a new run against an old one: plain data, in base units.
type Comparison struct {
	Old Origin `json:"old"`
	New Origin `json:"new"`
	// Margin is the relative change that does not matter, Level that of all intervals.
	Margin float64 `json:"margin"`
	Level  float64 `json:"level"`
	// Simulated runs have no verdict.
	Simulated bool `json:"simulated,omitempty"`
	// Verdict is that on the whole: Regressed if anything is, Same if all is the same
	// or improved, else Inconclusive.
	Verdict Verdict `json:"verdict,omitempty"`
	// Differences are what is not the same in plan, node, harness and runtime.
	Differences []Difference `json:"differences,omitempty"`
	// Warnings are what a reader must know before he trusts a verdict.
	Warnings  []string   `json:"warnings,omitempty"`
	Endpoints []Endpoint `json:"endpoints"`
	// Faults are what arms do not do, or do worse, whatever it costs.
	Faults []Fault `json:"faults,omitempty"`
	// Floors are what tells whether the node changed.
	Floors []Floor `json:"floors,omitempty"`
	// Unmatched are what one run alone has, and what is not to be compared.
	Unmatched []Unmatched `json:"unmatched,omitempty"`
	// Notes are footnotes; endpoints refer to them by index.
	Notes []string `json:"notes,omitempty"`
}

// An Unmatched is an arm, a cell, or an endpoint that was not compared.
type Unmatched struct {
	Cell   *bench.Cell      `json:"cell,omitempty"`
	Arm    string           `json:"arm,omitempty"`
	Series *analysis.Series `json:"series,omitempty"`
	// In is the run that has it, "old" or "new"; empty where both do.
	In  string `json:"in,omitempty"`
	Why string `json:"why"`
	// Lost says that the plan of the new run asks for it: it cannot be said that
	// nothing regressed.
	Lost bool `json:"lost,omitempty"`
	// Untrue says that the new run's answers are not true and the old run's are: that is a
	// regression.
	Untrue bool `json:"untrue,omitempty"`
}

// Options of Compare.
type Options struct {
	// Margin is the relative change that does not matter; 0 for the old run's plan's.
	Margin float64
	// Anyway compares runs of other machines and of other plans, as far as numbers can
	// be set against each other at all. Simulated and real runs never can.
	Anyway bool
}

// mostMargin is more than anybody can mean.
const mostMargin = 10

// A builder makes one comparison.
type builder struct {
	old, new *Run
	margin   float64
	c        *Comparison
	open     []open // one per endpoint
}

func newBuilder(old, new *Run, margin float64) *builder {
	return &builder{old: old, new: new, margin: margin, c: &Comparison{
		Old: old.origin(), New: new.origin(), Margin: margin, Level: verdictLevel, Simulated: old.Report.Simulated(),
	}}
}

// Compare sets a new run against an old one. The error is a *DifferenceError where
// they did not measure the same.
func Compare(old, new *Run, o Options) (*Comparison, error) {
	margin := o.Margin
	if margin == 0 {
		margin = old.Report.Margin
	}
	if !(margin > 0 && margin < mostMargin) {
		return nil, fmt.Errorf("compare %s with %s: a margin of %g is not above 0 and below %d", old.Name, new.Name, margin, mostMargin)
	}
	if old.same(new) {
		return nil, &DuplicateError{old.Name, new.Name}
	}
	if err := refuse(old, new, reality(old, new)); err != nil {
		return nil, err
	}
	differences := slices.Concat(planDifferences(old, new, planFacts()), meteredDifference(old, new), hostDifferences(old, new))
	if err := refuse(old, new, differences); err != nil && !o.Anyway {
		return nil, err
	}
	b := newBuilder(old, new, margin)
	b.c.Differences = differences
	for _, step := range []func() error{b.verdicts, b.foresee} {
		if err := step(); err != nil {
			return nil, fmt.Errorf("compare %s with %s: %w", old.Name, new.Name, err)
		}
	}
	b.warn()
	return b.c, nil
}

// verdicts does all that verdicts rest on.
func (b *builder) verdicts() error {
	for _, step := range []func() error{b.match, b.faults, b.floors, b.decide} {
		if err := step(); err != nil {
			return err
		}
	}
	b.c.Verdict = b.whole()
	return nil
}

// match finds what both runs have, and says what one of them lacks.
func (b *builder) match() error {
	for i := range b.old.Report.Cells {
		cell := b.old.Report.Cells[i].Cell
		if b.new.cell(cell) == nil {
			lost := slices.Contains(b.new.Plan.Cells(), cell)
			b.unmatched(Unmatched{Cell: &cell, In: "old", Why: "the new run has no trial in this cell", Lost: lost})
		}
	}
	for i := range b.new.Report.Cells {
		if cell := b.new.Report.Cells[i].Cell; b.old.cell(cell) == nil {
			b.unmatched(Unmatched{Cell: &cell, In: "new", Why: "the old run has no trial in this cell"})
		}
	}
	for _, a := range b.old.Report.Arms {
		if err := b.matchArm(a.Name); err != nil {
			return err
		}
	}
	for _, a := range b.new.Report.Arms {
		if !slices.ContainsFunc(b.old.Report.Arms, func(o analysis.Arm) bool { return o.Name == a.Name }) {
			b.unmatched(Unmatched{Arm: a.Name, In: "new", Why: "the old run has no such arm"})
		}
	}
	return nil
}

// matchArm compares one arm of the old run in all cells.
func (b *builder) matchArm(name string) error {
	arm, ok := b.old.planned(name)
	if !ok {
		b.unmatched(Unmatched{Arm: name, In: "old", Why: "it is not in the plan"})
		return nil
	}
	if _, ok := b.new.planned(name); !ok {
		b.unmatched(Unmatched{Arm: name, In: "old", Why: "the new run has no such arm"})
		return nil
	}
	switch why := armDifference(b.old, b.new, name); {
	case why != "":
		b.unmatched(Unmatched{Arm: name, Why: "it did not do the same: " + why, Lost: true})
		return nil
	case control(arm):
		b.unmatched(Unmatched{Arm: name, Why: "it is the positive control of each run"})
		return nil
	case b.old.repeats(name) || b.new.repeats(name):
		b.unmatched(Unmatched{Arm: name, Why: "it repeats another arm, for each run's noise floor"})
		return nil
	}
	for i := range b.old.Report.Cells {
		cell := b.old.Report.Cells[i].Cell
		old, new := b.old.arm(cell, name), b.new.arm(cell, name)
		if new == nil || old == nil {
			continue // the cell is told of, or the arm
		}
		switch had, have := used(old), used(new); {
		case had && have && len(old.Untrue)+len(new.Untrue) > 0:
			b.untrue(cell, old, new)
		case had && have:
			if err := b.compareArm(cell, arm, old, new); err != nil {
				return err
			}
		case had && b.new.unsupported(name):
			b.unmatched(Unmatched{Cell: &cell, Arm: name, In: "old", Why: "the node of the new run does not support it", Lost: true})
		case had:
			b.unmatched(Unmatched{Cell: &cell, Arm: name, In: "old", Why: "the new run has no trial of it that counts", Lost: true})
		case have:
			b.unmatched(Unmatched{Cell: &cell, Arm: name, In: "new", Why: "the old run has no trial of it that counts"})
		}
	}
	return nil
}

// untrue leaves an arm out whose answers are not true: what it costs to be answered wrong is
// no measure of what it cost to be answered right.
func (b *builder) untrue(cell bench.Cell, old, new *analysis.ArmResult) {
	u := Unmatched{Cell: &cell, Arm: old.Arm, Lost: true}
	switch {
	case len(old.Untrue) == 0:
		u.In, u.Untrue, u.Why = "old", true, "in the new run "+new.Untrue[0]
	case len(new.Untrue) == 0:
		u.In, u.Why = "new", "in the old run "+old.Untrue[0]
	default:
		u.Why = "in both runs " + new.Untrue[0]
	}
	b.unmatched(u)
}

// compareArm compares all endpoints of an arm in a cell.
func (b *builder) compareArm(cell bench.Cell, arm bench.Arm, old, new *analysis.ArmResult) error {
	for _, w := range b.endpoints(arm, old, new) {
		if err := b.compare(cell, old, new, w); err != nil {
			return err
		}
		if w.class != Primary {
			continue
		}
		if err := b.relative(cell, old, new, w); err != nil {
			return err
		}
	}
	return nil
}

func used(a *analysis.ArmResult) bool { return len(a.Trials) > 0 }

func (b *builder) unmatched(u Unmatched) { b.c.Unmatched = append(b.c.Unmatched, u) }

// unmatchedSeries lists an endpoint that one run alone has. What neither has goes
// without saying, and so does an exploratory one.
func (b *builder) unmatchedSeries(cell bench.Cell, old, new *analysis.ArmResult, w wanted) {
	had, have := has(old, w.series), has(new, w.series)
	if w.class != Primary || !had && !have {
		return
	}
	u := Unmatched{Cell: &cell, Arm: old.Arm, Series: &w.series, Why: "a run has no value of it above zero"}
	switch {
	case !have:
		u.In, u.Why, u.Lost = "old", "the new run has no number of it", true
	case !had:
		u.In, u.Why = "new", "the old run has no number of it"
	default:
		u.Lost = true
	}
	b.unmatched(u)
}

// note returns the index of a footnote.
func (b *builder) note(text string) int {
	if i := slices.Index(b.c.Notes, text); i >= 0 {
		return i
	}
	b.c.Notes = append(b.c.Notes, text)
	return len(b.c.Notes) - 1
}

// decide gives every primary endpoint and every fault its verdict.
func (b *builder) decide() error {
	var alarms, gains, q []float64
	for i, e := range b.c.Endpoints {
		if e.Class == Exploratory {
			q = append(q, e.P)
		} else {
			alarms, gains = append(alarms, b.open[i].tails.regressed), append(gains, b.open[i].tails.improved)
		}
	}
	for _, f := range b.c.Faults {
		alarms, gains = append(alarms, f.P), append(gains, f.gain)
	}
	var err error
	if alarms, err = adjust(stat.Holm, alarms); err != nil {
		return err
	}
	if gains, err = adjust(stat.Holm, gains); err != nil {
		return err
	}
	if q, err = adjust(stat.BenjaminiHochberg, q); err != nil {
		return err
	}
	for i := range b.c.Endpoints {
		e := &b.c.Endpoints[i]
		if e.Class == Exploratory {
			e.Adjusted, q = q[0], q[1:]
			continue
		}
		e.Adjusted = alarms[0]
		if err := b.settle(e, b.open[i], alarms[0], gains[0]); err != nil {
			return err
		}
		alarms, gains = alarms[1:], gains[1:]
	}
	for i := range b.c.Faults {
		b.c.Faults[i].settle(alarms[i], gains[i], b.c.Simulated)
	}
	return nil
}

// adjust is a method for many p-values, which may be none.
func adjust(method func([]float64) ([]float64, error), p []float64) ([]float64, error) {
	if len(p) == 0 {
		return nil, nil
	}
	return method(p)
}

// settle gives one endpoint its verdict. Where the node became slower, a loss counts
// if it is there over and above that of the floor.
func (b *builder) settle(e *Endpoint, o open, regressed, improved float64) error {
	if b.c.Simulated {
		return nil
	}
	e.Verdict, e.Unadjusted = Inconclusive, Inconclusive
	if !o.judged {
		return nil
	}
	e.Unadjusted = o.tails.decide(o.tails.regressed, o.tails.improved)
	e.Verdict = o.tails.decide(regressed, improved)
	if err := b.netOfNode(e, o); err != nil {
		return err
	}
	if e.Verdict == Inconclusive || e.Verdict == Same {
		e.Worse, e.Less = o.tails.worse < alpha, o.tails.less < alpha
	}
	return nil
}

// whole is the verdict on the run.
func (b *builder) whole() Verdict {
	if b.c.Simulated {
		return NoVerdict
	}
	n, open := 0, false
	for _, e := range b.c.Endpoints {
		switch {
		case e.Verdict == Regressed:
			return Regressed
		case e.Class == Primary:
			n++
			open = open || e.Verdict == Inconclusive
		}
	}
	for _, f := range b.c.Faults {
		if f.Verdict == Regressed {
			return Regressed
		}
	}
	if slices.ContainsFunc(b.c.Unmatched, func(u Unmatched) bool { return u.Untrue }) {
		return Regressed
	}
	lost := slices.ContainsFunc(b.c.Unmatched, func(u Unmatched) bool { return u.Lost })
	if n == 0 || open || lost {
		return Inconclusive
	}
	return Same
}

// meteredDifference tells totals apart that do not sum over the same.
func meteredDifference(old, new *Run) []Difference {
	return differ(nil, "components in the total", fmt.Sprint(old.Report.Parts), fmt.Sprint(new.Report.Parts), Refuses)
}

// relative writes a ratio as a change: 1.05 as "+5.0 %".
func relative(ratio float64) string {
	if math.IsNaN(ratio) || math.IsInf(ratio, 0) {
		return "by an unknown share"
	}
	return fmt.Sprintf("%+.1f %%", 100*(ratio-1))
}
