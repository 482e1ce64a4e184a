package runs

import (
	"errors"
	"fmt"
	"math"

	"cri-stats-bench/bench/stat"
)

// foresee adds to every primary endpoint what no verdict rests on: what could have been
// found, and what would settle it.
func (b *builder) foresee() error {
	for i := range b.c.Endpoints {
		e, o := &b.c.Endpoints[i], b.open[i]
		if !o.judged || e.Class != Primary {
			continue
		}
		if err := b.design(e, o); err != nil {
			return fmt.Errorf("%s of %s in %s: %w", e.Series, e.Arm, e.Cell, err)
		}
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
