package trend

import (
	"math"
	"math/rand/v2"
)

const (
	// leastSegment is how many values stand on either side of a change, at least: fewer are
	// as soon an outlier.
	leastSegment = 3
	// level is the p-value below which a split is a change. It is small because the same
	// series is looked at night after night: TestRates has what that makes of 60 nights.
	level = 0.003
	// exponent of distances: 1 is for changes of any kind, 2 sees changes of the mean alone
	// and is the prey of odd nights. Levels are what is asked for here.
	exponent = 1.5
	// permutations is how many shuffles a p-value rests on at most; enough is how many of
	// them must do as well as the data to stop early, since it is no change then (Besag,
	// Clifford. Sequential Monte Carlo p-values. Biometrika 78 (1991)).
	permutations = 1999
	enough       = 12
)

// A split is where a series is divided, and how unlike both sides are.
type split struct {
	at int
	q  float64
}

// splits finds the changes of level of a series: it is divided where both sides are most
// unlike, if a shuffled series is hardly ever so unlike, and then each side in its turn
// (E-divisive: Matteson, James. A nonparametric approach for multiple change point analysis.
// JASA 109 (2014)). It returns the first index of each new level,
// ascending, with the p-values. The shuffling is a function of the values alone.
func splits(x []float64) (at []int, p []float64) {
	if len(x) < 2*leastSegment {
		return nil, nil
	}
	best := divide(distances(x), identity(len(x)))
	chance := pValue(x, best.q)
	if chance >= level {
		return nil, nil
	}
	left, leftP := splits(x[:best.at])
	right, rightP := splits(x[best.at:])
	at, p = append(left, best.at), append(leftP, chance)
	for i, r := range right {
		at, p = append(at, best.at+r), append(p, rightP[i])
	}
	return at, p
}

// pValue is the share of shuffled series that can be divided into sides at least as unlike.
func pValue(x []float64, q float64) float64 {
	d, order := distances(x), identity(len(x))
	random := rand.New(rand.NewPCG(seed(x), uint64(len(x))))
	as := 0
	for n := 1; n <= permutations; n++ {
		random.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		if divide(d, order).q >= q {
			if as++; as == enough {
				return float64(as) / float64(n)
			}
		}
	}
	return float64(as+1) / (permutations + 1)
}

// seed makes the shuffling of equal series equal.
func seed(x []float64) uint64 {
	h := uint64(14695981039346656037) // FNV-1a
	for _, v := range x {
		h = (h ^ math.Float64bits(v)) * 1099511628211
	}
	return h
}

func identity(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// distances are those of all pairs, to the power of exponent.
func distances(x []float64) [][]float64 {
	out := make([][]float64, len(x))
	for i := range x {
		out[i] = make([]float64, len(x))
		for j := range x {
			out[i][j] = math.Pow(math.Abs(x[i]-x[j]), exponent)
		}
	}
	return out
}

// divide finds the split of an order of the values where the energy statistic is largest:
// mn/(m+n) (2 mean between - mean within left - mean within right).
func divide(d [][]float64, order []int) split {
	n := len(order)
	var left, right, between float64
	for i := range n {
		for j := i + 1; j < n; j++ {
			right += d[order[i]][order[j]]
		}
	}
	best := split{q: math.Inf(-1)}
	for k := range n - 1 { // order[k] goes over to the left
		var toLeft, toRight float64
		for i := range n {
			switch {
			case i < k:
				toLeft += d[order[k]][order[i]]
			case i > k:
				toRight += d[order[k]][order[i]]
			}
		}
		left += toLeft
		right -= toRight
		between += toRight - toLeft
		l, r := float64(k+1), float64(n-k-1)
		if k+1 < leastSegment || n-k-1 < leastSegment {
			continue
		}
		q := l * r / (l + r) * (2*between/(l*r) - left/(l*(l-1)/2) - right/(r*(r-1)/2))
		if q > best.q {
			best = split{k + 1, q}
		}
	}
	return best
}
