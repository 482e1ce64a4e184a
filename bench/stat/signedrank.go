package stat

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// signedRankExact is the largest sample whose exact signed-rank distribution is
// computed; beyond it the normal approximation errs by less than 1e-4.
const signedRankExact = 300

// midRanks2 returns twice the mid-rank of each of n ascending members, a whole
// number, and whether any two are equal.
func midRanks2(n int, equal func(i, j int) bool) (ranks2 []int, ties bool) {
	ranks2 = make([]int, n)
	for i := 0; i < n; {
		j := i + 1
		for j < n && equal(i, j) {
			j++
		}
		ties = ties || j > i+1
		for k := i; k < j; k++ {
			ranks2[k] = i + 1 + j // ranks i+1..j, twice their mean
		}
		i = j
	}
	return ranks2, ties
}

// signedRankNull returns the distribution of the sum of those ranks whose coin
// shows heads: P[s] is the probability of the sum s.
func signedRankNull(ranks []int) []float64 {
	total := 0
	for _, r := range ranks {
		total += r
	}
	p := make([]float64, total+1)
	p[0] = 1
	upTo := 0
	for _, r := range ranks {
		upTo += r
		for s := upTo; s >= 0; s-- {
			p[s] /= 2
			if s >= r {
				p[s] += p[s-r] / 2
			}
		}
	}
	return p
}

// tails returns P(S <= s) and P(S >= s).
func tails(p []float64, s int) (less, greater float64) {
	for i := 0; i <= s; i++ {
		less += p[i]
	}
	for i := len(p) - 1; i >= s; i-- {
		greater += p[i]
	}
	return less, greater
}

// normalTails returns P(S <= s) and P(S >= s) of a whole-numbered statistic by the
// normal distribution with continuity correction.
func normalTails(s, mean, sd float64) (less, greater float64) {
	return distuv.UnitNormal.CDF((s + 0.5 - mean) / sd), distuv.UnitNormal.CDF(-(s - 0.5 - mean) / sd)
}

// HodgesLehmann returns the median of the Walsh averages (d[i]+d[j])/2, i <= j,
// with the interval that inverts the exact signed-rank test; both as in R's
// wilcox.test. Its assumption is symmetry, not normality. Level 0.90 needs 5
// values, 0.95 six, else ErrTooFew. On log ratios, Exp of it is a ratio.
//
// With equal values the interval holds its level conservatively (WarnTies).
// Above 300 values its ranks come from the normal approximation
// (WarnNormalApprox).
func HodgesLehmann(d []float64, level float64) (Estimate, error) {
	e, err := hodgesLehmann(d, level)
	if err != nil {
		return Estimate{}, fmt.Errorf("Hodges-Lehmann estimate of %d differences: %w", len(d), err)
	}
	return e, nil
}

func hodgesLehmann(d []float64, level float64) (Estimate, error) {
	if err := checkOpen("level", level); err != nil {
		return Estimate{}, err
	}
	sorted, err := sortedCopy(d)
	if err != nil {
		return Estimate{}, err
	}
	n := len(sorted)
	var warnings []error
	if hasTies(sorted) {
		warnings = append(warnings, WarnTies)
	}
	if n > signedRankExact {
		warnings = append(warnings, WarnNormalApprox)
	}
	rank, coverage, err := signedRankRank(n, level)
	if err != nil {
		return Estimate{}, err
	}
	if err := checkSpread(sorted); err != nil {
		return Estimate{}, err
	}
	walshes := n * (n + 1) / 2
	kth := func(k int) float64 { return kthWalsh(sorted, k) }
	return Estimate{
		Value:    median2(walshes, kth),
		CI:       Interval{Lo: kth(rank), Hi: kth(walshes + 1 - rank), Level: level, Coverage: coverage},
		N:        n,
		Warnings: warnings,
	}.finite()
}

// signedRankRank returns the largest k for which the k-th smallest and k-th largest
// Walsh averages of n values bound an interval of the level, and its coverage.
func signedRankRank(n int, level float64) (k int, coverage float64, err error) {
	tail := (1 - level) / 2
	if n > signedRankExact {
		fn := float64(n)
		mean, sd := fn*(fn+1)/4, math.Sqrt(fn*(fn+1)*(2*fn+1)/24)
		return normalRank(mean, sd, tail)
	}
	ranks := make([]int, n)
	for i := range ranks {
		ranks[i] = i + 1
	}
	return exactRank(signedRankNull(ranks), tail)
}

// exactRank returns the largest k with P(S <= k-1) <= tail for a symmetric
// distribution over 0, 1, 2, ..., and the coverage 1 - 2 P(S <= k-1).
func exactRank(p []float64, tail float64) (k int, coverage float64, err error) {
	// A level such as 1 - 2/2^n is met exactly; rounding must not say otherwise.
	limit := tail * (1 + 1e-12)
	below := 0.0
	for k < len(p) && below+p[k] <= limit {
		below += p[k]
		k++
	}
	if k == 0 {
		return 0, 0, fmt.Errorf("%w for level %.6g: the widest interval has level %.6g", ErrTooFew, 1-2*tail, math.Max(0, 1-2*p[0]))
	}
	return k, 1 - 2*below, nil
}

// normalRank is exactRank by the normal distribution with continuity correction.
func normalRank(mean, sd, tail float64) (k int, coverage float64, err error) {
	k = int(math.Floor(mean + 0.5 + distuv.UnitNormal.Quantile(tail)*sd))
	if k < 1 {
		return 0, 0, fmt.Errorf("%w for level %.6g", ErrTooFew, 1-2*tail)
	}
	return k, 1 - 2*distuv.UnitNormal.CDF((float64(k)-0.5-mean)/sd), nil
}
