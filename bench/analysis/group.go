package analysis

import "cri-stats-bench/bench"

// A cellGroup is a cell and the trials of each arm in it.
type cellGroup struct {
	cell   bench.Cell
	order  []*group
	groups map[string]*group
	equal  []EqualFreshness
}

// result is the cell as it is reported.
func (c *cellGroup) result() Cell {
	out := Cell{Cell: c.cell, EqualFreshness: c.equal}
	for _, g := range c.order {
		out.Arms = append(out.Arms, *g.result)
	}
	return out
}

// A group is the trials of one arm in one cell, in both regimes.
type group struct {
	cell *cellGroup
	// arm has the times that the plan gives the arm, and trials of its own have.
	arm            bench.Arm
	collectors     []string
	trials, slices *set
	result         *ArmResult
	// open has one entry per judgement of the result.
	open []open
}

func newGroup(cell *cellGroup, arm bench.Arm, unsupported bool) *group {
	return &group{
		cell: cell, arm: arm, collectors: arm.Collectors,
		trials: &set{regime: InTrials, arm: arm, unsupported: unsupported},
		slices: &set{regime: InSlices, arm: arm, unsupported: unsupported},
		result: &ArmResult{Arm: arm.Name},
	}
}

// add takes in a trial of the arm.
func (g *group) add(t *bench.Trial) {
	s := g.in(regimeOf(t))
	if len(s.tried) == 0 {
		s.arm = t.Arm
	}
	s.tried = append(s.tried, t)
}

// in returns the trials of one regime.
func (g *group) in(r Regime) *set {
	if r == InSlices {
		return g.slices
	}
	return g.trials
}

// empty says that no trial of the arm counts.
func (g *group) empty() bool { return len(g.trials.used)+len(g.slices.used) == 0 }

// set returns the trials that a metric is taken from: memory and first calls from
// trials of the arm's own, all else from slices if any of them counts. CPU time of
// slices that cannot be stated at the arm's interval is not taken.
func (g *group) set(m Metric) *set {
	s := g.slices
	switch {
	case m == PSS, len(s.used) == 0:
		return g.trials
	case m == FirstCall && len(g.trials.used) > 0:
		return g.trials
	case m == CPUCores || m == CPUPerCall:
		total := Series{Metric: m, Component: Total}
		if s.stated != nil && len(s.stated[total]) == 0 && len(g.trials.used) > 0 {
			return g.trials
		}
	}
	return s
}

// place is where a note about all usable trials of a set holds.
func (g *group) place(s *set) Place { return g.placeOf(len(s.used), len(s.used), s.regime) }

func (g *group) placeOf(trials, of int, r Regime) Place {
	return Place{Arm: g.arm.Name, Cell: g.cell.cell, Regime: r, Trials: trials, Of: of}
}
