package analysis

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"cri-stats-bench/bench/stat"
)

// An effect is how one arm differs from another, as package stat takes it: with
// one value per unit, or as a quotient of two means.
type effect struct {
	kind Kind
	// regime is empty where arms of two regimes were joined over the idle arm.
	regime Regime
	// units are logarithms of ratios, or differences; beside a quotient, the
	// logarithms of the units' own ratios if all of them have one.
	units    []float64
	quotient *quotient
	basis    *Basis
	// pairs counts rounds or cycles that gave a pair; missing says of each other one
	// why it gave none.
	pairs   int
	missing map[turn]string
	// notes qualify the effect; where it has no number they say why.
	notes []int
}

func (e *effect) absent() bool { return e.quotient == nil && len(e.units) == 0 }

// estimate returns the ratio or difference with its interval.
func (e *effect) estimate(level float64) (stat.Estimate, error) {
	switch {
	case e.quotient != nil:
		return e.quotient.estimate(level)
	case e.kind == Difference:
		return stat.MeanT(e.units, level)
	}
	return stat.GeometricMeanRatio(e.units, level)
}

// value returns the ratio or difference where there may be no interval.
func (e *effect) value() float64 {
	switch {
	case e.quotient != nil:
		return e.quotient.value()
	case e.kind == Difference:
		return arithmeticMean(e.units)
	}
	return math.Exp(arithmeticMean(e.units))
}

// tails returns the p-values against "the ratio is below theta" and "above".
func (e *effect) tails(theta float64) (below, above float64, err error) {
	if e.quotient != nil {
		return e.quotient.tails(theta)
	}
	t, err := stat.StudentT(e.units, math.Log(theta))
	return t.PLess, t.PGreater, err
}

// A contest is what is compared with what.
type contest struct {
	kind         Kind
	mine, theirs Series
}

func (c contest) reduction() reduction {
	if c.kind == Difference {
		return difference(c.mine.Metric)
	}
	return logRatio(c.mine.Metric)
}

// match finds the pairs of two sets of one regime, in the order of their turns,
// and says of each other turn why it gave none. Ratios of trials of their own take
// only values above zero; of slices, whole units are looked at later.
func match(arm, other *set, c contest) (pairs []pair, missing map[turn]string) {
	mine, theirs := arm.byTurn(c.mine), other.byTurn(c.theirs)
	missing = make(map[turn]string)
	for _, at := range turnsOf(arm, other) {
		x, why := arm.valueAt(at, mine, c.kind)
		if why == "" {
			var y float64
			if y, why = other.valueAt(at, theirs, c.kind); why == "" {
				pairs = append(pairs, pair{at, x, y})
				continue
			}
		}
		missing[at] = why
	}
	return pairs, missing
}

// turnsOf returns the turns at which either arm was tried, in order.
func turnsOf(a, b *set) []turn {
	turns := make([]turn, 0, len(a.tried)+len(b.tried))
	for _, s := range []*set{a, b} {
		for _, t := range s.tried {
			turns = append(turns, turnOf(t))
		}
	}
	slices.SortFunc(turns, compareTurns)
	return slices.Compact(turns)
}

// valueAt returns the set's value at a turn, or why there is none to compare.
func (s *set) valueAt(at turn, values map[turn]float64, kind Kind) (float64, string) {
	v, ok := values[at]
	switch {
	case !ok:
		return 0, s.arm.Name + " " + s.absentAt(at)
	case kind == Ratio && s.regime == InTrials && v <= 0:
		return 0, s.arm.Name + " " + dropNotPositive
	}
	return v, ""
}

// direct compares two sets of one regime, turn by turn.
func (b *builder) direct(arm, other *set, c contest) (effect, error) {
	pairs, missing := match(arm, other, c)
	return b.effectOf(pairs, missing, arm.regime, c)
}

// effectOf makes units of pairs.
func (b *builder) effectOf(pairs []pair, missing map[turn]string, regime Regime, c contest) (effect, error) {
	e := effect{kind: c.kind, regime: regime, missing: missing}
	if len(pairs) == 0 {
		return e, nil
	}
	units, basis, err := divide(pairs, c.reduction())
	if err != nil {
		return effect{}, err
	}
	for _, u := range units {
		if v := c.reduction()(u); finite(v) {
			e.units = append(e.units, v)
			e.pairs += len(u)
			continue
		}
		for _, p := range u {
			e.missing[p.turn] = "a cost " + dropNotPositive
		}
	}
	e.basis = &basis
	if basis.Correlated {
		e.notes = addID(e.notes, b.notes.rule(NoteCorrelated, correlatedText))
	}
	return e, nil
}

const correlatedText = "what follows each other is still alike: the interval is too narrow, by how much the effective number tells"

// comparison turns an effect into what is reported of it.
func (b *builder) comparison(arm *group, against *group, c contest, e effect) (Comparison, error) {
	out := Comparison{
		Kind: e.kind, Series: c.mine, Against: against.arm.Name, AgainstCollector: c.theirs.Collector,
		Regime: e.regime, Possible: e.pairs + len(e.missing), Dropped: drops(e.missing),
	}
	estimate, err := b.estimateOf(&e, intervalLevel)
	if err != nil {
		return Comparison{}, fmt.Errorf("%s of %s to %s in %s: %w", e.kind, c.mine, against.arm.Name, arm.cell.cell, err)
	}
	out.Estimate = estimate
	// Where something else takes the number away, pairs are not the point.
	if len(out.Dropped) > 0 && (!estimate.Absent() || len(estimate.Notes) == 0) {
		note := b.notes.at(NotePairs, out.dropText(), arm.placeOf(0, 0, e.regime))
		out.Estimate.Notes = addID(out.Estimate.Notes, note)
	}
	return out, nil
}

// estimateOf turns an effect into an estimate with an interval of some level, or
// with a note that says why it has none.
func (b *builder) estimateOf(e *effect, level float64) (Estimate, error) {
	if e.absent() {
		return Estimate{Notes: e.notes}, nil
	}
	if !finite(e.value()) {
		return Estimate{Notes: addID(e.notes, b.notes.rule(NoteNotFinite, notFinite))}, nil
	}
	out := Estimate{Value: e.value(), N: e.pairs, Basis: e.basis, Notes: e.notes}
	interval, note, err := b.interval(e.estimate(level))
	switch {
	case err != nil:
		return Estimate{}, err
	case interval == nil && e.quotient != nil: // a quotient without an end is no number
		return Estimate{Notes: addID(e.notes, note)}, nil
	case interval == nil:
		out.Notes = addID(out.Notes, note)
	}
	out.Interval = interval
	return out, nil
}

// dropText says which turns gave no pair and why.
func (c *Comparison) dropText() string {
	reasons := make([]string, len(c.Dropped))
	for i, d := range c.Dropped {
		reasons[i] = fmt.Sprintf("%s (%d)", d.Reason, d.Count)
	}
	what := "rounds"
	if c.Regime == InSlices {
		what = "cycles"
	}
	return fmt.Sprintf("%d of %d %s give a pair with %s; of the others, %s",
		c.Estimate.N, c.Possible, what, c.Against, strings.Join(reasons, ", "))
}

// drops counts reasons.
func drops(missing map[turn]string) []Drop {
	counts := make(map[string]int)
	for _, reason := range missing {
		counts[reason]++
	}
	var out []Drop
	for _, reason := range slices.Sorted(maps.Keys(counts)) {
		out = append(out, Drop{reason, counts[reason]})
	}
	return out
}

// opponent returns which of the other arm's collectors the calls of c are
// compared with: its own like, or the only one there is.
func opponent(c string, others []string) (string, bool) {
	if slices.Contains(others, c) {
		return c, true
	}
	if len(others) == 1 {
		return others[0], true
	}
	return "", false
}
