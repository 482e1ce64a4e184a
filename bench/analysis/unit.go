package analysis

import (
	"errors"
	"fmt"
	"math"
	"slices"

	gonum "gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"

	"cri-stats-bench/bench/stat"
)

// A Unit is what an interval counts.
type Unit string

// The units.
const (
	Round Unit = "round" // one round: a trial of each arm, or a whole block of slices
	Cycle Unit = "cycle" // one turn of each arm in a block of slices
	Batch Unit = "batch" // several cycles of a block that follow each other
)

// A Basis says what an interval rests on.
type Basis struct {
	Unit Unit `json:"unit"`
	// Count is how many units there are, Cycles how many cycles the largest of them
	// has; 0 in trials of their own.
	Count  int `json:"count"`
	Cycles int `json:"cycles,omitempty"`
	// Effective is how many independent values the rounds or cycles are worth of
	// which the units are made (n over 1 + 2Σρ).
	Effective float64 `json:"effective"`
	// Correlation is that of a unit with the next one of its block, or of a round
	// with the next. Correlated says that it is more than chance makes in one of a
	// hundred: the interval is then too narrow.
	Correlation float64 `json:"correlation"`
	Correlated  bool    `json:"correlated,omitempty"`
}

// How cycles become units. The rule looks at how many there are and how they
// follow each other, and never at what comes out. TestDivide has what it is worth.
const (
	// manyRounds is from how many blocks on each is one unit: agents live as long as
	// their block, and what differs between blocks does not average out over cycles.
	// With 6 units an interval is 22 % wider than with infinitely many, with 10 it
	// is 11 % wider, and it holds its level whatever the noise inside a block is.
	manyRounds = 6
	// mostUnits is into how many batches the cycles of fewer blocks are divided if
	// they may be: with 30 an interval is 3 % wider than with infinitely many, and
	// batches of several cycles even out work that comes in lumps. leastUnits is the
	// fewest that batches are made larger for.
	mostUnits  = 30
	leastUnits = 10
	// suspicion and certainty are the normal quantiles at which a correlation of
	// neighbours counts: one-sided 10 % to make larger batches, 1 % to warn.
	suspicion = 1.2815515655446004
	certainty = 2.3263478740408408
	// roundsDiffer is the level of the test whether blocks differ by more than their
	// cycles explain; then the block is the unit, however few there are.
	roundsDiffer = 0.05
	// longSeries is from how many values on they are averaged before correlations
	// are taken, which cost their square.
	longSeries = 2000
)

// A pair is what two arms, or an arm alone, have at one turn.
type pair struct {
	turn
	x, y float64
}

// A reduction makes one value of the pairs of a unit; NaN if there is none.
type reduction func([]pair) float64

// finite makes a value that cannot be calculated with none.
func (r reduction) finite() reduction {
	return func(u []pair) float64 {
		if v := r(u); !math.IsInf(v, 0) {
			return v
		}
		return math.NaN()
	}
}

// divide makes units of pairs in the order of their turns: rounds of trials of
// their own, else cycles, batches of them, or whole blocks. The smallest batches are
// taken at which neighbours are not correlated; none spans two blocks. Pairs without
// a value count for nothing.
func divide(pairs []pair, value reduction) (units [][]pair, basis Basis, err error) {
	if len(pairs) == 0 {
		return nil, Basis{}, nil
	}
	value = value.finite()
	blocks := byBlock(pairs)
	switch {
	case pairs[0].cycle == 0:
		units, basis.Unit = blocks, Round // of one trial each
	case len(blocks) >= manyRounds:
		units, basis.Unit = blocks, Round
	default:
		units, basis.Unit = batches(blocks, value)
	}
	if pairs[0].cycle > 0 {
		for _, u := range units {
			basis.Cycles = max(basis.Cycles, len(u))
		}
		if basis.Cycles == 1 {
			basis.Unit = Cycle
		}
	}
	basis.Count = len(units)
	sameBlock := basis.Unit != Round
	basis.Correlation, basis.Correlated = neighbours(units, value, sameBlock, certainty)
	if basis.Effective, err = effective(pairs, value); err != nil {
		return nil, Basis{}, fmt.Errorf("how many independent pairs %d are worth: %w", len(pairs), err)
	}
	return units, basis, nil
}

// batches chooses how many units there are to be of fewer blocks than manyRounds.
func batches(blocks [][]pair, value reduction) ([][]pair, Unit) {
	n := 0
	for _, b := range blocks {
		n += len(b)
	}
	var units [][]pair
	for _, count := range [...]int{mostUnits, 20, 15, leastUnits} {
		if units != nil && count >= len(units) {
			continue // there are not that many
		}
		units = split(blocks, min(n, count))
		if _, correlated := neighbours(units, value, true, suspicion); !correlated {
			break
		}
	}
	if differ(units, value) {
		return blocks, Round
	}
	return units, Batch
}

// byBlock splits pairs where one block ends and another begins.
func byBlock(pairs []pair) [][]pair {
	var out [][]pair
	for first := 0; first < len(pairs); {
		end := first + 1
		for end < len(pairs) && pairs[end].block() == pairs[first].block() {
			end++
		}
		out = append(out, pairs[first:end])
		first = end
	}
	return out
}

// split divides blocks into about count units in all, each block into parts that
// differ by one pair at most.
func split(blocks [][]pair, count int) [][]pair {
	n := 0
	for _, b := range blocks {
		n += len(b)
	}
	units := make([][]pair, 0, count+len(blocks))
	for _, b := range blocks {
		parts := max(1, int(math.Round(float64(count)*float64(len(b))/float64(n))))
		parts = min(parts, len(b))
		for i := range parts {
			units = append(units, b[i*len(b)/parts:(i+1)*len(b)/parts])
		}
	}
	return units
}

// neighbours returns the correlation of each unit with the next one, of the same
// block if asked for, and whether it is above what chance leaves below z standard
// errors.
func neighbours(units [][]pair, value reduction, sameBlock bool, z float64) (rho float64, significant bool) {
	values := make([]float64, len(units))
	var finite []float64
	for i, u := range units {
		if values[i] = value(u); !math.IsNaN(values[i]) {
			finite = append(finite, values[i])
		}
	}
	if len(finite) < 3 {
		return 0, false
	}
	mean, square := gonum.Mean(finite, nil), 0.0
	for _, v := range finite {
		square += (v - mean) * (v - mean) / float64(len(finite))
	}
	product, count := 0.0, 0
	for i := 1; i < len(units); i++ {
		if sameBlock && units[i][0].block() != units[i-1][0].block() {
			continue
		}
		if p := (values[i] - mean) * (values[i-1] - mean); !math.IsNaN(p) {
			product += p
			count++
		}
	}
	if count == 0 || square == 0 {
		return 0, false
	}
	rho = product / float64(count) / square
	if math.IsNaN(rho) || math.IsInf(rho, 0) {
		return 0, false // a spread beyond what floating point can square
	}
	return rho, rho > z/math.Sqrt(float64(count))
}

// differ tells whether blocks differ by more than the units inside them explain:
// the F-test of a one-way analysis of variance.
func differ(units [][]pair, value reduction) bool {
	var all []float64
	groups := make(map[turn][]float64)
	var order []turn
	for _, u := range units {
		v := value(u)
		if math.IsNaN(v) {
			continue
		}
		at := u[0].block()
		if groups[at] == nil {
			order = append(order, at)
		}
		groups[at] = append(groups[at], v)
		all = append(all, v)
	}
	between, within := float64(len(groups)-1), float64(len(all)-len(groups))
	if between < 1 || within < 1 {
		return false
	}
	mean := gonum.Mean(all, nil)
	var explained, rest float64
	for _, at := range order { // in order: sums of floats depend on it
		g := groups[at]
		m := gonum.Mean(g, nil)
		explained += float64(len(g)) * (m - mean) * (m - mean)
		for _, v := range g {
			rest += (v - m) * (v - m)
		}
	}
	if rest == 0 {
		return explained > 0
	}
	f := explained / between / (rest / within)
	return !math.IsNaN(f) && distuv.F{D1: between, D2: within}.Survival(f) < roundsDiffer
}

// effective returns how many independent values the pairs are worth.
func effective(pairs []pair, value reduction) (float64, error) {
	perValue := 1
	if len(pairs) > longSeries {
		perValue = (len(pairs) + longSeries - 1) / longSeries
	}
	var values []float64
	n := 0
	for chunk := range slices.Chunk(pairs, perValue) {
		if v := value(chunk); !math.IsNaN(v) {
			values = append(values, v)
			n += len(chunk)
		}
	}
	if len(values) < 2 {
		return float64(n), nil
	}
	e, err := stat.EffectiveSampleSize(values)
	if errors.Is(err, stat.ErrConstant) {
		return float64(n), nil
	}
	return e * float64(n) / float64(len(values)), err
}

// reduced returns the value of each unit, and the pairs of those that have none.
func reduced(units [][]pair, value reduction) (values []float64, without int) {
	values = make([]float64, 0, len(units))
	for _, u := range units {
		if v := value(u); math.IsNaN(v) || math.IsInf(v, 0) {
			without += len(u)
		} else {
			values = append(values, v)
		}
	}
	return values, without
}

// combined is what the trials of a unit have in common: the mean of costs, which
// add up; the median of quantiles.
func combined(m Metric, u []pair, of func(pair) float64) float64 {
	if len(u) == 1 {
		return of(u[0])
	}
	values := make([]float64, len(u))
	for i, p := range u {
		values[i] = of(p)
	}
	if !m.quantile() {
		return arithmeticMean(values)
	}
	v, err := stat.Median(values)
	if err != nil {
		return math.NaN()
	}
	return v
}

func firstOf(p pair) float64  { return p.x }
func secondOf(p pair) float64 { return p.y }

// alone is the value of one arm.
func alone(m Metric) reduction {
	return func(u []pair) float64 { return combined(m, u, firstOf) }
}

// difference is that of two arms.
func difference(m Metric) reduction {
	return func(u []pair) float64 { return combined(m, u, firstOf) - combined(m, u, secondOf) }
}

// logRatio is the logarithm of the ratio of two arms; NaN if either is not above 0.
func logRatio(m Metric) reduction {
	return func(u []pair) float64 {
		x, y := combined(m, u, firstOf), combined(m, u, secondOf)
		if !(x > 0 && y > 0) {
			return math.NaN()
		}
		return math.Log(x) - math.Log(y)
	}
}
