package stat

import "math"

// smallestWith returns the smallest float64 t in [lo, hi] with count(t) >= k.
// count is the number of members of some collection that are at most t, so that
// the answer is its k-th smallest member, exactly. It bisects over the ordered
// bit patterns of float64 in at most 64 steps: the n(n+1)/2 Walsh averages of
// 10,000 values are never laid out in memory.
func smallestWith(lo, hi float64, k int, count func(t float64) int) float64 {
	a, b := orderedBits(lo), orderedBits(hi)
	for a < b {
		mid := a + (b-a)/2
		if count(fromOrderedBits(mid)) >= k {
			b = mid
		} else {
			a = mid + 1
		}
	}
	return fromOrderedBits(a) + 0 // + 0 turns -0 into 0
}

// orderedBits maps float64 to uint64 so that the order stays.
func orderedBits(f float64) uint64 {
	b := math.Float64bits(f)
	if b>>63 == 1 {
		return ^b
	}
	return b | 1<<63
}

func fromOrderedBits(u uint64) float64 {
	if u>>63 == 1 {
		return math.Float64frombits(u &^ (1 << 63))
	}
	return math.Float64frombits(^u)
}

// median2 returns the median of n members of a collection whose k-th smallest
// member is kth(k).
func median2(n int, kth func(k int) float64) float64 {
	if n%2 == 1 {
		return kth((n + 1) / 2)
	}
	return kth(n/2)/2 + kth(n/2+1)/2
}

// kthWalsh returns the k-th smallest of the Walsh averages (d[i]+d[j])/2, i <= j,
// of ascending values, counting from 1.
func kthWalsh(d []float64, k int) float64 {
	return smallestWith(d[0], d[len(d)-1], k, func(t float64) int {
		c := 0
		for i, j := 0, len(d)-1; i <= j; i++ {
			for j >= i && walsh(d[i], d[j]) > t {
				j--
			}
			c += j - i + 1
		}
		return c
	})
}

// walsh halves first, as the sum may overflow. Rounding is monotone in both
// arguments, which kthWalsh relies on.
func walsh(a, b float64) float64 { return a/2 + b/2 }

// kthDifference returns the k-th smallest of the differences x[i]-y[j] of two
// ascending samples, counting from 1.
func kthDifference(x, y []float64, k int) float64 {
	m, n := len(x), len(y)
	return smallestWith(x[0]-y[n-1], x[m-1]-y[0], k, func(t float64) int {
		c := 0
		for i, j := 0, 0; i < m; i++ {
			// Differences of x[i] that are at most t are those with y from j on.
			for j < n && x[i]-y[j] > t {
				j++
			}
			c += n - j
		}
		return c
	})
}
