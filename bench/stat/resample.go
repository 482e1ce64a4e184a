package stat

import (
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
)

// BootstrapOptions say how many resamples to draw and from which seed.
type BootstrapOptions struct {
	// Replicates is the number of resamples; 0 means 10,000. At least 200.
	Replicates int
	// Seed decides every resample. The same seed gives the same result on any
	// number of processors.
	Seed uint64
}

const (
	defaultReplicates = 10_000
	fewestReplicates  = 200
)

func (o BootstrapOptions) replicates() (int, error) {
	if o.Replicates == 0 {
		return defaultReplicates, nil
	}
	if o.Replicates < fewestReplicates {
		return 0, fmt.Errorf("%w: %d replicates, at least %d needed", ErrRange, o.Replicates, fewestReplicates)
	}
	return o.Replicates, nil
}

// Bootstrap resamples x with replacement and takes the statistic of every resample.
// The statistic is called from several goroutines at once with a slice that it may
// reorder but not keep.
func Bootstrap(x []float64, statistic func(x []float64) float64, o BootstrapOptions) (*Replicates, error) {
	err := checkValues(2, x)
	if err == nil {
		err = checkSpread(x)
	}
	if err != nil {
		return nil, fmt.Errorf("bootstrap of %d values: %w", len(x), err)
	}
	return bootstrap(len(x), independent, o, func() func([]int) float64 {
		buffer := make([]float64, 0, len(x))
		return func(index []int) float64 {
			buffer = buffer[:len(index)]
			for i, from := range index {
				buffer[i] = x[from]
			}
			return statistic(buffer)
		}
	})
}

// BootstrapIndex resamples the numbers 0..n-1 with replacement and takes the
// statistic of what they stand for: pairs of a regression, rounds with all their
// arms. The statistic is called from several goroutines at once, for the jackknife
// also with n-1 numbers; it may reorder the slice but not keep it. A resample
// without an answer (all pods equal) gives NaN.
func BootstrapIndex(n int, statistic func(index []int) float64, o BootstrapOptions) (*Replicates, error) {
	if n < 2 {
		return nil, fmt.Errorf("bootstrap of %d units: %w", n, ErrTooFew)
	}
	return bootstrap(n, independent, o, func() func([]int) float64 { return statistic })
}

// BootstrapClusters resamples whole clusters with replacement and takes the
// statistic of all their values together: containers of repeated readings, sweeps
// of rounds. Only the top level is resampled; that keeps whatever correlation there
// is inside a cluster (Davison and Hinkley 1997). Replicates.N counts
// clusters. The statistic is bound as in Bootstrap.
func BootstrapClusters(clusters [][]float64, statistic func(x []float64) float64, o BootstrapOptions) (*Replicates, error) {
	all := slices.Concat(clusters...)
	err := checkValues(2, all)
	if err == nil {
		err = checkSpread(all)
	}
	if err == nil && len(clusters) < 2 {
		err = ErrTooFew
	}
	for i, c := range clusters {
		if err == nil && len(c) == 0 {
			err = fmt.Errorf("%w: cluster %d is empty", ErrTooFew, i)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("bootstrap of %d clusters: %w", len(clusters), err)
	}
	return bootstrap(len(clusters), independent, o, func() func([]int) float64 {
		buffer := make([]float64, 0, 2*len(all))
		return func(index []int) float64 {
			buffer = buffer[:0]
			for _, from := range index {
				buffer = append(buffer, clusters[from]...)
			}
			return statistic(buffer)
		}
	})
}

// A scheme draws one resample of the numbers 0..len(index)-1.
type scheme func(source *rand.PCG, index []int)

func independent(source *rand.PCG, index []int) {
	n := uint64(len(index))
	for i := range index {
		// The high half of a 128-bit product: uniform but for n/2^64.
		high, _ := bits.Mul64(source.Uint64(), n)
		index[i] = int(high)
	}
}

// bootstrap draws the replicates on all processors. newStatistic returns one
// statistic per goroutine, with buffers of its own.
func bootstrap(n int, draw scheme, o BootstrapOptions, newStatistic func() func(index []int) float64) (*Replicates, error) {
	count, err := o.replicates()
	if err != nil {
		return nil, fmt.Errorf("bootstrap: %w", err)
	}
	whole := make([]int, n)
	for i := range whole {
		whole[i] = i
	}
	statistic := newStatistic()
	r := &Replicates{Value: statistic(slices.Clone(whole)), N: n}
	if err := checkFinite(r.Value); err != nil {
		return nil, fmt.Errorf("bootstrap: statistic of the sample itself: %w", err)
	}
	values := make([]float64, count)
	workers := min(runtime.GOMAXPROCS(0), count)
	var done sync.WaitGroup
	for w := range workers {
		done.Go(func() {
			statistic, index := newStatistic(), make([]int, n)
			var source rand.PCG
			for i := w * count / workers; i < (w+1)*count/workers; i++ {
				source.Seed(replicateSeed(o.Seed, uint64(i)))
				draw(&source, index)
				values[i] = statistic(index)
			}
		})
	}
	done.Wait()
	if err := r.keep(values); err != nil {
		return nil, fmt.Errorf("bootstrap: %w", err)
	}
	r.leaveOneOut = func() []float64 {
		jack := make([]float64, n)
		rest := make([]int, n-1)
		for i := range jack {
			copy(rest, whole[:i])
			copy(rest[i:], whole[i+1:])
			jack[i] = statistic(rest)
		}
		return jack
	}
	return r, nil
}

// replicateSeed mixes seed and replicate number into the two words of a PCG, by
// the finalizer of SplitMix64, so that neighboring replicates have nothing in
// common.
func replicateSeed(seed, replicate uint64) (uint64, uint64) {
	const golden = 0x9e3779b97f4a7c15
	a := splitMix(seed + golden)
	b := splitMix(a ^ (replicate+1)*golden)
	return b, splitMix(b + golden)
}

func splitMix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// keep stores the finite values in ascending order.
func (r *Replicates) keep(values []float64) error {
	count := len(values)
	values = slices.DeleteFunc(values, func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) })
	lost := count - len(values)
	if lost*100 > count {
		return fmt.Errorf("%w: the statistic of %d of %d resamples", ErrNotFinite, lost, count)
	}
	if lost > 0 {
		r.warnings = append(r.warnings, fmt.Errorf("%w: %d of %d", WarnResamples, lost, count))
	}
	slices.Sort(values)
	if err := checkSpread(values); err != nil {
		return fmt.Errorf("statistic of the resamples: %w", err)
	}
	different := 1
	for i := 1; i < len(values) && different < fewestDifferent; i++ {
		if values[i] != values[i-1] {
			different++
		}
	}
	if different < fewestDifferent {
		r.warnings = append(r.warnings, WarnFewValues)
	}
	r.values = values
	return nil
}

// fewestDifferent values make a distribution of replicates smooth enough to take
// quantiles from: the median of n values has n of them.
const fewestDifferent = 100
