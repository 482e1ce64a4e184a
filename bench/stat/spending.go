package stat

import (
	"fmt"
	"math"
	"sort"

	"gonum.org/v1/gonum/stat/distuv"
)

// Spending says how the chance of a wrong claim is spent over several looks at data that
// accumulate, so that over all of them it stays what was asked for: the spending function
// of Lan and DeMets of the type of O'Brien and Fleming,
//
//	spent by the fraction t of all information = 2 - 2 Φ(z(1-α/2) / √t)
//
// which spends next to nothing at early looks and leaves the last one almost all. The
// looks may stop for any reason that the data give: what was not spent is not owed.
//
// Lan, DeMets. Discrete sequential boundaries for clinical trials. Biometrika 70 (1983).
// Armitage, McPherson, Rowe. Repeated significance tests on accumulating data. JRSS A 132
// (1969): the recursive integration. Jennison, Turnbull. Group Sequential Methods (2000),
// 3.5: p-values of t-tests held against the nominal levels that hold for known variance.
type Spending struct {
	fractions []float64
	allowance float64
	// Of each look, the nominal levels at each of the overall levels.
	overall []float64
	nominal [][]float64
}

// NewSpending returns the plan of looks at these fractions of all information, ascending,
// the last of them 1. Of several looks no more than the level over the allowance is spent:
// the nominal levels hold for a known variance, and one that is estimated from few values
// makes them err more often. An allowance of 1 is none, and one look needs none.
func NewSpending(fractions []float64, allowance float64) (*Spending, error) {
	if !(allowance >= 1) {
		return nil, fmt.Errorf("spend with an allowance of %g: must be at least 1: %w", allowance, ErrRange)
	}
	if len(fractions) == 0 || fractions[len(fractions)-1] != 1 {
		return nil, fmt.Errorf("spend over looks at %v: the last one must be at 1: %w", fractions, ErrRange)
	}
	for i, f := range fractions {
		if !(f > 0) || i > 0 && f <= fractions[i-1] {
			return nil, fmt.Errorf("spend over looks at %v: fractions must ascend from above 0: %w", fractions, ErrRange)
		}
	}
	s := &Spending{fractions: fractions, allowance: allowance}
	if len(fractions) == 1 {
		return s, nil
	}
	s.nominal = make([][]float64, len(fractions))
	for _, alpha := range overallLevels {
		s.overall = append(s.overall, math.Log(alpha))
		for k, level := range s.Levels(alpha) {
			s.nominal[k] = append(s.nominal[k], math.Log(math.Max(level, math.SmallestNonzeroFloat64)))
		}
	}
	return s, nil
}

// overallLevels are those between which sequential p-values are interpolated, on
// logarithmic scales of both.
var overallLevels = []float64{
	1e-12, 1e-9, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 3e-3, 6e-3, 0.01, 0.016, 0.025, 0.035, 0.05, 0.08, 0.15, 0.3, 0.6, 0.999,
}

var normal = distuv.Normal{Mu: 0, Sigma: 1}

// spent is the part of alpha that is spent by a fraction.
func spent(alpha, fraction float64) float64 {
	return 2 * normal.Survival(-normal.Quantile(alpha/2)/math.Sqrt(fraction))
}

// Levels returns the nominal one-sided level at each look: a p-value below it is a claim.
func (s *Spending) Levels(alpha float64) []float64 {
	out := make([]float64, len(s.fractions))
	if len(out) == 1 {
		out[0] = alpha
		return out
	}
	alpha /= s.allowance
	d := density{}
	before, gone := 0.0, 0.0
	for k, fraction := range s.fractions {
		now := math.Min(spent(alpha, fraction), alpha)
		bound := d.bound(math.Sqrt(fraction-before), math.Sqrt(fraction), now-gone)
		out[k] = normal.Survival(bound / math.Sqrt(fraction))
		if k+1 < len(s.fractions) {
			d = d.next(math.Sqrt(fraction-before), math.Sqrt(fraction), bound)
		}
		before, gone = fraction, now
	}
	return out
}

// Sequential returns the sequential p-value of the looks so far, given the nominal
// p-value at each: the smallest overall level at which one of them would have been a
// claim (Liu, Anderson. On adaptive extensions of group sequential trials. JASA 103
// (2008)). With one look it is the p-value itself.
func (s *Spending) Sequential(p []float64) float64 {
	if len(s.fractions) == 1 && len(p) > 0 {
		return p[0]
	}
	least := 1.0
	for k, v := range p {
		least = math.Min(least, s.overallAt(k, v))
	}
	return least
}

// overallAt is the overall level whose nominal level at a look is p.
func (s *Spending) overallAt(k int, p float64) float64 {
	levels := s.nominal[k]
	x := math.Log(math.Max(p, math.SmallestNonzeroFloat64))
	i := sort.SearchFloat64s(levels, x)
	switch {
	case i == len(levels):
		return 1
	case i == 0:
		return math.Exp(s.overall[0])
	}
	lo, hi := levels[i-1], levels[i]
	if hi == lo {
		return math.Exp(s.overall[i])
	}
	return math.Exp(s.overall[i-1] + (s.overall[i]-s.overall[i-1])*(x-lo)/(hi-lo))
}

// A density is that of the sum of increments so far where no look has made a claim, on a
// grid for Simpson's rule. The zero density is all at 0.
type density struct {
	at, weight []float64 // weight has the rule's factors
}

const (
	reach     = 8.0  // standard deviations; what lies beyond is nothing
	beyondAll = 12.0 // the same where a chance is looked for that is next to nothing itself
	grid      = 72   // intervals, even
)

// beyond is the chance that the next sum is above a bound.
func (d density) beyond(step, bound float64) float64 {
	if d.at == nil {
		return normal.Survival(bound / step)
	}
	sum := 0.0
	for i, u := range d.at {
		switch z := (bound - u) / step; {
		case z < -reach:
			sum += d.weight[i]
		case z < beyondAll:
			sum += d.weight[i] * normal.Survival(z)
		}
	}
	return sum
}

// bound returns where the next sum, of standard deviation sd, lies beyond with a chance:
// by Newton's method on the logarithm of the chance, which is nearly a parabola, and by
// halving where that leaves the bracket.
func (d density) bound(step, sd, chance float64) float64 {
	lo, hi := -reach*sd, beyondAll*sd
	if !(chance > 0) {
		return hi
	}
	at := math.Min(-normal.Quantile(chance)*sd, hi)
	for range 100 {
		is := d.beyond(step, at)
		if is > chance {
			lo = at
		} else {
			hi = at
		}
		next := at
		if is > 0 {
			next = at + is/d.density(step, at)*math.Log(is/chance)
		}
		if !(next > lo && next < hi) {
			next = (lo + hi) / 2
		}
		if math.Abs(next-at) < 1e-13*sd {
			return next
		}
		at = next
	}
	return at
}

// next is the density after one more increment that stayed below a bound.
func (d density) next(step, sd, bound float64) density {
	lo, hi := -reach*sd, math.Min(bound, reach*sd)
	out := density{at: make([]float64, grid+1), weight: make([]float64, grid+1)}
	width := (hi - lo) / grid
	for i := range out.at {
		s := lo + float64(i)*width
		simpson := 2.0
		switch {
		case i == 0 || i == grid:
			simpson = 1
		case i%2 == 1:
			simpson = 4
		}
		out.at[i], out.weight[i] = s, simpson*width/3*d.density(step, s)
	}
	return out
}

// density is that of the next sum at s.
func (d density) density(step, s float64) float64 {
	bell := func(x float64) float64 { return math.Exp(-x*x/2) / (step * math.Sqrt(2*math.Pi)) }
	if d.at == nil {
		return bell(s / step)
	}
	sum := 0.0
	first := sort.SearchFloat64s(d.at, s-beyondAll*step)
	for i, u := range d.at[first:] {
		if u > s+beyondAll*step {
			break
		}
		sum += d.weight[first+i] * bell((s-u)/step)
	}
	return sum
}
