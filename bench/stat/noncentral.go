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

// noncentralTQuantile inverts noncentralTCDF for p strictly between 0 and 1.
func noncentralTQuantile(p, nu, delta float64) float64 {
	reached := func(t float64) bool { return noncentralTCDF(t, nu, delta) >= p }
	step := 1 + math.Abs(delta)
	lo, hi := delta-step, delta+step
	for ; reached(lo) && lo > -1e12; step *= 2 {
		lo -= step
	}
	for ; !reached(hi) && hi < 1e12; step *= 2 {
		hi += step
	}
	return bisect(lo, hi, reached)
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
