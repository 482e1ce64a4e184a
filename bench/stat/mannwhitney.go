package stat

import (
	"fmt"
	"math"
	"slices"
	"sort"
)

// mannWhitneyExact is the largest number of values in both samples together whose
// exact rank-sum distribution is computed.
const mannWhitneyExact = 100

// MannWhitney is the rank-sum test of the hypothesis that x and y, two samples
// without pairing, come from one distribution. The statistic is U: the number of
// pairs with x above y, equal ones counting a half, as in R's wilcox.test. PLess
// is against "x tends to be smaller than y".
//
// Up to 100 values in both samples the p-values come from the exact permutation
// distribution, with ties from that of the mid-ranks (WarnTies); above that from
// the normal approximation with tie and continuity correction
// (WarnNormalApprox).
func MannWhitney(x, y []float64) (Test, error) {
	t, err := mannWhitney(x, y)
	if err != nil {
		return Test{}, fmt.Errorf("Mann-Whitney test of %d against %d values: %w", len(x), len(y), err)
	}
	return t, nil
}

// checkTwo is checkValues for two samples.
func checkTwo(least int, x, y []float64) error {
	if err := checkValues(least, x); err != nil {
		return fmt.Errorf("first sample: %w", err)
	}
	if err := checkValues(least, y); err != nil {
		return fmt.Errorf("second sample: %w", err)
	}
	return nil
}

// checkEitherSpread refuses two samples that both lack spread.
func checkEitherSpread(x, y []float64) error {
	if checkSpread(x) == nil {
		return nil
	}
	if err := checkSpread(y); err != nil {
		return fmt.Errorf("both samples: %w", err)
	}
	return nil
}

func mannWhitney(x, y []float64) (Test, error) {
	if err := checkTwo(1, x, y); err != nil {
		return Test{}, err
	}
	if err := checkEitherSpread(x, y); err != nil {
		return Test{}, err
	}
	m, n := len(x), len(y)
	type member struct {
		value float64
		fromX bool
	}
	all := make([]member, 0, m+n)
	for _, v := range x {
		all = append(all, member{v, true})
	}
	for _, v := range y {
		all = append(all, member{v, false})
	}
	sort.Slice(all, func(i, j int) bool { return all[i].value < all[j].value })
	ranks2, ties := midRanks2(m+n, func(i, j int) bool { return all[i].value == all[j].value })
	w2 := 0
	for i, a := range all {
		if a.fromX {
			w2 += ranks2[i]
		}
	}
	u2 := w2 - m*(m+1)
	var warnings []error
	if ties {
		warnings = append(warnings, WarnTies)
	}
	var less, greater float64
	if m+n <= mannWhitneyExact {
		less, greater = rankSumTails(ranks2, m, w2, ties)
	} else {
		mean, sd := rankSumMoments(ranks2, m)
		less, greater = normalTails(float64(w2)/2, mean, sd)
		warnings = append(warnings, WarnNormalApprox)
	}
	return newTest(float64(u2)/2, m+n, less, greater, warnings), nil
}

// rankSumTails returns P(W <= w) and P(W >= w) of the sum W of m ranks drawn at
// random. Ranks and w come doubled.
func rankSumTails(ranks2 []int, m, w2 int, ties bool) (less, greater float64) {
	others := len(ranks2) - m
	if !ties {
		return tails(mannWhitneyNull(m, others), (w2-m*(m+1))/2)
	}
	if m <= others {
		return tails(rankSumNull(ranks2, m), w2)
	}
	// The sum of the others says the same, and there are fewer of them.
	total := 0
	for _, r := range ranks2 {
		total += r
	}
	greater, less = tails(rankSumNull(ranks2, others), total-w2)
	return less, greater
}

// rankSumNull returns the distribution of the sum of m of the ascending ranks,
// every choice equally likely: P[s] is the probability of the sum s.
func rankSumNull(ranks []int, m int) []float64 {
	most := 0
	for _, r := range ranks[len(ranks)-m:] {
		most += r
	}
	// ways[k][s] counts the choices of k ranks with sum s. The counts exceed
	// 2^53, but sums of positive numbers lose no digits that matter.
	ways := make([][]float64, m+1)
	for k := range ways {
		ways[k] = make([]float64, most+1)
	}
	ways[0][0] = 1
	for i, r := range ranks {
		for k := min(i+1, m); k >= 1; k-- {
			from, to := ways[k-1], ways[k]
			for s := r; s <= most; s++ {
				to[s] += from[s-r]
			}
		}
	}
	p := ways[m]
	choices := 0.0
	for _, c := range p {
		choices += c
	}
	for s := range p {
		p[s] /= choices
	}
	return p
}

// rankSumMoments returns mean and standard deviation of the sum of m of the ranks,
// which come doubled. The spread of mid-ranks carries the tie correction.
func rankSumMoments(ranks2 []int, m int) (mean, sd float64) {
	total, n := float64(len(ranks2)), float64(len(ranks2)-m)
	mid := (total + 1) / 2
	square := 0.0
	for _, r2 := range ranks2 {
		d := float64(r2)/2 - mid
		square += d * d
	}
	return float64(m) * mid, math.Sqrt(float64(m) * n * square / (total * (total - 1)))
}

// mannWhitneyNull returns the distribution of U for m and n values without ties,
// over 0..m*n.
func mannWhitneyNull(m, n int) []float64 { return shuffleNull([]int{m, n}) }

// shuffleNull returns the distribution, over all shuffles of the members of some
// groups, of the number of pairs from different groups that stand in the order of
// their groups. For two groups that is Mann and Whitney's U, for many Kendall's and
// Terpstra's statistic.
//
// It is the coefficients of a product of Gaussian binomial coefficients: member i
// of a group with b members before it brings the factor (1-q^(b+i))/(1-q^i), and
// i/(b+i) keeps the sum at 1. Up to the middle each coefficient is made from
// smaller ones, so that no digits cancel; the other half mirrors it.
func shuffleNull(groups []int) []float64 {
	pairs, before := 0, 0
	for _, size := range groups {
		pairs += before * size
		before += size
	}
	p := make([]float64, pairs+1)
	half := p[:pairs/2+1]
	half[0] = 1
	before = 0
	for _, size := range groups {
		if before > 0 {
			join(half, before, size)
		}
		before += size
	}
	sum := 0.0
	for u := range p {
		p[u] = p[min(u, pairs-u)]
		sum += p[u]
	}
	for u := range p {
		p[u] /= sum // 1 but for rounding
	}
	return p
}

func join(half []float64, before, size int) {
	for i := 1; i <= size; i++ {
		share := float64(i) / float64(before+i)
		for u := len(half) - 1; u >= before+i; u-- {
			half[u] -= half[u-before-i]
		}
		for u := range half {
			half[u] *= share
			if u >= i {
				half[u] += half[u-i]
			}
		}
	}
}

// HodgesLehmannShift returns the median of the differences x[i]-y[j] with the
// interval that inverts the exact rank-sum test, both as in R's wilcox.test: by
// how much x lies above y. It returns ErrTooFew if the samples are too small for
// the level (4 and 4 reach 0.95). Warnings as in MannWhitney; with ties the
// interval holds its level conservatively.
func HodgesLehmannShift(x, y []float64, level float64) (Estimate, error) {
	e, err := hodgesLehmannShift(x, y, level)
	if err != nil {
		return Estimate{}, fmt.Errorf("Hodges-Lehmann shift of %d against %d values: %w", len(x), len(y), err)
	}
	return e, nil
}

func hodgesLehmannShift(x, y []float64, level float64) (Estimate, error) {
	if err := checkOpen("level", level); err != nil {
		return Estimate{}, err
	}
	if err := checkTwo(1, x, y); err != nil {
		return Estimate{}, err
	}
	m, n := len(x), len(y)
	sx, sy := slices.Clone(x), slices.Clone(y)
	slices.Sort(sx)
	slices.Sort(sy)
	if err := checkFinite(sx[0]-sy[n-1], sx[m-1]-sy[0]); err != nil {
		return Estimate{}, err
	}
	var warnings []error
	both := slices.Concat(sx, sy)
	slices.Sort(both)
	if hasTies(both) {
		warnings = append(warnings, WarnTies)
	}
	tail := (1 - level) / 2
	var (
		rank     int
		coverage float64
		err      error
	)
	if m+n <= mannWhitneyExact {
		rank, coverage, err = exactRank(mannWhitneyNull(m, n), tail)
	} else {
		fm, fn := float64(m), float64(n)
		rank, coverage, err = normalRank(fm*fn/2, math.Sqrt(fm*fn*(fm+fn+1)/12), tail)
		warnings = append(warnings, WarnNormalApprox)
	}
	if err != nil {
		return Estimate{}, err
	}
	if err := checkEitherSpread(x, y); err != nil {
		return Estimate{}, err
	}
	kth := func(k int) float64 { return kthDifference(sx, sy, k) }
	return Estimate{
		Value:    median2(m*n, kth),
		CI:       Interval{Lo: kth(rank), Hi: kth(m*n + 1 - rank), Level: level, Coverage: coverage},
		N:        m + n,
		Warnings: warnings,
	}.finite()
}
