package analysis

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/stat"
)

// A CarryOver is what an arm costs more in slices that come after those of another
// arm, than in its other slices.
type CarryOver struct {
	Cell bench.Cell `json:"cell"`
	Arm  string     `json:"arm"`
	// After is the arm that had the slice before.
	After string `json:"after"`
	// Effect is relative: 0.03 is 3 % more CPU time. Its N counts the slices after
	// that arm.
	Effect Estimate `json:"effect"`
	// P is that of the exact rank-sum test, Adjusted after Holm over all arms and
	// cells.
	P        float64 `json:"p"`
	Adjusted float64 `json:"p_adjusted"`
	// Significant says that it is more than chance.
	Significant bool `json:"significant"`
}

// fewestAfter is how many slices after an arm, and how many after others, there
// must be for a test.
const fewestAfter = 5

// A residual is by how much a slice's logarithm of CPU time differs from what its
// arm and its cycle make one expect.
type residual struct {
	arm, before string
	value       float64
}

// carryOver tests in every cell whether the cost of a slice depends on whose slice
// came before it. The order of arms in a cycle is shuffled or balanced, so that the
// arms before another one are a fair sample of its slices.
func (b *builder) carryOver() error {
	var all []CarryOver
	var p []float64
	for _, c := range b.cells {
		residuals := c.residuals()
		for _, g := range c.order {
			for _, before := range c.order {
				o, ok, err := carried(residuals, g.arm.Name, before.arm.Name)
				if err != nil {
					return fmt.Errorf("carry-over from %s to %s in %s: %w", before.arm.Name, g.arm.Name, c.cell, err)
				}
				if ok {
					o.Cell = c.cell
					all, p = append(all, o), append(p, o.P)
				}
			}
		}
	}
	if len(all) == 0 {
		return nil
	}
	adjusted, err := stat.Holm(p)
	if err != nil {
		return fmt.Errorf("adjust tests of carry-over: %w", err)
	}
	for i := range all {
		all[i].Adjusted = adjusted[i]
		all[i].Significant = adjusted[i] < alpha
		if all[i].Significant {
			b.warnCarryOver(&all[i])
		}
	}
	b.report.CarryOver = all
	return nil
}

func (b *builder) warnCarryOver(o *CarryOver) {
	for _, c := range b.cells {
		if c.cell == o.Cell {
			g := c.groups[o.Arm]
			text := fmt.Sprintf("slices after %s cost %+.1f %% CPU time", o.After, 100*o.Effect.Value)
			g.result.Notes = addID(g.result.Notes, b.notes.at(NoteCarryOver, text, g.placeOf(0, 0, InSlices)))
		}
	}
}

// residuals takes off each slice what its arm and its cycle have in common. Cycles
// that lack an arm are left out: what the others would be held against is another.
func (c *cellGroup) residuals() []residual {
	s := Series{Metric: CPUCores, Component: Total}
	logs := make(map[string]map[turn]float64) // as measured, by arm
	for _, g := range c.order {
		for _, o := range g.slices.columns[s] {
			if o.Value > 0 {
				if logs[g.arm.Name] == nil {
					logs[g.arm.Name] = make(map[turn]float64)
				}
				logs[g.arm.Name][turnOf(g.slices.used[o.Trial])] = math.Log(o.Value)
			}
		}
	}
	arms := slices.Sorted(maps.Keys(logs))
	if len(arms) < 2 {
		return nil
	}
	common := make(map[turn]float64) // mean over arms of whole cycles
	means := make(map[string]float64)
	for _, at := range slices.SortedFunc(maps.Keys(logs[arms[0]]), compareTurns) {
		sum, whole := 0.0, true
		for _, arm := range arms {
			v, ok := logs[arm][at]
			sum, whole = sum+v, whole && ok
		}
		if whole {
			common[at] = sum / float64(len(arms))
		}
	}
	for _, at := range slices.SortedFunc(maps.Keys(common), compareTurns) {
		for _, arm := range arms {
			means[arm] += (logs[arm][at] - common[at]) / float64(len(common))
		}
	}
	before := c.predecessors()
	var out []residual
	for _, arm := range arms {
		g := c.groups[arm]
		for _, t := range g.slices.used {
			at := turnOf(t)
			if level, ok := common[at]; ok && before[t] != "" {
				out = append(out, residual{arm, before[t], logs[arm][at] - level - means[arm]})
			}
		}
	}
	return out
}

// predecessors returns which arm had the slice before each slice, void ones
// included: they ran all the same.
func (c *cellGroup) predecessors() map[*bench.Trial]string {
	type seat struct {
		turn
		attempt, position int
	}
	seats := make(map[seat]string)
	of := func(t *bench.Trial) seat { return seat{turnOf(t).block(), t.Attempt, t.Position} }
	for _, g := range c.order {
		for _, t := range g.slices.tried {
			seats[of(t)] = g.arm.Name
		}
	}
	out := make(map[*bench.Trial]string)
	for _, g := range c.order {
		for _, t := range g.slices.used {
			before := of(t)
			before.position--
			out[t] = seats[before]
		}
	}
	return out
}

// carried compares the slices of an arm after another one with its other slices.
func carried(residuals []residual, arm, before string) (CarryOver, bool, error) {
	var after, others []float64
	for _, r := range residuals {
		switch {
		case r.arm != arm:
		case r.before == before:
			after = append(after, r.value)
		default:
			others = append(others, r.value)
		}
	}
	if len(after) < fewestAfter || len(others) < fewestAfter {
		return CarryOver{}, false, nil
	}
	test, err := stat.MannWhitney(after, others)
	if errors.Is(err, stat.ErrConstant) {
		return CarryOver{}, false, nil
	}
	if err != nil {
		return CarryOver{}, false, err
	}
	shift, err := stat.HodgesLehmannShift(after, others, intervalLevel)
	if unanswerable(err) {
		return CarryOver{}, false, nil
	}
	if err != nil {
		return CarryOver{}, false, err
	}
	return CarryOver{
		Arm: arm, After: before, P: test.PTwoSided,
		Effect: Estimate{
			Value: math.Expm1(shift.Value), N: len(after),
			Interval: &Interval{math.Expm1(shift.CI.Lo), math.Expm1(shift.CI.Hi)},
		},
	}, true, nil
}
