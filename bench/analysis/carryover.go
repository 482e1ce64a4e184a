package analysis

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/stat"
)

// A CarryOver is what an arm costs more in trials that come after those of another
// arm than in its other trials.
type CarryOver struct {
	Cell bench.Cell `json:"cell"`
	Arm  string     `json:"arm"`
	// After is the arm that had the window before.
	After string `json:"after"`
	// Effect is relative: 0.03 is 3 % more CPU time. Its N counts the trials after
	// that arm.
	Effect Estimate `json:"effect"`
	// P is that of the exact rank-sum test, Adjusted after Holm over all arms and
	// cells.
	P        float64 `json:"p"`
	Adjusted float64 `json:"p_adjusted"`
	// Significant says that it is more than chance.
	Significant bool `json:"significant"`
}

// fewestAfter is how many trials after an arm, and how many after others, there
// must be for a test.
const fewestAfter = 5

// A residual is by how much a trial's logarithm of CPU time differs from what its
// arm and its round make one expect.
type residual struct {
	arm, before string
	value       float64
}

// carryOver tests in every cell whether the cost of a trial depends on whose trial
// came before it. The order of arms in a round is shuffled, so that the arms before
// another one are a fair sample of its trials.
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
			text := fmt.Sprintf("trials after %s cost %+.1f %% CPU time", o.After, 100*o.Effect.Value)
			g.result.Notes = addID(g.result.Notes, b.notes.at(NoteCarryOver, text, g.placeOf(0, 0)))
		}
	}
}

// residuals takes off each trial the mean of its arm and then, over the arms with the
// same windows, that of its round.
func (c *cellGroup) residuals() []residual {
	s := Series{Metric: CPUCores, Component: Total}
	type class struct {
		at             turn
		window, warmUp time.Duration
	}
	rounds := make(map[class][]float64)
	logs := make(map[*bench.Trial]float64)
	for _, g := range c.order {
		mean := logMean(g, s)
		for _, o := range g.columns[s] {
			if o.Value > 0 {
				t := g.used[o.Trial]
				logs[t] = math.Log(o.Value) - mean
				at := class{turnOf(t), g.arm.Window, g.arm.WarmUp}
				rounds[at] = append(rounds[at], logs[t])
			}
		}
	}
	before := c.predecessors()
	var out []residual
	for _, g := range c.order {
		for _, t := range g.used {
			round := rounds[class{turnOf(t), g.arm.Window, g.arm.WarmUp}]
			if v, ok := logs[t]; ok && before[t] != "" && len(round) > 1 {
				out = append(out, residual{g.arm.Name, before[t], v - arithmeticMean(round)})
			}
		}
	}
	return out
}

func logMean(g *group, s Series) float64 {
	var logs []float64
	for _, o := range g.columns[s] {
		if o.Value > 0 {
			logs = append(logs, math.Log(o.Value))
		}
	}
	return arithmeticMean(logs)
}

// predecessors returns which arm had the window before each trial, void ones
// included: they ran all the same.
func (c *cellGroup) predecessors() map[*bench.Trial]string {
	var all []*bench.Trial
	for _, g := range c.order {
		for _, t := range g.tried {
			if !t.Start.IsZero() {
				all = append(all, t)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b *bench.Trial) int { return a.Start.Compare(b.Start) })
	out := make(map[*bench.Trial]string)
	for i := 1; i < len(all); i++ {
		out[all[i]] = all[i-1].Arm.Name
	}
	return out
}

// carried compares the trials of an arm after another one with its other trials.
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
