package stat

import (
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"

	"gonum.org/v1/gonum/stat/distuv"
)

// BlockLength returns the mean block length, at least 1, at which the stationary
// bootstrap estimates the variance of the mean of the series best: Politis and
// White (2004) with the correction of Patton, Politis and White (2009). It follows
// the practice of R's np::b.star: flat-top lag window, lags beyond which five
// correlations in a row are insignificant, length at most min(3·sqrt(n), n/3). At
// least 10 values are needed.
func BlockLength(x []float64) (float64, error) {
	if err := checkValues(10, x); err != nil {
		return 0, fmt.Errorf("block length for %d values: %w", len(x), err)
	}
	n := len(x)
	run := max(5, int(math.Ceil(math.Log10(float64(n)))))
	maxLag := min(int(math.Ceil(math.Sqrt(float64(n))))+run, n-1)
	rho, err := Autocorrelation(x, maxLag)
	if err != nil {
		return 0, fmt.Errorf("block length: %w", err)
	}
	window := min(2*lastLag(rho, run, n), maxLag)
	var g, spectrum float64 // Σλ|k|R(k) and ΣλR(k) over -window..window, R(0) = 1
	for k := -window; k <= window; k++ {
		lag := max(k, -k)
		weight := math.Min(1, 2*(1-float64(lag)/float64(window)))
		g += weight * float64(lag) * rho[lag]
		spectrum += weight * rho[lag]
	}
	most := math.Ceil(math.Min(3*math.Sqrt(float64(n)), float64(n)/3))
	if spectrum == 0 {
		return most, nil
	}
	return clamp(math.Cbrt(g*g/(spectrum*spectrum)*float64(n)), 1, most), nil
}

// lastLag returns the first lag from which run correlations are all
// insignificant; if there is none, the last significant one. It is at least 1.
func lastLag(rho []float64, run, n int) int {
	critical := distuv.UnitNormal.Quantile(0.975) * math.Sqrt(math.Log10(float64(n))/float64(n))
	quiet, last := 0, 1
	for lag := 1; lag < len(rho); lag++ {
		if math.Abs(rho[lag]) < critical {
			if quiet++; quiet == run {
				return lag - run + 1
			}
			continue
		}
		quiet, last = 0, lag
	}
	return last
}

// BootstrapSeries resamples a stationary series by the stationary bootstrap of
// Politis and Romano (1994): blocks that start anywhere, run on around the end,
// and have geometric lengths of mean blockLength, at least 1; 0 means BlockLength.
// It keeps the correlation of neighbors. Take Percentile of it: BCa has no meaning
// here and returns ErrUnsupported. Replicates.N counts values; fewer than ten
// blocks in the series carry WarnFewBlocks. The statistic is bound as in
// Bootstrap.
func BootstrapSeries(x []float64, statistic func(x []float64) float64, blockLength float64, o BootstrapOptions) (*Replicates, error) {
	r, err := bootstrapSeries(x, statistic, blockLength, o)
	if err != nil {
		return nil, fmt.Errorf("stationary bootstrap of %d values: %w", len(x), err)
	}
	return r, nil
}

func bootstrapSeries(x []float64, statistic func(x []float64) float64, blockLength float64, o BootstrapOptions) (*Replicates, error) {
	if err := checkValues(2, x); err != nil {
		return nil, err
	}
	if err := checkSpread(x); err != nil {
		return nil, err
	}
	if blockLength == 0 {
		var err error
		if blockLength, err = BlockLength(x); err != nil {
			return nil, err
		}
	}
	if !(blockLength >= 1 && blockLength <= float64(len(x))) {
		return nil, fmt.Errorf("%w: block length %v", ErrRange, blockLength)
	}
	r, err := bootstrap(len(x), stationary(1/blockLength), o, func() func([]int) float64 {
		buffer := make([]float64, len(x))
		return func(index []int) float64 {
			for i, from := range index {
				buffer[i] = x[from]
			}
			return statistic(buffer)
		}
	})
	if err != nil {
		return nil, err
	}
	r.leaveOneOut = nil
	if float64(len(x))/blockLength < 10 {
		r.warnings = append(r.warnings, WarnFewBlocks)
	}
	return r, nil
}

// stationary starts a new block at each place with probability start.
func stationary(start float64) scheme {
	return func(source *rand.PCG, index []int) {
		n := uint64(len(index))
		at := uint64(0)
		for i := range index {
			if i == 0 || float64(source.Uint64()>>11)*0x1p-53 < start {
				at, _ = bits.Mul64(source.Uint64(), n)
			} else if at++; at == n {
				at = 0
			}
			index[i] = int(at)
		}
	}
}
