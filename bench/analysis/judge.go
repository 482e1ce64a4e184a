package analysis

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/judge"
	"cri-stats-bench/bench/plan"
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

// rival says whether an arm is there to be compared with the baseline: not the idle
// arm, and none that is there for the quality of evidence.
func (b *builder) rival(g *group) bool {
	name := g.arm.Name
	return name != b.report.Baseline && name != b.report.Idle && !g.isIdle() && b.again[name] == "" && !isControl(g.arm)
}

// reads says whether answers have containers in them, where containers run. What
// reads none, as the floor of the transport, is no rival of what reads all.
func (g *group) reads() bool {
	mean := func(m Metric, collector string) float64 {
		return arithmeticMean(values(g.columns[Series{Metric: m, Collector: collector}]))
	}
	return slices.ContainsFunc(g.collectors, func(c string) bool {
		return mean(Expected, c) == 0 || mean(AnswerContainers, c) > 0
	})
}

// looksAllowance is by how much less is spent over several looks. With the few degrees of
// freedom of a dozen rounds, 5.6 % of 2,000 simulated runs of the preset precise with all
// arms on the margin made a wrong claim without it (bench/DESIGN.md).
const looksAllowance = 1.2

// SpendingOf says how the 5 % are spent over the looks of a plan.
func SpendingOf(p *plan.Plan) (*stat.Spending, error) {
	looks := p.Rounds.Looks()
	fractions := make([]float64, len(looks))
	for i, n := range looks {
		fractions[i] = float64(n) / float64(looks[len(looks)-1])
	}
	return stat.NewSpending(fractions, looksAllowance)
}

// looksOf are the numbers of rounds at which two arms were looked at: those of the plan
// that they have rounds for. The last of them holds all that they have, unless they were
// decided at it and others went on: what was said of them then is not said again with what
// others have shown since, of spread or of steal. It might be withdrawn, and nothing be
// measured any more to settle it.
func (b *builder) looksOf(of, to *group) []int {
	looks, mine := b.report.Looks, min(of.rounds(), to.rounds())
	n := slices.IndexFunc(looks, func(rounds int) bool { return rounds >= mine })
	if n < 0 {
		n = len(looks) - 1
	}
	out := slices.Clone(looks[:n+1])
	if !slices.ContainsFunc(of.cell.order, func(g *group) bool { return g.rounds() > looks[n] }) {
		out[n] = allRounds
	}
	return out
}

// extent is how many rounds of two arms what is said of them rests on.
func (b *builder) extent(of, to *group) int {
	looks := b.looksOf(of, to)
	return looks[len(looks)-1]
}

// rounds is how many rounds there are up to the last one in which the arm counts.
func (g *group) rounds() int {
	most := 0
	for _, t := range g.used {
		most = max(most, t.Round+1)
	}
	return most
}

// judge adds an endpoint to those that get a verdict once all of them are known.
func (b *builder) judge(x *pairing, s Series, e *effect) error {
	j := Judgement{Series: s, Class: Secondary, P: 1, Adjusted: 1}
	if x.result.Headline && s.Component == Total {
		j.Class = Primary
	}
	looks := b.looksOf(x.of, x.to)
	level := 1 - 2*b.levels[len(looks)-1]
	var err error
	if j.Ratio, err = b.estimateOf(e, level); err != nil {
		return err
	}
	b.sides(&j, e)
	if note, ok := b.incomplete(x.of); ok {
		j.Ratio.Notes = addID(j.Ratio.Notes, note)
	}
	var o open
	if j.Ratio.Interval != nil {
		if o.looks, err = b.tailsAt(looks, x, s); err != nil {
			return err
		}
		j.P = o.looks[len(o.looks)-1].NonInferior
		if e.influenced(j.Ratio.Interval) {
			j.Ratio.Notes = addID(j.Ratio.Notes, b.notes.rule(NoteInfluence, "one round alone moves the mean by more than half of the interval's half width"))
		}
		j.SD, _ = e.sd()
		j.Pooled = e.pool != nil
	}
	x.result.Judgements = append(x.result.Judgements, j)
	x.open = append(x.open, o)
	return nil
}

// sides are the geometric means of both sides, at no steal where the ratio is at equal
// steal: their quotient is the ratio.
func (b *builder) sides(j *Judgement, e *effect) {
	if j.Ratio.Absent() {
		return
	}
	n := float64(len(e.values))
	mine, theirs := e.mine/n, e.theirs/n
	if f := e.fit(); f != nil && e.steal != nil {
		mine, theirs = mine-f.Slope*e.mySteal/n, theirs-f.Slope*e.theirSteal/n
		j.StealSlope, j.Raw = f.Slope, math.Exp(arithmeticMean(e.values))
	}
	if finite(math.Exp(mine), math.Exp(theirs), j.Raw) {
		j.New, j.Old = math.Exp(mine), math.Exp(theirs)
	} else {
		j.Raw = 0
	}
}

// tailsAt takes the p-values at each look. A look at which there is no interval yet
// shows nothing.
func (b *builder) tailsAt(looks []int, x *pairing, s Series) ([]judge.Tails, error) {
	var out []judge.Tails
	for _, rounds := range looks {
		e, err := b.against(x.of, x.stands, estimand{Ratio, s}, rounds)
		if err != nil {
			return nil, err
		}
		tails, err := e.allTails(b.report.Margin)
		switch {
		case unanswerable(err):
			tails = judge.Tails{Better: 1, NonInferior: 1, Inferior: 1, Worse: 1, NotLess: 1}
		case err != nil:
			return nil, err
		}
		out = append(out, tails)
	}
	return out, nil
}

// whole is the share of the containers from which on an answer counts as whole: pods
// come and go while it is made.
const whole = 0.99

// incomplete notes that an arm reads less than there is: it costs less, too.
func (b *builder) incomplete(g *group) (note int, ok bool) {
	if g.cell.cell.Profile == bench.ProfileChurn {
		return 0, false // there, how many run is not known at any moment: Partial says what is
	}
	for _, c := range g.result.Collectors {
		if c.Containers.Absent() || c.Expected.Absent() || c.Containers.Value >= whole*c.Expected.Value {
			continue
		}
		text := fmt.Sprintf("%s reads %.3g of %.3g containers: it does less work than an arm that reads all", c.Collector, c.Containers.Value, c.Expected.Value)
		return b.notes.at(NoteIncomplete, text, g.placeOf(0, 0)), true
	}
	return 0, false
}

// decide gives every judgement its verdict, once all p-values are known.
func (b *builder) decide() error {
	if b.report.Simulated() {
		return nil
	}
	var all []*pairing
	for _, c := range b.cells {
		all = append(all, c.pairings...)
	}
	return b.decideOn(all)
}

// decideOn decides on the endpoints of some pairings together.
func (b *builder) decideOn(all []*pairing) error {
	var endpoints []judge.Endpoint
	var judgements []*Judgement
	for _, x := range all {
		for i := range x.result.Judgements {
			if j := &x.result.Judgements[i]; len(x.open[i].looks) > 0 {
				endpoints = append(endpoints, judge.Endpoint{Weight: j.Class.weight(), Looks: x.open[i].looks})
				judgements = append(judgements, j)
			}
		}
	}
	decisions, err := judge.Decide(endpoints, b.spending)
	if err != nil {
		return fmt.Errorf("decide on %d endpoints: %w", len(endpoints), err)
	}
	for i, d := range decisions {
		j := judgements[i]
		j.Verdict, j.Unadjusted, j.WithinMargin, j.Equivalent, j.Worse, j.Adjusted = d.Verdict, d.Unadjusted, d.WithinMargin, d.Equivalent, d.Worse, d.Adjusted
	}
	for _, x := range all {
		if len(x.result.Judgements) > 0 {
			x.result.Together = judge.Together(x.verdictOn(CPUCores), x.verdictOn(PSS))
		}
	}
	return nil
}

func (x *pairing) verdictOn(m Metric) Verdict {
	if j := x.result.Judged(TotalOf(m)); j != nil {
		return j.Verdict
	}
	return NoVerdict
}

// Undecided returns the arms that a cell still needs after the rounds so far, in the
// plan's order: none once CPU and memory of all comparisons of the plan are decided. An
// arm is not needed any more when all comparisons of which it is a part are. Trials of
// other cells do not enter it.
func (in Input) Undecided(cell bench.Cell) ([]string, error) {
	all := make([]string, len(in.Plan.Arms))
	for i, a := range in.Plan.Arms {
		all[i] = a.Name
	}
	here := in
	here.Trials = slices.DeleteFunc(slices.Clone(in.Trials), func(t bench.Trial) bool { return t.Cell != cell })
	if len(here.Trials) == 0 || len(in.Plan.Comparisons) == 0 {
		return all, nil
	}
	b, err := here.builder()
	if err != nil {
		return nil, err
	}
	c, err := b.gather(cell, b.trials)
	if err != nil || c == nil {
		return all, err
	}
	if err := b.pairUp(c); err != nil {
		return nil, err
	}
	asked := slices.DeleteFunc(slices.Clone(c.pairings), func(x *pairing) bool {
		return !slices.Contains(b.input.Plan.Comparisons, plan.Comparison{Of: x.result.Of, To: x.result.To, Says: x.result.Says})
	})
	if len(asked) < len(in.Plan.Comparisons) {
		return all, nil // one of them has no trial that counts yet
	}
	// On all that the report will have: what is let go of here must not come back there.
	if err := b.decideOn(c.pairings); err != nil {
		return nil, err
	}
	return b.needed(asked), nil
}

// needed are the arms that some comparison is not decided without: its own, and those
// that show what the evidence is worth.
func (b *builder) needed(asked []*pairing) []string {
	open := make(map[string]bool)
	for _, x := range asked {
		for _, m := range []Metric{CPUCores, PSS} {
			if v := x.verdictOn(m); v == NoVerdict || v == Inconclusive {
				open[x.of.arm.Name], open[x.to.arm.Name] = true, true
			}
		}
	}
	if len(open) == 0 {
		return nil
	}
	decided := func(name string) bool {
		part := slices.ContainsFunc(asked, func(x *pairing) bool { return x.of.arm.Name == name || x.to.arm.Name == name })
		return part && !open[name]
	}
	var out []string
	for i, name := range b.planned {
		a := b.arms[i]
		if !decided(a.Name) && !decided(b.again[a.Name]) {
			out = append(out, name)
		}
	}
	return out
}

// design says of each judgement what it could have found, and what would settle
// it.
func (b *builder) design() error {
	for _, c := range b.cells {
		for _, x := range c.pairings {
			for i := range x.result.Judgements {
				j := &x.result.Judgements[i]
				var err error
				if j.Detectable, j.Settles, err = b.prospects(j.Ratio, j.SD, 1+b.report.Margin, j.Verdict == Inconclusive); err != nil {
					return fmt.Errorf("what %s of %s in %s could find: %w", j.Series, x.of.arm.Name, c.cell, err)
				}
			}
		}
	}
	return nil
}

// prospects says what relative loss as many rounds find with a power of 80 %, if one
// round's logarithm has a standard deviation, and how many rounds would settle by as much
// on which side of a limit the ratio is that was found; 0 where it cannot be told, or
// where it lies on it.
func (b *builder) prospects(ratio Estimate, sd, limit float64, open bool) (detectable float64, settles int, err error) {
	if ratio.Interval == nil || !(sd > 0) {
		return 0, 0, nil
	}
	effect, err := b.found(ratio.N, ratio.DF)
	if err != nil {
		return 0, 0, err
	}
	if d := math.Expm1(effect * sd); finite(d) {
		detectable = d
	}
	if !open {
		return detectable, 0, nil
	}
	wanted, err := stat.SampleSize(math.Abs(math.Log(limit)-math.Log(ratio.Value)), sd, alpha, power)
	switch {
	case errors.Is(err, stat.ErrTooMany) || errors.Is(err, stat.ErrRange):
		return detectable, 0, nil
	case err != nil:
		return 0, 0, err
	}
	return detectable, max(wanted, ratio.N+1), nil
}

// found is the effect in standard deviations that n rounds find, 0 where they find none.
// With the spread of all arms it is that of as many degrees of freedom, by the normal
// approximation of the noncentral t distribution.
func (b *builder) found(n, df int) (float64, error) {
	if df > 0 {
		t := student(df)
		return (t.Quantile(1-alpha) + t.Quantile(power)) / math.Sqrt(float64(n)), nil
	}
	if effect, ok := b.effects[n]; ok {
		return effect, nil
	}
	effect, err := stat.MinimumDetectableEffect(n, 1, alpha, power)
	if err != nil && !errors.Is(err, stat.ErrUnbounded) {
		return 0, err
	}
	if b.effects == nil {
		b.effects = make(map[int]float64)
	}
	b.effects[n] = effect
	return effect, nil
}
