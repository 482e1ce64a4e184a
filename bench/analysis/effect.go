package analysis

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	gonum "gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/judge"
	"cri-stats-bench/bench/stat"
)

// An effect is how one arm differs from another in a series: a value for each round.
type effect struct {
	kind Kind
	// values are logarithms of ratios, or differences, in the order of turns.
	values []float64
	turns  []turn
	// mine and theirs are the sums of both sides on the scale of the values.
	mine, theirs float64
	// mySteal and theirSteal are the sums of what was stolen from both.
	mySteal, theirSteal float64
	// variances has, for each value, its variance in those of one trial: 2, or 1 + 1/k
	// where the other arm stood k times in the round.
	variances []float64
	// steal is, for each value, by how much more of the node's time the hypervisor took
	// from the one side than from the other; nil where it was not metered, or is none of
	// the values' business.
	steal []float64
	// pool is the spread of all arms with the same windows, nil where the values' own is
	// taken.
	pool *stat.TwoWayFit
	// own is the spread of the values themselves once steal is taken off, nil where it
	// is not.
	own *stat.TwoWayFit
	// missing says of each other round why it gave no value.
	missing map[turn]string
	// notes qualify the effect; where it has no number they say why.
	notes []int
}

func (e *effect) absent() bool { return len(e.values) == 0 }

// value returns the ratio or difference.
func (e *effect) value() float64 {
	m := e.mean()
	if e.kind == Ratio {
		return math.Exp(m)
	}
	return m
}

// fit is the spread that is taken, nil where it is that of the values as they are.
func (e *effect) fit() *stat.TwoWayFit {
	if e.pool != nil {
		return e.pool
	}
	return e.own
}

// mean is the mean of the values at equal steal.
func (e *effect) mean() float64 {
	m := arithmeticMean(e.values)
	if f := e.fit(); f != nil && e.steal != nil {
		m -= f.Slope * arithmeticMean(e.steal)
	}
	return m
}

// sd is the standard deviation of one round's value, df its degrees of freedom.
func (e *effect) sd() (sd float64, df int) {
	switch {
	case e.pool != nil:
		return e.pool.SD * math.Sqrt(arithmeticMean(e.variances)), e.pool.DF
	case e.own != nil:
		return e.own.SD, e.own.DF
	case len(e.values) < 2:
		return math.NaN(), 0
	}
	return gonum.StdDev(e.values, nil), len(e.values) - 1
}

// se is the standard error of the mean, with what is not known of the slope.
func (e *effect) se() (se float64, df int) {
	sd, df := e.sd()
	se = sd / math.Sqrt(float64(len(e.values)))
	if f := e.fit(); f != nil && e.steal != nil && f.SumSquares > 0 {
		se = math.Hypot(se, f.SD*arithmeticMean(e.steal)/math.Sqrt(f.SumSquares))
	}
	return se, df
}

// influenced says that without one of its rounds the mean would lie further away than
// half of the interval's half width, as it does where one round is wild and all others
// are alike; among normal values, of ten rounds, in one run of some hundreds. The spread
// of all arms says nothing of that.
func (e *effect) influenced(i *Interval) bool {
	if e.kind != Ratio || e.pool != nil || i == nil {
		return false
	}
	half, m, n := math.Log(i.Hi/i.Lo)/2, e.mean(), float64(len(e.values))
	for k, v := range e.values {
		if e.own != nil && e.steal != nil {
			v -= e.own.Slope * e.steal[k]
		}
		if math.Abs(v-m)/(n-1) > half/2 {
			return true
		}
	}
	return false
}

// estimate returns the mean of the values with Student's interval; of logarithms it is
// the geometric mean of the ratios.
func (e *effect) estimate(level float64) (stat.Estimate, error) {
	if e.fit() == nil {
		if e.kind == Ratio {
			return stat.GeometricMeanRatio(e.values, level)
		}
		return stat.MeanT(e.values, level)
	}
	se, df := e.se()
	half := student(df).Quantile((1+level)/2) * se
	m := e.mean()
	out := stat.Estimate{Value: m, CI: stat.Interval{Lo: m - half, Hi: m + half, Level: level}}
	if !finite(m, half) {
		return out, stat.ErrNotFinite
	}
	if e.kind != Ratio {
		return out, nil
	}
	if out = out.Exp(); !finite(out.Value, out.CI.Hi) {
		return out, stat.ErrNotFinite
	}
	return out, nil
}

func student(df int) distuv.StudentsT { return distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(df)} }

// tails returns the p-values against "the ratio is below theta" and "above".
func (e *effect) tails(theta float64) (below, above float64, err error) {
	if e.fit() == nil {
		t, err := stat.StudentT(e.values, math.Log(theta))
		return t.PLess, t.PGreater, err
	}
	se, df := e.se()
	t := (e.mean() - math.Log(theta)) / se
	if !finite(t) {
		return 0, 0, stat.ErrNotFinite
	}
	below = student(df).CDF(t)
	return below, 1 - below, nil
}

// allTails are the p-values that a verdict rests on.
func (e *effect) allTails(margin float64) (judge.Tails, error) {
	var t judge.Tails
	for _, at := range []struct {
		theta        float64
		below, above *float64
	}{
		{1, &t.Better, &t.Worse},
		{1 + margin, &t.NonInferior, &t.Inferior},
		{1 / (1 + margin), new(float64), &t.NotLess},
	} {
		var err error
		if *at.below, *at.above, err = e.tails(at.theta); err != nil {
			return judge.Tails{}, fmt.Errorf("test against a ratio of %g: %w", at.theta, err)
		}
	}
	return t, nil
}

// An estimand is what is compared with what.
type estimand struct {
	kind   Kind
	series Series
}

// standing are the arms that stand for one in a round: itself and its copies.
func (b *builder) standing(g *group) []*group {
	out := []*group{g}
	for _, o := range g.cell.order {
		if b.again[o.arm.Name] == g.arm.Name {
			out = append(out, o)
		}
	}
	return out
}

// against compares an arm with another one that may stand in a round more than once, in
// the first rounds of each sweep.
func (b *builder) against(of *group, to []*group, c estimand, rounds int) (effect, error) {
	e := effect{kind: c.kind, missing: make(map[turn]string)}
	steals := c.kind == Ratio && c.series == TotalOf(CPUCores)
	mine := of.byTurn(c.series)
	theirs := make([]map[turn]float64, len(to))
	for i, g := range to {
		theirs[i] = g.byTurn(c.series)
	}
	for _, at := range turnsOf(append([]*group{of}, to...)) {
		if at.round >= rounds {
			continue
		}
		x, why := valueAt(of, mine, at, c.kind)
		if why != "" {
			e.missing[at] = why
			continue
		}
		steal, known := of.steal(at)
		sum, stolen, n := 0.0, 0.0, 0
		for i, g := range to {
			y, missing := valueAt(g, theirs[i], at, c.kind)
			if missing != "" {
				if why == "" {
					why = missing
				}
				continue
			}
			s, ok := g.steal(at)
			sum, stolen, known, n = sum+y, stolen+s, known && ok, n+1
		}
		if n == 0 {
			e.missing[at] = why
			continue
		}
		other := sum / float64(n)
		e.values, e.turns = append(e.values, x-other), append(e.turns, at)
		e.mine, e.theirs = e.mine+x, e.theirs+other
		e.variances = append(e.variances, 1+1/float64(n))
		if steals = steals && known; steals {
			e.steal = append(e.steal, steal-stolen/float64(n))
			e.mySteal, e.theirSteal = e.mySteal+steal, e.theirSteal+stolen/float64(n)
		}
	}
	if !steals {
		e.steal, e.mySteal, e.theirSteal = nil, 0, 0
	}
	return e, b.spreadOf(&e, of, c, rounds)
}

// steal is the share of the node's time that the hypervisor took in the trial of a turn;
// false where it was not metered.
func (g *group) steal(at turn) (float64, bool) {
	i, ok := g.index[at]
	if !ok {
		return 0, false
	}
	v, ok := g.used[i].Guards[bench.GuardSteal]
	return v, ok && finite(v)
}

// valueAt returns an arm's value at a turn on the scale that is compared on, or why
// there is none.
func valueAt(g *group, values map[turn]float64, at turn, kind Kind) (float64, string) {
	v, ok := values[at]
	switch {
	case !ok:
		return 0, g.arm.Name + " " + g.absentAt(at)
	case kind == Ratio && v <= 0:
		return 0, g.arm.Name + " " + dropNotPositive
	case kind == Ratio:
		return math.Log(v), ""
	}
	return v, ""
}

// turnsOf returns the turns at which any of the arms was tried, in order.
func turnsOf(all []*group) []turn {
	var turns []turn
	for _, g := range all {
		for _, t := range g.tried {
			turns = append(turns, turnOf(t))
		}
	}
	slices.SortFunc(turns, compareTurns)
	return slices.Compact(turns)
}

// When the spread of all arms with the same windows stands in for the rounds' own: few
// rounds say little of their own spread, and the interval pays for that with a factor of
// 2.6 at three rounds. From ten on it is 1.1, and the own spread has to trust nobody.
const (
	manyRounds = 10
	// fewestPooled are the degrees of freedom from which on a pool is worth more.
	fewestPooled = 4
	// poolDoubt is the level of the test that the own spread is larger than the pool's:
	// an arm that scatters more than others keeps its own. bench/DESIGN.md has what this
	// is worth.
	poolDoubt = 0.1
)

type poolKey struct {
	window, warmUp time.Duration
	series         Series
	rounds         int
	steals         bool
}

// spreadOf decides whose spread an effect has. CPU time goes with what the hypervisor
// takes from the node meanwhile (bench/DESIGN.md), so it is stated at equal steal.
func (b *builder) spreadOf(e *effect, of *group, c estimand, rounds int) error {
	if c.kind != Ratio || c.series.Component != Total || len(e.values) < 2 {
		return nil
	}
	if len(e.values) >= manyRounds {
		e.own = alone(e.values, e.steal)
		return nil
	}
	p, err := of.cell.pool(of, c.series, rounds, e.steal != nil)
	if err != nil || p == nil {
		return err
	}
	rest := slices.Clone(e.values)
	for i, s := range e.steal {
		rest[i] -= p.Slope * s
	}
	own := gonum.Variance(rest, nil)
	shared := p.SD * p.SD * arithmeticMean(e.variances)
	f := distuv.F{D1: float64(len(e.values) - 1), D2: float64(p.DF)}
	if !(shared > 0) || f.Survival(own/shared) < poolDoubt {
		return nil
	}
	e.pool = p
	e.notes = addID(e.notes, b.notes.rule(NotePooled, pooledText))
	return nil
}

// alone is the spread of values about a line through what was stolen, nil where there is
// nothing to tell it by.
func alone(values, steal []float64) *stat.TwoWayFit {
	if steal == nil {
		return nil
	}
	x, y := arithmeticMean(steal), arithmeticMean(values)
	out := &stat.TwoWayFit{DF: len(values) - 2}
	product := 0.0
	for i, s := range steal {
		out.SumSquares += (s - x) * (s - x)
		product += (s - x) * (values[i] - y)
	}
	if !(out.SumSquares > 0) {
		return nil
	}
	out.Slope = product / out.SumSquares
	rest := 0.0
	for i, s := range steal {
		rest += math.Pow(values[i]-y-out.Slope*(s-x), 2)
	}
	if out.SD = math.Sqrt(rest / float64(out.DF)); !(out.SD > 0) || !finite(out.SD, out.Slope) {
		return nil
	}
	return out
}

const pooledText = "the spread is that of all arms with the same windows: few rounds say little of their own"

// pool returns the spread of the arms with the windows of one, nil where too little is
// known of it.
func (c *cellGroup) pool(like *group, s Series, rounds int, steals bool) (*stat.TwoWayFit, error) {
	key := poolKey{like.arm.Window, like.arm.WarmUp, s, rounds, steals}
	if p, ok := c.pools[key]; ok {
		return p, nil
	}
	var alike []*group
	for _, g := range c.order {
		if g.alike(like) && !g.empty() {
			alike = append(alike, g)
		}
	}
	turns := slices.DeleteFunc(turnsOf(alike), func(t turn) bool { return t.round >= rounds })
	rows, covariate := make([][]float64, len(alike)), make([][]float64, len(alike))
	for i, g := range alike {
		values := g.byTurn(s)
		for _, at := range turns {
			v, ok := values[at]
			stolen, known := g.steal(at)
			if !ok || v <= 0 || steals && !known {
				v = math.NaN()
			}
			rows[i], covariate[i] = append(rows[i], math.Log(v)), append(covariate[i], stolen)
		}
	}
	if !steals {
		covariate = nil
	}
	out, err := poolOf(rows, covariate)
	if err != nil {
		return nil, fmt.Errorf("spread of %s over arms with windows of %v in %s: %w", s, like.arm.Window, c.cell, err)
	}
	if c.pools == nil {
		c.pools = make(map[poolKey]*stat.TwoWayFit)
	}
	c.pools[key] = out
	return out, nil
}

func poolOf(rows, covariate [][]float64) (*stat.TwoWayFit, error) {
	if len(rows) < 2 {
		return nil, nil
	}
	fit, err := stat.TwoWay(rows, covariate)
	switch {
	case errors.Is(err, stat.ErrTooFew) || errors.Is(err, stat.ErrConstant):
		return nil, nil
	case err != nil:
		return nil, err
	case fit.DF < fewestPooled || !(fit.SD > 0):
		return nil, nil
	}
	return &fit, nil
}
