package stat

import (
	"fmt"
	"math"
)

// mostFisher bounds the counts of Fisher, which goes through all tables.
const mostFisher = 10_000_000

// Fisher is Fisher's exact test of whether something happens as often in one group
// as in another: to a of n in the first, to b of m in the second. PGreater is
// against "it happens more often in the first". The statistic is a. As R's
// fisher.test, one-sided; PTwoSided is twice the smaller one, which R's is not.
func Fisher(a, n, b, m int) (Test, error) {
	if a < 0 || b < 0 || a > n || b > m {
		return Test{}, fmt.Errorf("exact test of %d of %d against %d of %d: %w: a count below 0 or above its total", a, n, b, m, ErrRange)
	}
	if n == 0 || m == 0 {
		return Test{}, fmt.Errorf("exact test of %d of %d against %d of %d: %w: a group is empty", a, n, b, m, ErrTooFew)
	}
	if n > mostFisher || m > mostFisher {
		return Test{}, fmt.Errorf("exact test of %d of %d against %d of %d: %w", a, n, b, m, ErrTooMany)
	}
	// Given how often it happens in all, the count in the first group is
	// hypergeometric.
	happened := a + b
	least, most := max(0, happened-m), min(n, happened)
	all := logChoose(n+m, happened)
	var less, greater float64
	for x := least; x <= most; x++ {
		p := math.Exp(logChoose(n, x) + logChoose(m, happened-x) - all)
		if x <= a {
			less += p
		}
		if x >= a {
			greater += p
		}
	}
	return newTest(float64(a), n+m, less, greater, nil), nil
}

// logChoose is the logarithm of the number of ways to choose k of n.
func logChoose(n, k int) float64 {
	l := func(v int) float64 {
		g, _ := math.Lgamma(float64(v) + 1)
		return g
	}
	return l(n) - l(k) - l(n-k)
}
