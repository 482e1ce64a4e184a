package analysis

import (
	"cmp"
	"slices"
	"time"

	"cri-stats-bench/bench"
)

// A Regime says how trials had their place in time.
type Regime string

// The regimes. Trials of one arm in the two are separate series: they never enter
// one number together.
const (
	// InTrials is a window of its own with agents of its own.
	InTrials Regime = "trials"
	// InSlices is a turn of a few calls in a block of slices, in which the agents of
	// all its arms live. Memory is not known of it: the runtime's is that of all.
	InSlices Regime = "slices"
)

// A turn is where trials are paired: a round of a sweep, or one cycle of the
// round's block of slices; cycle is 0 in trials of their own.
type turn struct{ sweep, round, cycle int }

func turnOf(t *bench.Trial) turn { return turn{t.Sweep, t.Round, t.Cycle} }

// block is the turn without its cycle: one block of slices.
func (t turn) block() turn { return turn{t.sweep, t.round, 0} }

func compareTurns(a, b turn) int {
	return cmp.Or(cmp.Compare(a.sweep, b.sweep), cmp.Compare(a.round, b.round), cmp.Compare(a.cycle, b.cycle))
}

func regimeOf(t *bench.Trial) Regime {
	if t.Cycle > 0 {
		return InSlices
	}
	return InTrials
}

// A set is the trials of one arm in one cell and one regime.
type set struct {
	regime Regime
	arm    bench.Arm // with the times that it has in this regime
	// unsupported is set where the node cannot run the arm, in this cell or another.
	unsupported bool
	// tried and used are in the order of their turns; used has one trial per turn.
	tried, used []*bench.Trial
	void        int
	// repeated counts usable trials that one with a higher attempt stands in for.
	repeated int
	index    map[turn]int // of used
	columns  map[Series][]Observation
	// stated has what CPU costs at the arm's own interval, where that of the slices
	// is another; nil where they are the same.
	stated map[Series][]Observation
}

// observations returns those of a series that are compared and shown.
func (s *set) observations(of Series) []Observation {
	if stated, ok := s.stated[of]; ok {
		return stated
	}
	return s.columns[of]
}

// series returns a series as pairs whose second half is empty.
func (s *set) series(of Series) []pair {
	observations := s.observations(of)
	out := make([]pair, len(observations))
	for i, o := range observations {
		out[i] = pair{turn: turnOf(s.used[o.Trial]), x: o.Value}
	}
	return out
}

// units returns a series with one value per unit.
func (s *set) units(of Series) ([]float64, Basis, error) {
	units, basis, err := divide(s.series(of), alone(of.Metric))
	if err != nil {
		return nil, Basis{}, err
	}
	values, _ := reduced(units, alone(of.Metric))
	return values, basis, nil
}

// byTurn returns the observations of a series by turn.
func (s *set) byTurn(of Series) map[turn]float64 {
	observations := s.observations(of)
	at := make(map[turn]float64, len(observations))
	for _, o := range observations {
		at[turnOf(s.used[o.Trial])] = o.Value
	}
	return at
}

// pick chooses the trials that count: of each turn the usable one of the highest
// attempt. A block of slices is run again as a whole, and no pair may join slices
// of two blocks: newest has the highest attempt of each block.
func (s *set) pick(newest map[turn]int) {
	s.index = make(map[turn]int)
	for _, t := range s.tried {
		if len(t.Void) > 0 {
			s.void++
		}
		if !t.Usable() {
			continue
		}
		at := turnOf(t)
		if s.regime == InSlices && t.Attempt < newest[at.block()] {
			s.repeated++
			continue
		}
		if i, ok := s.index[at]; ok { // tried is in the order of attempts
			s.used[i] = t
			s.repeated++
			continue
		}
		s.index[at] = len(s.used)
		s.used = append(s.used, t)
	}
}

// newestBlocks returns the highest attempt of each block of slices.
func newestBlocks(trials []*bench.Trial) map[turn]int {
	newest := make(map[turn]int)
	for _, t := range trials {
		if t.Cycle > 0 {
			at := turnOf(t).block()
			newest[at] = max(newest[at], t.Attempt)
		}
	}
	return newest
}

// Reasons why a turn gave no pair. The first word of the whole text is the name of
// the arm that they hold for.
const (
	dropNotRun      = "was not run"
	dropUnsupported = "is unsupported"
	dropVoid        = "is void"
	dropAbsent      = "has no value"
	dropNotPositive = "is not above zero"
)

// absentAt says why there is no value at a turn.
func (s *set) absentAt(at turn) string {
	if _, ok := s.index[at]; ok {
		return dropAbsent
	}
	first, _ := slices.BinarySearchFunc(s.tried, at, func(t *bench.Trial, at turn) int { return compareTurns(turnOf(t), at) })
	for _, t := range s.tried[first:] {
		if turnOf(t) != at {
			break
		}
		if len(t.Void) > 0 {
			return dropVoid
		}
	}
	if s.unsupported {
		return dropUnsupported // and no longer scheduled
	}
	return dropNotRun
}

// ids returns which trials are used.
func (s *set) ids() []TrialID {
	var out []TrialID
	for _, t := range s.used {
		out = append(out, TrialID{t.Sweep, t.Round, t.Cycle, t.Attempt, t.Start})
	}
	return out
}

// atCadence states the CPU time of slices at the arm's own interval. A sliced arm
// does nothing between calls, so what it costs above the idle arm in the same
// cycle is the price of its calls: with calls 10 times as far apart it is a tenth,
// while the idle arm's cost stays.
func (s *set) atCadence(own time.Duration, idle *set) {
	if s.regime != InSlices || s.arm.Interval == own || own <= 0 || s.arm.Interval <= 0 {
		return
	}
	factor := s.arm.Interval.Seconds() / own.Seconds()
	s.stated = make(map[Series][]Observation)
	for series, observations := range s.columns {
		switch series.Metric {
		case CPUCores:
			floor := Series{Metric: CPUCores, Component: series.Component}
			s.stated[series] = s.restate(observations, idle, floor, func(_ *bench.Trial, v, floor float64) float64 {
				return factor*v + (1-factor)*floor
			})
		case CPUPerCall:
			floor := Series{Metric: CPUCores, Component: Total}
			s.stated[series] = s.restate(observations, idle, floor, func(t *bench.Trial, v, floor float64) float64 {
				perAnswer := t.Length.Seconds() / float64(answers(t))
				return v - floor*perAnswer + floor*own.Seconds()
			})
		}
	}
}

// restate applies f to each observation and the idle arm's of the same cycle.
// Where that has none, neither has the result.
func (s *set) restate(observations []Observation, idle *set, floor Series, f func(t *bench.Trial, v, floor float64) float64) []Observation {
	out := []Observation{}
	if idle == nil {
		return out
	}
	floors := make(map[turn]float64)
	for _, o := range idle.columns[floor] {
		floors[turnOf(idle.used[o.Trial])] = o.Value
	}
	for _, o := range observations {
		t := s.used[o.Trial]
		if v, ok := floors[turnOf(t)]; ok {
			out = append(out, Observation{o.Trial, f(t, o.Value, v)})
		}
	}
	return out
}
