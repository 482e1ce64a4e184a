package analysis

import (
	"errors"
	"fmt"
	"math"
	"slices"

	gonum "gonum.org/v1/gonum/stat"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/stat"
)

// primaryCell is the cell that verdicts are about first: the one of primaryPods
// pods, else of the most; active pods before others; then the plan's order.
func primaryCell(cells []bench.Cell) *bench.Cell {
	var best *bench.Cell
	better := func(a, b bench.Cell) bool {
		switch {
		case a.Pods == b.Pods:
			return a.Profile == "active" && b.Profile != "active"
		case a.Pods == primaryPods || b.Pods == primaryPods:
			return a.Pods == primaryPods
		}
		return a.Pods > b.Pods
	}
	for _, c := range cells {
		if best == nil || better(c, *best) {
			best = &c
		}
	}
	return best
}

// class says what an endpoint is for.
func (b *builder) class(cell bench.Cell, s Series) Class {
	switch {
	case s.Component == Total && (s.Metric == CPUCores || s.Metric == PSS):
		if b.report.Primary != nil && cell == *b.report.Primary {
			return Primary
		}
		return Secondary
	case s.Metric == ResponseP50:
		return Secondary
	}
	return Exploratory
}

// rival says whether an arm is there to be compared with the baseline: not the idle
// arm, and none that is there for the quality of evidence.
func (b *builder) rival(g *group) bool {
	name := g.arm.Name
	return name != b.report.Baseline && name != b.report.Idle && b.again[name] == "" && !isControl(g.arm)
}

// reads says whether answers have containers in them, where containers run. What
// reads none, as the floor of the transport, is no rival of what reads all.
func (g *group) reads() bool {
	columns := g.set(AnswerContainers).columns
	mean := func(m Metric, collector string) float64 {
		return arithmeticMean(values(columns[Series{Metric: m, Collector: collector}]))
	}
	return slices.ContainsFunc(g.collectors, func(c string) bool {
		return mean(Expected, c) == 0 || mean(AnswerContainers, c) > 0
	})
}

// judge adds an endpoint to those that get a verdict once all of them are known.
func (b *builder) judge(g *group, s Series, e *effect) error {
	j := Judgement{Series: s, Class: b.class(g.cell.cell, s), Kind: e.kind, Regime: e.regime, P: 1, Adjusted: 1}
	var o open
	var err error
	if j.Ratio, err = b.estimateOf(e, verdictLevel); err != nil {
		return err
	}
	if note, ok := b.incomplete(g); ok {
		j.Ratio.Notes = addID(j.Ratio.Notes, note)
	}
	if j.Ratio.Interval != nil {
		if o.tails, err = tailsOf(e, b.report.Margin); err != nil {
			return err
		}
		j.P = o.tails.nonInferior
		if err := b.twin(&j, e); err != nil {
			return err
		}
		if j.Class == Exploratory {
			if j.P, err = noDifference(e); err != nil {
				return err
			}
		}
		j.SD, o.units = spreadOf(e)
	}
	g.result.Judgements = append(g.result.Judgements, j)
	g.open = append(g.open, o)
	return nil
}

// open is what is kept of a judgement until it gets its verdict.
type open struct {
	tails tails
	units int
}

// whole is the share of the containers from which on an answer counts as whole: pods
// come and go while it is made.
const whole = 0.99

// incomplete notes that an arm reads less than there is: it costs less, too.
func (b *builder) incomplete(g *group) (note int, ok bool) {
	for _, c := range g.result.Collectors {
		if c.Containers.Absent() || c.Expected.Absent() || c.Containers.Value >= whole*c.Expected.Value {
			continue
		}
		text := fmt.Sprintf("%s reads %.3g of %.3g containers: it does less work than an arm that reads all", c.Collector, c.Containers.Value, c.Expected.Value)
		return b.notes.at(NoteIncomplete, text, g.placeOf(0, 0, g.result.Source)), true
	}
	return 0, false
}

// tailsOf takes the p-values of an effect with an interval.
func tailsOf(e *effect, margin float64) (tails, error) {
	var t tails
	for _, at := range []struct {
		theta        float64
		below, above *float64
	}{
		{1, &t.better, &t.worse},
		{1 + margin, &t.nonInferior, &t.inferior},
		{1 / (1 + margin), new(float64), &t.notLess},
	} {
		var err error
		if *at.below, *at.above, err = e.tails(at.theta); err != nil {
			return tails{}, fmt.Errorf("test against a ratio of %g: %w", at.theta, err)
		}
	}
	return t, nil
}

// twin sets the Hodges-Lehmann estimate beside the geometric mean. It asks for
// symmetry only. One wild round of n moves the mean by 1/t(n-1) of the interval's
// half width, that is by more than half of it, and the twin hardly at all.
func (b *builder) twin(j *Judgement, e *effect) error {
	if len(e.units) == 0 {
		return nil // two means of different rounds, or an overhead below zero
	}
	hl, err := stat.HodgesLehmann(e.units, verdictLevel)
	switch {
	case errors.Is(err, stat.ErrTooFew) || errors.Is(err, stat.ErrConstant):
		return nil
	case err != nil:
		return fmt.Errorf("Hodges-Lehmann estimate: %w", err)
	}
	hl = hl.Exp()
	j.Twin = &Estimate{Value: hl.Value, Interval: &Interval{hl.CI.Lo, hl.CI.Hi}, N: j.Ratio.N, Basis: j.Ratio.Basis}
	half := (math.Log(j.Ratio.Interval.Hi) - math.Log(j.Ratio.Interval.Lo)) / 2
	if math.Abs(math.Log(hl.Value/j.Ratio.Value)) > half/2 {
		j.TwinDiffers = true
		j.Ratio.Notes = addID(j.Ratio.Notes, b.notes.rule(NoteTwin, "mean and Hodges-Lehmann estimate differ by more than half of the interval's half width: a few rounds decide the mean"))
	}
	return nil
}

// noDifference is the p-value that exploratory endpoints show: of the exact
// signed-rank test, or of the quotient's t-test.
func noDifference(e *effect) (float64, error) {
	if e.quotient != nil {
		below, above, err := e.tails(1)
		return math.Min(1, 2*math.Min(below, above)), err
	}
	t, err := stat.SignedRank(e.units, 0)
	return t.PTwoSided, err
}

// spreadOf returns the standard deviation of the logarithms of the ratios of units,
// and how many units there are.
func spreadOf(e *effect) (sd float64, n int) {
	if e.quotient != nil {
		se, n, err := e.quotient.spread()
		if err != nil || n < 2 {
			return 0, 0
		}
		return se * math.Sqrt(float64(n)), n
	}
	if len(e.units) < 2 {
		return 0, 0
	}
	return gonum.StdDev(e.units, nil), len(e.units)
}

// each calls f with every judgement that has an interval.
func (b *builder) each(f func(g *group, j *Judgement, o open) error) error {
	for _, c := range b.cells {
		for _, g := range c.order {
			for i := range g.result.Judgements {
				j := &g.result.Judgements[i]
				if j.Ratio.Interval == nil {
					continue
				}
				if err := f(g, j, g.open[i]); err != nil {
					return fmt.Errorf("%s of %s in %s: %w", j.Series, g.arm.Name, c.cell, err)
				}
			}
		}
	}
	return nil
}

// decide gives every judgement its verdict, once all p-values are known.
func (b *builder) decide() error {
	var secondary family
	var exploratory []*Judgement
	err := b.each(func(_ *group, j *Judgement, o open) error {
		switch j.Class {
		case Primary:
			j.Adjusted = j.P
			b.settle(j, o.tails, o.tails)
		case Secondary:
			secondary.judgements, secondary.tails = append(secondary.judgements, j), append(secondary.tails, o.tails)
		case Exploratory:
			exploratory = append(exploratory, j)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := b.adjustSecondary(secondary); err != nil {
		return err
	}
	if err := adjustExploratory(exploratory); err != nil {
		return err
	}
	for _, c := range b.cells {
		for _, g := range c.order {
			g.result.Together = b.both(g)
		}
	}
	return nil
}

// settle writes a verdict down. A simulated run has none.
func (b *builder) settle(j *Judgement, raw, adjusted tails) {
	if b.report.Simulated() {
		return
	}
	j.Unadjusted, _, _ = raw.decide()
	j.Verdict, j.WithinMargin, j.Equivalent = adjusted.decide()
}

// A family is endpoints that are adjusted together.
type family struct {
	judgements []*Judgement
	tails      []tails
}

// adjustSecondary adjusts each kind of claim by Holm over all secondary endpoints
// of the run.
func (b *builder) adjustSecondary(all family) error {
	if len(all.judgements) == 0 {
		return nil
	}
	adjusted := make([]tails, len(all.tails))
	for _, of := range []func(*tails) *float64{
		func(t *tails) *float64 { return &t.better },
		func(t *tails) *float64 { return &t.nonInferior },
		func(t *tails) *float64 { return &t.inferior },
		func(t *tails) *float64 { return &t.worse },
		func(t *tails) *float64 { return &t.notLess },
	} {
		p := make([]float64, len(all.tails))
		for i := range all.tails {
			p[i] = *of(&all.tails[i])
		}
		out, err := stat.Holm(p)
		if err != nil {
			return fmt.Errorf("adjust secondary endpoints: %w", err)
		}
		for i, v := range out {
			*of(&adjusted[i]) = v
		}
	}
	for i, j := range all.judgements {
		j.Adjusted = adjusted[i].nonInferior
		b.settle(j, all.tails[i], adjusted[i])
	}
	return nil
}

func adjustExploratory(all []*Judgement) error {
	if len(all) == 0 {
		return nil
	}
	p := make([]float64, len(all))
	for i, j := range all {
		p[i] = j.P
	}
	q, err := stat.BenjaminiHochberg(p)
	if err != nil {
		return fmt.Errorf("adjust exploratory endpoints: %w", err)
	}
	for i, j := range all {
		j.Adjusted = q[i]
	}
	return nil
}

// both is the verdict on CPU and memory of an arm in a cell together: each must
// hold, so neither needs an adjustment for there being two.
func (b *builder) both(g *group) Verdict {
	if len(g.result.Judgements) == 0 || b.report.Simulated() {
		return NoVerdict
	}
	var verdicts []Verdict
	for _, m := range []Metric{CPUCores, PSS} {
		if j := g.result.Judged(Series{Metric: m, Component: Total}); j != nil {
			verdicts = append(verdicts, j.Verdict)
		}
	}
	return together(verdicts)
}

// design says of each judgement what it could have found, and what would settle
// it. It takes milliseconds for each, so it comes last and on its own.
func (b *builder) design() error {
	unit := make(map[int]float64) // effect in standard deviations by number of units
	return b.each(func(_ *group, j *Judgement, o open) error {
		if j.Class == Exploratory || j.SD <= 0 {
			return nil
		}
		return b.designOf(j, o.units, unit)
	})
}

func (b *builder) designOf(j *Judgement, n int, unit map[int]float64) error {
	if _, ok := unit[n]; !ok {
		effect, err := stat.MinimumDetectableEffect(n, 1, alpha, power)
		if err != nil && !errors.Is(err, stat.ErrUnbounded) {
			return err
		}
		unit[n] = effect // 0 if unbounded
	}
	if d := math.Expm1(unit[n] * j.SD); !math.IsInf(d, 0) {
		j.Detectable = d
	}
	if j.Verdict != Inconclusive {
		return nil
	}
	distance := math.Abs(math.Log1p(b.report.Margin) - math.Log(j.Ratio.Value))
	wanted, err := stat.SampleSize(distance, j.SD, alpha, power)
	switch {
	case errors.Is(err, stat.ErrTooMany) || errors.Is(err, stat.ErrRange):
		return nil // the ratio lies on the margin, or next to it
	case err != nil:
		return err
	}
	j.Settles, j.SettlesUnit = max(wanted, n+1), Round
	if basis := j.Ratio.Basis; basis != nil && basis.Unit != Round {
		perUnit := float64(j.Ratio.N) / float64(basis.Count)
		j.Settles, j.SettlesUnit = int(math.Ceil(float64(j.Settles)*perUnit)), Cycle
	}
	return nil
}
