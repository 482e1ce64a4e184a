package analysis

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/stat"
)

// A Width is how well a primary endpoint of an arm is known in a cell: the ratio of
// CPU or PSS total to the baseline.
type Width struct {
	Arm    string
	Series Series
	// HalfWidth is that of the 90 % interval, relative: 0.02 is ± 2 %. Of a ratio of
	// overheads it is relative to the larger of the two, as an overhead next to
	// nothing has no relative precision. It is +Inf where there is no interval yet.
	HalfWidth float64
}

// Precision returns how well each primary endpoint is known in a cell from the
// trials so far, of every arm that gets a verdict and that the node supports. It is
// empty where there is nothing to compare. The trials of other cells, and verdicts,
// do not enter it: who stops by precision does not stop by result.
func (in Input) Precision(cell bench.Cell) ([]Width, error) {
	here := in
	here.Trials = slices.DeleteFunc(slices.Clone(in.Trials), func(t bench.Trial) bool { return t.Cell != cell })
	if len(here.Trials) == 0 {
		return nil, nil
	}
	b, err := here.builder()
	if err != nil {
		return nil, err
	}
	c, err := b.gather(cell, b.trials)
	if err != nil || c == nil {
		return nil, err
	}
	base := c.groups[b.report.Baseline]
	if base == nil || base.empty() {
		return nil, nil
	}
	var out []Width
	own := in.Plan.OwnTrialArms()
	for _, g := range c.order {
		if !b.rival(g) || b.unsupported[g.arm.Name] != "" || !g.empty() && !g.reads() {
			continue
		}
		for _, m := range []Metric{CPUCores, PSS} {
			if m == PSS && !slices.ContainsFunc(own, func(a bench.Arm) bool { return a.Name == g.arm.Name }) {
				continue // the plan does not ask for its memory
			}
			s := Series{Metric: m, Component: Total}
			width, err := b.width(g, base, s)
			if err != nil {
				return nil, err
			}
			out = append(out, Width{g.arm.Name, s, width})
		}
	}
	return out, nil
}

func (b *builder) width(g, base *group, s Series) (float64, error) {
	if g.empty() {
		return math.Inf(1), nil
	}
	e, err := b.versus(g, base, endpoint{s, s})
	if err != nil {
		return 0, err
	}
	if e.absent() {
		return math.Inf(1), nil
	}
	v, err := e.estimate(verdictLevel)
	switch {
	case errors.Is(err, stat.ErrConstant) && len(e.units) > 1:
		return 0, nil // the same in every round
	case unanswerable(err):
		return math.Inf(1), nil
	case err != nil:
		return 0, fmt.Errorf("precision of %s of %s: %w", s, g.arm.Name, err)
	case e.kind == OverheadRatio:
		return v.CI.Width() / 2 / math.Max(1, v.Value), nil
	}
	return math.Expm1((math.Log(v.CI.Hi) - math.Log(v.CI.Lo)) / 2), nil
}

// Widest returns the primary endpoint of a cell that is known least well. It is
// false where nothing can be compared yet.
func (in Input) Widest(cell bench.Cell) (Width, bool, error) {
	widths, err := in.Precision(cell)
	if err != nil || len(widths) == 0 {
		return Width{}, false, err
	}
	return slices.MaxFunc(widths, func(a, b Width) int { return cmp.Compare(a.HalfWidth, b.HalfWidth) }), true, nil
}
