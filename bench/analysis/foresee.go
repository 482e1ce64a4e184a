package analysis

import (
	"errors"
	"math"

	"cri-stats-bench/bench/plan"
	"cri-stats-bench/bench/stat"
)

// noisePerSecond is the noise that is expected before anything has been measured: the
// standard deviation of the logarithm of the CPU time of a window of one second. Noise
// of such windows is white, so that of a window of n seconds is this over the square
// root of n (bench/DESIGN.md has the measurement, on a shared virtual machine of 2
// CPUs). A quiet node does better; the report has the run's own.
const noisePerSecond = 0.145

// A Foresight is what effect on CPU time one comparison of a plan can tell apart.
type Foresight struct {
	plan.Comparison
	// Least and Most are for the plan's least and most rounds.
	Least, Most Prospect
}

// A Prospect is what a number of rounds promises.
type Prospect struct {
	Rounds int
	// Effect is the smallest relative difference that is found with a power of 80 %
	// by a one-sided test of 5 %; +Inf where there are too few rounds for any.
	Effect float64
}

// Foresee says beforehand what the comparisons of a plan can tell apart, at the noise of
// a small shared machine. Rounds that are looked at several times find a little less.
func Foresee(p *plan.Plan) ([]Foresight, error) {
	again := copies(p.Arms, p.Baseline, p.Idle, asked(p))
	var out []Foresight
	for _, c := range p.Comparisons {
		window, _, ok := p.Windows(c.To)
		if !ok {
			continue
		}
		stands := 1.0
		for _, of := range again {
			if of == c.To {
				stands++
			}
		}
		noise := noisePerSecond / math.Sqrt(window.Seconds()) * math.Sqrt(1+1/stands)
		f := Foresight{Comparison: c}
		for _, of := range []struct {
			rounds int
			to     *Prospect
		}{{p.Rounds.Min, &f.Least}, {p.Rounds.Max, &f.Most}} {
			var err error
			if *of.to, err = prospect(of.rounds, noise); err != nil {
				return nil, err
			}
		}
		out = append(out, f)
	}
	return out, nil
}

func prospect(rounds int, noise float64) (Prospect, error) {
	effect, err := stat.MinimumDetectableEffect(rounds, noise, alpha, power)
	switch {
	case errors.Is(err, stat.ErrTooFew) || errors.Is(err, stat.ErrUnbounded):
		return Prospect{rounds, math.Inf(1)}, nil
	case err != nil:
		return Prospect{}, err
	}
	return Prospect{rounds, math.Expm1(effect)}, nil
}
