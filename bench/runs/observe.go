package runs

import (
	"cmp"
	"math"
	"slices"
	"strings"

	gonum "gonum.org/v1/gonum/stat"

	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/stat"
)

// A sample is what one run has of one series: the logarithm of one value per trial
// or block of slices, in the order of rounds.
type sample struct {
	logs []float64
	// turns are the rounds of logs.
	turns []turn
	// notPositive counts values that have no logarithm.
	notPositive int
}

// turn is a round of a sweep: a trial of its own of each arm, and one block of
// slices.
type turn struct{ sweep, round int }

// observe takes a series out of an arm's trials of one regime. The slices of a block
// become one value, the mean of costs and the median of times: agents live as long
// as their block, so slices of a block have more in common than two blocks.
func observe(a *analysis.ArmResult, s analysis.Series, regime analysis.Regime) sample {
	columns, trials := a.Columns, a.Trials
	if regime == analysis.InSlices {
		columns, trials = a.SliceColumns, a.SliceTrials
	}
	i := slices.IndexFunc(columns, func(c analysis.Column) bool { return c.Series == s })
	if i < 0 {
		return sample{}
	}
	byTurn := make(map[turn][]float64)
	var turns []turn
	for _, o := range columns[i].Observations {
		at := turn{trials[o.Trial].Sweep, trials[o.Trial].Round}
		if byTurn[at] == nil {
			turns = append(turns, at)
		}
		byTurn[at] = append(byTurn[at], o.Value)
	}
	slices.SortFunc(turns, func(a, b turn) int { return cmp.Or(cmp.Compare(a.sweep, b.sweep), cmp.Compare(a.round, b.round)) })
	var out sample
	for _, at := range turns {
		v := combined(s.Metric, byTurn[at])
		if !(v > 0) || math.IsInf(v, 1) {
			out.notPositive++
			continue
		}
		out.logs, out.turns = append(out.logs, math.Log(v)), append(out.turns, at)
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

// combined is what the slices of a block have in common: the mean of what adds up,
// the median of times.
func combined(m analysis.Metric, values []float64) float64 {
	if len(values) == 1 {
		return values[0]
	}
	if !isTime(m) {
		return gonum.Mean(values, nil)
	}
	v, err := stat.Median(values)
	if err != nil {
		return math.NaN()
	}
	return v
}

func isTime(m analysis.Metric) bool {
	return strings.HasPrefix(string(m), "response_") || strings.HasPrefix(string(m), "service_")
}

// A Side is what one run has of an endpoint: the geometric mean in base units (of a
// ratio in one), the standard deviation of the logarithms, and how many trials or blocks they rest on.
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
