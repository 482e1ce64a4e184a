package analysis

import (
	"cmp"
	"slices"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/stat"
)

// A turn is where trials are paired: a round of a sweep.
type turn struct{ sweep, round int }

func turnOf(t *bench.Trial) turn { return turn{t.Sweep, t.Round} }

func compareTurns(a, b turn) int {
	return cmp.Or(cmp.Compare(a.sweep, b.sweep), cmp.Compare(a.round, b.round))
}

// A cellGroup is a cell and the trials of each arm in it.
type cellGroup struct {
	cell     bench.Cell
	order    []*group
	groups   map[string]*group
	pairings []*pairing
	pools    map[poolKey]*stat.TwoWayFit
}

// result is the cell as it is reported.
func (c *cellGroup) result() Cell {
	out := Cell{Cell: c.cell}
	for _, p := range c.pairings {
		out.Pairings = append(out.Pairings, p.result)
		if r := p.of.result; r.Reference == "" && len(p.result.Comparisons) > 0 {
			r.Reference, r.Comparisons, r.Judgements, r.Together = p.to.arm.Name, p.result.Comparisons, p.result.Judgements, p.result.Together
		}
	}
	for _, g := range c.order {
		out.Arms = append(out.Arms, *g.result)
		for _, t := range g.used {
			if t.Churn != nil {
				out.churned(t)
			}
		}
		for _, t := range g.tried {
			if t.Scaled != nil {
				out.Scaled = append(out.Scaled, *t.Scaled)
			}
		}
	}
	return out
}

// churned adds the churn of a trial.
func (c *Cell) churned(t *bench.Trial) {
	if c.Churn == nil {
		c.Churn = &Churn{}
	}
	c.Churn.Replaced += t.Churn.Replaced
	c.Churn.Due += t.Churn.Due
	c.Churn.Seconds += (t.Arm.WarmUp + t.Length).Seconds()
}

// idle returns the idle arm with the windows of an arm, nil where there is none or the
// arm is it.
func (c *cellGroup) idle(of *group) *group {
	for _, g := range c.order {
		if g != of && g.isIdle() && g.alike(of) && g.arm.Treatment == of.arm.Treatment && !g.empty() {
			return g
		}
	}
	return nil
}

// A group is the trials of one arm in one cell.
type group struct {
	cell       *cellGroup
	arm        bench.Arm
	collectors []string
	// unsupported is set where the node cannot run the arm, in this cell or another.
	unsupported bool
	// tried and used are in the order of their turns; used has one trial per turn.
	tried, used []*bench.Trial
	void        int
	// repeated counts usable trials that one with a higher attempt stands in for.
	repeated int
	index    map[turn]int // of used
	columns  map[Series][]Observation
	result   *ArmResult
}

// empty says that no trial of the arm counts.
func (g *group) empty() bool { return len(g.used) == 0 }

// alike says that two arms have equal windows after equal warm-ups. What else differs is
// what is compared; a cost that depends on how long was looked is not.
func (g *group) alike(o *group) bool { return equalWindows(g.arm, o.arm) }

func equalWindows(a, b bench.Arm) bool { return a.Window == b.Window && a.WarmUp == b.WarmUp }

// isIdle says that the arm reads nothing.
func (g *group) isIdle() bool { return isIdle(g.arm) }

func isIdle(a bench.Arm) bool { return slices.Equal(a.Collectors, []string{bench.IdleCollector}) }

// pick chooses the trials that count: of each turn the usable one of the highest
// attempt.
func (g *group) pick() {
	g.index = make(map[turn]int)
	for _, t := range g.tried {
		if len(t.Void) > 0 {
			g.void++
		}
		if !t.Usable() {
			continue
		}
		at := turnOf(t)
		if i, ok := g.index[at]; ok { // tried is in the order of attempts
			g.used[i] = t
			g.repeated++
			continue
		}
		g.index[at] = len(g.used)
		g.used = append(g.used, t)
	}
}

// byTurn returns the observations of a series by turn.
func (g *group) byTurn(of Series) map[turn]float64 {
	observations := g.columns[of]
	at := make(map[turn]float64, len(observations))
	for _, o := range observations {
		at[turnOf(g.used[o.Trial])] = o.Value
	}
	return at
}

// Reasons why a round gave no value. The first word of the whole text is the name of the
// arm that they hold for.
const (
	dropNotRun      = "was not run"
	dropUnsupported = "is unsupported"
	dropVoid        = "is void"
	dropAbsent      = "has no value"
	dropNotPositive = "is not above zero"
)

// absentAt says why there is no value at a turn.
func (g *group) absentAt(at turn) string {
	if _, ok := g.index[at]; ok {
		return dropAbsent
	}
	for _, t := range g.tried {
		if turnOf(t) == at && len(t.Void) > 0 {
			return dropVoid
		}
	}
	if g.unsupported {
		return dropUnsupported // and no longer scheduled
	}
	return dropNotRun
}

// ids returns which trials are used.
func (g *group) ids() []TrialID {
	var out []TrialID
	for _, t := range g.used {
		out = append(out, TrialID{t.Sweep, t.Round, t.Attempt, t.Start})
	}
	return out
}

// place is where a note about all usable trials of the arm holds.
func (g *group) place() Place { return g.placeOf(len(g.used), len(g.used)) }

func (g *group) placeOf(trials, of int) Place {
	return Place{Arm: g.arm.Name, Cell: g.cell.cell, Trials: trials, Of: of}
}
