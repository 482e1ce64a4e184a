package stat

import (
	"math"
	"math/rand/v2"
)

// densities returns the x of n rounds: pods, swept again and again.
func densities(n int) []float64 {
	pods := []float64{0, 35, 70, 110, 250}
	x := make([]float64, n)
	for i := range x {
		x[i] = pods[i%len(pods)]
	}
	return x
}

// A trueLine makes costs; relative noise grows with the cost, absolute noise does
// not. Both have mean 0.
type trueLine struct {
	intercept, slope float64
	absolute         bool
}

func (l trueLine) costs(x, noise []float64) []float64 {
	y := make([]float64, len(x))
	for i := range x {
		y[i] = l.intercept + l.slope*x[i]
		if l.absolute {
			y[i] += 0.3 * noise[i]
		} else {
			y[i] *= math.Exp(noiseSD*noise[i] - noiseSD*noiseSD/2)
		}
	}
	return y
}

// A fitter is OLS or RelativeLine.
type fitter func(x, y []float64, level float64) (Line, error)

// lineStudies estimate from cost against pods. "relative" noise is a share of the
// cost, lognormal in the first column; "absolute" noise is the same everywhere,
// normal in the first column.
func lineStudies() []study {
	unsuited := slopeStudy(8, "OLS slope, relative noise", false, slopeOf(OLS))
	unsuited.unsuited = true
	return []study{
		unsuited,
		slopeStudy(13, "RelativeLine slope, relative noise", false, slopeOf(RelativeLine)),
		slopeStudy(18, "OLS slope, absolute noise", true, slopeOf(OLS)),
	}
}

var criLine = trueLine{intercept: 3, slope: 0.042}

func slopeOf(fit fitter) func(x, y []float64, level float64) (Estimate, error) {
	return func(x, y []float64, level float64) (Estimate, error) {
		l, err := fit(x, y, level)
		return l.Slope, err
	}
}

func slopeStudy(seed int, name string, absolute bool, method func(x, y []float64, level float64) (Estimate, error)) study {
	line := criLine
	line.absolute = absolute
	return oneRow(seed, name, func(rng *rand.Rand, k noise, n int) (float64, func(float64) (Estimate, error)) {
		x := densities(n)
		y := line.costs(x, k.draw(rng, n))
		return line.slope, func(level float64) (Estimate, error) { return method(x, y, level) }
	})
}
