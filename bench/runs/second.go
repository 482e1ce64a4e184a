package runs

import (
	"errors"
	"fmt"
	"math"

	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/stat"
)

// second adds to every endpoint what no verdict rests on: what ranks say, what could
// have been found, and what would settle it. It takes most of the time of a
// comparison.
func (b *builder) second() error {
	for i := range b.c.Endpoints {
		e, o := &b.c.Endpoints[i], b.open[i]
		if !o.judged {
			continue
		}
		err := b.ranks(e, o)
		if err == nil && e.Class == Primary {
			err = b.design(e, o)
		}
		if err != nil {
			return fmt.Errorf("%s of %s in %s: %w", e.Series, e.Arm, e.Cell, err)
		}
	}
	return nil
}

// ranks sets the Hodges-Lehmann estimate and the Mann-Whitney test beside the means.
func (b *builder) ranks(e *Endpoint, o open) error {
	y, x := o.contrast[0].Values, o.contrast[1].Values
	test, err := stat.MannWhitney(y, x)
	if err != nil {
		return err
	}
	e.RankP = test.PTwoSided
	hl, err := stat.HodgesLehmannShift(y, x, verdictLevel)
	if unanswerable(err) {
		return nil
	}
	if err != nil {
		return err
	}
	hl = hl.Exp()
	e.Twin = &analysis.Estimate{Value: hl.Value, Interval: &analysis.Interval{Lo: hl.CI.Lo, Hi: hl.CI.Hi}, N: hl.N}
	half := (math.Log(e.Ratio.Interval.Hi) - math.Log(e.Ratio.Interval.Lo)) / 2
	if math.Abs(math.Log(hl.Value/e.Ratio.Value)) > half/2 {
		e.TwinDiffers = true
		e.Notes = append(e.Notes, b.note("mean and Hodges-Lehmann estimate differ by more than half of the interval's half width: a few rounds decide the mean"))
	}
	return nil
}

// design says of a primary endpoint what it could have found and what would settle
// it.
func (b *builder) design(e *Endpoint, o open) error {
	s, err := o.contrast.Spread()
	if unanswerable(err) {
		return nil
	}
	if err != nil {
		return err
	}
	n := int(math.Round(s.DF)) + 1
	effect, err := stat.MinimumDetectableEffect(max(n, 2), s.SE*math.Sqrt(float64(n)), alpha, power)
	if err == nil {
		if d := math.Expm1(math.Log1p(b.margin) + effect); !math.IsInf(d, 0) {
			e.Detectable = d
		}
	} else if !errors.Is(err, stat.ErrUnbounded) {
		return err
	}
	if e.Verdict != Inconclusive {
		return nil
	}
	// The nearer end of the margin is what is open. Two runs of n rounds have the
	// error of n differences with the variances of both.
	log := math.Abs(s.Value)
	distance := math.Abs(math.Log1p(b.margin) - log)
	wanted, err := stat.SampleSize(distance, math.Hypot(e.Old.SD, e.New.SD), alpha, power)
	switch {
	case errors.Is(err, stat.ErrTooMany) || errors.Is(err, stat.ErrRange):
		return nil // the ratio lies on the margin, or next to it
	case err != nil:
		return err
	}
	e.Settles = max(wanted, min(e.Old.N, e.New.N)+1)
	return nil
}
