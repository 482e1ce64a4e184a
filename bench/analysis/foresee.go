package analysis

import (
	"errors"
	"math"
	"slices"

	"cri-stats-bench/bench/plan"
	"cri-stats-bench/bench/stat"
)

// Noise that is expected before anything has been measured: the standard deviation
// of the log ratio of CPU time in two adjacent windows of one arm, as seen on a
// shared virtual machine of 2 CPUs with 35 idle pods (bench/DESIGN.md has the
// table). A quiet node does better; the report has the run's own.
const (
	sliceNoise = 0.105 // windows of seconds
	trialNoise = 0.07  // windows of half a minute and more
)

// A Foresight is what effect on CPU time a plan can tell apart in one cell.
type Foresight struct {
	Regime Regime
	// Arms are those that are compared in this regime.
	Arms []string
	// Least and Most are for the plan's least and most rounds.
	Least, Most Prospect
}

// A Prospect is what a number of pairs promises.
type Prospect struct {
	Pairs int
	// Effect is the smallest relative difference that is found with a power of 80 %
	// by a one-sided test of 5 %; +Inf where there are too few pairs for any.
	Effect float64
}

// Foresee says beforehand what a plan can tell apart, at the noise of a small
// shared machine: slices against slices, where it has them, and trials against
// trials. An arm with slices that is compared with one without goes by trials.
func Foresee(p *plan.Plan) ([]Foresight, error) {
	var sliced, own []string
	for _, a := range p.Arms {
		switch {
		case a.Name == p.Idle:
		case slices.Contains(p.Slices.Arms, a.Name):
			sliced = append(sliced, a.Name)
		default:
			own = append(own, a.Name)
		}
	}
	var out []Foresight
	for _, f := range []struct {
		regime Regime
		arms   []string
		pairs  int // of one round
		noise  float64
	}{{InSlices, sliced, p.Slices.Cycles, sliceNoise}, {InTrials, own, 1, trialNoise}} {
		if len(f.arms) == 0 || len(p.Arms) < 2 {
			continue
		}
		least, err := prospect(p.Rounds.Min*f.pairs, f.noise)
		if err != nil {
			return nil, err
		}
		most, err := prospect(p.Rounds.Max*f.pairs, f.noise)
		if err != nil {
			return nil, err
		}
		out = append(out, Foresight{f.regime, f.arms, least, most})
	}
	return out, nil
}

func prospect(pairs int, noise float64) (Prospect, error) {
	effect, err := stat.MinimumDetectableEffect(pairs, noise, alpha, power)
	switch {
	case errors.Is(err, stat.ErrTooFew) || errors.Is(err, stat.ErrUnbounded):
		return Prospect{pairs, math.Inf(1)}, nil
	case err != nil:
		return Prospect{}, err
	}
	return Prospect{pairs, math.Expm1(effect)}, nil
}
