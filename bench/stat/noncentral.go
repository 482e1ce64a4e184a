package stat

import (
	"math"

	"gonum.org/v1/gonum/integrate/quad"
	"gonum.org/v1/gonum/stat/distuv"
)

// noncentralTCDF returns P(T <= t) for T = (Z+delta)/S, Z standard normal and
// S² an independent chi-squared over its nu degrees of freedom: Student's t
// off its center, which gonum lacks. The sampling distributions of power and of
// Bland-Altman limits are of this kind.
//
// It integrates P(Z <= t·s - delta) over the density of S by Gauss-Legendre
// quadrature, in three panels: for large t all is decided near s = delta/t. The
// absolute error is below 1e-9 (checked against R's pt for nu from 1 to 1000).
func noncentralTCDF(t, nu, delta float64) float64 {
	// S has mean near 1 and standard deviation near 1/sqrt(2 nu); ten of them
	// leave out less than 1e-15 even for nu = 1.
	reach := 10 / math.Sqrt(2*nu)
	lo, hi := math.Max(0, 1-reach), 1+reach
	lgamma, _ := math.Lgamma(nu / 2)
	logScale := math.Ln2 + nu/2*math.Log(nu/2) - lgamma
	integrand := func(s float64) float64 {
		if s <= 0 {
			return 0
		}
		density := math.Exp(logScale + (nu-1)*math.Log(s) - nu*s*s/2)
		return density * distuv.UnitNormal.CDF(t*s-delta)
	}
	cuts := []float64{lo, hi}
	if t != 0 {
		step, width := delta/t, 8/math.Abs(t)
		cuts = []float64{lo, clamp(step-width, lo, hi), clamp(step+width, lo, hi), hi}
	}
	sum := 0.0
	for i := 1; i < len(cuts); i++ {
		sum += quad.Fixed(integrand, cuts[i-1], cuts[i], 80, quad.Legendre{}, 0)
	}
	return clamp(sum, 0, 1)
}

func clamp(v, lo, hi float64) float64 { return math.Max(lo, math.Min(hi, v)) }

// noncentralTQuantile inverts noncentralTCDF for p strictly between 0 and 1, to
// about 1e-9: by false position, halving the weight of an end that stays (the
// Illinois rule), as each evaluation is an integral.
func noncentralTQuantile(p, nu, delta float64) float64 {
	above := func(t float64) float64 { return noncentralTCDF(t, nu, delta) - p }
	// Start around the normal approximation
	// P(T <= t) = Φ((t(1-1/4ν) - δ)/sqrt(1+t²/2ν)).
	z := distuv.UnitNormal.Quantile(p)
	c := 1 - 1/(4*nu)
	start := delta / c
	for range 10 {
		start = (delta + z*math.Sqrt(1+start*start/(2*nu))) / c
	}
	step := 0.01 * (1 + math.Abs(start))
	lo, hi := start-step, start+step
	low, high := above(lo), above(hi)
	for low > 0 && lo > -1e12 {
		step *= 2
		hi, high = lo, low
		lo -= step
		low = above(lo)
	}
	for high < 0 && hi < 1e12 {
		step *= 2
		lo, low = hi, high
		hi += step
		high = above(hi)
	}
	side := 0 // which end moved last
	for range 100 {
		if hi-lo <= 1e-10*(1+math.Abs(hi)) || low >= 0 || high <= 0 {
			break
		}
		t := lo - low*(hi-lo)/(high-low)
		f := above(t)
		switch {
		case math.Abs(f) < 1e-13:
			return t
		case f < 0:
			if side < 0 {
				high /= 2
			}
			lo, low, side = t, f, -1
		default:
			if side > 0 {
				low /= 2
			}
			hi, high, side = t, f, 1
		}
	}
	return lo + (hi-lo)/2
}

// bisect returns where reached turns from false to true between lo and hi, to the
// precision of float64.
func bisect(lo, hi float64, reached func(v float64) bool) float64 {
	for range 200 {
		mid := lo + (hi-lo)/2
		if mid <= lo || mid >= hi {
			break
		}
		if reached(mid) {
			hi = mid
		} else {
			lo = mid
		}
	}
	return hi
}
