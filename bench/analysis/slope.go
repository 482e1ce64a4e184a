package analysis

import (
	"errors"
	"fmt"

	"cri-stats-bench/bench/stat"
)

// againstBaseline compares an arm's line with the baseline's.
func (b *builder) againstBaseline(out *Scaling, l ladder, _ []point) error {
	base := b.report.Baseline
	if base == "" || out.Arm == base || out.Arm == b.report.Idle {
		return nil
	}
	theirs := out.Series
	if theirs.Collector != "" {
		var ok bool
		if theirs.Collector, ok = opponent(out.Series.Collector, l[0].groups[base].collectors); !ok {
			return nil
		}
	}
	_, regime, err := l.points(base, theirs)
	if err != nil {
		return err
	}
	if regime == out.Regime {
		return b.pairedLines(out, l, theirs)
	}
	return b.joinedLines(out, l, theirs, regime)
}

// pairedLines compares lines of two arms of one regime: what they share of a
// round's noise cancels.
func (b *builder) pairedLines(out *Scaling, l ladder, theirs Series) error {
	var x, mine, other []float64
	var points []point
	for _, c := range l {
		arm, base := c.groups[out.Arm], c.groups[b.report.Baseline]
		pairs, _ := match(arm.in(out.Regime), base.in(out.Regime), contest{Difference, out.Series, theirs})
		units, _, err := divide(pairs, difference(out.Series.Metric))
		if err != nil {
			return err
		}
		for _, u := range units {
			a, o := combined(out.Series.Metric, u, firstOf), combined(out.Series.Metric, u, secondOf)
			if !finite(a, o) {
				continue
			}
			x, mine, other = append(x, float64(c.cell.Pods)), append(mine, a), append(other, o)
			points = append(points, point{pods: c.cell.Pods})
		}
	}
	if len(densities(points)) < 2 {
		return nil
	}
	noise := stat.NoiseRelative
	ratio, err := stat.PairedSlopeRatio(x, mine, other, noise, intervalLevel)
	if errors.Is(err, stat.ErrNotPositive) {
		noise = stat.NoiseAbsolute
		ratio, err = stat.PairedSlopeRatio(x, mine, other, noise, intervalLevel)
	}
	if out.SlopeRatio, err = b.fitted(ratio, err, len(x)); err != nil {
		return fmt.Errorf("ratio of slopes: %w", err)
	}
	crossing, err := stat.PairedCrossing(x, mine, other, noise, intervalLevel)
	return b.cross(out, crossing, err, len(x))
}

// joinedLines compares lines through what is above the idle arm, of slices and of
// trials of their own.
func (b *builder) joinedLines(out *Scaling, l ladder, theirs Series, regime Regime) error {
	net := func(arm string, s Series, regime Regime) (stat.Line, int, error) {
		points, err := l.aboveIdle(b.report.Idle, &Scaling{Arm: arm, Series: s, Regime: regime})
		if err != nil || len(densities(points)) < 2 {
			return stat.Line{}, 0, err
		}
		x, y := xy(points)
		line, err := stat.RelativeLine(x, y, intervalLevel)
		if errors.Is(err, stat.ErrNotPositive) {
			line, err = stat.OLS(x, y, intervalLevel)
		}
		if unanswerable(err) {
			return stat.Line{}, 0, nil
		}
		return line, len(points), err
	}
	mine, n, err := net(out.Arm, out.Series, out.Regime)
	if err != nil || n == 0 {
		return err
	}
	other, m, err := net(b.report.Baseline, theirs, regime)
	if err != nil || m == 0 {
		return err
	}
	out.Notes = addID(out.Notes, b.notes.rule(NoteJoined, joinedText))
	ratio, err := stat.SlopeRatio(mine, other, intervalLevel)
	if out.SlopeRatio, err = b.fitted(ratio, err, n+m); err != nil {
		return fmt.Errorf("ratio of slopes: %w", err)
	}
	crossing, err := stat.Crossing(mine, other, intervalLevel)
	return b.cross(out, crossing, err, n+m)
}

// cross takes in where two lines meet, if that is where both were measured.
func (b *builder) cross(out *Scaling, crossing stat.Estimate, err error, points int) error {
	if errors.Is(err, stat.ErrUnbounded) {
		out.Crossing = Estimate{Notes: []int{b.notes.rule(NoteNoCrossing, "the slopes cannot be told apart: where the lines meet is not known")}}
		return nil
	}
	if out.Crossing, err = b.fitted(crossing, err, points); err != nil {
		return fmt.Errorf("crossing: %w", err)
	}
	first, last := out.Densities[0], out.Densities[len(out.Densities)-1]
	if at := out.Crossing; !at.Absent() && (at.Value < float64(first) || at.Value > float64(last)) {
		out.Crossing = Estimate{Notes: []int{b.notes.rule(NoteNoCrossing, fmt.Sprintf("the lines do not meet between %d and %d pods, and nothing is said beyond", first, last))}}
	}
	return nil
}
