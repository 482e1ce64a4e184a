package runs

import (
	"cmp"
	"math"
	"slices"
	"strings"

	gonum "gonum.org/v1/gonum/stat"

	"cri-stats-bench/bench/analysis"
)

// A sample is what one run has of one series: the logarithm of one value per trial, in
// the order of rounds.
type sample struct {
	logs []float64
	// turns are the rounds of logs.
	turns []turn
	// notPositive counts values that have no logarithm.
	notPositive int
}

// turn is a round of a sweep.
type turn struct{ sweep, round int }

// observe takes a series out of an arm's trials.
func observe(a *analysis.ArmResult, s analysis.Series) sample {
	i := slices.IndexFunc(a.Columns, func(c analysis.Column) bool { return c.Series == s })
	if i < 0 {
		return sample{}
	}
	observations := slices.Clone(a.Columns[i].Observations)
	at := func(o analysis.Observation) turn { return turn{a.Trials[o.Trial].Sweep, a.Trials[o.Trial].Round} }
	slices.SortStableFunc(observations, func(x, y analysis.Observation) int {
		return cmp.Or(cmp.Compare(at(x).sweep, at(y).sweep), cmp.Compare(at(x).round, at(y).round))
	})
	var out sample
	for _, o := range observations {
		if !(o.Value > 0) || math.IsInf(o.Value, 1) {
			out.notPositive++
			continue
		}
		out.logs, out.turns = append(out.logs, math.Log(o.Value)), append(out.turns, at(o))
	}
	return out
}

// over is the ratio of two samples of a run, round by round: of what all arms of a
// round have in common, as the speed of the node is, nothing is left.
func (s sample) over(other sample) sample {
	var out sample
	for i, at := range s.turns {
		if k := slices.Index(other.turns, at); k >= 0 {
			out.logs, out.turns = append(out.logs, s.logs[i]-other.logs[k]), append(out.turns, at)
		}
	}
	return out
}

func isTime(m analysis.Metric) bool {
	return strings.HasPrefix(string(m), "response_") || strings.HasPrefix(string(m), "service_")
}

// A Side is what one run has of an endpoint: the geometric mean in base units (of a
// ratio in one), the standard deviation of the logarithms, and how many trials they rest on.
type Side struct {
	N    int     `json:"n"`
	Mean float64 `json:"geometric_mean"`
	SD   float64 `json:"sd_log"`
}

func (s sample) side() Side {
	out := Side{N: len(s.logs)}
	if out.N > 0 {
		out.Mean = math.Exp(gonum.Mean(s.logs, nil))
	}
	if out.N > 1 {
		out.SD = gonum.StdDev(s.logs, nil)
	}
	return out
}
