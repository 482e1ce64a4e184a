package analysis

import (
	"fmt"
	"maps"
	"math"

	gonum "gonum.org/v1/gonum/stat"

	"cri-stats-bench/bench/stat"
)

// detectable is how many standard errors of the idle arm an overhead must exceed
// to be told from its noise.
const detectable = 3

// An Overhead is what an arm costs above the idle arm.
type Overhead struct {
	// Net is the mean difference to the idle arm's trial of the same round or cycle:
	// the variances of both are in its interval.
	Net Comparison `json:"net"`
	// Limit is three standard errors of the idle arm's mean, in the unit of Net.
	// Below says that Net does not exceed it: the overhead is below the detection
	// limit, and there is no ratio.
	Limit float64 `json:"limit"`
	Below bool    `json:"below_detection_limit,omitempty"`
	// Ratio is Net over the baseline's, absent without a baseline and where either
	// is below the detection limit.
	Ratio Comparison `json:"ratio"`
}

// A net is an arm's difference to the idle arm in one regime.
type net struct {
	contest contest
	pairs   []pair
	effect  effect
	limit   float64
	below   bool
}

// net takes the idle arm off another one.
func (b *builder) net(g, idle *group, regime Regime, s Series) (net, error) {
	floor := s
	if s.Collector != "" {
		floor.Collector, _ = opponent(s.Collector, idle.collectors)
	}
	n := net{contest: contest{Difference, s, floor}}
	var missing map[turn]string
	var err error
	n.pairs, missing = match(g.in(regime), idle.in(regime), n.contest)
	if n.effect, err = b.effectOf(n.pairs, missing, regime, n.contest); err != nil {
		return net{}, fmt.Errorf("%s of %s above %s: %w", s, g.arm.Name, idle.arm.Name, err)
	}
	if n.limit, err = detectionLimit(idle.in(regime), floor); err != nil {
		return net{}, fmt.Errorf("detection limit of %s: %w", s, err)
	}
	n.below = !n.effect.absent() && !math.IsNaN(n.limit) && n.effect.value() <= n.limit
	return n, nil
}

// detectionLimit is that of a series: three standard errors of the idle arm's
// mean, NaN where it has none.
func detectionLimit(idle *set, s Series) (float64, error) {
	values, _, err := idle.units(s)
	if err != nil || len(values) < 2 {
		return math.NaN(), err
	}
	return detectable * gonum.StdDev(values, nil) / math.Sqrt(float64(len(values))), nil
}

// overheads compares an arm with the idle arm, and its overhead with that of the
// baseline.
func (b *builder) overheads(g *group) error {
	base, idle := g.cell.groups[b.report.Baseline], g.cell.groups[b.report.Idle]
	if idle == nil || idle == g || g.empty() {
		return nil
	}
	for _, m := range []Metric{CPUCores, PSS} {
		s := Series{Metric: m, Component: Total}
		regime := g.set(m).regime
		n, err := b.net(g, idle, regime, s)
		if err != nil {
			return err
		}
		out := Overhead{Limit: n.limit, Below: n.below}
		if !finite(out.Limit) {
			out.Limit = 0
		}
		if out.Net, err = b.comparison(g, idle, n.contest, n.effect); err != nil {
			return err
		}
		if n.below {
			out.Net.Estimate.Notes = addID(out.Net.Estimate.Notes, b.notes.rule(NoteBelowLimit, belowText))
		}
		out.Ratio = Comparison{Kind: OverheadRatio, Series: s}
		switch {
		case base == nil || base == g || base.empty():
		case n.below:
			out.Ratio.Against, out.Ratio.Estimate = base.arm.Name, Estimate{Notes: out.Net.Estimate.Notes}
		default:
			ratio, err := b.overheadRatio(g, base, idle, s, s)
			if err != nil {
				return err
			}
			if out.Ratio, err = b.comparison(g, base, contest{OverheadRatio, s, s}, ratio); err != nil {
				return err
			}
		}
		g.result.Overheads = append(g.result.Overheads, out)
	}
	return nil
}

const joinedText = "slices and trials of their own are joined over the idle arm: a ratio of what is above it in each"

const belowText = "below the detection limit: not more than three standard errors of the idle arm above it"

// overheadRatio divides what an arm costs above the idle arm by what the baseline
// does. Arms of one regime are compared at the same turns. Arms of two regimes are
// each taken with the idle arm of their own: round by round, as a round is fast or
// slow for both; with fewer than manyRounds rounds as two independent means, which
// is wider where they do have the round in common.
func (b *builder) overheadRatio(g, base, idle *group, mine, theirs Series) (effect, error) {
	mySet, theirSet := g.set(mine.Metric), base.set(theirs.Metric)
	above, err := b.net(g, idle, mySet.regime, mine)
	if err != nil {
		return effect{}, err
	}
	below, err := b.net(base, idle, theirSet.regime, theirs)
	if err != nil {
		return effect{}, err
	}
	e := effect{kind: OverheadRatio, missing: map[turn]string{}}
	if below.below {
		e.notes = []int{b.notes.rule(NoteBelowLimit, "no ratio to the baseline's overhead, which is "+belowText)}
		return e, nil
	}
	if mySet.regime == theirSet.regime {
		e.regime = mySet.regime
		return b.paired(e, above, below)
	}
	e.notes = []int{b.notes.rule(NoteJoined, joinedText)}
	if above.below {
		// Said, not divided: a verdict would rest on noise over something.
		e.notes = addID(e.notes, b.notes.rule(NoteBelowLimit, "no ratio of what is above the idle arm: it is "+belowText))
		return e, nil
	}
	for _, n := range []net{above, below} {
		for _, id := range n.effect.notes {
			e.notes = addID(e.notes, id)
		}
	}
	if x, y := above.byRound(), below.byRound(); len(x.pairs) >= manyRounds && len(y.pairs) >= manyRounds {
		return b.paired(e, x, y)
	}
	// What is missing of cycles is told with the arm's own overhead.
	scarce := above
	if below.effect.pairs < above.effect.pairs {
		scarce = below
	}
	e.pairs, e.missing = scarce.effect.pairs, scarce.effect.missing
	q, err := quotientOf(above.effect.units, below.effect.units)
	return b.withQuotient(e, q, err)
}

// byRound is the net with the pairs of each round made one.
func (n net) byRound() net {
	out := n
	out.pairs, out.effect.missing = nil, make(map[turn]string)
	m := n.contest.mine.Metric
	for _, block := range byBlock(n.pairs) {
		out.pairs = append(out.pairs, pair{block[0].block(), combined(m, block, firstOf), combined(m, block, secondOf)})
	}
	for at, why := range n.effect.missing {
		out.effect.missing[at.block()] = why
	}
	for _, p := range out.pairs {
		delete(out.effect.missing, p.turn)
	}
	return out
}

// paired is the quotient of two nets at the same turns.
func (b *builder) paired(e effect, above, below net) (effect, error) {
	at := make(map[turn]float64, len(below.pairs))
	for _, p := range below.pairs {
		at[p.turn] = p.x - p.y
	}
	maps.Copy(e.missing, below.effect.missing)
	maps.Copy(e.missing, above.effect.missing)
	var both []pair
	for _, p := range above.pairs {
		if y, ok := at[p.turn]; ok {
			both = append(both, pair{p.turn, p.x - p.y, y})
		}
	}
	if e.pairs = len(both); e.pairs == 0 {
		return e, nil
	}
	m := above.contest.mine.Metric
	share := combined(m, both, firstOf) / combined(m, both, secondOf)
	// What decides about a quotient is how above - share·below scatters.
	units, basis, err := divide(both, func(u []pair) float64 {
		return combined(m, u, firstOf) - share*combined(m, u, secondOf)
	})
	if err != nil {
		return effect{}, err
	}
	e.basis = &basis
	if basis.Correlated {
		e.notes = addID(e.notes, b.notes.rule(NoteCorrelated, correlatedText))
	}
	xs, _ := reduced(units, func(u []pair) float64 { return combined(m, u, firstOf) })
	ys, _ := reduced(units, func(u []pair) float64 { return combined(m, u, secondOf) })
	for i := range min(len(xs), len(ys)) {
		if xs[i] <= 0 || ys[i] <= 0 {
			e.units = nil
			break
		}
		e.units = append(e.units, math.Log(xs[i])-math.Log(ys[i]))
	}
	q, err := pairedQuotientOf(xs, ys)
	return b.withQuotient(e, q, err)
}

// withQuotient completes an effect, or says why there is no quotient.
func (b *builder) withQuotient(e effect, q quotient, err error) (effect, error) {
	if err == nil {
		e.quotient = &q
		return e, nil
	}
	_, note, err := b.interval(stat.Estimate{}, err)
	if err != nil {
		return effect{}, err
	}
	e.units = nil
	e.notes = addID(e.notes, note)
	return e, nil
}
